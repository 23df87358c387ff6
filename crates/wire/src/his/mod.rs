//! The HIS contract, version 1: what a hospital's HIS serves and the gateway calls
//! ([`patients`], [`bookings`], [`bills`], [`refunds`], [`results`]), and what the gateway serves
//! and the HIS calls ([`events`]). `docs/contracts/his.md` tells it to a vendor.
//!
//! Every call is `POST <base>/v1/<name>` with a JSON object, answered by a JSON object: 200 with
//! the answer, or another status with a [`Refusal`]. Money is an integer of fen, a day is
//! `yyyyMMdd`, a moment is milliseconds since 1970. Unknown members are ignored, so that either
//! side may grow.

pub mod bills;
pub mod bookings;
pub mod events;
pub mod openapi;
pub mod patients;
pub mod qr;
pub mod refunds;
pub mod results;
mod shape;
pub mod signature;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A call of the contract: the question's type says its name and its answer.
pub trait Call: Serialize + DeserializeOwned + Send + Sync {
    /// The last part of its address.
    const NAME: &'static str;
    /// Whether it changes something. Then `Idempotency-Key` is required, and the same key with the
    /// same body gets the first answer again.
    const WRITES: bool;
    /// What a success answers.
    type Answer: Serialize + DeserializeOwned + Send;
}

macro_rules! call {
    ($ask:ident, $name:literal, reads, $answer:ty) => {
        impl crate::his::Call for $ask {
            const NAME: &'static str = $name;
            const WRITES: bool = false;
            type Answer = $answer;
        }
    };
    ($ask:ident, $name:literal, writes, $answer:ty) => {
        impl crate::his::Call for $ask {
            const NAME: &'static str = $name;
            const WRITES: bool = true;
            type Answer = $answer;
        }
    };
}
pub(crate) use call;

/// Whether a JSON text writes U+0000, which no database of ours holds: `\u0000`, unless the
/// backslash is itself escaped.
pub fn writes_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|&b| b == b'\\') {
        let escape = rest.get(at + 1..).unwrap_or_default();
        if escape.starts_with(b"u0000") {
            return true;
        }
        rest = escape.get(1..).unwrap_or_default();
    }
    false
}

/// An explicit no: nothing was changed. Sent with the status of its code.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// Why.
    pub code: RefusalCode,
    /// In words, for staff; no personal data. For [`RefusalCode::BadRequest`] it names the member.
    #[serde(default)]
    pub message: String,
}

/// Why a call was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// 400: a member is missing or not of its type; the message names it.
    BadRequest,
    /// 401: the signature is missing or wrong, or its time is more than five minutes off.
    NotSigned,
    /// 404: no such call, patient, booking, bill or result.
    NotFound,
    /// 409: the `Idempotency-Key` was used with another body.
    KeyReused,
    /// 409: the schedule has no place left.
    NoPlaceLeft,
    /// 409: the patient has a booking with that doctor at that time.
    BookedAlready,
    /// 409: the booking is in a state in which this is not possible.
    WrongState,
    /// 409: the bill is locked for another order.
    LockedByAnother,
    /// 409: the bill is paid.
    PaidAlready,
    /// 409: the bill was voided by its doctor, or has lapsed.
    Voided,
    /// 409: the amounts are not the bill's.
    AmountsDiffer,
    /// 409: insurance does not cover the bill; `class` of the bill says why.
    NotCovered,
    /// 409: the hospital does not give the money back by itself (medicine handed out, patient
    /// seen); a person has to decide.
    NotRefundable,
    /// 409: refused for another reason, told in the message.
    Refused,
    /// Any code of a newer version of the contract.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

impl RefusalCode {
    /// The HTTP status that carries it.
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::NotSigned => 401,
            Self::NotFound => 404,
            Self::KeyReused
            | Self::NoPlaceLeft
            | Self::BookedAlready
            | Self::WrongState
            | Self::LockedByAnother
            | Self::PaidAlready
            | Self::Voided
            | Self::AmountsDiffer
            | Self::NotCovered
            | Self::NotRefundable
            | Self::Refused
            | Self::Unknown => 409,
        }
    }
}
