//! What the HIS says, and how a call is read and carried out once for its key.

use super::His;
use super::desk::{Desk, No};
use crate::books::{self as common, BookError};
use crate::faults::Delivery;
use crate::once::{Plan, Way};
use medpay_domain::Timestamp;
use medpay_wire::his::signature::KEY_HEADER;
use medpay_wire::his::{Call, Refusal, RefusalCode};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The longest idempotency key.
const MAX_KEY: usize = 64;

/// An answer as it travels.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Said {
    /// The HTTP status.
    pub(crate) status: u16,
    /// A JSON object.
    pub(crate) body: String,
}

impl Said {
    fn yes(answer: &impl Serialize) -> Result<Self, BookError> {
        Ok(Self { status: 200, body: serde_json::to_string(answer)? })
    }

    /// A no.
    pub(crate) fn no(code: RefusalCode, message: impl Into<String>) -> Self {
        Self::refused(&Refusal { code, message: message.into() })
    }

    fn refused(refusal: &Refusal) -> Self {
        let status = refusal.code.status();
        // A refusal is a plain struct of texts: writing it cannot fail.
        Self { status, body: serde_json::to_string(refusal).unwrap_or_default() }
    }

    /// Whether a repeat of the key is answered with it: what was understood, whatever became of it.
    const fn is_kept(&self) -> bool {
        matches!(self.status, 200 | 404 | 409)
    }
}

/// Reads a body; the fault names its member and quotes no value.
fn read<C: Call>(body: &[u8]) -> Result<C, Said> {
    let bad = |message: String| Said::no(RefusalCode::BadRequest, message);
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(bad("body: not a JSON object".to_owned()));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_syntax() || inner.is_eof() {
            return bad("body: not a JSON object".to_owned());
        }
        let text = inner.to_string();
        let missing = text.strip_prefix("missing field `").and_then(|it| it.split_once('`'));
        bad(match missing {
            Some((member, _)) => format!("{member}: missing"),
            None => format!("{path}: not of its type"),
        })
    })?;
    json.end().map_err(|_| bad("body: more than one JSON object".to_owned()))?;
    Ok(read)
}

impl His {
    /// Reads a call, and does `act` once for its key.
    pub(super) fn one<C: Call>(
        &self,
        key: &str,
        body: &[u8],
        now: Timestamp,
        act: impl FnOnce(&Desk<'_>, C) -> Result<C::Answer, No>,
    ) -> Result<Delivery<Said>, BookError> {
        let ask: C = match read(body) {
            Ok(ask) => ask,
            Err(said) => return Ok(Delivery::Answer(said)),
        };
        let good = !key.is_empty() && key.len() <= MAX_KEY && !key.contains(char::is_control);
        if C::WRITES && !good {
            let message = format!("{KEY_HEADER}: 1 to {MAX_KEY} characters");
            return Ok(Delivery::Answer(Said::no(RefusalCode::BadRequest, message)));
        }
        let key = C::WRITES.then_some(key);
        self.carry_out(C::NAME, key, body, now, |desk| match act(desk, ask) {
            Ok(answer) => Said::yes(&answer),
            Err(No::Refused(refusal)) => Ok(Said::refused(&refusal)),
            Err(No::Book(fault)) => Err(fault),
        })
    }

    fn carry_out(
        &self,
        call: &'static str,
        key: Option<&str>,
        body: &[u8],
        now: Timestamp,
        act: impl FnOnce(&Desk<'_>) -> Result<Said, BookError>,
    ) -> Result<Delivery<Said>, BookError> {
        let words = format!("{call} {}", hex::encode(Sha256::digest(body)));
        self.book.write(|book| {
            let armed = Plan::armed(common::take_armed(book, call)?);
            let first = key.map(|key| repeated(book, key, &words)).transpose()?.flatten();
            let known = first.is_some();
            let (said, way) = match (armed, first) {
                (Some(Plan::NotDone), _) => return Ok(Delivery::Lost),
                (Some(Plan::Down), _) => return Ok(Delivery::Down),
                (Some(Plan::Do(way)), Some(first)) => (first, way),
                (None | Some(Plan::Refuse), Some(first)) => (first, Way::Plain),
                (Some(Plan::Refuse), None) => (armed_refusal(), Way::Plain),
                (armed, None) => {
                    let desk = self.desk(book, now);
                    desk.lapse()?;
                    let way = if let Some(Plan::Do(way)) = armed { way } else { Way::Plain };
                    (act(&desk)?, way)
                }
            };
            if let Some(key) = key
                && !known
                && said.is_kept()
            {
                common::save_answer(book, key, &words, &said)?;
            }
            Ok(way.deliver(said))
        })
    }
}

/// The answer to a key that was used before.
fn repeated(book: &Connection, key: &str, words: &str) -> Result<Option<Said>, BookError> {
    Ok(match common::first_answer(book, key)? {
        None => None,
        Some((first, _)) if first != words => {
            let message = "the idempotency key was used with other words";
            Some(Said::no(RefusalCode::KeyReused, message))
        }
        Some((_, answer)) => Some(serde_json::from_str(&answer)?),
    })
}

fn armed_refusal() -> Said {
    Said::no(RefusalCode::Refused, "医院系统拒绝受理（模拟）")
}
