//! The parties' books: one small SQLite file each, one transaction per command, durable before
//! the answer. Not `medpay-store`: a fault in our engine must not forget the same payment twice.
//!
//! Here stands what every book has: opening, the first answers by key, the armed faults. A party's
//! own tables stand in the `books.rs` beside it.

use crate::faults::{Armed, Fault};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use serde::Serialize;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

const COMMON: &str = "
    CREATE TABLE IF NOT EXISTS answers (
        key TEXT PRIMARY KEY,
        call TEXT NOT NULL,
        answer TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS attempts (
        key TEXT PRIMARY KEY,
        unanswered INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS armed (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        call TEXT NOT NULL,
        fault TEXT NOT NULL,
        times INTEGER NOT NULL
    ) STRICT;
";

/// Why a book could not be read or written. The caller's command then has no answer.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The folder or file could not be made.
    #[error("the book cannot be opened")]
    Open(#[source] std::io::Error),
    /// SQLite said no.
    #[error("the book cannot be used")]
    Sqlite(#[from] rusqlite::Error),
    /// A row holds what this version cannot read.
    #[error("the book holds an unreadable answer")]
    Unreadable(#[from] serde_json::Error),
}

/// A party's book.
pub(crate) struct Book {
    connection: Mutex<Connection>,
}

impl Book {
    /// Opens `file` in `folder`, with the tables of `schema`.
    pub(crate) fn open(folder: &Path, file: &str, schema: &str) -> Result<Self, BookError> {
        std::fs::create_dir_all(folder).map_err(BookError::Open)?;
        let connection = Connection::open(folder.join(file))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        connection.execute_batch(COMMON)?;
        connection.execute_batch(schema)?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// Runs `command` in one transaction, durable when this returns; undone if it fails.
    pub(crate) fn write<T>(
        &self,
        command: impl FnOnce(&Transaction<'_>) -> Result<T, BookError>,
    ) -> Result<T, BookError> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let answer = command(&tx)?;
        tx.commit()?;
        Ok(answer)
    }

    /// Runs a `question` that changes nothing.
    pub(crate) fn read<T>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, BookError>,
    ) -> Result<T, BookError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        question(&connection)
    }
}

/// The call that `key` belongs to and its first answer, as JSON.
pub(crate) fn first_answer(
    book: &Connection,
    key: &str,
) -> Result<Option<(String, String)>, BookError> {
    let found = book
        .prepare_cached("SELECT call, answer FROM answers WHERE key = ?1")?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found)
}

/// Writes down the first answer to `key`.
pub(crate) fn save_answer<A: Serialize>(
    book: &Connection,
    key: &str,
    call: &str,
    answer: &A,
) -> Result<(), BookError> {
    book.prepare_cached("INSERT INTO answers (key, call, answer) VALUES (?1, ?2, ?3)")?
        .execute(params![key, call, serde_json::to_string(answer)?])?;
    Ok(())
}

/// Counts one more call of `key` that is left without an answer and without effect.
pub(crate) fn count_unanswered(book: &Connection, key: &str) -> Result<u32, BookError> {
    let count = book
        .prepare_cached(
            "INSERT INTO attempts (key, unanswered) VALUES (?1, 1)
             ON CONFLICT (key) DO UPDATE SET unanswered = unanswered + 1
             RETURNING unanswered",
        )?
        .query_row([key], |row| row.get(0))?;
    Ok(count)
}

/// Arms `fault` for the next `times` calls of `call`; `*` means any call.
pub(crate) fn arm(
    book: &Connection,
    call: &str,
    fault: Fault,
    times: u32,
) -> Result<(), BookError> {
    book.execute(
        "INSERT INTO armed (call, fault, times) VALUES (?1, ?2, ?3)",
        params![call, fault.word(), times],
    )?;
    Ok(())
}

/// Forgets every armed fault.
pub(crate) fn disarm(book: &Connection) -> Result<(), BookError> {
    book.execute("DELETE FROM armed", [])?;
    Ok(())
}

/// What is armed, oldest first.
pub(crate) fn armed(book: &Connection) -> Result<Vec<Armed>, BookError> {
    let mut rows = book.prepare_cached("SELECT call, fault, times FROM armed ORDER BY seq")?;
    let found = rows.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?))
    })?;
    let mut armed = Vec::new();
    for row in found {
        let (call, fault, times) = row?;
        armed.extend(Fault::from_word(&fault).map(|fault| Armed { call, fault, times }));
    }
    Ok(armed)
}

/// Whether a fault is armed for `call`; reads only.
pub(crate) fn is_armed(book: &Connection, call: &str) -> Result<bool, BookError> {
    let found = book
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM armed WHERE call IN (?1, '*'))")?
        .query_row([call], |row| row.get(0))?;
    Ok(found)
}

/// Takes one use of the oldest fault that is armed for `call`.
pub(crate) fn take_armed(book: &Connection, call: &str) -> Result<Option<Fault>, BookError> {
    let found: Option<(i64, String, i64)> = book
        .prepare_cached(
            "SELECT seq, fault, times FROM armed WHERE call IN (?1, '*') ORDER BY seq LIMIT 1",
        )?
        .query_row([call], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((seq, fault, times)) = found else { return Ok(None) };
    if times > 1 {
        book.execute("UPDATE armed SET times = times - 1 WHERE seq = ?1", [seq])?;
    } else {
        book.execute("DELETE FROM armed WHERE seq = ?1", [seq])?;
    }
    Ok(Fault::from_word(&fault))
}

/// The test clock's tables.
pub(crate) const CLOCK: &str = "
    CREATE TABLE IF NOT EXISTS clock (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        version INTEGER NOT NULL,
        frozen INTEGER NOT NULL,
        ms INTEGER NOT NULL
    ) STRICT;
    INSERT INTO clock VALUES (1, 1, 0, 0) ON CONFLICT DO NOTHING;
";

/// How the clock stands: version, whether frozen, and milliseconds (the moment, or the distance
/// from the machine's).
pub(crate) fn clock(book: &Connection) -> Result<(u64, bool, i64), BookError> {
    let row: (i64, bool, i64) =
        book.query_row("SELECT version, frozen, ms FROM clock", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    Ok((row.0.unsigned_abs(), row.1, row.2))
}

/// Writes down how the clock stands.
pub(crate) fn save_clock(
    book: &Connection,
    version: u64,
    frozen: bool,
    ms: i64,
) -> Result<(), BookError> {
    book.execute(
        "UPDATE clock SET version = ?1, frozen = ?2, ms = ?3",
        params![i64::try_from(version).unwrap_or(i64::MAX), frozen, ms],
    )?;
    Ok(())
}

/// The courier's tables.
pub(crate) const COURIER: &str = "
    CREATE TABLE IF NOT EXISTS altered (med_trans_id TEXT PRIMARY KEY) STRICT;
";

/// Whether this is the first notification of the order that the courier alters; remembers it.
pub(crate) fn first_alteration(book: &Connection, med_trans_id: &str) -> Result<bool, BookError> {
    let changed =
        book.execute("INSERT INTO altered VALUES (?1) ON CONFLICT DO NOTHING", [med_trans_id])?;
    Ok(changed == 1)
}
