//! The tables of reminders.

pub(super) mod bind_reminders;
pub(super) mod reminders;
