//! Real time and real chance: the only place that reads them.

use medpay_domain::{Clock, Elapsed, Entropy, Timestamp};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The machine's clock.
#[derive(Clone, Debug)]
pub struct SystemClock {
    started_at_ms: i64,
    started: Instant,
}

impl SystemClock {
    /// The clock of this process.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that is handed in elsewhere")]
    pub fn new() -> Self {
        Self { started_at_ms: wall_ms(), started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that is handed in elsewhere")]
fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(wall_ms())
    }

    /// Wall time at the start and monotonic time since: comparable between processes, and not
    /// moved when the wall clock is corrected.
    fn elapsed(&self) -> Elapsed {
        let since = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        Elapsed(self.started_at_ms.saturating_add(since))
    }
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the chance that is handed in elsewhere")]
    fn fill(&self, bytes: &mut [u8]) {
        let filled = getrandom::fill(bytes);
        // A guessable token would be worse than no service.
        assert!(filled.is_ok(), "the operating system has no randomness");
    }
}
