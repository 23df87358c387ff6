//! The engine under both services: one SQL text, written once, on SQLite and on PostgreSQL.
//!
//! A write is a closure over [`Tx`], an `async` body that awaits nothing but `Tx` and may be run
//! again. It runs in a writer that owns its connection, never in the caller's own future, so that a
//! client that goes away leaves a whole order or none. What waits together is committed together,
//! each closure in a savepoint of its own, and nobody is answered before the commit. Why it is
//! built so, and what was measured: `docs/decisions/0001-database-driver.md`.
//!
//! Beside that: reads on connections of their own ([`Store::read`]), leased jobs ([`jobs`]),
//! numbered migrations ([`migrations`]), faults for the chaos tests ([`faults`]), counters
//! ([`Statistics`]), the shell around workers ([`workers`]), the seal of personal data ([`vault`])
//! and test support ([`testing`]). There is no table here but the store's own, and no clock and no
//! chance: every time is handed in.
//!
//! ```no_run
//! # use medpay_store::{Store, StoreError, args};
//! # async fn example(store: Store, number: String) -> Result<i64, StoreError> {
//! store
//!     .write("take a number", move |tx| {
//!         let number = number.clone();
//!         Box::pin(async move {
//!             tx.exec("INSERT INTO visits (number) VALUES ($1)", args![number]).await?;
//!             tx.one("SELECT COUNT(*) FROM visits", args![]).await?.get(0)
//!         })
//!     })
//!     .await
//! # }
//! ```

pub mod backup;
mod batch;
pub mod error;
pub mod faults;
pub mod jobs;
pub mod migrations;
mod options;
mod postgres;
#[cfg(test)]
mod queue_races;
pub mod readiness;
mod row;
pub mod side_by_side;
mod sqlite;
mod statistics;
mod steps;
mod store;
pub mod testing;
mod tx;
mod value;
pub mod vault;
mod work;
pub mod workers;

pub use error::{SchemaFault, StoreError};
pub use faults::{Fault, FaultHook, Point, no_faults};
pub use jobs::{JobSignal, Lease, NewJob, PendingJob};
pub use migrations::Migration;
pub use options::{Location, Options, Schema};
pub use readiness::{Fit, Unfit};
pub use row::Row;
pub use statistics::Statistics;
pub use steps::{Step, StepHook};
pub use store::Store;
pub use tx::Tx;

pub use value::{Arg, Cell, FromCell, ToArg};
pub use vault::{BadSeal, Vault};
pub use work::BoxFuture;
