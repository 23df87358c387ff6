//! The line between a service and the other parties, and its database: where the trouble happens.

use super::trouble::{AtCall, AtCommit, Trouble};
use crate::faults::{Fault, FaultHook, Point};
use std::collections::BTreeSet;
use std::future::pending;
use std::sync::{Mutex, MutexGuard};
use tokio::sync::watch;

/// A call that was not answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoAnswer {
    /// Nothing was done.
    NotSent,
    /// Nobody knows.
    Unknown,
}

/// Carries the calls of a service to the parties, counts its steps, and makes the trouble of a run.
pub struct Line {
    run: Mutex<Run>,
    process: watch::Sender<Process>,
}

/// How the process that has the trouble stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Process {
    Lives,
    /// One of its calls waits until another process has come to the end.
    Hangs,
    Dead,
}

/// One run of a flow.
struct Run {
    /// Whether steps are counted: not before the flow begins, nor after it ended.
    counts: bool,
    trouble: Trouble,
    happened: bool,
    calls: Vec<String>,
    commits: usize,
    undos: &'static [&'static str],
    /// The undoing calls whose answer was lost.
    unheard: BTreeSet<String>,
}

impl Default for Line {
    fn default() -> Self {
        let run = Run {
            counts: false,
            trouble: Trouble::None,
            happened: false,
            calls: Vec::new(),
            commits: 0,
            undos: &[],
            unheard: BTreeSet::new(),
        };
        Self { run: Mutex::new(run), process: watch::Sender::new(Process::Lives) }
    }
}

impl Line {
    /// Carries the call `name` to a party that does `act`; told true, it says no.
    pub async fn carry<A, W: Future<Output = A>>(
        &self,
        name: &str,
        act: impl Fn(bool) -> W,
    ) -> Result<A, NoAnswer> {
        if *self.process.borrow() == Process::Dead {
            return pending().await;
        }
        let Some(trouble) = self.next(name) else { return Ok(act(false).await) };
        match trouble {
            AtCall::Refused => Ok(act(true).await),
            AtCall::NotSent => Err(NoAnswer::NotSent),
            AtCall::RequestLost => Err(NoAnswer::Unknown),
            AtCall::AnswerLost => {
                act(false).await;
                Err(NoAnswer::Unknown)
            }
            AtCall::Twice => {
                let first = act(false).await;
                act(false).await;
                Ok(first)
            }
            AtCall::DeathBefore => self.die().await,
            AtCall::DeathAfter => {
                act(false).await;
                self.die().await
            }
            AtCall::LateRequest => {
                self.hang().await;
                Ok(act(false).await)
            }
            AtCall::LateAnswer => {
                let answer = act(false).await;
                self.hang().await;
                Ok(answer)
            }
        }
    }

    /// Counts a call; answers what goes wrong with it.
    fn next(&self, name: &str) -> Option<AtCall> {
        let mut run = self.run();
        if !run.counts {
            return None;
        }
        let number = run.calls.len();
        run.calls.push(name.to_owned());
        let at = match run.trouble {
            Trouble::Call(at, trouble) if at == number => Some(trouble),
            Trouble::UndoneTwice(at) | Trouble::UndoneUnheard(at) if at == number => {
                Some(AtCall::Refused)
            }
            Trouble::UndoneTwice(_) if run.undos.contains(&name) => return Some(AtCall::Twice),
            Trouble::UndoneUnheard(_) if run.undos.contains(&name) => {
                let first = run.unheard.insert(name.to_owned());
                return first.then_some(AtCall::AnswerLost);
            }
            _ => None,
        };
        run.happened |= at.is_some();
        at
    }

    async fn die<A>(&self) -> A {
        self.process.send_replace(Process::Dead);
        pending().await
    }

    async fn hang(&self) {
        self.process.send_replace(Process::Hangs);
        let mut process = self.process.subscribe();
        let lives = process.wait_for(|process| *process == Process::Lives);
        lives.await.expect("the line outlives its processes");
    }

    /// Begins to count, and to make trouble.
    pub(super) fn begin(&self, trouble: Trouble, undos: &'static [&'static str]) {
        let mut run = self.run();
        *run = Run {
            counts: true,
            trouble,
            happened: matches!(trouble, Trouble::None | Trouble::EverythingTwice),
            calls: Vec::new(),
            commits: 0,
            undos,
            unheard: BTreeSet::new(),
        };
    }

    /// Ends both. Answers whether the trouble happened.
    pub(super) fn end(&self) -> bool {
        let mut run = self.run();
        run.counts = false;
        run.happened
    }

    /// The calls by name, and how many commits there were.
    pub(super) fn steps(&self) -> (Vec<String>, usize) {
        let run = self.run();
        (run.calls.clone(), run.commits)
    }

    pub(super) fn trouble(&self) -> Trouble {
        self.run().trouble
    }

    /// Waits until the process has died.
    pub(super) async fn died(&self) {
        self.becomes(Process::Dead).await;
    }

    /// Waits until a call of the process is held up.
    pub(super) async fn hung(&self) {
        self.becomes(Process::Hangs).await;
    }

    async fn becomes(&self, wanted: Process) {
        let mut process = self.process.subscribe();
        let _ = process.wait_for(|process| *process == wanted).await;
    }

    /// A new process takes the place of the dead one.
    pub(super) fn revive(&self) {
        self.process.send_replace(Process::Lives);
    }

    /// Lets the call go on that was held up.
    pub(super) fn release(&self) {
        self.process.send_replace(Process::Lives);
    }

    fn run(&self) -> MutexGuard<'_, Run> {
        self.run.lock().expect("not poisoned")
    }
}

impl FaultHook for Line {
    fn at(&self, point: Point) -> Fault {
        let mut run = self.run();
        if !run.counts || point == Point::BeforeBegin {
            return Fault::None;
        }
        if point == Point::BeforeCommit {
            run.commits += 1;
        }
        let number = run.commits - 1;
        let Trouble::Commit(at, trouble) = run.trouble else { return Fault::None };
        let here = match trouble {
            AtCommit::DeathBefore | AtCommit::LostBefore => Point::BeforeCommit,
            AtCommit::DeathAfter | AtCommit::LostAfter => Point::AfterCommit,
        };
        if at != number || point != here || run.happened {
            return Fault::None;
        }
        run.happened = true;
        if matches!(trouble, AtCommit::DeathBefore | AtCommit::DeathAfter) {
            self.process.send_replace(Process::Dead);
            return Fault::Kill;
        }
        Fault::Fail
    }
}
