//! The patient's phone, played by the sandbox, for scripts without a browser:
//! `docs/contracts/phone.md`. Each call drives the same pages a tap would: it opens the link,
//! passes WeChat's authorization as that person, fills in the form that it finds and posts it.

use super::adapters::plain;
use medpay_domain::Openid;
use serde::{Deserialize, Serialize};

/// `POST /phone/bind`: bind the person's own social-security card through a bind link.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bind {
    /// The person, by any of the person's openids.
    #[serde(with = "plain")]
    pub openid: Openid,
    /// `bind_url` from getbindurl.
    pub bind_url: String,
    /// Whether to consent to real-name authorization (PROTOCOL 2.6).
    #[serde(default)]
    pub consent: bool,
}

/// `POST /phone/pay`: pay at a cashier.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pay {
    /// The person, by any of the person's openids.
    #[serde(with = "plain")]
    pub openid: Openid,
    /// `pay_url` from unifiedorder; empty for the cashier that a window scan put on the phone.
    #[serde(default)]
    pub pay_url: String,
    /// The wallet's password.
    pub password: String,
}

/// What the page said when the phone was done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// Whether the page reported success: bound; the password taken.
    pub ok: bool,
    /// The page's own words, in Chinese.
    pub message: String,
    /// Where the page leads: `url` of getbindurl, `return_url` of the order; empty if nowhere.
    #[serde(default)]
    pub leads_to: String,
}

/// `POST /phone/auth_code`: show the pay code.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShowAuthCode {
    /// The person, by any of the person's openids.
    #[serde(with = "plain")]
    pub openid: Openid,
}

/// The answer to [`ShowAuthCode`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuthCode {
    /// 授权码 as a window would scan it.
    pub auth_code: String,
    /// How long it is good for.
    pub expires_in_seconds: u32,
}

/// `POST /phone/inbox`: the template messages that the person received, newest last.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReadInbox {
    /// The person, by any of the person's openids.
    #[serde(with = "plain")]
    pub openid: Openid,
}

/// The answer to [`ReadInbox`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Inbox {
    /// The messages.
    pub messages: Vec<InboxMessage>,
}

/// A template message as the person reads it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InboxMessage {
    /// The account that sent it.
    pub appid: String,
    /// The template.
    pub template_id: String,
    /// The rendered lines, joined by newlines.
    pub text: String,
    /// Where a tap leads; empty if nowhere.
    #[serde(default)]
    pub url: String,
}
