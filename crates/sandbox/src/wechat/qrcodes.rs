//! An account's codes with a scene (PROTOCOL 7.5): made by the account, scanned by a person.

use super::followers::{ByCode, follows};
use super::{Post, WeChat, books};
use crate::books::BookError;
use crate::faults::Delivery;
use crate::persons::Person;
use medpay_domain::{Appid, Timestamp};
use medpay_wire::public_account::AccountError;
use medpay_wire::public_account::callback::{Event, What};
use medpay_wire::public_account::qrcode::{Qrcode, QrcodeRequest};
use serde_json::Value;

/// An account's code, as long as it is good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Code {
    /// The account.
    pub appid: Appid,
    /// Its scene.
    pub scene: String,
    /// Names it.
    pub ticket: String,
    /// What it says.
    pub says: String,
    /// When it ceases to be good.
    pub until: Option<Timestamp>,
}

/// What scanning an account's code came to.
#[derive(Debug)]
pub enum Scanned {
    /// The person follows the account now, or did before: its server is told.
    Account(Appid, Option<Post>),
    /// The code was temporary, and its time is over.
    TooOld,
    /// It is no account's code.
    Unknown,
}

impl WeChat {
    /// `/cgi-bin/qrcode/create`.
    pub fn create_qrcode(
        &self,
        appid: &Appid,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Delivery<Value>, BookError> {
        self.answer("qrcode_create", |book| {
            if !self.knows(appid) {
                return Ok(self.error(AccountError::InvalidAppid));
            }
            let wanted = match QrcodeRequest::read(body) {
                Ok(wanted) => wanted,
                Err(error) => return Ok(self.error(error)),
            };
            let expire_seconds = wanted.expire_seconds;
            let code = Code {
                appid: appid.clone(),
                scene: wanted.scene,
                ticket: format!("gQ{}", self.entropy.nonce()),
                says: format!("{}{}", self.codes_url, self.entropy.nonce()),
                until: expire_seconds.map(|seconds| now.plus_seconds(i64::from(seconds))),
            };
            // The same permanent scene is the same code again.
            let code = match books::lasting_code(book, appid, &code.scene)? {
                Some(known) if code.until.is_none() => known,
                _ => {
                    books::save_qrcode(book, &code)?;
                    code
                }
            };
            Ok(serde_json::to_value(Qrcode {
                ticket: code.ticket,
                expire_seconds,
                url: code.says,
            })?)
        })
    }

    /// The accounts' codes that are good now, newest first.
    pub fn codes(&self, now: Timestamp) -> Result<Vec<Code>, BookError> {
        self.book.read(|book| books::qrcodes(book, now))
    }

    /// Scans what may be an account's code: a stranger follows, a follower is announced.
    pub fn scan(&self, person: &Person, says: &str, now: Timestamp) -> Result<Scanned, BookError> {
        self.book.write(|book| {
            let Some(code) = books::qrcode(book, says)? else { return Ok(Scanned::Unknown) };
            if code.until.is_some_and(|until| now >= until) {
                return Ok(Scanned::TooOld);
            }
            let Code { appid, scene, ticket, .. } = code;
            let post = if follows(book, &appid, person)? {
                let scan = Event::Scan { scene, ticket: Some(ticket) };
                self.post_in(book, &appid, person, What::Event(scan), now)?
            } else {
                self.follow(book, &appid, person, Some(ByCode { scene, ticket }), now)?
            };
            Ok(Scanned::Account(appid, post))
        })
    }
}
