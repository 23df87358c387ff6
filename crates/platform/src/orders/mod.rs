//! Orders: accepted, shown at the cashier, debited by a worker, queried and closed.
//!
//! The machine is `domain/platform/order.rs`; here its state lies in a row, its events become an
//! immutable journal and its effects jobs, all in one transaction. Nothing here gives refunds:
//! [`crate::refunds`] does, and moves only the holds of an order.

mod accept;
mod ask;
pub mod cashier;
mod cashier_pages;
mod claim;
pub mod closeorder;
pub mod expire;
mod find;
mod journal;
mod link;
mod moving;
mod notify_url;
pub mod orderquery;
pub mod qrcodeunifiedorder;
mod row_facts;
pub mod rows;
pub mod settle;
mod stored_order;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod unifiedorder;

pub use accept::OrderError;
pub use moving::NotMoved;
pub use rows::StoredOrder;
pub(crate) use rows::ledger;

/// The queue of questions to wallet and bureau; a job's key is the idempotency key of its question.
pub const SETTLE_QUEUE: &str = "settle";

/// The queue of orders to be closed when their time has run out, by `med_trans_id`.
pub const EXPIRE_QUEUE: &str = "expire";

/// The mini-program of this platform that a mini-program's cashier is opened in. A name of our own:
/// the sandbox's phone opens the link itself.
pub const PAY_APPID: &str = "wx0000medpaypay0";

/// The key under which the wallet is asked to open an order's cashier on the payer's phone.
fn present_key(stored: &StoredOrder) -> String {
    format!("{}-present", stored.order.med_trans_id)
}
