//! Who is held where.

use super::Engine;
use super::footprint::{Footprint, Transaction};
use crate::steps::{Step, StepHook};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{Notify, oneshot};

/// The processes, and where each stands.
pub(super) struct Board {
    engine: Engine,
    state: Mutex<State>,
    change: Notify,
}

struct State {
    seats: Vec<Seat>,
    /// Which writes are held at every statement; none is all.
    only: Option<Vec<&'static str>>,
    /// What is never held.
    passing: Vec<&'static str>,
    /// How much has happened.
    events: u64,
    /// How many waited for a lock at the last look.
    blocked: usize,
}

struct Seat {
    standing: Standing,
    transaction: Transaction,
    /// Whether it has the only writer's place of SQLite.
    inside: bool,
    /// Whether the last step that it was let go on with was to queue a write.
    entering: bool,
}

enum Standing {
    /// No order is being run: everything passes.
    Free,
    /// It is on its way to its next step, or waits for a lock.
    Running,
    /// It waits for its turn.
    Held { what: String, footprint: Footprint, go: oneshot::Sender<()> },
    /// Its flow has ended.
    Ended,
}

/// A process that may go on, and with what.
#[derive(Clone)]
pub(super) struct Ready {
    pub(super) process: usize,
    pub(super) what: String,
    pub(super) footprint: Footprint,
}

/// A process's side of the board.
pub(super) struct Hand {
    board: Arc<Board>,
    process: usize,
}

impl Hand {
    pub(super) const fn new(board: Arc<Board>, process: usize) -> Self {
        Self { board, process }
    }
}

impl StepHook for Hand {
    fn hold(&self, step: Step<'_>) -> Option<oneshot::Receiver<()>> {
        self.board.hold(self.process, step)
    }
}

impl Board {
    pub(super) fn new(engine: Engine, processes: usize) -> Self {
        let seat = || Seat {
            standing: Standing::Free,
            transaction: Transaction::default(),
            inside: false,
            entering: false,
        };
        let seats = (0..processes).map(|_| seat()).collect();
        let state = State { seats, only: None, passing: Vec::new(), events: 0, blocked: 0 };
        Self { engine, state: Mutex::new(state), change: Notify::new() }
    }

    pub(super) fn hold_only(&self, labels: &[&'static str]) {
        self.state().only = Some(labels.to_vec());
    }

    pub(super) fn let_pass(&self, labels: &[&'static str]) {
        self.state().passing = labels.to_vec();
    }

    /// Takes a step of `process`, or holds it there.
    fn hold(&self, process: usize, step: Step<'_>) -> Option<oneshot::Receiver<()>> {
        let mut state = self.state();
        let engine = self.engine;
        if let Step::Read(label) | Step::Write(label) = step
            && state.passing.contains(&label)
        {
            // Nor is any statement of it.
            state.seats[process].transaction = Transaction::begun(label, false);
            return None;
        }
        let fine = match (step, &state.only) {
            (Step::Write(label), Some(only)) => only.contains(&label),
            _ => true,
        };
        let holds = |seat: &Seat| seat.inside && matches!(seat.standing, Standing::Held { .. });
        let other_inside =
            state.seats.iter().enumerate().any(|(number, seat)| number != process && holds(seat));
        let seat = &mut state.seats[process];
        match seat.standing {
            Standing::Free | Standing::Ended => return None,
            Standing::Running => {}
            Standing::Held { .. } => panic!("process {process} does two things at once"),
        }
        let (what, footprint) = match step {
            Step::Read(label) => (format!("read \"{label}\""), Footprint::whole_read()),
            Step::Write(label) => {
                seat.transaction = Transaction::begun(label, fine);
                if fine && engine == Engine::Postgres {
                    // Nothing is seen or locked before the first statement.
                    return None;
                }
                (format!("begin \"{label}\""), Footprint::begin(engine, fine))
            }
            Step::Statement(_) | Step::Commit | Step::Rollback if !seat.transaction.is_fine() => {
                return None;
            }
            Step::Statement(sql) => {
                let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
                let short: String = line.chars().take(72).collect();
                let label = seat.transaction.label();
                (format!("\"{label}\": {short}"), seat.transaction.statement(engine, sql))
            }
            Step::Commit => {
                let label = seat.transaction.label();
                (format!("\"{label}\": COMMIT"), seat.transaction.commit(engine))
            }
            Step::Rollback => {
                let label = seat.transaction.label();
                (format!("\"{label}\": ROLLBACK"), seat.transaction.rollback(engine))
            }
        };
        let begun = matches!(step, Step::Statement(_) | Step::Commit | Step::Rollback);
        assert!(
            !(engine == Engine::Sqlite && begun && other_inside),
            "two processes write to one file of SQLite at once"
        );
        seat.inside = begun;
        let (go, wait) = oneshot::channel();
        seat.standing = Standing::Held { what, footprint, go };
        self.happened(&mut state);
        Some(wait)
    }

    /// An order begins: these many processes have a flow.
    pub(super) fn begin(&self, flows: usize) {
        let mut state = self.state();
        assert_eq!(flows, state.seats.len(), "every process has its flow");
        for seat in &mut state.seats {
            seat.standing = Standing::Running;
            seat.inside = false;
            seat.entering = false;
        }
        state.blocked = 0;
    }

    /// The flow of `process` has ended.
    pub(super) fn end(&self, process: usize) {
        let mut state = self.state();
        state.seats[process].standing = Standing::Ended;
        state.seats[process].inside = false;
        self.happened(&mut state);
    }

    /// The order has ended; nothing is held any more.
    pub(super) fn leave(&self) {
        for seat in &mut self.state().seats {
            seat.standing = Standing::Free;
        }
    }

    /// How much has happened, and how many processes are neither held nor at their end.
    pub(super) fn running(&self) -> (u64, usize) {
        let state = self.state();
        let running = |seat: &&Seat| matches!(seat.standing, Standing::Running);
        (state.events, state.seats.iter().filter(running).count())
    }

    pub(super) fn all_ended(&self) -> bool {
        self.state().seats.iter().all(|seat| matches!(seat.standing, Standing::Ended))
    }

    /// How many waited for a lock when last looked at.
    pub(super) fn blocked(&self) -> usize {
        self.state().blocked
    }

    pub(super) fn set_blocked(&self, blocked: usize) {
        self.state().blocked = blocked;
    }

    /// How many running processes have only just asked for SQLite's writer's place, while another
    /// process that is held has it.
    pub(super) fn at_the_gate(&self) -> usize {
        let state = self.state();
        let holder = |seat: &Seat| seat.inside && matches!(seat.standing, Standing::Held { .. });
        if !state.seats.iter().any(holder) {
            return 0;
        }
        let entering = |seat: &&Seat| seat.entering && matches!(seat.standing, Standing::Running);
        state.seats.iter().filter(entering).count()
    }

    /// Waits until more than `seen` has happened.
    pub(super) async fn changed(&self, seen: u64) {
        loop {
            let change = self.change.notified();
            tokio::pin!(change);
            change.as_mut().enable();
            if self.state().events > seen {
                return;
            }
            change.await;
        }
    }

    /// Who may go on.
    pub(super) fn ready(&self) -> Vec<Ready> {
        let state = self.state();
        let seats = state.seats.iter().enumerate();
        seats
            .filter_map(|(process, seat)| match &seat.standing {
                Standing::Held { what, footprint, .. } => {
                    Some(Ready { process, what: what.clone(), footprint: footprint.clone() })
                }
                Standing::Free | Standing::Running | Standing::Ended => None,
            })
            .collect()
    }

    /// Lets a process that is held take its step.
    pub(super) fn let_go(&self, process: usize) {
        let mut state = self.state();
        let seat = &mut state.seats[process];
        match std::mem::replace(&mut seat.standing, Standing::Running) {
            Standing::Held { go, what, .. } => {
                seat.entering = what.starts_with("begin ");
                let _ = go.send(());
            }
            Standing::Free | Standing::Running | Standing::Ended => {
                panic!("process {process} is not held")
            }
        }
        self.happened(&mut state);
    }

    fn happened(&self, state: &mut State) {
        state.events += 1;
        self.change.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }
}
