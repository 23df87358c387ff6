//! Where simulation and chaos tests can reach in. In production nothing does.

use crate::steps::StepHook;
use std::sync::Arc;

/// A point in the life of a batch of writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Before the transaction begins.
    BeforeBegin,
    /// Every closure has run; the commit was not sent.
    BeforeCommit,
    /// The commit was acknowledged; nobody has been answered.
    AfterCommit,
}

/// What happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The engine is slow: it waits so many milliseconds of machine time.
    Delay {
        /// For how long.
        ms: u64,
    },
    /// The connection is lost here. Before the beginning the batch is run again; at the commit,
    /// before or after, everyone is told [`crate::StoreError::Unknown`].
    Fail,
    /// Instead of the commit the server says that it has rolled back, because other writers were
    /// in the way: what was in the batch is run again within the bound. Elsewhere nothing.
    Contended,
    /// Instead of the commit the disk is full, and nothing was written. Elsewhere nothing.
    Full,
    /// The process ends here, as by SIGKILL: what was committed stands, and whoever waits for this
    /// store, now or later, waits for ever ([`crate::Store::kill`]).
    Kill,
}

/// Decides what happens at each point; asked by the writers, so it must not block.
pub trait FaultHook: Send + Sync {
    /// What happens at `point` of the batch at hand.
    fn at(&self, point: Point) -> Fault;

    /// Who holds every step of every transaction; nobody but the stepper of the tests.
    fn steps(&self) -> Option<Arc<dyn StepHook>> {
        None
    }
}

struct NoFaults;

impl FaultHook for NoFaults {
    fn at(&self, _: Point) -> Fault {
        Fault::None
    }
}

/// The hook of production: nothing ever happens.
pub fn no_faults() -> Arc<dyn FaultHook> {
    Arc::new(NoFaults)
}
