//! The machines of the hospital's side.

pub mod payment;
