//! Template messages (PROTOCOL 7.2): into the person's inbox and chat, then the account's server
//! is told.

use super::chats::{self, By};
use super::followers::follows;
use super::{Post, WeChat, books};
use crate::books::BookError;
use crate::faults::Delivery;
use crate::persons::Person;
use medpay_domain::{Appid, Openid, Timestamp};
use medpay_wire::contracts::phone::InboxMessage;
use medpay_wire::message::render;
use medpay_wire::public_account::callback::{Event, TEMPLATE_SENT, What};
use medpay_wire::public_account::{AccountError, TemplateMessage};
use rusqlite::Connection;
use serde_json::{Value, json};

/// What sending came to.
struct Sent {
    msgid: i64,
    /// What the account's server is to be told; nothing of a repeated message.
    post: Option<Post>,
}

impl WeChat {
    /// `/cgi-bin/message/template/send`: the answer, and what the account's server is to be told
    /// after it.
    pub fn send_template(
        &self,
        appid: &Appid,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(Delivery<Value>, Option<Post>), BookError> {
        let mut post = None;
        let answer =
            self.answer("template_send", |book| match self.deliver(book, appid, body, now)? {
                Ok(sent) => {
                    post = sent.post;
                    Ok(json!({ "errcode": 0, "errmsg": "ok", "msgid": sent.msgid }))
                }
                Err(error) => Ok(self.error(error)),
            })?;
        Ok((answer, post))
    }

    fn deliver(
        &self,
        book: &Connection,
        appid: &Appid,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Result<Sent, AccountError>, BookError> {
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
        if !template.to_strangers && !follows(book, appid, person)? {
            return Ok(Err(AccountError::RequireSubscribe));
        }
        // The sender's own number of the message: the second of its kind is the first again.
        let number = message.client_msg_id.as_deref();
        if let Some(number) = number
            && let Some(msgid) = books::message_of(book, appid, number)?
        {
            return Ok(Ok(Sent { msgid, post: None }));
        }
        let shown = InboxMessage {
            appid: appid.as_str().to_owned(),
            text: render(&template.content, &message.values()),
            url: leads_to(&message),
            template_id: template.id.clone(),
        };
        let msgid = books::save_message(book, &person.id, number, &shown)?;
        let line = (By::Card, shown.text.as_str(), shown.url.as_str());
        chats::write(book, appid, &person.id, line, now)?;
        let told = Event::TemplateSendJobFinish { msg_id: msgid, status: TEMPLATE_SENT.to_owned() };
        let post = self.post_in(book, appid, person, What::Event(told), now)?;
        Ok(Ok(Sent { msgid, post }))
    }

    /// The person's messages, newest last.
    pub fn inbox(&self, person: &Person) -> Result<Vec<InboxMessage>, BookError> {
        self.book.read(|book| books::messages(book, &person.id))
    }
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
