//! The sandbox's test clock: `docs/contracts/clock.md`.

use super::adapters::plain;
use medpay_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// How the clock stands: `GET /clock`. With `?after=<version>&follower=<name>` the answer waits,
/// at most 20 seconds, until the version is another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reading {
    /// Counts every change.
    pub version: u64,
    /// Business time now.
    #[serde(with = "plain")]
    pub now: Timestamp,
    /// Whether it stands still.
    pub frozen: bool,
}

/// A change: `POST /clock`, answered by the new [`Reading`] once every follower has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Change {
    /// Stand still.
    Freeze,
    /// Go on, from where it stands.
    Run,
    /// Jump forward.
    Advance {
        /// By how many seconds.
        seconds: i64,
    },
    /// Jump to a moment.
    Set {
        /// The moment, milliseconds since 1970.
        #[serde(with = "plain")]
        to: Timestamp,
    },
}
