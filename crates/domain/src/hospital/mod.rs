//! The hospital's machines.

pub mod refund;
