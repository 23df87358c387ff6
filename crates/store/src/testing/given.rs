//! Time and chance as a test gives them.

use medpay_domain::{Clock, Elapsed, Entropy, Timestamp};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// A clock that moves when it is told to.
pub struct TestClock {
    now_ms: AtomicI64,
    elapsed_ms: AtomicI64,
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.now_ms.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Elapsed {
        Elapsed(self.elapsed_ms.load(Ordering::SeqCst))
    }
}

impl TestClock {
    /// Business time begins at `start`, `yyyyMMddHHmmss` of Beijing; machine time at 0.
    pub fn at(start: &str) -> Self {
        let Some(start) = Timestamp::from_wire(start) else { panic!("{start} is no moment") };
        Self { now_ms: AtomicI64::new(start.as_ms()), elapsed_ms: AtomicI64::new(0) }
    }

    /// Moves business time on.
    pub fn advance_seconds(&self, seconds: i64) {
        self.now_ms.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Moves machine time on.
    pub fn elapse_ms(&self, ms: i64) {
        self.elapsed_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

/// A sequence that looks random and is the same in every run.
#[derive(Default)]
pub struct Sequence(AtomicU64);

impl Entropy for Sequence {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            let word = (z ^ (z >> 31)).to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}
