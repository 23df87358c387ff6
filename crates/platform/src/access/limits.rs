//! Calls a second, per institution; off unless its configuration says otherwise.

use super::caller::merchant_key;
use crate::settings::Institution;
use medpay_domain::Elapsed;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Counts the calls of this process, by machine time: the limit guards the machine, so the test
/// clock does not move it and each process has its own.
#[derive(Debug, Default)]
pub struct Limits(Mutex<HashMap<String, Bucket>>);

/// A second's worth of calls, refilled as time goes.
#[derive(Debug)]
struct Bucket {
    /// Thousandths of a call.
    left: i64,
    at: Elapsed,
}

/// A call, in the bucket's unit.
const CALL: i64 = 1000;

impl Limits {
    /// Whether this call of `institution` is within its limit; if so, it is counted.
    pub fn allow(&self, institution: &Institution, now: Elapsed) -> bool {
        let Some(calls_per_second) = institution.calls_per_second else { return true };
        let full = i64::from(calls_per_second) * CALL;
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket =
            buckets.entry(merchant_key(institution)).or_insert(Bucket { left: full, at: now });
        let passed_ms = now.0.saturating_sub(bucket.at.0).clamp(0, 1000);
        bucket.left = full.min(bucket.left + passed_ms * i64::from(calls_per_second));
        bucket.at = now;
        if bucket.left < CALL {
            return false;
        }
        bucket.left -= CALL;
        true
    }
}
