//! Where simulation and chaos tests can reach in. In production nothing does.

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
}

/// Decides what happens at each point; asked by the writers, so it must not block.
pub trait FaultHook: Send + Sync {
    /// What happens at `point` of the batch at hand.
    fn at(&self, point: Point) -> Fault;
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
