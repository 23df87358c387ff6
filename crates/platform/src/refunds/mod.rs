//! Refunds: accepted ([`refund`]), carried out ([`give_back`]), asked about ([`refundquery`]).

pub mod give_back;
pub mod refund;
pub mod refundquery;
pub(crate) mod rows;

pub(crate) use rows::ledger;
pub use rows::{RefundType, StoredRefund};

#[cfg(test)]
mod sagas;
#[cfg(test)]
mod stepped;
#[cfg(test)]
mod tests;
