//! Who follows which account.

use super::{Post, WeChat, books};
use crate::books::BookError;
use crate::faults::Delivery;
use crate::persons::{Behaviour, Person};
use medpay_domain::{Appid, Openid, Timestamp};
use medpay_wire::public_account::AccountError;
use medpay_wire::public_account::callback::{Event, What};
use medpay_wire::public_account::user::UserInfo;
use rusqlite::Connection;
use serde_json::Value;

/// The code by which somebody came to follow.
pub(super) struct ByCode {
    pub(super) scene: String,
    pub(super) ticket: String,
}

impl WeChat {
    /// `/cgi-bin/user/info`.
    pub fn user_info(&self, appid: &Appid, openid: &str) -> Result<Delivery<Value>, BookError> {
        self.answer("user_info", |book| {
            let known = self.persons.by_openid(appid, &Openid::new(openid));
            let Some(person) = known.filter(|_| self.knows(appid)) else {
                return Ok(self.error(AccountError::InvalidOpenid));
            };
            if !follows(book, appid, person)? {
                return Ok(serde_json::to_value(UserInfo::stranger(openid))?);
            }
            let since = books::followed(book, appid, &person.id)?;
            let scene = since.as_ref().and_then(|it| it.scene.clone());
            let how = if scene.is_some() { "ADD_SCENE_QR_CODE" } else { "ADD_SCENE_SEARCH" };
            let number = scene.as_ref().and_then(|scene| scene.parse().ok());
            Ok(serde_json::to_value(UserInfo {
                subscribe: 1,
                openid: openid.to_owned(),
                subscribe_time: Some(since.map_or(0, |it| seconds(it.at))),
                subscribe_scene: Some(how.to_owned()),
                qr_scene: Some(number.unwrap_or(0)),
                qr_scene_str: Some(scene.filter(|_| number.is_none()).unwrap_or_default()),
            })?)
        })
    }

    /// Whether the person follows the account.
    pub fn subscribed(&self, appid: &Appid, person: &Person) -> Result<bool, BookError> {
        self.book.read(|book| follows(book, appid, person))
    }

    /// Follows the account, or ceases to; answers what its server is to be told, if anything
    /// changed and it has one.
    pub fn subscribe(
        &self,
        appid: &Appid,
        person: &Person,
        subscribed: bool,
        now: Timestamp,
    ) -> Result<Option<Post>, BookError> {
        self.book.write(|book| {
            let changed = follows(book, appid, person)? != subscribed;
            books::save_subscribed(book, appid, &person.id, subscribed)?;
            match (changed, subscribed) {
                (false, _) => Ok(None),
                (true, true) => self.follow(book, appid, person, None, now),
                (true, false) => {
                    self.post_in(book, appid, person, What::Event(Event::Unsubscribe), now)
                }
            }
        })
    }

    /// Somebody who did not follow does now.
    pub(super) fn follow(
        &self,
        book: &Connection,
        appid: &Appid,
        person: &Person,
        code: Option<ByCode>,
        now: Timestamp,
    ) -> Result<Option<Post>, BookError> {
        let (scene, ticket) = code.map(|code| (code.scene, code.ticket)).unzip();
        books::save_subscribed(book, appid, &person.id, true)?;
        books::save_followed(book, appid, &person.id, scene.as_deref(), now)?;
        self.post_in(book, appid, person, What::Event(Event::Subscribe { scene, ticket }), now)
    }
}

/// Whether the person follows the account: what was said last, or the person's habit.
pub(super) fn follows(
    book: &Connection,
    appid: &Appid,
    person: &Person,
) -> Result<bool, BookError> {
    let said = books::subscribed(book, appid, &person.id)?;
    Ok(said.unwrap_or(person.behaviour != Behaviour::Unsubscribed))
}

/// Seconds since 1970, as WeChat counts.
pub(super) const fn seconds(at: Timestamp) -> i64 {
    at.as_ms().div_euclid(1000)
}
