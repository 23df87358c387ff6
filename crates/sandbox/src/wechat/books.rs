//! WeChat's own tables.

use super::Code as Qrcode;
use crate::books::BookError;
use medpay_domain::{Appid, Timestamp};
use medpay_wire::contracts::phone::InboxMessage;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS codes (
        code TEXT PRIMARY KEY,
        appid TEXT NOT NULL,
        person TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        used INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE IF NOT EXISTS subscriptions (
        appid TEXT NOT NULL,
        person TEXT NOT NULL,
        subscribed INTEGER NOT NULL,
        PRIMARY KEY (appid, person)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS messages (
        msgid INTEGER PRIMARY KEY AUTOINCREMENT,
        person TEXT NOT NULL,
        appid TEXT NOT NULL,
        client_msg_id TEXT,
        template_id TEXT NOT NULL,
        text TEXT NOT NULL,
        url TEXT NOT NULL,
        UNIQUE (appid, client_msg_id)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS menus (
        appid TEXT PRIMARY KEY,
        menu TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS followed (
        appid TEXT NOT NULL,
        person TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        scene TEXT,
        PRIMARY KEY (appid, person)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS qrcodes (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        appid TEXT NOT NULL,
        scene TEXT NOT NULL,
        ticket TEXT NOT NULL,
        says TEXT NOT NULL UNIQUE,
        until_ms INTEGER
    ) STRICT;
";

/// An OAuth code.
pub(super) struct Code {
    pub(super) appid: Appid,
    pub(super) person: String,
    pub(super) at: Timestamp,
    pub(super) used: bool,
}

pub(super) fn save_code(
    book: &Connection,
    code: &str,
    appid: &Appid,
    person: &str,
    at: Timestamp,
) -> Result<(), BookError> {
    book.execute(
        "INSERT INTO codes (code, appid, person, at_ms) VALUES (?1, ?2, ?3, ?4)",
        params![code, appid.as_str(), person, at.as_ms()],
    )?;
    Ok(())
}

pub(super) fn code(book: &Connection, code: &str) -> Result<Option<Code>, BookError> {
    let found = book
        .prepare_cached("SELECT appid, person, at_ms, used FROM codes WHERE code = ?1")?
        .query_row([code], |row| {
            Ok(Code {
                appid: Appid::new(row.get::<_, String>(0)?),
                person: row.get(1)?,
                at: Timestamp::from_ms(row.get(2)?),
                used: row.get(3)?,
            })
        })
        .optional()?;
    Ok(found)
}

pub(super) fn use_code(book: &Connection, code: &str) -> Result<(), BookError> {
    book.execute("UPDATE codes SET used = 1 WHERE code = ?1", [code])?;
    Ok(())
}

/// What was said last about the person following the account; `None` if nothing.
pub(super) fn subscribed(
    book: &Connection,
    appid: &Appid,
    person: &str,
) -> Result<Option<bool>, BookError> {
    let found = book
        .prepare_cached("SELECT subscribed FROM subscriptions WHERE appid = ?1 AND person = ?2")?
        .query_row([appid.as_str(), person], |row| row.get(0))
        .optional()?;
    Ok(found)
}

pub(super) fn save_subscribed(
    book: &Connection,
    appid: &Appid,
    person: &str,
    subscribed: bool,
) -> Result<(), BookError> {
    book.execute(
        "INSERT INTO subscriptions VALUES (?1, ?2, ?3)
         ON CONFLICT (appid, person) DO UPDATE SET subscribed = ?3",
        params![appid.as_str(), person, subscribed],
    )?;
    Ok(())
}

/// The message that the account sent under this number of its own.
pub(super) fn message_of(
    book: &Connection,
    appid: &Appid,
    client_msg_id: &str,
) -> Result<Option<i64>, BookError> {
    let found = book
        .prepare_cached("SELECT msgid FROM messages WHERE appid = ?1 AND client_msg_id = ?2")?
        .query_row([appid.as_str(), client_msg_id], |row| row.get(0))
        .optional()?;
    Ok(found)
}

pub(super) fn save_message(
    book: &Connection,
    person: &str,
    client_msg_id: Option<&str>,
    message: &InboxMessage,
) -> Result<i64, BookError> {
    let msgid = book
        .prepare_cached(
            "INSERT INTO messages (person, appid, client_msg_id, template_id, text, url)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING msgid",
        )?
        .query_row(
            params![
                person,
                message.appid,
                client_msg_id,
                message.template_id,
                message.text,
                message.url,
            ],
            |row| row.get(0),
        )?;
    Ok(msgid)
}

/// A person's messages, newest last.
pub(super) fn messages(book: &Connection, person: &str) -> Result<Vec<InboxMessage>, BookError> {
    let mut rows = book.prepare_cached(
        "SELECT appid, template_id, text, url FROM messages WHERE person = ?1 ORDER BY msgid",
    )?;
    let found = rows.query_map([person], |row| {
        Ok(InboxMessage {
            appid: row.get(0)?,
            template_id: row.get(1)?,
            text: row.get(2)?,
            url: row.get(3)?,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

pub(super) fn save_menu(book: &Connection, appid: &Appid, menu: &str) -> Result<(), BookError> {
    book.execute(
        "INSERT INTO menus VALUES (?1, ?2) ON CONFLICT (appid) DO UPDATE SET menu = ?2",
        [appid.as_str(), menu],
    )?;
    Ok(())
}

pub(super) fn menu(book: &Connection, appid: &Appid) -> Result<Option<String>, BookError> {
    let found = book
        .prepare_cached("SELECT menu FROM menus WHERE appid = ?1")?
        .query_row([appid.as_str()], |row| row.get(0))
        .optional()?;
    Ok(found)
}

pub(super) fn delete_menu(book: &Connection, appid: &Appid) -> Result<(), BookError> {
    book.execute("DELETE FROM menus WHERE appid = ?1", [appid.as_str()])?;
    Ok(())
}

/// When and how a person came to follow an account.
pub(super) struct Followed {
    pub(super) at: Timestamp,
    pub(super) scene: Option<String>,
}

pub(super) fn save_followed(
    book: &Connection,
    appid: &Appid,
    person: &str,
    scene: Option<&str>,
    at: Timestamp,
) -> Result<(), BookError> {
    book.execute(
        "INSERT INTO followed VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (appid, person) DO UPDATE SET at_ms = ?3, scene = ?4",
        params![appid.as_str(), person, at.as_ms(), scene],
    )?;
    Ok(())
}

/// `None` of somebody who always followed.
pub(super) fn followed(
    book: &Connection,
    appid: &Appid,
    person: &str,
) -> Result<Option<Followed>, BookError> {
    let found = book
        .prepare_cached("SELECT at_ms, scene FROM followed WHERE appid = ?1 AND person = ?2")?
        .query_row([appid.as_str(), person], |row| {
            Ok(Followed { at: Timestamp::from_ms(row.get(0)?), scene: row.get(1)? })
        })
        .optional()?;
    Ok(found)
}

pub(super) fn save_qrcode(book: &Connection, code: &Qrcode) -> Result<(), BookError> {
    book.execute(
        "INSERT INTO qrcodes (appid, scene, ticket, says, until_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            code.appid.as_str(),
            code.scene,
            code.ticket,
            code.says,
            code.until.map(Timestamp::as_ms),
        ],
    )?;
    Ok(())
}

fn read_qrcode(row: &Row<'_>) -> rusqlite::Result<Qrcode> {
    Ok(Qrcode {
        appid: Appid::new(row.get::<_, String>(0)?),
        scene: row.get(1)?,
        ticket: row.get(2)?,
        says: row.get(3)?,
        until: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_ms),
    })
}

/// The code that says this.
pub(super) fn qrcode(book: &Connection, says: &str) -> Result<Option<Qrcode>, BookError> {
    let found = book
        .prepare_cached("SELECT appid, scene, ticket, says, until_ms FROM qrcodes WHERE says = ?1")?
        .query_row([says], read_qrcode)
        .optional()?;
    Ok(found)
}

/// An account's permanent code with this scene.
pub(super) fn lasting_code(
    book: &Connection,
    appid: &Appid,
    scene: &str,
) -> Result<Option<Qrcode>, BookError> {
    let found = book
        .prepare_cached(
            "SELECT appid, scene, ticket, says, until_ms FROM qrcodes
              WHERE appid = ?1 AND scene = ?2 AND until_ms IS NULL",
        )?
        .query_row([appid.as_str(), scene], read_qrcode)
        .optional()?;
    Ok(found)
}

/// The codes that are good at `now`, newest first.
pub(super) fn qrcodes(book: &Connection, now: Timestamp) -> Result<Vec<Qrcode>, BookError> {
    let mut rows = book.prepare_cached(
        "SELECT appid, scene, ticket, says, until_ms FROM qrcodes
          WHERE until_ms IS NULL OR until_ms > ?1 ORDER BY seq DESC LIMIT 50",
    )?;
    let found = rows.query_map([now.as_ms()], read_qrcode)?;
    Ok(found.collect::<Result<_, _>>()?)
}
