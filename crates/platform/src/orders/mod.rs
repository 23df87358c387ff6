//! Orders: accepted, shown at the cashier, debited by a worker, queried and closed.
//!
//! The machine is `domain/platform/order.rs`; here its state lies in a row, its events become an
//! immutable journal and its effects jobs, all in one transaction. Nothing here gives refunds:
//! [`crate::refunds`] does, and moves only the holds of an order.

mod journal;
pub(crate) mod ledger;
mod row_facts;
pub mod rows;
mod stored_order;

pub use journal::Entry;
pub use rows::StoredOrder;

/// The queue of questions to wallet and bureau; a job's key is the idempotency key of its question.
pub const SETTLE_QUEUE: &str = "settle";

/// The queue of payment notifications, by `med_trans_id`; [`crate::notifications`] works it off.
pub const NOTIFY_QUEUE: &str = "notify";

/// The queue of orders to be closed when their time has run out, by `med_trans_id`.
pub const EXPIRE_QUEUE: &str = "expire";
