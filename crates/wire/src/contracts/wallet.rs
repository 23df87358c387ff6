//! What the platform asks of the payer's wallet (微信支付): `docs/contracts/wallet.md`.
//!
//! `capture` and `refund` carry a `key`: the wallet answers a repeated key with its first answer,
//! and `query` tells that answer, or `unknown` of a key it never saw.

use super::adapters::plain;
use medpay_domain::{Appid, CashOrderId, Day, Fen, Openid, PersonName, Timestamp};
use serde::{Deserialize, Serialize};

/// Why the wallet refused; the words are shown to the payer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// The wallet's own code, such as `NOTENOUGH`.
    pub code: String,
    /// Its words, in Chinese.
    pub reason: String,
}

/// `identify_by_code`: who opened the page that got this OAuth code?
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentifyByCode {
    /// The account the code was issued for.
    #[serde(with = "plain")]
    pub appid: Appid,
    /// The code: one use, five minutes.
    pub code: String,
}

/// `identify_by_auth_code`: who showed this pay code at the window?
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentifyByAuthCode {
    /// The account under which the person's openid is wanted.
    #[serde(with = "plain")]
    pub appid: Appid,
    /// 授权码, as scanned.
    pub auth_code: String,
}

/// The answer to both questions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Identified {
    /// This person.
    Person {
        /// The person's openid under the asked account.
        #[serde(with = "plain")]
        openid: Openid,
        /// The real name known to the wallet.
        #[serde(with = "plain")]
        real_name: PersonName,
    },
    /// No such code.
    Invalid,
    /// A code that was, and is not any more: used or too old.
    Expired,
}

/// `confirm`: the payer typed a password for these amounts.
///
/// The password is passed on once and never stored; it has no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm {
    /// The account the openid belongs to.
    #[serde(with = "plain")]
    pub appid: Appid,
    /// The payer.
    #[serde(with = "plain")]
    pub openid: Openid,
    /// What was typed.
    pub password: String,
    /// The cash part; 0 if insurance pays all.
    #[serde(with = "plain")]
    pub cash_fee: Fen,
    /// What is paid for, as the payer read it.
    pub body: String,
}

/// The answer to [`Confirm`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Confirmed {
    /// The password is right.
    Confirmed {
        /// Good for one capture of the confirmed amount.
        confirmation: String,
    },
    /// It is wrong.
    WrongPassword {
        /// How many more tries there are.
        tries_left: u32,
    },
    /// Too many wrong tries.
    Locked {
        /// Until when.
        #[serde(with = "plain")]
        until: Timestamp,
    },
    /// No such payer.
    NoSuchPayer,
}

/// `present`: open this cashier on the payer's phone (after the window scanned the pay code).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Present {
    /// Idempotency key.
    pub key: String,
    /// The account the openid belongs to.
    #[serde(with = "plain")]
    pub appid: Appid,
    /// The payer.
    #[serde(with = "plain")]
    pub openid: Openid,
    /// The cashier's address.
    pub url: String,
}

/// The answer to [`Present`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Presented {
    /// It is on the phone.
    Presented,
    /// No such payer.
    NoSuchPayer,
}

/// `capture`: take the cash part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Capture {
    /// Idempotency key: order, leg and attempt.
    pub key: String,
    /// From [`Confirmed::Confirmed`]; used up by the first capture that names it.
    pub confirmation: String,
    /// The account the openid belongs to.
    #[serde(with = "plain")]
    pub appid: Appid,
    /// The payer.
    #[serde(with = "plain")]
    pub openid: Openid,
    /// How much.
    #[serde(with = "plain")]
    pub cash_fee: Fen,
    /// The order's total, which chooses a failure in a test environment (PROTOCOL 11).
    #[serde(with = "plain")]
    pub total_fee: Fen,
    /// What is paid for.
    pub body: String,
}

/// `refund`: give back the captured cash, whole.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refund {
    /// Idempotency key.
    pub key: String,
    /// The capture.
    #[serde(with = "plain")]
    pub cash_order_id: CashOrderId,
    /// How much: what was captured.
    #[serde(with = "plain")]
    pub cash_fee: Fen,
}

/// `query`: what became of a key of `capture` or `refund`?
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Query {
    /// The key.
    pub key: String,
}

/// The answer to [`Capture`], [`Refund`] and [`Query`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Outcome {
    /// Taken.
    Captured {
        /// 支付子单号.
        #[serde(with = "plain")]
        cash_order_id: CashOrderId,
        /// Of `cash_fee`, what a coupon paid.
        #[serde(with = "plain")]
        coupon_fee: Fen,
        /// When.
        #[serde(with = "plain")]
        at: Timestamp,
    },
    /// Given back.
    Refunded {
        /// When.
        #[serde(with = "plain")]
        at: Timestamp,
    },
    /// Not done, and this key will never be.
    Refused(Refusal),
    /// The wallet never saw this key (only to [`Query`]).
    Unknown,
}

/// `day`: everything taken and given back on one day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ListDay {
    /// The day, `yyyyMMdd`.
    #[serde(with = "plain")]
    pub day: Day,
}

/// The answer to [`ListDay`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DayList {
    /// In the order it happened.
    pub entries: Vec<DayEntry>,
}

/// One line of a [`DayList`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DayEntry {
    /// The idempotency key.
    pub key: String,
    /// What was done.
    pub kind: DayKind,
    /// The capture, or the one given back.
    #[serde(with = "plain")]
    pub cash_order_id: CashOrderId,
    /// How much.
    #[serde(with = "plain")]
    pub cash_fee: Fen,
    /// When.
    #[serde(with = "plain")]
    pub at: Timestamp,
}

/// What a [`DayEntry`] tells of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// A capture.
    Captured,
    /// A refund.
    Refunded,
}
