//! Whether a process waits for a lock: the engine is asked.

use super::TestDb;
use super::board::Board;
use crate::options::Location;
use rusqlite::Connection;
use std::sync::Mutex;
use std::time::Duration;

/// A connection of its own beside those of the processes.
pub(super) enum Witness {
    Sqlite(Mutex<Connection>),
    Postgres(tokio_postgres::Client),
}

impl Witness {
    pub(super) async fn of(db: &TestDb) -> Self {
        match db.location() {
            Location::Sqlite(path) => {
                let connection = Connection::open(path).expect("the test's file can be opened");
                connection.busy_timeout(Duration::ZERO).expect("a time-out of nothing");
                Self::Sqlite(Mutex::new(connection))
            }
            Location::Postgres(url) => {
                let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
                let (client, connection) = connected.expect("the test server answers");
                tokio::spawn(connection);
                Self::Postgres(client)
            }
        }
    }

    /// How many processes wait for another one's lock.
    ///
    /// PostgreSQL says so of each backend. SQLite knows only that somebody writes: whoever asked
    /// for the writer's place while a process that is held has it can do nothing but wait, and that
    /// the place is taken is what a third connection hears.
    pub(super) async fn waiting(&self, board: &Board) -> usize {
        match self {
            Self::Sqlite(connection) => {
                let waiting = board.at_the_gate();
                if waiting > 0 {
                    let connection = connection.lock().expect("not poisoned");
                    let tried = connection.execute_batch("BEGIN IMMEDIATE");
                    assert!(tried.is_err(), "a process that has begun to write holds the file");
                }
                waiting
            }
            Self::Postgres(client) => {
                let waiting = "SELECT COUNT(*) FROM pg_stat_activity
                                WHERE datname = current_database()
                                  AND cardinality(pg_blocking_pids(pid)) > 0";
                let row = client.query_one(waiting, &[]).await.expect("the test server answers");
                usize::try_from(row.get::<_, i64>(0)).unwrap_or(0)
            }
        }
    }
}
