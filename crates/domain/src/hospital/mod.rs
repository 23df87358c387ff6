//! The machines of the hospital's side.

pub mod booking;
pub mod payment;
pub mod refund;
pub mod reminder;
