//! PostgreSQL: writer tasks with a connection each, and a pool for reads.

mod connect;
mod session;
mod tasks;
mod values;

pub(crate) use connect::pool;
pub(crate) use session::{PgSession, Role};
pub(crate) use tasks::{Reads, Tasks, start};
