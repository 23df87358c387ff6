//! Refunds: accepted ([`refund`]), carried out ([`give_back`]), asked about ([`refundquery`]).

pub mod give_back;
pub mod refund;
pub(crate) mod ledger;
pub mod refundquery;
pub(crate) mod rows;

pub use rows::{RefundType, StoredRefund};

#[cfg(test)]
mod tests;
