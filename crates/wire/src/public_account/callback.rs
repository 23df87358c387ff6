//! The server callback: what the public-account platform posts to an account's own server when
//! somebody follows, scans, taps or writes, and what the server may answer (PROTOCOL 7.4).
//!
//! The body passes the same guard as a payment document ([`crate::xml`]). Some messages of the
//! official platform nest elements (`SendPicsInfo`, `ScanCodeInfo`, `SendLocationInfo`, the article
//! list of a mass message): they come only from menu buttons and calls that are not offered here,
//! so they are refused as [`XmlFault::Malformed`] rather than read halfway. A receiver whose
//! signature check passed answers [`SUCCESS`] to such a post, so that it is not repeated.
//!
//! Encryption is [`super::crypto`]'s: it turns an encrypted body into a plain one and back.

mod answer;

use crate::fields::{FieldFault, Fields};
use crate::value::Text;
use crate::xml::XmlFault;
use medpay_domain::Openid;
use sha1::{Digest, Sha1};
use std::fmt;
use subtle::ConstantTimeEq;

pub use answer::{Answer, TextReply};

/// The answer that says "taken, nothing to reply"; an empty body says the same.
pub const SUCCESS: &str = "success";

/// The prefix of `EventKey` when somebody followed by scanning a code with a scene.
const QR_SCENE: &str = "qrscene_";

/// The signature of the server callback's URL check and of its posts: lower-case hex SHA-1 of the
/// three, sorted and joined. (The encrypted mode signs four: [`signature_of`].)
pub fn callback_signature(token: &str, timestamp: &str, nonce: &str) -> String {
    signature_of(&mut [token, timestamp, nonce])
}

/// Lower-case hex SHA-1 of the parts, sorted and joined.
pub fn signature_of(parts: &mut [&str]) -> String {
    parts.sort_unstable();
    let mut digest = Sha1::new();
    for part in parts {
        digest.update(part.as_bytes());
    }
    hex::encode(digest.finalize())
}

/// Whether a callback comes from one who knows the token; in constant time.
pub fn is_from_account(token: &str, timestamp: &str, nonce: &str, signature: &str) -> bool {
    let right = callback_signature(token, timestamp, nonce);
    signature.as_bytes().ct_eq(right.as_bytes()).into()
}

/// Why a callback's body, or the answer to one, cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallbackFault {
    /// It is no document, or nests elements.
    #[error(transparent)]
    Xml(#[from] XmlFault),
    /// A field is missing or has a value that it cannot have.
    #[error(transparent)]
    Field(#[from] FieldFault),
}

/// A message or an event, as it was posted. What somebody wrote is personal, so `Debug` shows only
/// the kind.
#[derive(Clone, PartialEq, Eq)]
pub struct Incoming {
    /// `ToUserName`: the account's own id, not its appid. An answer comes from it.
    pub to: String,
    /// `FromUserName`: who did it.
    pub from: Openid,
    /// `CreateTime`, in seconds since 1970.
    pub create_time: i64,
    /// `MsgType` and what belongs to it.
    pub what: What,
}

/// What was posted.
#[derive(Clone, PartialEq, Eq)]
pub enum What {
    /// `event`: the person did something.
    Event(Event),
    /// `text`: the person wrote something.
    Text {
        /// `Content`.
        content: String,
        /// `MsgId`.
        msg_id: i64,
    },
    /// A message of any other kind: image, voice, location, ….
    Other {
        /// `MsgType`.
        msg_type: String,
        /// `MsgId`.
        msg_id: Option<i64>,
    },
}

/// What the person did, or what became of a message that the account sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// Followed the account.
    Subscribe {
        /// The scene of the scanned code (`EventKey` without `qrscene_`), if it was by one.
        scene: Option<String>,
        /// The code's `Ticket`.
        ticket: Option<String>,
    },
    /// Ceased to follow.
    Unsubscribe,
    /// Scanned one of the account's codes as somebody who follows already.
    Scan {
        /// The code's scene.
        scene: String,
        /// The code's `Ticket`.
        ticket: Option<String>,
    },
    /// Tapped a menu button of type `click`.
    Click {
        /// The button's key.
        key: String,
    },
    /// Tapped a menu button of type `view`; the page opens by itself.
    View {
        /// The button's address.
        url: String,
    },
    /// `TEMPLATESENDJOBFINISH`: what became of a template message.
    TemplateSendJobFinish {
        /// `MsgID`: what sending it answered as `msgid`.
        msg_id: i64,
        /// `success`, `failed:user block`, `failed: system failed`.
        status: String,
    },
    /// Anything else.
    Other {
        /// `Event`.
        event: String,
        /// `EventKey`.
        key: Option<String>,
    },
}

/// `Status` of a template message that arrived.
pub const TEMPLATE_SENT: &str = "success";

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Incoming").field(&self.kind()).finish()
    }
}

impl fmt::Debug for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(event) => event.fmt(f),
            Self::Text { msg_id, .. } => write!(f, "Text {{ msg_id: {msg_id} }}"),
            Self::Other { msg_type, .. } => write!(f, "Other({msg_type:?})"),
        }
    }
}

impl Event {
    /// `Event` and `EventKey`.
    fn words(&self) -> (&str, Option<String>) {
        match self {
            Self::Subscribe { scene, .. } => {
                ("subscribe", scene.as_ref().map(|scene| format!("{QR_SCENE}{scene}")))
            }
            Self::Unsubscribe => ("unsubscribe", None),
            Self::Scan { scene, .. } => ("SCAN", Some(scene.clone())),
            Self::Click { key } => ("CLICK", Some(key.clone())),
            Self::View { url } => ("VIEW", Some(url.clone())),
            Self::TemplateSendJobFinish { .. } => ("TEMPLATESENDJOBFINISH", None),
            Self::Other { event, key } => (event, key.clone()),
        }
    }

    fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        let key = fields.value("EventKey").map(str::to_owned);
        let ticket = fields.value("Ticket").map(str::to_owned);
        let needed = |key: Option<String>| key.ok_or(FieldFault::needed("EventKey"));
        let event: Text<64> = fields.required("Event")?;
        Ok(match event.as_str() {
            "subscribe" => Self::Subscribe {
                scene: key.map(|key| key.strip_prefix(QR_SCENE).unwrap_or(&key).to_owned()),
                ticket,
            },
            "unsubscribe" => Self::Unsubscribe,
            "SCAN" => Self::Scan { scene: needed(key)?, ticket },
            "CLICK" => Self::Click { key: needed(key)? },
            "VIEW" => Self::View { url: needed(key)? },
            "TEMPLATESENDJOBFINISH" => Self::TemplateSendJobFinish {
                msg_id: number(fields, "MsgID")?.ok_or(FieldFault::needed("MsgID"))?,
                status: fields.required::<Text<128>>("Status")?.as_str().to_owned(),
            },
            other => Self::Other { event: other.to_owned(), key },
        })
    }
}

impl Incoming {
    /// `MsgType`, and `Event` where it is one: for a log line.
    pub fn kind(&self) -> &str {
        match &self.what {
            What::Event(event) => event.words().0,
            What::Text { .. } => "text",
            What::Other { msg_type, .. } => msg_type,
        }
    }

    /// What a repeated post has in common with its first: `MsgId` of a message; person, time and
    /// event of an event. It is a digest, so it names nobody.
    pub fn dedupe_key(&self) -> String {
        let id = match &self.what {
            What::Text { msg_id, .. } => Some(*msg_id),
            What::Other { msg_id, .. } => *msg_id,
            What::Event(_) => None,
        };
        if let Some(id) = id {
            return format!("message-{id}");
        }
        let (event, key) = match &self.what {
            What::Event(event) => event.words(),
            What::Text { .. } | What::Other { .. } => ("", None),
        };
        let mut digest = Sha1::new();
        let time = self.create_time.to_string();
        for part in [self.from.reveal(), &time, event, key.as_deref().unwrap_or_default()] {
            digest.update(part.as_bytes());
            digest.update([0]);
        }
        format!("event-{}", hex::encode(digest.finalize()))
    }

    /// Reads a plain body, whose signature was checked before.
    pub fn read(body: &[u8]) -> Result<Self, CallbackFault> {
        let fields = Fields::from_xml(body)?;
        let fields = &fields;
        let msg_type: Text<32> = fields.required("MsgType")?;
        let what = match msg_type.as_str() {
            "event" => What::Event(Event::decode(fields)?),
            "text" => What::Text {
                // White space only is a message too.
                content: fields.get("Content").unwrap_or_default().to_owned(),
                msg_id: number(fields, "MsgId")?.ok_or(FieldFault::needed("MsgId"))?,
            },
            other => What::Other { msg_type: other.to_owned(), msg_id: number(fields, "MsgId")? },
        };
        Ok(Self {
            to: fields.required::<Text<64>>("ToUserName")?.as_str().to_owned(),
            from: Openid::new(fields.required::<Text<64>>("FromUserName")?.as_str()),
            create_time: number(fields, "CreateTime")?.ok_or(FieldFault::needed("CreateTime"))?,
            what,
        })
    }

    /// As a body, the way the platform writes it.
    pub fn write(&self) -> String {
        let mut fields = addressed(&self.to, self.from.reveal(), self.create_time);
        match &self.what {
            What::Event(event) => {
                let (word, key) = event.words();
                fields.set("MsgType", "event").set("Event", word);
                fields.set("EventKey", key.unwrap_or_default());
                match event {
                    Event::Subscribe { ticket, .. } | Event::Scan { ticket, .. } => {
                        fields.set_opt("Ticket", ticket.as_deref());
                    }
                    Event::TemplateSendJobFinish { msg_id, status } => {
                        fields.set("MsgID", msg_id.to_string()).set("Status", status);
                        fields.remove("EventKey");
                    }
                    _ => {}
                }
            }
            What::Text { content, msg_id } => {
                fields.set("MsgType", "text").set("Content", content);
                fields.set("MsgId", msg_id.to_string());
            }
            What::Other { msg_type, msg_id } => {
                fields.set("MsgType", msg_type);
                fields.set_opt("MsgId", msg_id.map(|id| id.to_string()));
            }
        }
        fields.to_xml()
    }

    /// A text that answers this, written at `create_time` (seconds since 1970).
    pub fn reply(&self, content: impl Into<String>, create_time: i64) -> TextReply {
        TextReply {
            to: self.from.clone(),
            from: self.to.clone(),
            create_time,
            content: content.into(),
        }
    }
}

fn addressed(to: &str, from: &str, create_time: i64) -> Fields {
    let mut fields = Fields::new();
    fields.set("ToUserName", to).set("FromUserName", from);
    fields.set("CreateTime", create_time.to_string());
    fields
}

/// A whole number; the official `MsgId` has 64 bits.
fn number(fields: &Fields, name: &'static str) -> Result<Option<i64>, FieldFault> {
    let read = |text: &str| text.trim().parse().map_err(|_| FieldFault::invalid(name));
    fields.value(name).map(read).transpose()
}

#[cfg(test)]
mod tests;
