//! SQLite: one connection on one thread for writes, a few for reads; or, for simulation, in place.

mod bind;
mod in_place;
mod session;
mod threads;

pub(crate) use in_place::InPlace;
pub(crate) use session::{Role, SqliteSession};
pub(crate) use threads::{Threads, at_once, open, start};
