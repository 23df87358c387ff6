//! One SQLite connection.

use super::bind::bind;
use crate::error::StoreError;
use crate::row::Row;
use crate::tx::{Failure, Trouble};
use crate::value::{Arg, Cell};
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ffi};
use std::path::Path;
use std::time::Duration;

/// How long a statement waits for another process that writes, in machine time.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Writer,
    Reader,
}

/// One connection; it lives on one thread and blocks there.
pub(crate) struct SqliteSession {
    connection: Connection,
    role: Role,
}

impl SqliteSession {
    /// Opens `path`. WAL lets reads go on beside the writer; FULL makes a commit durable before it
    /// is answered; 1000 pages keep the checkpoint, which runs inside a commit, short.
    pub(crate) fn open(path: &Path, role: Role) -> Result<Self, Failure> {
        let connection = Connection::open(path).map_err(failure)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(failure)?;
        connection.set_prepared_statement_cache_capacity(256);
        // One plan for a statement whatever is bound to it: without this SQLite prepares many
        // statements anew at each execution.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failure)?;
        let pragmas = match role {
            Role::Writer => {
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 PRAGMA wal_autocheckpoint = 1000; PRAGMA foreign_keys = ON;"
            }
            Role::Reader => "PRAGMA query_only = ON;",
        };
        connection.execute_batch(pragmas).map_err(failure)?;
        Ok(Self { connection, role })
    }

    pub(crate) fn rows(&mut self, sql: &str, args: &[Arg]) -> Result<Vec<Row>, Failure> {
        let mut statement = self.connection.prepare_cached(sql).map_err(failure)?;
        bind(&mut statement, sql, args)?;
        let width = statement.column_count();
        let mut rows = statement.raw_query();
        let mut answer = Vec::new();
        // Stepped to the end: only then has a statement with RETURNING done all its work.
        while let Some(row) = rows.next().map_err(failure)? {
            let cell = |index| cell(index, row.get_ref(index).map_err(failure)?);
            answer.push(Row::new((0..width).map(cell).collect::<Result<_, Failure>>()?));
        }
        Ok(answer)
    }

    pub(crate) fn change(&mut self, sql: &str, args: &[Arg]) -> Result<u64, Failure> {
        let mut statement = self.connection.prepare_cached(sql).map_err(failure)?;
        bind(&mut statement, sql, args)?;
        if statement.column_count() > 0 {
            let text = format!("exec of a statement that answers rows: {sql}");
            return Err(StoreError::Misuse(text).into());
        }
        statement.raw_execute().map(|changed| changed as u64).map_err(failure)
    }

    pub(crate) fn begin(&mut self) -> Result<(), Failure> {
        self.rollback();
        // A writer takes its lock at once: taken later it could not wait for another process.
        self.control(match self.role {
            Role::Writer => &["BEGIN IMMEDIATE"],
            Role::Reader => &["BEGIN"],
        })
    }

    pub(crate) fn control(&mut self, words: &[&str]) -> Result<(), Failure> {
        for word in words {
            let mut statement = self.connection.prepare_cached(word).map_err(failure)?;
            statement.raw_execute().map_err(failure)?;
        }
        Ok(())
    }

    pub(crate) fn script(&mut self, sql: &str) -> Result<(), Failure> {
        self.connection.execute_batch(sql).map_err(failure)
    }

    /// Rolls back what is open. It cannot fail in a way that leaves the transaction open: what
    /// SQLite cannot roll back now it rolls back when the file is opened next.
    pub(crate) fn rollback(&mut self) {
        if self.connection.is_autocommit() {
            return;
        }
        if let Err(failure) = self.control(&["ROLLBACK"]) {
            tracing::error!(error = %failure.error, "SQLite could not roll back");
        }
    }
}

fn cell(index: usize, value: ValueRef<'_>) -> Result<Cell, Failure> {
    let unreadable =
        |found| StoreError::Column { index, wanted: "an integer, a text or bytes", found };
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(value) => Cell::Int(value),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Cell::Text(text.to_owned()),
            Err(_) => return Err(unreadable("a text that is not UTF-8").into()),
        },
        ValueRef::Blob(bytes) => Cell::Blob(bytes.to_vec()),
        ValueRef::Real(_) => return Err(unreadable("a fraction").into()),
    })
}

/// Says what an error of SQLite means to the transaction that it met.
fn failure(error: rusqlite::Error) -> Failure {
    let (fault, message) = match error {
        rusqlite::Error::SqliteFailure(fault, message) => {
            (fault, message.unwrap_or_else(|| fault.to_string()))
        }
        rusqlite::Error::SqlInputError { error, msg, .. } => (error, msg),
        other => {
            let error =
                StoreError::Engine { code: "rusqlite".to_owned(), message: other.to_string() };
            return error.into();
        }
    };
    let code = fault.extended_code;
    if matches!(
        code,
        ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID
    ) {
        let columns = message.rsplit_once(": ").map_or(message.as_str(), |(_, columns)| columns);
        return StoreError::Conflict(columns.to_owned()).into();
    }
    if matches!(code & 0xff, ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED) {
        let cause = "another process is writing to the file".to_owned();
        return Failure {
            error: StoreError::Unavailable(cause.clone()),
            trouble: Some(Trouble::Contended(cause)),
        };
    }
    StoreError::Engine { code: code.to_string(), message }.into()
}
