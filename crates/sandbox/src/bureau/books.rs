//! The bureau's own tables.

use crate::books::BookError;
use medpay_domain::{CityId, Day, Fen, InsuranceOrderId, Timestamp};
use medpay_wire::contracts::bureau::{DayEntry, DayKind, Settle, Split};
use rusqlite::{Connection, OptionalExtension as _, params};

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS accounts (
        person TEXT PRIMARY KEY,
        account_fen INTEGER NOT NULL CHECK (account_fen >= 0)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS found (person TEXT PRIMARY KEY) STRICT;
    CREATE TABLE IF NOT EXISTS settlements (
        insurance_order_id TEXT PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        person TEXT NOT NULL,
        city_id TEXT NOT NULL,
        total_fen INTEGER NOT NULL,
        insurance_fen INTEGER NOT NULL,
        self_fen INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        reversed_by TEXT
    ) STRICT;
    CREATE TABLE IF NOT EXISTS entries (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL,
        kind TEXT NOT NULL,
        insurance_order_id TEXT NOT NULL,
        insurance_fen INTEGER NOT NULL,
        at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS entries_by_time ON entries (at_ms);
";

/// A settlement, as far as undoing it needs it.
pub(super) struct Settled {
    pub(super) person: String,
    pub(super) city_id: CityId,
    pub(super) total_fee: Fen,
    pub(super) insurance_fee: Fen,
    pub(super) self_fee: Fen,
    pub(super) at: Timestamp,
    pub(super) reversed: bool,
}

fn fen(value: i64) -> Fen {
    Fen::new(value).unwrap_or_default()
}

/// Opens a person's own account with `account` in it, unless it is open.
pub(super) fn open_account(book: &Connection, person: &str, account: Fen) -> Result<(), BookError> {
    book.execute(
        "INSERT INTO accounts VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![person, account.get()],
    )?;
    Ok(())
}

pub(super) fn account(book: &Connection, person: &str) -> Result<Fen, BookError> {
    let held: Option<i64> = book
        .prepare_cached("SELECT account_fen FROM accounts WHERE person = ?1")?
        .query_row([person], |row| row.get(0))
        .optional()?;
    Ok(held.map_or(Fen::ZERO, fen))
}

pub(super) fn save_account(book: &Connection, person: &str, account: Fen) -> Result<(), BookError> {
    book.prepare_cached("UPDATE accounts SET account_fen = ?2 WHERE person = ?1")?
        .execute(params![person, account.get()])?;
    Ok(())
}

/// Whether the person was found before; remembers that they were found now.
pub(super) fn found_before(book: &Connection, person: &str) -> Result<bool, BookError> {
    Ok(book.execute("INSERT INTO found VALUES (?1) ON CONFLICT DO NOTHING", [person])? == 0)
}

pub(super) fn save_settlement(
    book: &Connection,
    insurance_order_id: &InsuranceOrderId,
    person: &str,
    order: &Settle,
    split: &Split,
    at: Timestamp,
) -> Result<(), BookError> {
    book.prepare_cached(
        "INSERT INTO settlements (insurance_order_id, key, person, city_id, total_fen,
                                  insurance_fen, self_fen, at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        insurance_order_id.as_str(),
        order.key,
        person,
        order.claim.city_id.as_str(),
        order.claim.total_fee.get(),
        split.insurance_fee.get(),
        split.self_fee.get(),
        at.as_ms(),
    ])?;
    Ok(())
}

pub(super) fn settlement(
    book: &Connection,
    insurance_order_id: &InsuranceOrderId,
) -> Result<Option<Settled>, BookError> {
    let found = book
        .prepare_cached(
            "SELECT person, city_id, total_fen, insurance_fen, self_fen, at_ms,
                    reversed_by IS NOT NULL
               FROM settlements WHERE insurance_order_id = ?1",
        )?
        .query_row([insurance_order_id.as_str()], |row| {
            Ok(Settled {
                person: row.get(0)?,
                city_id: CityId::new(row.get::<_, String>(1)?),
                total_fee: fen(row.get(2)?),
                insurance_fee: fen(row.get(3)?),
                self_fee: fen(row.get(4)?),
                at: Timestamp::from_ms(row.get(5)?),
                reversed: row.get(6)?,
            })
        })
        .optional()?;
    Ok(found)
}

pub(super) fn save_reversal(
    book: &Connection,
    insurance_order_id: &InsuranceOrderId,
    key: &str,
) -> Result<(), BookError> {
    book.prepare_cached("UPDATE settlements SET reversed_by = ?2 WHERE insurance_order_id = ?1")?
        .execute(params![insurance_order_id.as_str(), key])?;
    Ok(())
}

pub(super) fn save_entry(
    book: &Connection,
    key: &str,
    kind: DayKind,
    insurance_order_id: &InsuranceOrderId,
    insurance_fee: Fen,
    at: Timestamp,
) -> Result<(), BookError> {
    let kind = match kind {
        DayKind::Settled => "settled",
        DayKind::Reversed => "reversed",
    };
    book.prepare_cached(
        "INSERT INTO entries (key, kind, insurance_order_id, insurance_fen, at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        key,
        kind,
        insurance_order_id.as_str(),
        insurance_fee.get(),
        at.as_ms()
    ])?;
    Ok(())
}

/// What was booked and undone on `day`, in that order.
pub(super) fn entries(book: &Connection, day: Day) -> Result<Vec<DayEntry>, BookError> {
    let mut rows = book.prepare_cached(
        "SELECT key, kind, insurance_order_id, insurance_fen, at_ms FROM entries
          WHERE at_ms >= ?1 AND at_ms < ?2 ORDER BY seq",
    )?;
    let found = rows.query_map([day.start().as_ms(), day.end().as_ms()], |row| {
        let settled = row.get::<_, String>(1)? == "settled";
        Ok(DayEntry {
            key: row.get(0)?,
            kind: if settled { DayKind::Settled } else { DayKind::Reversed },
            insurance_order_id: InsuranceOrderId::new(row.get::<_, String>(2)?),
            insurance_fee: fen(row.get(3)?),
            at: Timestamp::from_ms(row.get(4)?),
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}
