//! WeChat as a public account sees it: the OAuth2 page and its codes, template messages, who
//! follows, menus, codes with a scene, and what is posted to the account's own server (PROTOCOL 7);
//! and as a person sees it: a chat with each account.
//!
//! Access tokens are not WeChat's here: the platform issues and checks them and names the token's
//! account in a header.

mod books;
mod callbacks;
mod chats;
mod errors;
mod followers;
mod menus;
mod qrcodes;
mod template_messages;
#[cfg(test)]
mod tests;

use crate::books::{self as common, Book, BookError};
use crate::faults::{Armed, Delivery, Fault};
use crate::once::{Plan, Way};
use crate::persons::{Person, Persons};
use crate::settings::Account;
use medpay_domain::{Appid, Entropy, Openid, Timestamp};
use medpay_wire::public_account::{AUTHORIZATION_CODE, AccountError, OauthToken, OauthTokenQuery};
use rusqlite::Connection;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

pub use callbacks::Post;
pub use chats::{By, Chat, Line};
pub use qrcodes::{Code, Scanned};

/// How long an OAuth code can be redeemed.
const CODE_SECONDS: i64 = 300;
/// How long a web page's access token would live; nothing here takes one.
const PAGE_TOKEN_SECONDS: u32 = 7200;

/// WeChat.
pub struct WeChat {
    book: Book,
    persons: Persons,
    accounts: Vec<Account>,
    /// What the account's codes say begins with this.
    codes_url: String,
    entropy: Arc<dyn Entropy>,
}

/// What became of an OAuth code.
pub enum Redeemed<'a> {
    /// It was this person's, and is used up now.
    Person(&'a Person),
    /// There is no such code of this account.
    Unknown,
    /// It was redeemed before.
    Used,
    /// Its five minutes are over.
    TooOld,
}

impl WeChat {
    /// Opens the WeChat whose book is in `folder`; its codes lead to `public_url`.
    pub fn open(
        folder: &Path,
        persons: Persons,
        accounts: Vec<Account>,
        public_url: &str,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, BookError> {
        let schema = [books::SCHEMA, chats::SCHEMA].concat();
        let book = Book::open(folder, "wechat.db", &schema)?;
        let codes_url = format!("{}/q/", public_url.trim_end_matches('/'));
        Ok(Self { book, persons, accounts, codes_url, entropy })
    }

    /// The account of this id.
    pub fn account(&self, appid: &Appid) -> Option<&Account> {
        self.accounts.iter().find(|account| account.appid == *appid)
    }

    /// Whether there is such an account.
    pub fn knows(&self, appid: &Appid) -> bool {
        self.account(appid).is_some()
    }

    /// Whose openid this is, under any account.
    pub fn person_of(&self, openid: &Openid) -> Option<&Person> {
        self.accounts.iter().find_map(|account| self.persons.by_openid(&account.appid, openid))
    }

    /// A fresh OAuth code for an account that is known.
    pub fn issue_code(
        &self,
        appid: &Appid,
        person: &Person,
        now: Timestamp,
    ) -> Result<String, BookError> {
        let code = self.entropy.nonce();
        self.book.write(|book| books::save_code(book, &code, appid, &person.id, now))?;
        Ok(code)
    }

    /// Uses an OAuth code up.
    pub fn redeem(
        &self,
        appid: &Appid,
        code: &str,
        now: Timestamp,
    ) -> Result<Redeemed<'_>, BookError> {
        self.book.write(|book| self.redeem_in(book, appid, code, now))
    }

    fn redeem_in(
        &self,
        book: &Connection,
        appid: &Appid,
        code: &str,
        now: Timestamp,
    ) -> Result<Redeemed<'_>, BookError> {
        let Some(found) = books::code(book, code)?.filter(|found| found.appid == *appid) else {
            return Ok(Redeemed::Unknown);
        };
        if found.used {
            return Ok(Redeemed::Used);
        }
        if now >= found.at.plus_seconds(CODE_SECONDS) {
            return Ok(Redeemed::TooOld);
        }
        books::use_code(book, code)?;
        Ok(self.persons.get(&found.person).map_or(Redeemed::Unknown, Redeemed::Person))
    }

    /// `/sns/oauth2/access_token`: code to openid, for the account itself.
    pub fn access_token(
        &self,
        question: &OauthTokenQuery,
        now: Timestamp,
    ) -> Result<Delivery<Value>, BookError> {
        let appid = Appid::new(question.appid.as_str());
        let refused = |error: AccountError| Ok(self.error(error));
        self.answer("access_token", |book| {
            let Some(account) = self.account(&appid) else {
                return refused(AccountError::InvalidAppid);
            };
            if question.secret != account.secret {
                return refused(AccountError::InvalidSecret);
            }
            if question.grant_type != AUTHORIZATION_CODE {
                return refused(AccountError::InvalidGrantType);
            }
            if question.code.is_empty() {
                return refused(AccountError::CodeMissing);
            }
            match self.redeem_in(book, &appid, &question.code, now)? {
                Redeemed::Person(person) => Ok(serde_json::to_value(OauthToken {
                    access_token: self.entropy.nonce(),
                    expires_in: PAGE_TOKEN_SECONDS,
                    refresh_token: self.entropy.nonce(),
                    openid: person.openid(&appid).reveal().to_owned(),
                    scope: "snsapi_base".to_owned(),
                })?),
                Redeemed::Unknown => refused(AccountError::InvalidCode),
                Redeemed::Used => refused(AccountError::CodeUsed),
                Redeemed::TooOld => refused(AccountError::CodeExpired),
            }
        })
    }

    /// The error answer of `code`, as `/cgi-bin` writes it.
    pub fn error(&self, code: AccountError) -> Value {
        errors::answer(code, self.entropy.as_ref())
    }

    /// Runs a command in one transaction, unless a fault is armed for it.
    fn answer(
        &self,
        call: &'static str,
        act: impl FnOnce(&Connection) -> Result<Value, BookError>,
    ) -> Result<Delivery<Value>, BookError> {
        self.book.write(|book| {
            Ok(match Plan::armed(common::take_armed(book, call)?) {
                None => Way::Plain.deliver(act(book)?),
                Some(Plan::Do(way)) => way.deliver(act(book)?),
                Some(Plan::Refuse) => Delivery::Answer(self.error(AccountError::Busy)),
                Some(Plan::NotDone) => Delivery::Lost,
                Some(Plan::Down) => Delivery::Down,
            })
        })
    }

    /// Arms a fault for the next `times` calls of `call`; `*` for any.
    pub fn arm(&self, call: &str, fault: Fault, times: u32) -> Result<(), BookError> {
        self.book.write(|book| common::arm(book, call, fault, times))
    }

    /// Forgets every armed fault.
    pub fn disarm(&self) -> Result<(), BookError> {
        self.book.write(|book| common::disarm(book))
    }

    /// What is armed.
    pub fn armed(&self) -> Result<Vec<Armed>, BookError> {
        self.book.read(common::armed)
    }
}
