//! A copy of a SQLite database as it stood at one moment, taken while others write to it.
//!
//! PostgreSQL has programs of its own for that, `pg_dump` and `pg_basebackup`: `docs/backup.md`.

use crate::error::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a copy waits for a writer to let it begin, in machine time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Copies the database at `from` into the new file `to`, which only its owner can read, and answers
/// its length in bytes.
///
/// Writers are not held up. What was committed before this was called is in the copy; what was
/// committed while it ran is in it or not, each transaction wholly. The copy is checked and flushed
/// before it gets its name, so a file of that name is a good one.
pub async fn sqlite(from: &Path, to: &Path) -> Result<u64, StoreError> {
    let (from, to) = (from.to_owned(), to.to_owned());
    let copied = tokio::task::spawn_blocking(move || copy(&from, &to)).await;
    copied.unwrap_or_else(|_| Err(StoreError::Panicked("backup".to_owned())))
}

fn copy(from: &Path, to: &Path) -> Result<u64, StoreError> {
    if to.exists() {
        return Err(StoreError::Unavailable(format!("{} is there already", to.display())));
    }
    let mut unfinished = OsString::from(to);
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    let copied = copy_into(from, &unfinished).and_then(|length| {
        std::fs::rename(&unfinished, to).map_err(|error| unusable(to, &error))?;
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let flushed = File::open(folder).and_then(|folder| folder.sync_all());
        flushed.map_err(|error| unusable(folder, &error))?;
        Ok(length)
    });
    if copied.is_err() {
        // It may not be there at all.
        let _ = std::fs::remove_file(&unfinished);
    }
    copied
}

fn copy_into(from: &Path, to: &Path) -> Result<u64, StoreError> {
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(to);
    let file = file.map_err(|error| unusable(to, &error))?;
    let path = to.to_str().ok_or_else(|| unusable(to, &"its name is not UTF-8"))?;
    // Not read-only: the first one to open a database in WAL mode makes the index of its log.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, flags).map_err(|e| unusable(from, &e))?;
    source.busy_timeout(PATIENCE).map_err(|error| unusable(from, &error))?;
    source.execute("VACUUM INTO ?1", [path]).map_err(|error| unusable(from, &error))?;
    file.sync_all().map_err(|error| unusable(to, &error))?;
    let copy = Connection::open_with_flags(to, flags).map_err(|error| unusable(to, &error))?;
    let said: String = copy
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .map_err(|error| unusable(to, &error))?;
    if said != "ok" {
        return Err(unusable(to, &"SQLite finds the copy damaged"));
    }
    Ok(file.metadata().map_err(|error| unusable(to, &error))?.len())
}

fn unusable(path: &Path, why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unavailable(format!("{}: {why}", path.display()))
}
