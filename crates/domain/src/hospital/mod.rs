//! The machines of the hospital's side.

pub mod payment;
pub mod refund;
pub mod reminder;
