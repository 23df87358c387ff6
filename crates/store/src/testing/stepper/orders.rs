//! Goes through the orders: depth first, each run from its beginning, with sleep sets.
//!
//! At a point where a process was tried already, that process sleeps: as long as only steps follow
//! that cannot tell whether they ran before or after its own, choosing it later would repeat an
//! order that was run.

use super::board::Ready;
use super::footprint::Footprint;
use std::collections::BTreeSet;

/// The orders, as far as they were run.
pub(super) struct Orders {
    reduced: bool,
    path: Vec<Point>,
    /// How far along the path the run at hand is.
    depth: usize,
    repeat: bool,
}

/// A moment at which one process was let go on.
struct Point {
    choices: Vec<(usize, Footprint)>,
    /// Who need not be tried here (any more).
    asleep: BTreeSet<usize>,
    chosen: usize,
}

/// Who goes on now, and with what.
pub(super) struct Chosen {
    pub(super) process: usize,
    pub(super) what: String,
}

impl Orders {
    pub(super) const fn new(reduced: bool) -> Self {
        Self { reduced, path: Vec::new(), depth: 0, repeat: false }
    }

    /// Whether the run at hand is an order that was run before.
    pub(super) const fn is_repeat(&self) -> bool {
        self.repeat
    }

    /// Chooses who goes on.
    pub(super) fn choose(&mut self, ready: &[Ready]) -> Chosen {
        let process = self.pick(ready);
        let one = ready.iter().find(|one| one.process == process);
        let one = one.expect("the same scene comes to the same steps");
        Chosen { process, what: one.what.clone() }
    }

    fn pick(&mut self, ready: &[Ready]) -> usize {
        if self.repeat {
            return ready[0].process;
        }
        let depth = self.depth;
        self.depth += 1;
        if let Some(point) = self.path.get(depth) {
            let known: Vec<_> = point.choices.iter().map(|(process, _)| *process).collect();
            let now: Vec<_> = ready.iter().map(|one| one.process).collect();
            assert!(
                known.iter().all(|process| now.contains(process)),
                "the same order led elsewhere: {known:?} could go on, and now {now:?}"
            );
            return point.chosen;
        }
        // What nobody can notice is done at once.
        let unnoticed = ready.iter().find(|one| self.reduced && one.footprint.is_nothing());
        let ready = unnoticed.map_or(ready, std::slice::from_ref);
        let choices: Vec<_> =
            ready.iter().map(|one| (one.process, one.footprint.clone())).collect();
        let asleep = self.inherited();
        let awake = choices.iter().find(|(process, _)| !asleep.contains(process));
        let Some(&(chosen, _)) = awake else {
            self.repeat = true;
            return ready[0].process;
        };
        self.path.push(Point { choices, asleep, chosen });
        chosen
    }

    /// Who slept at the point before, and could not notice the step taken there.
    fn inherited(&self) -> BTreeSet<usize> {
        let Some(last) = self.path.last().filter(|_| self.reduced) else { return BTreeSet::new() };
        let of = |process: usize| last.choices.iter().find(|(one, _)| *one == process);
        let Some((_, taken)) = of(last.chosen) else { return BTreeSet::new() };
        let unaware = |process: &&usize| {
            **process != last.chosen
                && (taken.is_nothing()
                    || of(**process).is_some_and(|(_, footprint)| !footprint.meets(taken)))
        };
        last.asleep.iter().filter(unaware).copied().collect()
    }

    /// Turns to the next order; false if there is none.
    pub(super) fn next(&mut self) -> bool {
        self.depth = 0;
        self.repeat = false;
        while let Some(point) = self.path.last_mut() {
            point.asleep.insert(point.chosen);
            let awake = point.choices.iter().find(|(process, _)| !point.asleep.contains(process));
            if let Some(&(process, _)) = awake {
                point.chosen = process;
                return true;
            }
            self.path.pop();
        }
        false
    }
}
