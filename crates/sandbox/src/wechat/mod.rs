//! WeChat as a public account sees it: the OAuth2 page and its codes, template messages, who
//! follows, menus (PROTOCOL 7.1 to 7.3, 7.5).
//!
//! Access tokens are not WeChat's here: the platform issues and checks them and names the token's
//! account in a header.

mod books;
mod errors;
mod menus;
#[cfg(test)]
mod tests;

use crate::books::{self as common, Book, BookError};
use crate::faults::{Armed, Delivery, Fault};
use crate::once::{Plan, Way};
use crate::persons::{Behaviour, Person, Persons};
use crate::settings::Account;
use medpay_domain::{Appid, Entropy, Openid, Timestamp};
use medpay_wire::contracts::phone::InboxMessage;
use medpay_wire::message::render;
use medpay_wire::public_account::{
    AUTHORIZATION_CODE, AccountError, OauthToken, OauthTokenQuery, TemplateMessage,
};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

pub use errors::ErrCode;

/// How long an OAuth code can be redeemed.
const CODE_SECONDS: i64 = 300;
/// How long a web page's access token would live; nothing here takes one.
const PAGE_TOKEN_SECONDS: u32 = 7200;

/// WeChat.
pub struct WeChat {
    book: Book,
    persons: Persons,
    accounts: Vec<Account>,
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
    /// Opens the WeChat whose book is in `folder`.
    pub fn open(
        folder: &Path,
        persons: Persons,
        accounts: Vec<Account>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, BookError> {
        let book = Book::open(folder, "wechat.db", books::SCHEMA)?;
        Ok(Self { book, persons, accounts, entropy })
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

    /// `/cgi-bin/message/template/send`: into the person's inbox.
    pub fn send_template(&self, appid: &Appid, body: &[u8]) -> Result<Delivery<Value>, BookError> {
        self.answer("template_send", |book| match self.deliver_message(book, appid, body)? {
            Ok(msgid) => Ok(json!({ "errcode": 0, "errmsg": "ok", "msgid": msgid })),
            Err(error) => Ok(self.error(error)),
        })
    }

    fn deliver_message(
        &self,
        book: &Connection,
        appid: &Appid,
        body: &[u8],
    ) -> Result<Result<i64, AccountError>, BookError> {
        if body.is_empty() {
            return Ok(Err(AccountError::EmptyBody));
        }
        let Some(account) = self.account(appid) else {
            return Ok(Err(AccountError::InvalidAppid));
        };
        let Ok(message) = serde_json::from_slice::<TemplateMessage>(body) else {
            return Ok(Err(AccountError::DataFormat));
        };
        let to = Openid::new(message.touser.as_str());
        let Some(person) = self.persons.by_openid(appid, &to) else {
            return Ok(Err(AccountError::InvalidOpenid));
        };
        let mut templates = account.templates.iter();
        let Some(template) = templates.find(|template| template.id == message.template_id) else {
            return Ok(Err(AccountError::InvalidTemplateId));
        };
        if !follows(book, appid, person)? {
            return Ok(Err(AccountError::RequireSubscribe));
        }
        // The sender's own number of the message: the second of its kind is the first again.
        let number = message.client_msg_id.as_deref();
        if let Some(number) = number
            && let Some(msgid) = books::message_of(book, appid, number)?
        {
            return Ok(Ok(msgid));
        }
        let shown = InboxMessage {
            appid: appid.as_str().to_owned(),
            text: render(&template.content, &message.values()),
            url: leads_to(&message),
            template_id: template.id.clone(),
        };
        Ok(Ok(books::save_message(book, &person.id, number, &shown)?))
    }

    /// The person's messages, newest last.
    pub fn inbox(&self, person: &Person) -> Result<Vec<InboxMessage>, BookError> {
        self.book.read(|book| books::messages(book, &person.id))
    }

    /// `/cgi-bin/user/info`.
    pub fn user_info(&self, appid: &Appid, openid: &str) -> Result<Delivery<Value>, BookError> {
        self.answer("user_info", |book| {
            let known = self.persons.by_openid(appid, &Openid::new(openid));
            let Some(person) = known.filter(|_| self.knows(appid)) else {
                return Ok(self.error(AccountError::InvalidOpenid));
            };
            if !follows(book, appid, person)? {
                return Ok(json!({ "subscribe": 0, "openid": openid }));
            }
            Ok(json!({
                "subscribe": 1,
                "openid": openid,
                "language": "zh_CN",
                "remark": "",
                "groupid": 0,
                "tagid_list": [],
                "subscribe_scene": "ADD_SCENE_SEARCH",
            }))
        })
    }

    /// `/cgi-bin/menu/create`: keeps the menu.
    pub fn create_menu(&self, appid: &Appid, body: &[u8]) -> Result<Delivery<Value>, BookError> {
        self.answer("menu_create", |book| {
            let menu = match menus::read(body) {
                Ok(menu) => menu,
                Err(code) => return Ok(self.error(code)),
            };
            books::save_menu(book, appid, &menu.to_string())?;
            Ok(json!({ "errcode": 0, "errmsg": "ok" }))
        })
    }

    /// `/cgi-bin/menu/get`.
    pub fn menu(&self, appid: &Appid) -> Result<Delivery<Value>, BookError> {
        self.answer("menu_get", |book| {
            Ok(match books::menu(book, appid)? {
                Some(menu) => json!({ "menu": serde_json::from_str::<Value>(&menu)? }),
                None => self.error(ErrCode::NoMenu),
            })
        })
    }

    /// The error answer of `code`, as `/cgi-bin` writes it.
    pub fn error(&self, code: impl Into<ErrCode>) -> Value {
        code.into().answer(self.entropy.as_ref())
    }

    /// Whether the person follows the account.
    pub fn subscribed(&self, appid: &Appid, person: &Person) -> Result<bool, BookError> {
        self.book.read(|book| follows(book, appid, person))
    }

    /// Follows the account, or ceases to.
    pub fn subscribe(
        &self,
        appid: &Appid,
        person: &Person,
        subscribed: bool,
    ) -> Result<(), BookError> {
        self.book.write(|book| books::save_subscribed(book, appid, &person.id, subscribed))
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

/// Whether the person follows the account: what was said last, or the person's habit.
fn follows(book: &Connection, appid: &Appid, person: &Person) -> Result<bool, BookError> {
    let said = books::subscribed(book, appid, &person.id)?;
    Ok(said.unwrap_or(person.behaviour != Behaviour::Unsubscribed))
}

/// Where a tap leads. A mini-program wins over a link.
fn leads_to(message: &TemplateMessage) -> String {
    match &message.miniprogram {
        Some(target) if !target.appid.is_empty() => {
            let page = target.pagepath.as_deref().unwrap_or_default();
            format!("mini:{}/{}", target.appid, page.trim_start_matches('/'))
        }
        _ => message.url.clone().unwrap_or_default(),
    }
}
