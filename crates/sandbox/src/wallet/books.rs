//! The wallet's own tables.

use crate::books::BookError;
use medpay_domain::{CashOrderId, Day, Fen, Timestamp};
use medpay_wire::contracts::wallet::{Capture, DayEntry, DayKind};
use rusqlite::{Connection, OptionalExtension as _, params};

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS wallets (
        person TEXT PRIMARY KEY,
        wallet_fen INTEGER NOT NULL CHECK (wallet_fen >= 0)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS tries (
        person TEXT PRIMARY KEY,
        wrong INTEGER NOT NULL,
        locked_until_ms INTEGER
    ) STRICT;
    CREATE TABLE IF NOT EXISTS confirmations (
        confirmation TEXT PRIMARY KEY,
        person TEXT NOT NULL,
        cash_fen INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        used_by TEXT
    ) STRICT;
    CREATE TABLE IF NOT EXISTS auth_codes (
        auth_code TEXT PRIMARY KEY,
        person TEXT NOT NULL,
        until_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS cashiers (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        person TEXT NOT NULL,
        url TEXT NOT NULL,
        closed INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE IF NOT EXISTS captures (
        cash_order_id TEXT PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        person TEXT NOT NULL,
        total_fen INTEGER NOT NULL,
        cash_fen INTEGER NOT NULL,
        coupon_fen INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        refund_tried INTEGER NOT NULL DEFAULT 0,
        refunded_by TEXT
    ) STRICT;
    CREATE TABLE IF NOT EXISTS entries (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL,
        kind TEXT NOT NULL,
        cash_order_id TEXT NOT NULL,
        cash_fen INTEGER NOT NULL,
        at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS entries_by_time ON entries (at_ms);
";

/// A cashier that a window scan put on a phone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cashier {
    /// The key it was presented with.
    pub key: String,
    /// Its address.
    pub url: String,
}

/// How a person's last passwords were.
pub(super) struct Tries {
    pub(super) wrong: u32,
    pub(super) locked_until: Option<Timestamp>,
}

/// A right password, and what it was typed for.
pub(super) struct Confirmation {
    pub(super) person: String,
    pub(super) cash_fee: Fen,
    pub(super) at: Timestamp,
}

/// A capture, as far as giving it back needs it.
pub(super) struct Captured {
    pub(super) person: String,
    pub(super) total_fee: Fen,
    pub(super) cash_fee: Fen,
    pub(super) coupon_fee: Fen,
    pub(super) at: Timestamp,
    pub(super) refunded: bool,
}

fn fen(value: i64) -> Fen {
    Fen::new(value).unwrap_or_default()
}

/// Opens a person's wallet with `wallet` in it, unless it is open.
pub(super) fn open_wallet(book: &Connection, person: &str, wallet: Fen) -> Result<(), BookError> {
    book.execute(
        "INSERT INTO wallets VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![person, wallet.get()],
    )?;
    Ok(())
}

pub(super) fn wallet(book: &Connection, person: &str) -> Result<Fen, BookError> {
    let held: Option<i64> = book
        .prepare_cached("SELECT wallet_fen FROM wallets WHERE person = ?1")?
        .query_row([person], |row| row.get(0))
        .optional()?;
    Ok(held.map_or(Fen::ZERO, fen))
}

pub(super) fn save_wallet(book: &Connection, person: &str, wallet: Fen) -> Result<(), BookError> {
    book.prepare_cached("UPDATE wallets SET wallet_fen = ?2 WHERE person = ?1")?
        .execute(params![person, wallet.get()])?;
    Ok(())
}

pub(super) fn tries(book: &Connection, person: &str) -> Result<Tries, BookError> {
    let found = book
        .prepare_cached("SELECT wrong, locked_until_ms FROM tries WHERE person = ?1")?
        .query_row([person], |row| {
            let until: Option<i64> = row.get(1)?;
            Ok(Tries { wrong: row.get(0)?, locked_until: until.map(Timestamp::from_ms) })
        })
        .optional()?;
    Ok(found.unwrap_or(Tries { wrong: 0, locked_until: None }))
}

pub(super) fn save_tries(
    book: &Connection,
    person: &str,
    wrong: u32,
    locked_until: Option<Timestamp>,
) -> Result<(), BookError> {
    book.prepare_cached(
        "INSERT INTO tries VALUES (?1, ?2, ?3)
         ON CONFLICT (person) DO UPDATE SET wrong = ?2, locked_until_ms = ?3",
    )?
    .execute(params![person, wrong, locked_until.map(Timestamp::as_ms)])?;
    Ok(())
}

pub(super) fn save_confirmation(
    book: &Connection,
    confirmation: &str,
    person: &str,
    cash_fee: Fen,
    at: Timestamp,
) -> Result<(), BookError> {
    book.prepare_cached(
        "INSERT INTO confirmations (confirmation, person, cash_fen, at_ms)
         VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![confirmation, person, cash_fee.get(), at.as_ms()])?;
    Ok(())
}

/// Uses a confirmation up for `key`; `None` if there is none or it was used.
pub(super) fn use_confirmation(
    book: &Connection,
    confirmation: &str,
    key: &str,
) -> Result<Option<Confirmation>, BookError> {
    let found = book
        .prepare_cached(
            "UPDATE confirmations SET used_by = ?2
              WHERE confirmation = ?1 AND used_by IS NULL
          RETURNING person, cash_fen, at_ms",
        )?
        .query_row([confirmation, key], |row| {
            Ok(Confirmation {
                person: row.get(0)?,
                cash_fee: fen(row.get(1)?),
                at: Timestamp::from_ms(row.get(2)?),
            })
        })
        .optional()?;
    Ok(found)
}

pub(super) fn save_auth_code(
    book: &Connection,
    auth_code: &str,
    person: &str,
    until: Timestamp,
) -> Result<(), BookError> {
    book.execute(
        "INSERT INTO auth_codes VALUES (?1, ?2, ?3)",
        params![auth_code, person, until.as_ms()],
    )?;
    Ok(())
}

/// Whose pay code this is, and until when it can be scanned.
pub(super) fn auth_code(
    book: &Connection,
    auth_code: &str,
) -> Result<Option<(String, Timestamp)>, BookError> {
    let found = book
        .prepare_cached("SELECT person, until_ms FROM auth_codes WHERE auth_code = ?1")?
        .query_row([auth_code], |row| Ok((row.get(0)?, Timestamp::from_ms(row.get(1)?))))
        .optional()?;
    Ok(found)
}

pub(super) fn save_cashier(
    book: &Connection,
    key: &str,
    person: &str,
    url: &str,
) -> Result<(), BookError> {
    book.execute(
        "INSERT INTO cashiers (key, person, url) VALUES (?1, ?2, ?3)",
        [key, person, url],
    )?;
    Ok(())
}

pub(super) fn cashiers(book: &Connection, person: &str) -> Result<Vec<Cashier>, BookError> {
    let mut rows = book.prepare_cached(
        "SELECT key, url FROM cashiers WHERE person = ?1 AND closed = 0 ORDER BY seq",
    )?;
    let found =
        rows.query_map([person], |row| Ok(Cashier { key: row.get(0)?, url: row.get(1)? }))?;
    Ok(found.collect::<Result<_, _>>()?)
}

pub(super) fn close_cashier(book: &Connection, key: &str) -> Result<(), BookError> {
    book.execute("UPDATE cashiers SET closed = 1 WHERE key = ?1", [key])?;
    Ok(())
}

pub(super) fn save_capture(
    book: &Connection,
    cash_order_id: &CashOrderId,
    person: &str,
    order: &Capture,
    coupon_fee: Fen,
    at: Timestamp,
) -> Result<(), BookError> {
    book.prepare_cached(
        "INSERT INTO captures (cash_order_id, key, person, total_fen, cash_fen, coupon_fen, at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        cash_order_id.as_str(),
        order.key,
        person,
        order.total_fee.get(),
        order.cash_fee.get(),
        coupon_fee.get(),
        at.as_ms(),
    ])?;
    Ok(())
}

pub(super) fn capture(
    book: &Connection,
    cash_order_id: &CashOrderId,
) -> Result<Option<Captured>, BookError> {
    let found = book
        .prepare_cached(
            "SELECT person, total_fen, cash_fen, coupon_fen, at_ms, refunded_by IS NOT NULL
               FROM captures WHERE cash_order_id = ?1",
        )?
        .query_row([cash_order_id.as_str()], |row| {
            Ok(Captured {
                person: row.get(0)?,
                total_fee: fen(row.get(1)?),
                cash_fee: fen(row.get(2)?),
                coupon_fee: fen(row.get(3)?),
                at: Timestamp::from_ms(row.get(4)?),
                refunded: row.get(5)?,
            })
        })
        .optional()?;
    Ok(found)
}

/// Whether nobody has tried to give this capture back before; remembers the try.
pub(super) fn first_refund_try(
    book: &Connection,
    cash_order_id: &CashOrderId,
) -> Result<bool, BookError> {
    let changed = book.execute(
        "UPDATE captures SET refund_tried = 1 WHERE cash_order_id = ?1 AND refund_tried = 0",
        [cash_order_id.as_str()],
    )?;
    Ok(changed == 1)
}

pub(super) fn save_refund(
    book: &Connection,
    cash_order_id: &CashOrderId,
    key: &str,
) -> Result<(), BookError> {
    book.prepare_cached("UPDATE captures SET refunded_by = ?2 WHERE cash_order_id = ?1")?
        .execute(params![cash_order_id.as_str(), key])?;
    Ok(())
}

pub(super) fn save_entry(
    book: &Connection,
    key: &str,
    kind: DayKind,
    cash_order_id: &CashOrderId,
    cash_fee: Fen,
    at: Timestamp,
) -> Result<(), BookError> {
    let kind = match kind {
        DayKind::Captured => "captured",
        DayKind::Refunded => "refunded",
    };
    book.prepare_cached(
        "INSERT INTO entries (key, kind, cash_order_id, cash_fen, at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![key, kind, cash_order_id.as_str(), cash_fee.get(), at.as_ms()])?;
    Ok(())
}

/// What was taken and given back on `day`, in that order.
pub(super) fn entries(book: &Connection, day: Day) -> Result<Vec<DayEntry>, BookError> {
    let mut rows = book.prepare_cached(
        "SELECT key, kind, cash_order_id, cash_fen, at_ms FROM entries
          WHERE at_ms >= ?1 AND at_ms < ?2 ORDER BY seq",
    )?;
    let found = rows.query_map([day.start().as_ms(), day.end().as_ms()], |row| {
        let captured = row.get::<_, String>(1)? == "captured";
        Ok(DayEntry {
            key: row.get(0)?,
            kind: if captured { DayKind::Captured } else { DayKind::Refunded },
            cash_order_id: CashOrderId::new(row.get::<_, String>(2)?),
            cash_fee: fen(row.get(3)?),
            at: Timestamp::from_ms(row.get(4)?),
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}
