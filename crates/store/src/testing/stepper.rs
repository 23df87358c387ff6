//! Runs what two processes do on one database step by step, in every order.
//!
//! A process is a store with one writer; what it does is a flow: any code of ours that reads and
//! writes through that store. Before each step (a read, a statement of a write, a commit) it is
//! held, and one process at a time is let go on. A step that waits for a lock of the other is
//! recognised by asking the engine, never by the time it takes, and the other goes on. When all
//! flows have ended the scene checks its invariants, is set up anew, and the next order is run,
//! until there is none left.
//!
//! "Every order" is meant up to swapping neighbours that cannot tell in which order they ran (two
//! that touch different tables, or only read): of such orders one is run. What may be swapped
//! stands in [`footprint`], how the orders are gone through in [`orders`].

mod board;
mod engines;
mod footprint;
mod orders;

use super::{Engine, TestDb};
use crate::faults::{Fault, FaultHook, Point};
use crate::options::{Options, Schema};
use crate::side_by_side;
use crate::steps::StepHook;
use crate::store::Store;
use crate::work::BoxFuture;
use board::{Board, Hand};
use engines::Witness;
use orders::{Chosen, Orders};
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

/// How long a step is waited for before the engine is asked whether it is blocked.
const LOOK: Duration = Duration::from_millis(1);
/// After so many looks without any change something is wrong.
const PATIENCE: u32 = 30_000;

/// Runs flows of several processes in every order.
pub struct Stepper {
    board: Arc<Board>,
    witness: Witness,
    db: TestDb,
    /// More orders than this are refused: then the scene is too large to be tried wholly.
    limit: u64,
    reduced: bool,
}

/// What was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Different orders.
    pub orders: u64,
    /// Runs that turned out to be an order that was run before.
    pub repeats: u64,
    /// Steps in all.
    pub steps: u64,
    /// Steps that waited for another process's lock.
    pub blocked: u64,
    /// How often everybody waited for somebody else, until the engine ended it.
    pub deadlocks: u64,
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { orders, repeats, steps, blocked, deadlocks } = self;
        write!(
            f,
            "{orders} orders, {repeats} repeats, {steps} steps, {blocked} of them blocked, \
             {deadlocks} deadlocks"
        )
    }
}

impl Stepper {
    /// A stepper for `processes` on `db`.
    pub async fn new(db: &TestDb, processes: usize) -> Self {
        let witness = Witness::of(db).await;
        let board = Arc::new(Board::new(db.engine(), processes));
        Self { board, witness, db: db.clone(), limit: 2_000, reduced: true }
    }

    /// Refuses a scene with more orders than this; 2000 by itself.
    #[must_use]
    pub fn at_most(mut self, limit: u64) -> Self {
        self.limit = limit;
        self
    }

    /// Runs every order, also those that cannot be told apart: to check the reduction itself.
    #[must_use]
    pub fn without_reduction(mut self) -> Self {
        self.reduced = false;
        self
    }

    /// Holds the writes of these names statement by statement; every other one is a single step.
    /// By itself every write is held at every statement.
    #[must_use]
    pub fn only(self, labels: &[&'static str]) -> Self {
        self.board.hold_only(labels);
        self
    }

    /// Never holds the reads and writes of these names: they have no part in the scene.
    #[must_use]
    pub fn passing(self, labels: &[&'static str]) -> Self {
        self.board.let_pass(labels);
        self
    }

    /// What is given to a store so that it is process `number`, counted from 0.
    pub fn process(&self, number: usize) -> Arc<dyn FaultHook> {
        Arc::new(Process(Arc::new(Hand::new(Arc::clone(&self.board), number))))
    }

    /// The options of such a store: one writer, so that it does one thing at a time.
    pub fn options() -> Options {
        Options { writers: 1, readers: 1, ..Options::default() }
    }

    /// Opens `schema` as process `number`.
    pub async fn open(&self, number: usize, schema: Schema) -> Store {
        self.db.open_with(schema, Self::options(), self.process(number)).await
    }

    /// Plays `scene` in every order. It sets everything up anew each time, lets the flows run by
    /// [`Round::run`] once, and checks what came of it; what it does outside of that is not held.
    /// Shows what was run under `name`; `cargo test -- --nocapture` prints it.
    ///
    /// Panics with the order in which a check of the scene failed.
    pub async fn every_order<S>(&self, name: &str, mut scene: S) -> Counted
    where
        S: AsyncFnMut(&Round<'_>),
    {
        let mut counted = Counted::default();
        let mut orders = Orders::new(self.reduced);
        loop {
            let round = Round {
                number: counted.orders + counted.repeats,
                stepper: self,
                orders: Mutex::new(&mut orders),
                counted: Mutex::new(&mut counted),
                trace: Mutex::default(),
            };
            let ended = catch(scene(&round)).await;
            let trace = round.trace.into_inner().unwrap_or_default();
            if let Err(problem) = ended {
                panic!("{problem}\nin this order:\n  {}", trace.join("\n  "));
            }
            assert!(!trace.is_empty(), "a scene runs its flows");
            let tried = if orders.is_repeat() { &mut counted.repeats } else { &mut counted.orders };
            *tried += 1;
            let runs = counted.orders + counted.repeats;
            assert!(runs <= self.limit, "more than {} orders: hold fewer writes", self.limit);
            if !orders.next() {
                tell(&format!("stepper: {name} on {:?}: {counted}", self.db.engine()));
                return counted;
            }
        }
    }

    /// Lets the processes go on, one at a time, until all have ended.
    async fn direct(&self, round: &Round<'_>) {
        loop {
            let blocked_before = self.board.blocked();
            let waits = self.settle(round).await;
            let newly = u64::try_from(waits.saturating_sub(blocked_before)).unwrap_or(0);
            count(&round.counted, |counted| counted.blocked += newly);
            self.board.set_blocked(waits);
            let ready = self.board.ready();
            if ready.is_empty() {
                if self.board.all_ended() {
                    return;
                }
                // All wait for each other; PostgreSQL ends one of them, which tries again.
                count(&round.counted, |counted| counted.deadlocks += 1);
                round.note("everybody waits for somebody else".to_owned());
                self.until_changed().await;
                continue;
            }
            let chosen: Chosen = with(&round.orders, |orders| orders.choose(&ready));
            count(&round.counted, |counted| counted.steps += 1);
            let waiting = if waits > 0 { " (another waits)" } else { "" };
            round.note(format!("{}: {}{waiting}", chosen.process, chosen.what));
            self.board.let_go(chosen.process);
        }
    }

    /// Waits until every process is held, has ended, or waits for a lock; answers how many wait.
    async fn settle(&self, round: &Round<'_>) -> usize {
        for _ in 0..PATIENCE {
            let (seen, running) = self.board.running();
            if running == 0 {
                return 0;
            }
            if tokio::time::timeout(LOOK, self.board.changed(seen)).await.is_ok() {
                continue;
            }
            let waiting = self.witness.waiting(&self.board).await;
            // Only if nothing happened while the engine was asked does its answer hold.
            if self.board.running() == (seen, running) && waiting == running {
                return waiting;
            }
        }
        let trace = with(&round.trace, |trace| trace.join("\n  "));
        panic!("nothing goes on any more, after\n  {trace}");
    }

    async fn until_changed(&self) {
        let (seen, _) = self.board.running();
        let limit = LOOK * PATIENCE;
        let changed = tokio::time::timeout(limit, self.board.changed(seen)).await;
        assert!(changed.is_ok(), "nothing goes on any more");
    }
}

/// One order being run.
pub struct Round<'a> {
    number: u64,
    stepper: &'a Stepper,
    orders: Mutex<&'a mut Orders>,
    counted: Mutex<&'a mut Counted>,
    trace: Mutex<Vec<String>>,
}

impl Round<'_> {
    /// A number that no other round of this stepper has.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Runs the flows, the first as process 0, in the order that it is this round's turn to try;
    /// answers what they answer.
    pub async fn run<T>(&self, flows: Vec<BoxFuture<'_, T>>) -> Vec<T> {
        let board = &self.stepper.board;
        let answers: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::new());
        board.begin(flows.len());
        let works = flows.into_iter().enumerate().map(|(number, flow)| {
            let answers = &answers;
            async move {
                let answer = flow.await;
                with(answers, |answers| answers.push((number, answer)));
                board.end(number);
            }
        });
        tokio::join!(side_by_side::all(works), self.stepper.direct(self));
        board.leave();
        let mut answers = answers.into_inner().unwrap_or_default();
        answers.sort_by_key(|(number, _)| *number);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    fn note(&self, line: String) {
        with(&self.trace, |trace| trace.push(line));
    }
}

#[expect(clippy::print_stdout, reason = "who asks wants to see how many orders there were")]
fn tell(what: &str) {
    println!("{what}");
}

struct Process(Arc<Hand>);

impl FaultHook for Process {
    fn at(&self, _: Point) -> Fault {
        Fault::None
    }

    fn steps(&self) -> Option<Arc<dyn StepHook>> {
        Some(self.0.clone())
    }
}

fn with<T, A>(of: &Mutex<T>, act: impl FnOnce(&mut T) -> A) -> A {
    act(&mut of.lock().expect("not poisoned"))
}

fn count(counted: &Mutex<&mut Counted>, add: impl FnOnce(&mut Counted)) {
    with(counted, |counted| add(counted));
}

/// Runs `future`; a panic of it becomes its message.
async fn catch(future: impl Future<Output = ()>) -> Result<(), String> {
    let mut future = Box::pin(future);
    std::future::poll_fn(|context| {
        let polled = AssertUnwindSafe(|| future.as_mut().poll(context));
        match std::panic::catch_unwind(polled) {
            Ok(Poll::Ready(())) => Poll::Ready(Ok(())),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Err(words(panic.as_ref()))),
        }
    })
    .await
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}

impl fmt::Debug for Stepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stepper").field("engine", &self.db.engine()).finish_non_exhaustive()
    }
}
