//! Where the stepper of the tests ([`crate::testing::Stepper`]) holds a transaction, to let those
//! of two processes go on statement by statement in every order. In production nothing holds.

use tokio::sync::oneshot;

/// What is about to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// A read is about to be queued: a whole transaction, which sees one moment.
    Read(&'static str),
    /// A write is about to be queued.
    Write(&'static str),
    /// A write is about to run this statement.
    Statement(&'a str),
    /// A write is about to commit.
    Commit,
    /// A write that came to nothing is about to be rolled back.
    Rollback,
}

/// Holds a transaction before a step.
pub trait StepHook: Send + Sync {
    /// The step is taken once the receiver hears something, or nobody is left who could tell it;
    /// at once where there is none.
    fn hold(&self, step: Step<'_>) -> Option<oneshot::Receiver<()>>;
}
