//! What is posted to an account's own server, and what its answer does (PROTOCOL 7.4). The object
//! writes and reads; the shell carries.

use super::WeChat;
use super::chats::{self, By};
use super::followers::seconds;
use crate::books::{self as common, BookError};
use crate::faults::Fault;
use crate::persons::Person;
use crate::settings::{Account, Callback, Encryption};
use medpay_domain::{Appid, Openid, Timestamp};
use medpay_wire::fields::Fields;
use medpay_wire::public_account::callback::{Answer, Event, Incoming, What, callback_signature};
use medpay_wire::public_account::crypto::{EncodingAesKey, MessageCrypt, Stamp};
use medpay_wire::public_account::encode_component;
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// What a person reads where the account's server did not answer as documented.
pub(super) const OUT_OF_SERVICE: &str = "该公众号暂时无法提供服务，请稍后再试";

/// A post to an account's own server.
pub struct Post {
    /// The account.
    pub appid: Appid,
    /// The address, with its signature.
    pub url: String,
    /// The document.
    pub body: String,
    /// Whether the answer to the first try is lost, so that the server sees the post twice.
    pub first_answer_lost: bool,
    /// Whether the person waits for an answer, and so is told of a fault.
    pub is_awaited: bool,
    person: String,
    openid: Openid,
}

/// Without person and signature.
impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post").field("appid", &self.appid).finish_non_exhaustive()
    }
}

impl WeChat {
    /// What the account's server is told of `what`; nothing if it has no server, or if a switch
    /// keeps the post from it.
    pub fn post(
        &self,
        appid: &Appid,
        person: &Person,
        what: What,
        now: Timestamp,
    ) -> Result<Option<Post>, BookError> {
        self.book.write(|book| self.post_in(book, appid, person, what, now))
    }

    pub(super) fn post_in(
        &self,
        book: &Connection,
        appid: &Appid,
        person: &Person,
        what: What,
        now: Timestamp,
    ) -> Result<Option<Post>, BookError> {
        let Some(account) = self.account(appid) else { return Ok(None) };
        let Some(callback) = &account.callback else { return Ok(None) };
        let first_answer_lost = match common::take_armed(book, "callback")? {
            None => false,
            Some(Fault::DoneAnswerLost | Fault::AnswerLate) => true,
            Some(_) => return Ok(None),
        };
        let is_awaited = match &what {
            What::Event(event) => {
                matches!(event, Event::Subscribe { .. } | Event::Scan { .. } | Event::Click { .. })
            }
            What::Text { .. } | What::Other { .. } => true,
        };
        let openid = person.openid(appid);
        let incoming = Incoming {
            to: original_id(appid),
            from: openid.clone(),
            create_time: chats::next_create_time(book, appid, &person.id, seconds(now))?,
            what,
        };
        let (url, body) = self.write(account, callback, &incoming, now);
        Ok(Some(Post {
            appid: appid.clone(),
            url,
            body,
            first_answer_lost,
            is_awaited,
            person: person.id.clone(),
            openid,
        }))
    }

    /// The signed address and the document, as the account's mode wants them.
    fn write(
        &self,
        account: &Account,
        callback: &Callback,
        incoming: &Incoming,
        now: Timestamp,
    ) -> (String, String) {
        let (timestamp, nonce) = (seconds(now).to_string(), self.entropy.nonce());
        let stamp = Stamp { timestamp: &timestamp, nonce: &nonce };
        let mut url = signed_address(callback, stamp);
        url.push_str("&openid=");
        url.push_str(&encode_component(incoming.from.reveal()));
        let plain = incoming.write();
        let (key, with_plain) = match &callback.encryption {
            Encryption::Plain => return (url, plain),
            Encryption::Compatible(key) => (key, true),
            Encryption::Safe(key) => (key, false),
        };
        let mut random = [0_u8; 16];
        self.entropy.fill(&mut random);
        let post = crypt(account, callback, key).seal_post(&incoming.to, &plain, stamp, random);
        url.push_str("&encrypt_type=aes&msg_signature=");
        url.push_str(&post.msg_signature);
        let body = if with_plain { both(&plain, &post.body) } else { post.body };
        (url, body)
    }

    /// The address of the URL check that an account's console makes, and the `echostr` that it
    /// must answer; nothing if the account has no server.
    pub fn url_check(&self, appid: &Appid, now: Timestamp) -> Option<(String, String)> {
        let callback = self.account(appid)?.callback.as_ref()?;
        let (timestamp, nonce) = (seconds(now).to_string(), self.entropy.nonce());
        let address = signed_address(callback, Stamp { timestamp: &timestamp, nonce: &nonce });
        let echostr = self.entropy.nonce();
        Some((format!("{address}&echostr={echostr}"), echostr))
    }

    /// What the account's server answered to `post`; `None` if it never did. A text appears in the
    /// person's chat; a fault does where the person waits.
    pub fn hear(
        &self,
        post: &Post,
        answer: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<(), BookError> {
        let words = match answer.and_then(|body| self.read_answer(post, body)) {
            Some(Answer::Text(reply)) => (By::Account, reply.content),
            None if post.is_awaited => (By::Notice, OUT_OF_SERVICE.to_owned()),
            Some(Answer::Nothing) | None => return Ok(()),
        };
        self.book.write(|book| {
            let (by, text) = &words;
            chats::write(book, &post.appid, &post.person, (*by, text, ""), now)?;
            Ok(())
        })
    }

    /// The answer, if it is as documented and for this person.
    fn read_answer(&self, post: &Post, body: &[u8]) -> Option<Answer> {
        let account = self.account(&post.appid)?;
        let callback = account.callback.as_ref()?;
        let opened = |key: &EncodingAesKey| {
            let plain = crypt(account, callback, key).open_answer(body).ok()?;
            Answer::read(plain.as_bytes()).ok()
        };
        let answer = match (&callback.encryption, Answer::read(body)) {
            (_, Ok(Answer::Nothing)) => Answer::Nothing,
            (Encryption::Plain | Encryption::Compatible(_), Ok(answer)) => answer,
            (Encryption::Plain, Err(_)) => return None,
            (Encryption::Compatible(key) | Encryption::Safe(key), _) => opened(key)?,
        };
        let is_for_person = |reply: &medpay_wire::public_account::callback::TextReply| {
            reply.to == post.openid && reply.from == original_id(&post.appid)
        };
        match &answer {
            Answer::Text(reply) if !is_for_person(reply) => None,
            Answer::Text(_) | Answer::Nothing => Some(answer),
        }
    }
}

/// The callback's address with `signature`, `timestamp` and `nonce`.
fn signed_address(callback: &Callback, stamp: Stamp<'_>) -> String {
    let joint = if callback.url.contains('?') { '&' } else { '?' };
    format!(
        "{}{joint}signature={}&timestamp={}&nonce={}",
        callback.url,
        callback_signature(&callback.token, stamp.timestamp, stamp.nonce),
        stamp.timestamp,
        stamp.nonce,
    )
}

fn crypt(account: &Account, callback: &Callback, key: &EncodingAesKey) -> MessageCrypt {
    MessageCrypt::new(callback.token.as_str(), key.clone(), account.appid.as_str())
}

/// 兼容模式: the plain fields and `Encrypt` in one document.
fn both(plain: &str, sealed: &str) -> String {
    let read = |text: &str| Fields::from_xml(text.as_bytes()).unwrap_or_default();
    let mut fields = read(plain);
    fields.set_opt("Encrypt", read(sealed).get("Encrypt"));
    fields.to_xml()
}

/// The account's own id (原始 ID), which follows from its appid.
fn original_id(appid: &Appid) -> String {
    let digest = hex::encode(Sha256::digest(format!("original id|{}", appid.as_str())));
    format!("gh_{}", digest.get(..12).unwrap_or(&digest))
}
