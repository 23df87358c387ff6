//! The bind reminder of one follower who has a visit card (guide §4.1.3): sent only on the
//! platform's explicit word that no card is bound, so that nobody who has bound one is disturbed.

use crate::time::Timestamp;

/// How often the platform is asked in a row while its answer decides nothing.
pub const LOOKS_MAX: u8 = 4;

/// How often one follower is reminded at most, in all time.
pub const TIMES_MAX: u8 = 3;

/// The waits between looks, in seconds.
const WAITS: [i64; 3] = [600, 3600, 86_400];

/// The bind reminder of one follower.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BindReminder {
    /// Where it stands.
    pub state: State,
    /// When the follower was last reminded.
    pub reminded_at: Option<Timestamp>,
    /// How often.
    pub times: u8,
}

/// Where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// The platform is asked whether a card is bound; `looks` answers decided nothing.
    Looking {
        /// How many looks there were.
        looks: u8,
    },
    /// There is nothing to say for some days.
    Resting {
        /// Since when.
        since: Timestamp,
    },
}

/// What can happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// A visit card was added, or the daily round came by.
    Wanted,
    /// The platform: no card is bound (80004).
    NotBound,
    /// The platform: a card is bound.
    Bound,
    /// The platform: a card of somebody else is bound (80005, 80006).
    AnotherPerson,
    /// No answer, or one that says neither.
    Unclear,
    /// The follower has no visit card any more.
    NoVisitCard,
}

/// What is to be done next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Ask the platform, not before this moment.
    Look(Timestamp),
    /// Remind the follower, once.
    Remind,
}

impl BindReminder {
    /// Of a follower who has just added a first visit card.
    pub const fn begun() -> Self {
        Self { state: State::Looking { looks: 0 }, reminded_at: None, times: 0 }
    }

    /// What `event` makes of it at `now`, and what it causes. `days`: how long a follower is left
    /// alone after a reminder or a look that had nothing to say.
    ///
    /// An answer that comes while nothing is asked is a repeat, and changes nothing.
    #[must_use]
    pub fn apply(self, event: Event, now: Timestamp, days: u32) -> (Self, Option<Effect>) {
        let rest = Self { state: State::Resting { since: now }, ..self };
        match (self.state, event) {
            (State::Resting { since }, Event::Wanted) => {
                if self.times < TIMES_MAX && now >= plus_days(since, days) {
                    let looking = Self { state: State::Looking { looks: 0 }, ..self };
                    (looking, Some(Effect::Look(now)))
                } else {
                    (self, None)
                }
            }
            (State::Looking { .. }, Event::Wanted) | (State::Resting { .. }, _) => (self, None),
            (State::Looking { .. }, Event::NotBound) => {
                let lately = self.reminded_at.is_some_and(|last| now < plus_days(last, days));
                if lately || self.times >= TIMES_MAX {
                    return (rest, None);
                }
                let reminded = Self { reminded_at: Some(now), times: self.times + 1, ..rest };
                (reminded, Some(Effect::Remind))
            }
            (State::Looking { looks }, Event::Unclear) => match WAITS.get(usize::from(looks)) {
                Some(wait) => {
                    let looking = Self { state: State::Looking { looks: looks + 1 }, ..self };
                    (looking, Some(Effect::Look(now.plus_seconds(*wait))))
                }
                None => (rest, None),
            },
            (State::Looking { .. }, Event::Bound | Event::AnotherPerson | Event::NoVisitCard) => {
                (rest, None)
            }
        }
    }
}

fn plus_days(at: Timestamp, days: u32) -> Timestamp {
    at.plus_seconds(i64::from(days) * 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    const EVENTS: [Event; 6] = [
        Event::Wanted,
        Event::NotBound,
        Event::Bound,
        Event::AnotherPerson,
        Event::Unclear,
        Event::NoVisitCard,
    ];

    fn at(text: &str) -> Timestamp {
        Timestamp::from_wire(text).expect("a moment")
    }

    #[test]
    fn every_state_by_every_event() {
        let now = at("20260601101500");
        let (lately, long_ago) = (at("20260520101500"), at("20260401101500"));
        let looking = |looks, last, times| BindReminder {
            state: State::Looking { looks },
            reminded_at: last,
            times,
        };
        let resting = |since, last, times| BindReminder {
            state: State::Resting { since },
            reminded_at: last,
            times,
        };
        let reminders = [
            BindReminder::begun(),
            looking(LOOKS_MAX - 1, None, 0),
            looking(0, Some(long_ago), 1),
            looking(0, Some(lately), 1),
            looking(0, Some(long_ago), TIMES_MAX),
            resting(lately, None, 0),
            resting(long_ago, None, 0),
            resting(lately, Some(lately), 1),
            resting(long_ago, Some(long_ago), 1),
            resting(long_ago, Some(long_ago), TIMES_MAX),
        ];
        let mut table = String::new();
        for reminder in reminders {
            let _ = writeln!(table, "{reminder:?}");
            for event in EVENTS {
                let (next, effect) = reminder.apply(event, now, 30);
                let next = if next == reminder { "as it was".into() } else { format!("{next:?}") };
                let effect = effect.map_or_else(String::new, |effect| format!(", {effect:?}"));
                let _ = writeln!(table, "  {event:?} -> {next}{effect}");
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn only_an_explicit_word_reminds() {
        let now = at("20260601101500");
        for event in EVENTS.into_iter().filter(|event| *event != Event::NotBound) {
            let (_, effect) = BindReminder::begun().apply(event, now, 30);
            assert_ne!(effect, Some(Effect::Remind), "{event:?}");
        }
    }

    #[test]
    fn nobody_is_reminded_twice_within_the_days_whatever_comes() {
        // Every sequence of four events, a tenth of the days apart.
        let days = 30;
        let step = 3 * 86_400;
        for code in 0..EVENTS.len().pow(4) {
            let (mut reminder, mut now) = (BindReminder::begun(), at("20260601101500"));
            let (mut last, mut code) = (None::<Timestamp>, code);
            for _ in 0..4 {
                let (next, effect) = reminder.apply(EVENTS[code % EVENTS.len()], now, days);
                if effect == Some(Effect::Remind) {
                    assert!(last.is_none_or(|last| now >= plus_days(last, days)));
                    last = Some(now);
                }
                (reminder, now, code) = (next, now.plus_seconds(step), code / EVENTS.len());
            }
        }
    }

    #[test]
    fn an_unclear_answer_is_asked_about_a_few_times_only() {
        let (mut reminder, mut now, mut looks) = (BindReminder::begun(), at("20260601101500"), 1);
        while let (next, Some(Effect::Look(at))) = reminder.apply(Event::Unclear, now, 30) {
            (reminder, now, looks) = (next, at, looks + 1);
        }
        assert_eq!(looks, LOOKS_MAX);
    }
}
