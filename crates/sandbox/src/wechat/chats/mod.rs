//! A person's chat with an account: what each wrote, and the cards of template messages.

mod books;

use super::{Post, WeChat};
use crate::books::BookError;
use crate::persons::Person;
use medpay_domain::{Appid, Timestamp};
use medpay_wire::public_account::callback::What;
use rusqlite::Connection;

pub(super) use books::{SCHEMA, next_create_time};

/// The most characters that a person may write at once.
const MAX_CHARACTERS: usize = 600;

/// Who put a line into a chat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// The person wrote it.
    Person,
    /// The account's server answered it.
    Account,
    /// The account sent it as a template message.
    Card,
    /// WeChat itself says so.
    Notice,
}

impl By {
    const fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Account => "account",
            Self::Card => "card",
            Self::Notice => "notice",
        }
    }

    fn from_word(word: &str) -> Self {
        let all = [Self::Person, Self::Account, Self::Card];
        all.into_iter().find(|by| by.word() == word).unwrap_or(Self::Notice)
    }
}

/// A line of a chat.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: By,
    /// What: several lines of text.
    pub text: String,
    /// Where a tap leads: an address, `mini:<appid>/<path>`, or nothing.
    pub url: String,
}

/// What a person's list of chats shows of one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chat {
    /// With whom.
    pub appid: Appid,
    /// Its newest line.
    pub last: Line,
    /// How many lines the person has not seen.
    pub unread: u32,
}

/// Writes a line: who, the text, where it leads. Answers its number.
pub(super) fn write(
    book: &Connection,
    appid: &Appid,
    person: &str,
    (by, text, url): (By, &str, &str),
    now: Timestamp,
) -> Result<i64, BookError> {
    let line = Line { at: now, by, text: text.to_owned(), url: url.to_owned() };
    books::save_line(book, appid, person, &line)
}

impl WeChat {
    /// The person writes to the account; answers what its server is to be told.
    pub fn say(
        &self,
        appid: &Appid,
        person: &Person,
        text: &str,
        now: Timestamp,
    ) -> Result<Option<Post>, BookError> {
        let content: String = text.trim().chars().take(MAX_CHARACTERS).collect();
        if content.is_empty() {
            return Ok(None);
        }
        self.book.write(|book| {
            let msg_id = write(book, appid, &person.id, (By::Person, &content, ""), now)?;
            self.post_in(book, appid, person, What::Text { content, msg_id }, now)
        })
    }

    /// The person's chats, the one with the newest line first.
    pub fn chats(&self, person: &Person) -> Result<Vec<Chat>, BookError> {
        self.book.read(|book| books::chats(book, &person.id))
    }

    /// The person opens a chat: its lines, newest last, all of them seen now.
    pub fn read_chat(&self, appid: &Appid, person: &Person) -> Result<Vec<Line>, BookError> {
        self.book.write(|book| {
            books::mark_seen(book, appid, &person.id)?;
            books::lines(book, appid, &person.id)
        })
    }
}
