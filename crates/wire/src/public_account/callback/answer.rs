//! What an account's own server answers.

use super::{CallbackFault, addressed, number};
use crate::fields::{FieldFault, Fields};
use crate::value::Text;
use medpay_domain::Openid;
use std::fmt;

/// A text that the account's server answers with; it appears in the person's chat.
#[derive(Clone, PartialEq, Eq)]
pub struct TextReply {
    /// `ToUserName`: the person.
    pub to: Openid,
    /// `FromUserName`: the account's own id.
    pub from: String,
    /// `CreateTime`, in seconds since 1970.
    pub create_time: i64,
    /// `Content`.
    pub content: String,
}

impl fmt::Debug for TextReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextReply").field("from", &self.from).finish_non_exhaustive()
    }
}

impl TextReply {
    /// As the body of an answer in plain mode, or as what is encrypted.
    pub fn write(&self) -> String {
        let mut fields = addressed(self.to.reveal(), &self.from, self.create_time);
        fields.set("MsgType", "text").set("Content", &self.content);
        fields.to_xml()
    }
}

/// What an account's server answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// [`SUCCESS`](super::SUCCESS) or nothing: no reply.
    Nothing,
    /// A text for the person.
    Text(TextReply),
}

impl Answer {
    /// Reads a plain answer. Everything but an empty body, `success` and a text is a fault: the
    /// person is then told 该公众号暂时无法提供服务.
    pub fn read(body: &[u8]) -> Result<Self, CallbackFault> {
        if matches!(body.trim_ascii(), b"" | b"success") {
            return Ok(Self::Nothing);
        }
        let fields = Fields::from_xml(body)?;
        if fields.required::<Text<32>>("MsgType")?.as_str() != "text" {
            return Err(FieldFault::invalid("MsgType").into());
        }
        Ok(Self::Text(TextReply {
            to: Openid::new(fields.required::<Text<64>>("ToUserName")?.as_str()),
            from: fields.required::<Text<64>>("FromUserName")?.as_str().to_owned(),
            create_time: number(&fields, "CreateTime")?.ok_or(FieldFault::needed("CreateTime"))?,
            content: fields.value("Content").ok_or(FieldFault::needed("Content"))?.to_owned(),
        }))
    }
}
