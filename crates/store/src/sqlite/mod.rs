//! SQLite: one connection on one thread for writes, a few for reads.

mod bind;
mod session;
mod threads;

pub(crate) use session::{Role, SqliteSession};
pub(crate) use threads::{Threads, at_once, open, start};
