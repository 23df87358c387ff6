//! The life of a batch: begin, each closure in its savepoint, commit, then the answers.

use crate::error::StoreError;
use crate::faults::{Fault, FaultHook, Point};
use crate::options::Options;
use crate::statistics::Counters;
use crate::tx::{BodyState, Failure, Trouble, Tx};
use crate::work::Work;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use tokio::sync::watch;

/// What all writers and readers of a store share.
pub(crate) struct Shared {
    pub(crate) counters: Counters,
    pub(crate) faults: Arc<dyn FaultHook>,
    pub(crate) retries: u32,
    pub(crate) pushed: watch::Sender<u64>,
    /// Nobody waits between two tries: the caller's own thread would.
    pub(crate) in_place: bool,
    killed: AtomicBool,
}

impl Shared {
    pub(crate) fn new(faults: Arc<dyn FaultHook>, options: &Options) -> Self {
        Self {
            counters: Counters::default(),
            faults,
            retries: options.retries,
            pushed: watch::channel(0).0,
            in_place: options.in_place,
            killed: AtomicBool::new(false),
        }
    }

    /// From here on nobody is answered.
    pub(crate) fn kill(&self) {
        self.killed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::SeqCst)
    }
}

/// A writer: it owns a connection, and nothing else writes through that.
pub(crate) struct Writer {
    pub(crate) tx: Tx,
    pub(crate) shared: Arc<Shared>,
}

/// How one run of a body ended.
enum Verdict {
    Done,
    /// It refused by itself, and its own answer is kept.
    Refused,
    /// It ended in a way that has no answer of its own.
    Failed(StoreError),
    Again(Trouble),
}

/// How a transaction ended.
enum Ending {
    /// Committed, or rolled back because every body refused. One entry for each body: the error
    /// that replaces its answer, if any.
    Settled(Vec<Option<StoreError>>),
    /// Nothing was written, and it may be run again.
    Again(Trouble),
    /// Nothing was written, and it cannot be run at present.
    NotBegun(StoreError),
    /// The commit's outcome is unknown.
    Unknown(String),
}

impl Writer {
    /// Runs a batch to its end and answers everyone in it.
    pub(crate) async fn run(&mut self, mut batch: Vec<Box<dyn Work>>) {
        if self.shared.is_killed() {
            return;
        }
        self.shared.counters.batches.add(1);
        self.tx.steps = self.shared.faults.steps();
        if batch.len() > 1 {
            match self.together(&mut batch).await {
                Ending::Again(_) => self.shared.counters.retries.add(batch.len() as u64),
                ending => return self.settle(batch, ending),
            }
        }
        // Those who got into each other's way are run one by one, so that they no longer can.
        for work in batch {
            self.alone(work).await;
        }
    }

    /// One transaction for all, a savepoint for each.
    async fn together(&mut self, batch: &mut [Box<dyn Work>]) -> Ending {
        if let Err(error) = self.begin().await {
            return Ending::NotBegun(error);
        }
        match self.savepoints(batch).await {
            Ok((outcomes, pushed)) => self.commit(outcomes, pushed).await,
            Err(trouble) => {
                self.tx.rollback().await;
                Ending::Again(trouble)
            }
        }
    }

    /// Runs every body in its savepoint. Each savepoint's end travels with the next one's start.
    async fn savepoints(
        &mut self,
        batch: &mut [Box<dyn Work>],
    ) -> Result<(Vec<Outcome>, bool), Trouble> {
        const KEEP: &[&str] = &["RELEASE SAVEPOINT piece"];
        const UNDO: &[&str] = &["ROLLBACK TO SAVEPOINT piece", "RELEASE SAVEPOINT piece"];
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut pushed = false;
        let mut words = Vec::with_capacity(3);
        for work in batch {
            words.push("SAVEPOINT piece");
            self.tx.control_later(&words).map_err(after_all)?;
            words.clear();
            let outcome = match self.body(work.as_mut()).await {
                Verdict::Done => {
                    pushed |= self.tx.body.pushed;
                    words.extend(KEEP);
                    Outcome::Written
                }
                Verdict::Refused => {
                    words.extend(UNDO);
                    Outcome::Refused
                }
                Verdict::Failed(error) => {
                    words.extend(UNDO);
                    Outcome::Failed(error)
                }
                Verdict::Again(trouble) => return Err(trouble),
            };
            outcomes.push(outcome);
        }
        // Also the last end is heard before the commit: PostgreSQL answers COMMIT of an aborted
        // transaction with a rollback that looks like success.
        self.tx.control(&words).await.map_err(after_all)?;
        Ok((outcomes, pushed))
    }

    /// A transaction of its own for `work`, run again within the bound.
    async fn alone(&mut self, mut work: Box<dyn Work>) {
        let mut attempt = 0;
        loop {
            let ending = match self.begin().await {
                Ok(()) => self.single(work.as_mut()).await,
                Err(error) => Ending::NotBegun(error),
            };
            match ending {
                Ending::Again(_) if attempt < self.shared.retries => {
                    attempt += 1;
                    self.shared.counters.retries.add(1);
                    self.pause(patience(5, attempt)).await;
                }
                Ending::Again(trouble) => return work.fail(trouble.into_error()),
                ending => return self.settle(vec![work], ending),
            }
        }
    }

    async fn single(&mut self, work: &mut dyn Work) -> Ending {
        let outcome = match self.body(work).await {
            Verdict::Done => Outcome::Written,
            Verdict::Refused => Outcome::Refused,
            Verdict::Failed(error) => Outcome::Failed(error),
            Verdict::Again(trouble) => {
                self.tx.rollback().await;
                return Ending::Again(trouble);
            }
        };
        let pushed = self.tx.body.pushed;
        self.commit(vec![outcome], pushed).await
    }

    /// Begins, with patience for a server that is being replaced by its standby.
    async fn begin(&mut self) -> Result<(), StoreError> {
        let mut attempt = 0;
        loop {
            let begun = match self.fault(Point::BeforeBegin).await {
                Ok(()) => self.tx.begin().await,
                Err(lost) => Err(lost),
            };
            let failure = match begun {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            // On SQLite the engine itself has waited for the other process already.
            let Some(Trouble::Broken(cause)) = failure.trouble else { return Err(failure.error) };
            if attempt >= self.shared.retries || self.shared.is_killed() {
                return Err(StoreError::Unavailable(cause));
            }
            attempt += 1;
            self.shared.counters.retries.add(1);
            self.pause(patience(50, attempt)).await;
        }
    }

    async fn pause(&mut self, ms: u64) {
        if !self.shared.in_place {
            self.tx.pause(ms).await;
        }
    }

    /// Commits if anything was written.
    async fn commit(&mut self, outcomes: Vec<Outcome>, pushed: bool) -> Ending {
        if !outcomes.iter().any(|outcome| matches!(outcome, Outcome::Written)) {
            self.tx.rollback().await;
            return self.settled(outcomes);
        }
        if let Err(lost) = self.fault(Point::BeforeCommit).await {
            self.tx.rollback().await;
            return match lost {
                Failure { trouble: Some(trouble @ Trouble::Contended(_)), .. } => {
                    Ending::Again(trouble)
                }
                Failure { trouble: Some(Trouble::Broken(cause)), .. } => Ending::Unknown(cause),
                Failure { trouble: None, error } => Ending::NotBegun(error),
            };
        }
        match self.tx.control(&["COMMIT"]).await {
            Ok(()) => {}
            Err(Failure { trouble: Some(trouble @ Trouble::Contended(_)), .. }) => {
                // The server itself says that it has rolled back.
                self.tx.rollback().await;
                return Ending::Again(trouble);
            }
            Err(failure) => {
                self.tx.rollback().await;
                return Ending::Unknown(failure.error.to_string());
            }
        }
        self.shared.counters.commits.add(1);
        if pushed {
            self.shared.pushed.send_modify(|count| *count += 1);
        }
        if let Err(lost) = self.fault(Point::AfterCommit).await {
            return Ending::Unknown(lost.error.to_string());
        }
        self.settled(outcomes)
    }

    fn settled(&self, outcomes: Vec<Outcome>) -> Ending {
        let written = outcomes.iter().filter(|o| matches!(o, Outcome::Written)).count() as u64;
        self.shared.counters.closures.add(written);
        self.shared.counters.refused.add(outcomes.len() as u64 - written);
        let error = |outcome| match outcome {
            Outcome::Written | Outcome::Refused => None,
            Outcome::Failed(error) => Some(error),
        };
        Ending::Settled(outcomes.into_iter().map(error).collect())
    }

    /// Answers everyone. Called only when the transaction's end is known, or known to be unknown.
    fn settle(&self, batch: Vec<Box<dyn Work>>, ending: Ending) {
        if self.shared.is_killed() {
            return;
        }
        match ending {
            Ending::Settled(errors) => {
                for (work, error) in batch.into_iter().zip(errors) {
                    answer(work, error);
                }
            }
            Ending::Again(trouble) => fail_all(batch, &trouble.into_error()),
            Ending::NotBegun(error) => fail_all(batch, &error),
            Ending::Unknown(cause) => {
                tracing::error!(writes = batch.len(), cause, "a commit's outcome is unknown");
                self.shared.counters.unknown.add(batch.len() as u64);
                fail_all(batch, &StoreError::Unknown(cause));
            }
        }
    }

    async fn body(&mut self, work: &mut dyn Work) -> Verdict {
        run_body(&mut self.tx, work, &self.shared.counters).await
    }

    async fn fault(&mut self, point: Point) -> Result<(), Failure> {
        let fault = self.shared.faults.at(point);
        let cause = || format!("a fault was injected at {point:?}");
        match fault {
            Fault::Contended if point == Point::BeforeCommit => Err(Failure {
                error: StoreError::Contended(cause()),
                trouble: Some(Trouble::Contended(cause())),
            }),
            Fault::Full if point == Point::BeforeCommit => {
                Err(StoreError::Engine { code: "13".to_owned(), message: cause() }.into())
            }
            Fault::None | Fault::Contended | Fault::Full => Ok(()),
            Fault::Delay { ms } => {
                self.tx.pause(ms).await;
                Ok(())
            }
            Fault::Fail | Fault::Kill => {
                if fault == Fault::Kill {
                    self.shared.kill();
                }
                self.tx.lose_connection();
                Err(Failure {
                    error: StoreError::Unavailable(cause()),
                    trouble: Some(Trouble::Broken(cause())),
                })
            }
        }
    }
}

/// What became of one body of a transaction that is about to be committed.
enum Outcome {
    Written,
    Refused,
    Failed(StoreError),
}

/// Hands out the kept answer, or the error that replaces it.
pub(crate) fn answer(work: Box<dyn Work>, error: Option<StoreError>) {
    match error {
        None => work.answer(),
        Some(error) => work.fail(error),
    }
}

fn fail_all(batch: Vec<Box<dyn Work>>, error: &StoreError) {
    for work in batch {
        work.fail(error.clone());
    }
}

/// A savepoint that fails means a connection or transaction that is gone.
fn after_all(failure: Failure) -> Trouble {
    failure.trouble.unwrap_or_else(|| Trouble::Broken(failure.error.to_string()))
}

/// Milliseconds before try `attempt`, doubling from `first_ms` to at most two seconds.
pub(crate) fn patience(first_ms: u64, attempt: u32) -> u64 {
    first_ms.saturating_mul(1 << attempt.min(16)).min(2000)
}

/// Runs one read in a transaction that the caller ends. `Err` means that it can be run again on
/// another connection.
pub(crate) async fn run_read(
    tx: &mut Tx,
    work: &mut dyn Work,
    counters: &Counters,
) -> Result<Option<StoreError>, Trouble> {
    if let Err(failure) = tx.begin().await {
        return failure.trouble.map_or(Ok(Some(failure.error)), Err);
    }
    let verdict = run_body(tx, work, counters).await;
    if !matches!(verdict, Verdict::Again(_)) {
        counters.reads.add(1);
    }
    match verdict {
        Verdict::Done | Verdict::Refused => Ok(None),
        Verdict::Failed(error) => Ok(Some(error)),
        Verdict::Again(trouble) => Err(trouble),
    }
}

/// Runs a body once. A panic ends the body, not the writer. On SQLite it is polled once: a body
/// that waits for anything but `Tx` is refused instead of blocking everyone.
async fn run_body(tx: &mut Tx, work: &mut dyn Work, counters: &Counters) -> Verdict {
    enum Ended {
        Returned(bool),
        Waited,
        Panicked,
    }
    tx.body = BodyState::default();
    let at_once = tx.is_sqlite();
    let label = work.label();
    let ended = {
        let mut body = work.run(tx);
        poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(cx))) {
            Ok(Poll::Ready(is_ok)) => Poll::Ready(Ended::Returned(is_ok)),
            Ok(Poll::Pending) if at_once => Poll::Ready(Ended::Waited),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_) => Poll::Ready(Ended::Panicked),
        })
        .await
    };
    counters.statements.add(tx.body.statements);
    if let Some(trouble) = tx.body.trouble.take() {
        return Verdict::Again(trouble);
    }
    match ended {
        Ended::Returned(true) if tx.body.failed => {
            let text = format!("\"{label}\" answered Ok after a statement of it had failed");
            Verdict::Failed(StoreError::Misuse(text))
        }
        Ended::Returned(true) => Verdict::Done,
        Ended::Returned(false) => Verdict::Refused,
        Ended::Waited => {
            let text = format!("\"{label}\" awaits something else than its Tx");
            Verdict::Failed(StoreError::Misuse(text))
        }
        Ended::Panicked => Verdict::Failed(StoreError::Panicked(label.to_owned())),
    }
}
