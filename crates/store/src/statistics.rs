//! What the store counts, for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counts since the store was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// Batches taken from the queue.
    pub batches: u64,
    /// Commits acknowledged by the engine.
    pub commits: u64,
    /// Closures whose effect was committed.
    pub closures: u64,
    /// Closures that refused by themselves, and were undone.
    pub refused: u64,
    /// Closures run again after a deadlock, a serialization failure or a broken connection.
    pub retries: u64,
    /// Closures answered with [`crate::StoreError::Unknown`].
    pub unknown: u64,
    /// Writes and reads refused because the queue was full.
    pub busy: u64,
    /// Reads answered.
    pub reads: u64,
    /// Statements run by the bodies of writes and reads.
    pub statements: u64,
}

/// The counters behind [`Statistics`].
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) batches: Counter,
    pub(crate) commits: Counter,
    pub(crate) closures: Counter,
    pub(crate) refused: Counter,
    pub(crate) retries: Counter,
    pub(crate) unknown: Counter,
    pub(crate) busy: Counter,
    pub(crate) reads: Counter,
    pub(crate) statements: Counter,
}

#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    pub(crate) fn read(&self) -> Statistics {
        Statistics {
            batches: self.batches.get(),
            commits: self.commits.get(),
            closures: self.closures.get(),
            refused: self.refused.get(),
            retries: self.retries.get(),
            unknown: self.unknown.get(),
            busy: self.busy.get(),
            reads: self.reads.get(),
            statements: self.statements.get(),
        }
    }
}
