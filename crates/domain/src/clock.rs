//! Time, handed in.

use crate::time::{Elapsed, Timestamp};

/// Where time comes from. Two times, never mixed: dates, windows, expiry, schedules, tokens and
/// bills are business time; leases and call time-outs are machine time.
pub trait Clock: Send + Sync {
    /// Business time. The test clock can freeze, advance and set it.
    fn now(&self) -> Timestamp;

    /// Machine time. Nothing moves it.
    fn elapsed(&self) -> Elapsed;
}
