//! The HIS's own tables: its papers (patients, bookings, bills, payments, refunds, prescriptions,
//! reports, scans), each a JSON document under its number, and the numbers it has given.

use crate::books::BookError;
use medpay_domain::Day;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS papers (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        patient_id TEXT NOT NULL,
        day TEXT NOT NULL,
        doc TEXT NOT NULL,
        UNIQUE (kind, id)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS papers_by_patient ON papers (kind, patient_id);
    CREATE INDEX IF NOT EXISTS papers_by_day ON papers (kind, day);
    CREATE TABLE IF NOT EXISTS numbers (
        name TEXT PRIMARY KEY,
        last INTEGER NOT NULL
    ) STRICT;
";

/// What the HIS keeps under a number.
pub(super) trait Paper: Serialize + DeserializeOwned {
    const KIND: &'static str;

    fn id(&self) -> String;

    /// Whose; empty where nobody's.
    fn patient_id(&self) -> String;

    /// The day by which it is looked for.
    fn day(&self) -> Day;
}

/// Writes a paper down, or what has become of it.
pub(super) fn put<P: Paper>(book: &Connection, paper: &P) -> Result<(), BookError> {
    book.prepare_cached(
        "INSERT INTO papers (kind, id, patient_id, day, doc) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (kind, id) DO UPDATE SET doc = excluded.doc, day = excluded.day",
    )?
    .execute(params![
        P::KIND,
        paper.id(),
        paper.patient_id(),
        paper.day().wire(),
        serde_json::to_string(paper)?
    ])?;
    Ok(())
}

/// The paper of this number.
pub(super) fn get<P: Paper>(book: &Connection, id: &str) -> Result<Option<P>, BookError> {
    let doc: Option<String> = book
        .prepare_cached("SELECT doc FROM papers WHERE kind = ?1 AND id = ?2")?
        .query_row([P::KIND, id], |row| row.get(0))
        .optional()?;
    Ok(doc.map(|doc| serde_json::from_str(&doc)).transpose()?)
}

/// The papers of a patient, newest first.
pub(super) fn of_patient<P: Paper>(
    book: &Connection,
    patient_id: &str,
) -> Result<Vec<P>, BookError> {
    let sql = "SELECT doc FROM papers WHERE kind = ?1 AND patient_id = ?2 ORDER BY seq DESC";
    list(book, sql, [P::KIND, patient_id])
}

/// The papers of a day, in the order in which they were written.
pub(super) fn of_day<P: Paper>(book: &Connection, day: Day) -> Result<Vec<P>, BookError> {
    let sql = "SELECT doc FROM papers WHERE kind = ?1 AND day = ?2 ORDER BY seq";
    list(book, sql, [P::KIND, &day.wire()])
}

/// The papers of the days from `from` to before `until`.
pub(super) fn between<P: Paper>(
    book: &Connection,
    from: &str,
    until: Day,
) -> Result<Vec<P>, BookError> {
    let sql = "SELECT doc FROM papers WHERE kind = ?1 AND day >= ?2 AND day < ?3 ORDER BY seq";
    list(book, sql, [P::KIND, from, &until.wire()])
}

/// The newest papers of a kind.
pub(super) fn newest<P: Paper>(book: &Connection, most: usize) -> Result<Vec<P>, BookError> {
    let sql = "SELECT doc FROM papers WHERE kind = ?1 ORDER BY seq DESC LIMIT ?2";
    list(book, sql, [P::KIND, &most.to_string()])
}

fn list<P: Paper, const N: usize>(
    book: &Connection,
    sql: &str,
    values: [&str; N],
) -> Result<Vec<P>, BookError> {
    let mut rows = book.prepare_cached(sql)?;
    let docs = rows.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(0))?;
    docs.map(|doc| Ok(serde_json::from_str(&doc?)?)).collect()
}

/// The next number of a series, from 1.
pub(super) fn next_number(book: &Connection, series: &str) -> Result<u32, BookError> {
    let number = book
        .prepare_cached(
            "INSERT INTO numbers (name, last) VALUES (?1, 1)
             ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last",
        )?
        .query_row([series], |row| row.get(0))?;
    Ok(number)
}

/// Remembers `value` under `name`, and answers what was remembered before; 0 of nothing.
pub(super) fn remember(book: &Connection, name: &str, value: u32) -> Result<u32, BookError> {
    let before: Option<u32> = book
        .prepare_cached("SELECT last FROM numbers WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    if before != Some(value) {
        book.prepare_cached(
            "INSERT INTO numbers (name, last) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET last = excluded.last",
        )?
        .execute(params![name, value])?;
    }
    Ok(before.unwrap_or_default())
}
