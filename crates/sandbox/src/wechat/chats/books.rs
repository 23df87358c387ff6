//! The tables of the chats.

use super::{By, Chat, Line};
use crate::books::BookError;
use medpay_domain::{Appid, Timestamp};
use rusqlite::{Connection, Row, params};

pub(in crate::wechat) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS lines (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        appid TEXT NOT NULL,
        person TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        by_whom TEXT NOT NULL,
        text TEXT NOT NULL,
        url TEXT NOT NULL,
        seen INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS lines_by_chat ON lines (person, appid);
    CREATE TABLE IF NOT EXISTS event_times (
        appid TEXT NOT NULL,
        person TEXT NOT NULL,
        last INTEGER NOT NULL,
        PRIMARY KEY (appid, person)
    ) STRICT;
";

/// The most lines of a chat that are shown.
const SHOWN: u32 = 200;

/// Adds a line; what the person wrote is seen already.
pub(super) fn save_line(
    book: &Connection,
    appid: &Appid,
    person: &str,
    line: &Line,
) -> Result<i64, BookError> {
    let seq = book
        .prepare_cached(
            "INSERT INTO lines (appid, person, at_ms, by_whom, text, url, seen)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING seq",
        )?
        .query_row(
            params![
                appid.as_str(),
                person,
                line.at.as_ms(),
                line.by.word(),
                line.text,
                line.url,
                line.by == By::Person,
            ],
            |row| row.get(0),
        )?;
    Ok(seq)
}

/// A line whose columns begin at `from`: time, who, text, address.
fn line(row: &Row<'_>, from: usize) -> rusqlite::Result<Line> {
    Ok(Line {
        at: Timestamp::from_ms(row.get(from)?),
        by: By::from_word(&row.get::<_, String>(from + 1)?),
        text: row.get(from + 2)?,
        url: row.get(from + 3)?,
    })
}

/// A chat's last lines, newest last.
pub(super) fn lines(
    book: &Connection,
    appid: &Appid,
    person: &str,
) -> Result<Vec<Line>, BookError> {
    let mut rows = book.prepare_cached(
        "SELECT at_ms, by_whom, text, url FROM lines
          WHERE person = ?1 AND appid = ?2 ORDER BY seq DESC LIMIT ?3",
    )?;
    let found = rows.query_map(params![person, appid.as_str(), SHOWN], |row| line(row, 0))?;
    let mut lines = found.collect::<Result<Vec<_>, _>>()?;
    lines.reverse();
    Ok(lines)
}

/// A person's chats, the one with the newest line first.
pub(super) fn chats(book: &Connection, person: &str) -> Result<Vec<Chat>, BookError> {
    let mut rows = book.prepare_cached(
        "SELECT appid, at_ms, by_whom, text, url,
                (SELECT COUNT(*) FROM lines AS other
                  WHERE other.person = ?1 AND other.appid = lines.appid AND other.seen = 0)
           FROM lines
          WHERE seq IN (SELECT MAX(seq) FROM lines WHERE person = ?1 GROUP BY appid)
          ORDER BY seq DESC",
    )?;
    let found = rows.query_map([person], |row| {
        Ok(Chat {
            appid: Appid::new(row.get::<_, String>(0)?),
            last: line(row, 1)?,
            unread: row.get(5)?,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

pub(super) fn mark_seen(book: &Connection, appid: &Appid, person: &str) -> Result<(), BookError> {
    book.execute(
        "UPDATE lines SET seen = 1 WHERE person = ?1 AND appid = ?2 AND seen = 0",
        [person, appid.as_str()],
    )?;
    Ok(())
}

/// `CreateTime` of the person's next event: `now`, or a second after the last one, since an
/// account tells events apart by person and time and the test clock may stand still.
pub(in crate::wechat) fn next_create_time(
    book: &Connection,
    appid: &Appid,
    person: &str,
    now: i64,
) -> Result<i64, BookError> {
    let time = book
        .prepare_cached(
            "INSERT INTO event_times VALUES (?1, ?2, ?3)
             ON CONFLICT (appid, person) DO UPDATE SET last = MAX(?3, last + 1) RETURNING last",
        )?
        .query_row(params![appid.as_str(), person, now], |row| row.get(0))?;
    Ok(time)
}
