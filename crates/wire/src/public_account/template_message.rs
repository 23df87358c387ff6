//! Template messages: `/cgi-bin/message/template/send` (PROTOCOL 7.2).

use crate::message::TemplateData;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The body of `POST /cgi-bin/message/template/send`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateMessage {
    /// The follower, under the sending account.
    pub touser: String,
    /// The account's own id of the template.
    pub template_id: String,
    /// Where a tap leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The mini-program that a tap opens; wins over `url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub miniprogram: Option<MiniProgram>,
    /// The sender's own number, against sending twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<String>,
    /// The values of the template's places.
    pub data: BTreeMap<String, TemplateValue>,
}

impl fmt::Debug for TemplateMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemplateMessage")
            .field("template_id", &self.template_id)
            .field("client_msg_id", &self.client_msg_id)
            .finish_non_exhaustive()
    }
}

/// A page of a mini-program.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MiniProgram {
    /// The mini-program.
    pub appid: String,
    /// The page there; its first one if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagepath: Option<String>,
}

/// The value of one place.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateValue {
    /// The text.
    pub value: String,
    /// Its colour, as `#173177`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

impl TemplateMessage {
    /// A message to `touser` that leads nowhere yet.
    pub fn new(
        touser: impl Into<String>,
        template_id: impl Into<String>,
        data: TemplateData,
    ) -> Self {
        let value = |value| TemplateValue { value, color: None };
        Self {
            touser: touser.into(),
            template_id: template_id.into(),
            url: None,
            miniprogram: None,
            client_msg_id: None,
            data: data.into_iter().map(|(name, text)| (name, value(text))).collect(),
        }
    }

    /// The values, without their colours.
    pub fn values(&self) -> TemplateData {
        self.data.iter().map(|(name, value)| (name.clone(), value.value.clone())).collect()
    }
}

/// The answer to [`TemplateMessage`]; `errcode` 0 means it was taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TemplateSent {
    /// 0, or a code of [`AccountError`](super::AccountError).
    pub errcode: i64,
    /// `ok`, or the reason.
    #[serde(default)]
    pub errmsg: String,
    /// The message's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msgid: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_message_is_written_with_the_documents_names() {
        let data = TemplateData::from([("first".to_owned(), "您好".to_owned())]);
        let mut message = TemplateMessage::new("oTest01", "T1", data.clone());
        message.url = Some("https://h.example.org/".to_owned());
        message.miniprogram = Some(MiniProgram { appid: "wx02".to_owned(), pagepath: None });
        assert_eq!(message.values(), data);
        assert!(!format!("{message:?}").contains("您好"));
        let json = serde_json::to_string(&message).expect("JSON");
        let expected = [
            r#"{"touser":"oTest01","template_id":"T1","url":"https://h.example.org/","#,
            r#""miniprogram":{"appid":"wx02"},"data":{"first":{"value":"您好"}}}"#,
        ];
        assert_eq!(json, expected.concat());
        let read: TemplateMessage = serde_json::from_str(&json).expect("a message");
        assert_eq!(read, message);
    }
}
