//! PostgreSQL: writer tasks with a connection each, and a pool for reads.

mod connect;
mod hosts;
mod session;
mod tasks;
mod values;

pub(crate) use connect::pool;
pub(crate) use session::{PgSession, Role};
#[cfg(test)]
pub(crate) use tasks::write_loop;
pub(crate) use tasks::{Reads, start};
