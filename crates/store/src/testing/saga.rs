//! Generic tests of a flow of many steps: fail at every step, repeat every step, repeat every undo.
//!
//! A flow is run once undisturbed, which finds its steps: each call to another party, over a
//! [`Line`], and each commit. Then it is run again from the beginning for each step and each
//! [`Trouble`] that can happen there; whoever wants something of the service insists, processes
//! that died are begun anew, workers go round until nothing is left to do. Whatever the trouble,
//! the flow must end in one of its ends, with nothing queued and the parties' books in agreement.
//!
//! The parties are honest and keep their books; only the line to them, the database and the
//! processes go wrong, and only once in a run.

mod line;
mod trouble;

pub use line::{Line, NoAnswer};
pub use trouble::{AtCall, AtCommit, Trouble};

use super::{Engine, TestClock, TestDb};
use crate::args;
use crate::error::StoreError;
use crate::options::{Options, Schema};
use crate::store::Store;
use medpay_domain::{Clock as _, Timestamp};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::pin::pin;
use std::sync::Arc;

/// A service and the parties around it, which outlive its processes.
pub trait Stage: Sized {
    /// A running process of the service.
    type Process;
    /// Its tables.
    const SCHEMA: Schema;
    /// Queues whose jobs never end.
    const STANDING: &'static [&'static str] = &[];

    /// The parties with empty books, at the other end of `line`.
    fn set(line: &Arc<Line>) -> Self;
    /// The clock of all.
    fn clock(&self) -> &TestClock;
    /// Begins a process.
    fn start(&self, store: Store) -> Self::Process;
    /// Lets the workers of these queues, which have something due, do once what is.
    fn work(
        &self,
        process: &Self::Process,
        queues: &BTreeSet<String>,
    ) -> impl Future<Output = Result<(), StoreError>>;
    /// What is wrong between the service and the parties, in words; called when all is quiet.
    fn wrong(&self, process: &Self::Process) -> impl Future<Output = Vec<String>>;
}

/// A flow of many steps.
pub trait Flow {
    /// Where it plays.
    type Stage: Stage;
    /// The calls that undo what another call did.
    const UNDOS: &'static [&'static str] = &[];

    /// How it may end when nobody says no.
    fn ends(&self) -> Vec<&'static str>;
    /// How it may end besides when somebody once says no.
    fn ends_refused(&self) -> Vec<&'static str> {
        Vec::new()
    }
    /// What is there before it begins; no trouble happens yet.
    fn prepare(&self, of: &ProcessOf<Self>) -> impl Future<Output = ()>;
    /// Those who want something of the service look how it stands and do what comes next; answers
    /// whether they want nothing more. Repeated until then, by processes that come and go.
    fn insist(&self, of: &ProcessOf<Self>) -> impl Future<Output = bool>;
    /// How it ended: the state, and what the parties hold.
    fn end(&self, of: &ProcessOf<Self>) -> impl Future<Output = String>;
}

/// The process of a flow's stage.
pub type ProcessOf<F> = <<F as Flow>::Stage as Stage>::Process;

/// How often those who want something come again, and how long they wait, in seconds.
const ROUNDS: u32 = 60;
const PATIENCE_SECONDS: i64 = 5;
/// Longer than any lease, in machine milliseconds.
const LEASE_MS: i64 = 60_000;

/// Runs the flow that `begin` makes once for each step and each trouble there.
pub async fn everything_goes_wrong_once<F: Flow>(db: &TestDb, begin: impl Fn() -> F) {
    // Boxed: the flows of a whole service are large.
    Box::pin(each_trouble(db, begin)).await;
}

async fn each_trouble<F: Flow>(db: &TestDb, begin: impl Fn() -> F) {
    let line = Arc::new(Line::default());
    let store = open::<F>(db, &line).await;
    let mut theatre = Theatre { db, line, store };
    theatre.run(&begin(), Trouble::None).await;
    let (calls, commits) = theatre.line.steps();
    assert!(commits > 0, "a flow without a commit");
    let mut faults = Vec::new();
    for trouble in trouble::all(calls.len(), commits, !F::UNDOS.is_empty()) {
        faults.extend(theatre.run(&begin(), trouble).await);
    }
    theatre.store.close().await;
    assert!(faults.is_empty(), "{}", story(&calls, commits, &faults));
}

fn story(calls: &[String], commits: usize, faults: &[String]) -> String {
    let mut text = format!("{commits} commits, and these calls:\n");
    for (number, call) in calls.iter().enumerate() {
        let _ = writeln!(text, "  {number} {call}");
    }
    let _ = writeln!(text, "{} runs ended otherwise:", faults.len());
    for fault in faults {
        let _ = writeln!(text, "{fault}");
    }
    text
}

async fn open<F: Flow>(db: &TestDb, line: &Arc<Line>) -> Store {
    // One of each is enough for one flow, and quickly opened.
    let options = Options { readers: 1, writers: 1, ..Options::default() };
    db.open_with(F::Stage::SCHEMA, options, line.clone()).await
}

/// Where runs take place, one after the other.
struct Theatre<'a> {
    db: &'a TestDb,
    line: Arc<Line>,
    store: Store,
}

impl Theatre<'_> {
    /// One run from an empty database to the end. Answers what is wrong with it.
    async fn run<F: Flow>(&mut self, flow: &F, trouble: Trouble) -> Option<String> {
        wipe(self.db.engine(), &self.store).await;
        let stage = F::Stage::set(&self.line);
        let mut process = stage.start(self.store.clone());
        flow.prepare(&process).await;
        self.line.begin(trouble, F::UNDOS);
        let mut quiet = false;
        for _ in 0..ROUNDS {
            match self.round(flow, &stage, &process).await {
                Round::Died => {
                    self.store.kill();
                    self.store.close().await;
                    self.store = open::<F>(self.db, &self.line).await;
                    process = stage.start(self.store.clone());
                    self.line.revive();
                }
                Round::Lived { satisfied } => {
                    quiet = self.wait(&stage, satisfied).await;
                    if quiet {
                        break;
                    }
                }
            }
            stage.clock().elapse_ms(LEASE_MS);
        }
        let happened = self.line.end();
        let end = flow.end(&process).await;
        let mut wrong = stage.wrong(&process).await;
        if !quiet {
            wrong.push(format!("it does not come to rest: {}", self.waiting::<F>().await));
        }
        if !happened {
            wrong.push("the trouble did not happen".to_owned());
        }
        let mut ends = flow.ends();
        if trouble.refuses() {
            ends.extend(flow.ends_refused());
        }
        if !ends.contains(&end.as_str()) {
            wrong.push(format!("it ended as: {end}"));
        }
        let fault = (!wrong.is_empty()).then(|| format!("{trouble:?}: {}", wrong.join("; ")));
        if trouble == Trouble::None {
            assert_eq!(fault, None, "undisturbed");
        }
        fault
    }

    /// Everybody does once what comes next.
    async fn round<F: Flow>(&self, flow: &F, stage: &F::Stage, process: &ProcessOf<F>) -> Round {
        let mut going = pin!(self.go(flow, stage, process));
        tokio::select! {
            biased;
            () = self.line.died() => return Round::Died,
            () = self.line.hung() => {}
            satisfied = &mut going => return Round::Lived { satisfied },
        }
        // One answer is late. Another process takes over what this one holds, and does it all.
        stage.clock().elapse_ms(LEASE_MS);
        self.another_process(flow, stage).await;
        self.line.release();
        let satisfied = going.await;
        Round::Lived { satisfied }
    }

    async fn another_process<F: Flow>(&self, flow: &F, stage: &F::Stage) {
        let store = open::<F>(self.db, &self.line).await;
        let other = Theatre { db: self.db, line: self.line.clone(), store };
        let process = stage.start(other.store.clone());
        for _ in 0..ROUNDS {
            let satisfied = other.go(flow, stage, &process).await;
            if other.wait(stage, satisfied).await {
                break;
            }
            stage.clock().elapse_ms(LEASE_MS);
        }
        drop(process);
        other.store.close().await;
    }

    async fn go<F: Flow>(&self, flow: &F, stage: &F::Stage, process: &ProcessOf<F>) -> bool {
        if self.line.trouble() == Trouble::EverythingTwice {
            let (one, other) = tokio::join!(flow.insist(process), flow.insist(process));
            let due = self.due(stage).await;
            let (first, second) =
                tokio::join!(stage.work(process, &due), stage.work(process, &due));
            first.and(second).unwrap_or_else(|error| panic!("a worker's round failed: {error}"));
            return one && other;
        }
        let satisfied = flow.insist(process).await;
        let due = self.due(stage).await;
        match stage.work(process, &due).await {
            Ok(()) => {}
            // Its shell would rest and begin the next round.
            Err(error) if self.line.trouble().is_at_a_commit() => {
                assert!(error.is_unknown(), "a worker's round failed: {error}");
                return false;
            }
            Err(error) => panic!("a worker's round failed: {error}"),
        }
        satisfied
    }

    /// Lets time pass: a little, or until the next job where nobody wants anything but that.
    /// Answers whether nothing waits any more.
    async fn wait<S: Stage>(&self, stage: &S, satisfied: bool) -> bool {
        let due: Vec<Timestamp> = self.jobs::<S>().await.into_iter().map(|(_, due)| due).collect();
        let seconds = match due.iter().min() {
            None if satisfied => return true,
            Some(first) if satisfied => (first.as_ms() - stage.clock().now().as_ms() + 999) / 1000,
            _ => PATIENCE_SECONDS,
        };
        stage.clock().advance_seconds(seconds.max(1));
        false
    }

    /// The queues in which something is due.
    async fn due<S: Stage>(&self, stage: &S) -> BTreeSet<String> {
        let now = stage.clock().now();
        let jobs = self.jobs::<S>().await.into_iter();
        jobs.filter(|(_, due)| *due <= now).map(|(queue, _)| queue).collect()
    }

    async fn jobs<S: Stage>(&self) -> Vec<(String, Timestamp)> {
        let jobs = self.store.read("a test reads all jobs", |tx| {
            Box::pin(async move {
                let rows = tx.all("SELECT queue, due_at_ms FROM jobs", args![]).await?;
                rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
            })
        });
        let jobs: Result<Vec<(String, Timestamp)>, StoreError> = jobs.await;
        let mut jobs = jobs.expect("the jobs can be read");
        jobs.retain(|(queue, _)| !S::STANDING.contains(&queue.as_str()));
        jobs
    }

    async fn waiting<F: Flow>(&self) -> String {
        let queues: Vec<String> =
            self.jobs::<F::Stage>().await.into_iter().map(|(queue, _)| queue).collect();
        format!("jobs in {queues:?}")
    }
}

/// What came of a round.
enum Round {
    /// The process died in it.
    Died,
    /// It did not; whether everybody is satisfied.
    Lived { satisfied: bool },
}

/// Empties every table but the list of migrations.
async fn wipe(engine: Engine, store: &Store) {
    let tables = match engine {
        Engine::Sqlite => {
            "SELECT name FROM sqlite_master
              WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'applied_migrations'"
        }
        Engine::Postgres => {
            "SELECT tablename::text FROM pg_tables
              WHERE schemaname = current_schema() AND tablename <> 'applied_migrations'"
        }
    };
    let wiped: Result<(), StoreError> = store
        .write("a test wipes the database", move |tx| {
            Box::pin(async move {
                for row in tx.all(tables, args![]).await? {
                    tx.exec(&format!("DELETE FROM {}", row.get::<String>(0)?), args![]).await?;
                }
                Ok(())
            })
        })
        .await;
    wiped.expect("the tables can be emptied");
}
