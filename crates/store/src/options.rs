//! Where a store is, and how it is run.

use crate::migrations::Migration;
use std::path::PathBuf;
use std::sync::Arc;

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file; made if it is not there.
    Sqlite(PathBuf),
    /// A `postgres://` URL. Several hosts are tried in turn; with
    /// `target_session_attrs=read-write` the one that takes writes is used. `sslmode` decides on
    /// TLS, for which [`Options::tls`] is needed.
    Postgres(String),
}

/// Shows no URL: it can hold a password.
impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "Sqlite({})", path.display()),
            Self::Postgres(_) => f.write_str("Postgres(***)"),
        }
    }
}

/// The tables of one service.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The PostgreSQL schema, in lower-case letters, digits and `_`; on SQLite the file is the
    /// schema and this only stands in messages.
    pub name: &'static str,
    /// How the tables come to be, numbered 1, 2, 3….
    pub migrations: &'static [Migration],
}

/// How a store is run. The defaults are those of production.
#[derive(Clone)]
pub struct Options {
    /// How many writes may wait before the next is refused as busy.
    pub queue: usize,
    /// How many writes are committed together at most.
    pub batch: usize,
    /// How many connections serve reads.
    pub readers: usize,
    /// How many writer tasks a process has on PostgreSQL. SQLite has one writer.
    pub writers: usize,
    /// How often a write is run again after a deadlock, a serialization failure or a connection
    /// that broke before its commit was sent.
    pub retries: u32,
    /// Whether opening applies missing migrations on PostgreSQL too. SQLite always does; on
    /// PostgreSQL it is otherwise the operator's step, `medpay migrate`.
    pub migrate: bool,
    /// SQLite only: reads and writes run where they are called, one after the other, on no thread
    /// of the store's own, and never wait between two tries. For simulation, where one thread
    /// keeps a seed's order; a service would block its requests on the disk.
    pub in_place: bool,
    /// Roots and versions of TLS to PostgreSQL. Without it only plain connections can be made.
    pub tls: Option<Arc<rustls::ClientConfig>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queue: 1024,
            batch: 64,
            readers: 4,
            writers: 2,
            retries: 5,
            migrate: false,
            in_place: false,
            tls: None,
        }
    }
}
