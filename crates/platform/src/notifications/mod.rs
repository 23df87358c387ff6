//! Payment notifications: when they are sent ([`schedule`]) and how ([`deliver`]).

pub mod deliver;
pub(crate) mod rows;
pub mod schedule;

pub(crate) use deliver::begin;
pub use deliver::{given_up, replay};
pub use rows::{Standing, StoredNotification};

#[cfg(test)]
pub(crate) mod tests;
