//! A refund as the hospital sees it: the HIS is asked whether the money may go back, the platform
//! gives it back, the HIS is told how that ended (PROTOCOL 3.5: HIS, refund, HIS).
//!
//! What may go back, and until when, is [`Position::reserve`]; here and at the platform insurance
//! goes back whole or not at all, and so does the cash.

mod position;

pub use position::{Due, NotReserved, Position, Scope};

use crate::fen::Fen;
use crate::identifiers::{BillNo, SerialNo};
use crate::time::Timestamp;

/// An explicit no, in the other side's code and words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Its own code.
    pub code: String,
    /// Its words; no personal data.
    pub reason: String,
}

/// The bureau's numbers of the cancelled bill, as the HIS made them; none where insurance takes no
/// part.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CancelNumbers {
    /// 医保撤销单据号.
    pub bill_no: Option<BillNo>,
    /// 医保撤销流水号.
    pub serial_no: Option<SerialNo>,
}

/// How a granted refund ended at the platform.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The money is back.
    Returned {
        /// Of the cash part.
        cash: Fen,
        /// Of the insurance part.
        insurance: Fen,
        /// When it was learnt.
        at: Timestamp,
    },
    /// The platform said no and nothing has moved: the order stays paid.
    Failed {
        /// Why.
        refusal: Refusal,
        /// When it was learnt.
        at: Timestamp,
    },
}

/// Where a refund stands. A variant carries the facts that hold in it, and no others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// The HIS was asked whether the money may go back. Its answer is unknown; no money has moved.
    GrantPending,
    /// The HIS said no: a person decides.
    NotGranted {
        /// Its words.
        refusal: Refusal,
    },
    /// The HIS holds the bill, and the platform was asked to give back. Its answer is unknown.
    BackPending {
        /// What the HIS gave along.
        cancel: CancelNumbers,
    },
    /// It has ended, and the HIS was told so. Whether it heard is unknown.
    TellPending {
        /// How it ended.
        outcome: Outcome,
    },
    /// It has ended, and the HIS knows.
    Ended {
        /// How it ended.
        outcome: Outcome,
    },
}

/// What was learnt. Only an explicit answer is an event; a time-out is none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The HIS: it may go back.
    Granted(CancelNumbers),
    /// The HIS: not by itself.
    NotGranted(Refusal),
    /// The platform: it is back.
    Returned {
        /// Of the cash part.
        cash: Fen,
        /// Of the insurance part.
        insurance: Fen,
        /// When it was learnt.
        at: Timestamp,
    },
    /// The platform: no, and nothing has moved.
    Refused {
        /// Why.
        refusal: Refusal,
        /// When it was learnt.
        at: Timestamp,
    },
    /// The HIS has written down how it ended.
    Noted,
    /// The HIS refuses to write that down. The money does not depend on it, so it is told again.
    NotNoted(Refusal),
}

/// What a party is asked; asked again in the same words until it has answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Question {
    /// The HIS: may the money go back?
    Grant,
    /// The platform: give it back.
    GiveBack,
    /// The HIS: this is how it ended.
    Tell,
}

/// What to do next, in the same transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Ask a party, from a committed job.
    Ask(Question),
    /// Write on the order what is back, and tell the patient.
    CountAsBack {
        /// Of the cash part.
        cash: Fen,
        /// Of the insurance part.
        insurance: Fen,
    },
    /// Have a person look at it.
    Queue(Why),
}

/// Why a person must look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Why {
    /// The HIS does not grant it.
    NotGranted(Refusal),
    /// The platform refused it.
    Failed(Refusal),
    /// The HIS refuses to write down how it ended.
    NotNoted(Refusal),
}

/// An event that cannot happen in this state: somebody must look.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a refund that is {state} cannot meet {event}")]
pub struct IllegalEvent {
    /// [`State::code`].
    pub state: &'static str,
    /// [`Event::code`].
    pub event: &'static str,
}

/// One refund.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refund {
    /// What goes back if it succeeds; reserved.
    pub due: Due,
    /// Where it stands.
    pub state: State,
}

impl Refund {
    /// Begins a refund whose parts have just been reserved.
    pub fn start(due: Due) -> (Self, Vec<Effect>) {
        (Self { due, state: State::GrantPending }, vec![Effect::Ask(Question::Grant)])
    }

    /// Moves the refund on and says what to do next; changes nothing if `event` is illegal.
    ///
    /// A second delivery of what is already reflected is not an error: it yields no effects.
    pub fn apply(&mut self, event: &Event) -> Result<Vec<Effect>, IllegalEvent> {
        use {Event as E, State as S};
        let (next, effects) = match (&self.state, event) {
            (S::GrantPending, E::Granted(cancel)) => {
                (S::BackPending { cancel: cancel.clone() }, vec![Effect::Ask(Question::GiveBack)])
            }
            // Nothing has moved and the HIS holds nothing, so there is nobody to be told.
            (S::GrantPending, E::NotGranted(refusal)) => (
                S::NotGranted { refusal: refusal.clone() },
                vec![Effect::Queue(Why::NotGranted(refusal.clone()))],
            ),
            // Other amounts than were reserved are no answer to this refund.
            (S::BackPending { .. }, E::Returned { cash, insurance, at })
                if self.due.is(*cash, *insurance) =>
            {
                let (cash, insurance, at) = (*cash, *insurance, *at);
                (
                    S::TellPending { outcome: Outcome::Returned { cash, insurance, at } },
                    vec![Effect::CountAsBack { cash, insurance }, Effect::Ask(Question::Tell)],
                )
            }
            (S::BackPending { .. }, E::Refused { refusal, at }) => (
                S::TellPending { outcome: Outcome::Failed { refusal: refusal.clone(), at: *at } },
                vec![Effect::Queue(Why::Failed(refusal.clone())), Effect::Ask(Question::Tell)],
            ),
            (S::TellPending { outcome }, E::Noted) => {
                (S::Ended { outcome: outcome.clone() }, vec![])
            }
            (S::TellPending { .. }, E::NotNoted(refusal)) => {
                (self.state.clone(), vec![Effect::Queue(Why::NotNoted(refusal.clone()))])
            }
            (state, event) if state.already_reflects(event) => return Ok(vec![]),
            (state, event) => {
                return Err(IllegalEvent { state: state.code(), event: event.code() });
            }
        };
        self.state = next;
        Ok(effects)
    }
}

impl State {
    /// The name under which the state is stored and shown to staff.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::GrantPending => "grant_pending",
            Self::NotGranted { .. } => "not_granted",
            Self::BackPending { .. } => "back_pending",
            Self::TellPending { outcome: Outcome::Returned { .. } } => "returned_untold",
            Self::TellPending { outcome: Outcome::Failed { .. } } => "failed_untold",
            Self::Ended { outcome: Outcome::Returned { .. } } => "returned",
            Self::Ended { outcome: Outcome::Failed { .. } } => "failed",
        }
    }

    /// What the state still waits for. A worker looks here, not into its job, so that a job that
    /// outlived its reason does nothing.
    pub const fn outstanding(&self) -> Option<Question> {
        match self {
            Self::GrantPending => Some(Question::Grant),
            Self::BackPending { .. } => Some(Question::GiveBack),
            Self::TellPending { .. } => Some(Question::Tell),
            Self::NotGranted { .. } | Self::Ended { .. } => None,
        }
    }

    /// How it ended at the platform, if it has.
    pub const fn outcome(&self) -> Option<&Outcome> {
        match self {
            Self::TellPending { outcome } | Self::Ended { outcome } => Some(outcome),
            Self::GrantPending | Self::NotGranted { .. } | Self::BackPending { .. } => None,
        }
    }

    /// Whether the parts are reserved: nobody knows yet whether they go back.
    pub const fn holds(&self) -> bool {
        matches!(self, Self::GrantPending | Self::BackPending { .. })
    }

    /// Whether `event` is what led here, or earlier on the way here.
    fn already_reflects(&self, event: &Event) -> bool {
        match (self, event) {
            (Self::BackPending { cancel }, Event::Granted(again)) => cancel == again,
            (Self::NotGranted { refusal }, Event::NotGranted(again)) => refusal == again,
            (
                Self::TellPending { outcome: Outcome::Returned { cash, insurance, .. } }
                | Self::Ended { outcome: Outcome::Returned { cash, insurance, .. } },
                Event::Returned { cash: cash_again, insurance: insurance_again, .. },
            ) => cash == cash_again && insurance == insurance_again,
            (Self::TellPending { .. } | Self::Ended { .. }, Event::Granted(_))
            | (Self::Ended { .. }, Event::Noted)
            | (
                Self::TellPending { outcome: Outcome::Failed { .. } }
                | Self::Ended { outcome: Outcome::Failed { .. } },
                Event::Refused { .. },
            ) => true,
            _ => false,
        }
    }
}

impl Event {
    /// The name under which the event is stored and shown to staff.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Granted(_) => "granted",
            Self::NotGranted(_) => "not_granted",
            Self::Returned { .. } => "returned",
            Self::Refused { .. } => "refused",
            Self::Noted => "noted",
            Self::NotNoted(_) => "not_noted",
        }
    }
}

impl Question {
    /// Its word in the names of jobs and of idempotency keys.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::GiveBack => "back",
            Self::Tell => "tell",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    fn fen(amount: i64) -> Fen {
        Fen::new(amount).expect("not negative")
    }

    fn no() -> Refusal {
        Refusal { code: "NO".to_owned(), reason: "不行".to_owned() }
    }

    fn cancel(no: &str) -> CancelNumbers {
        CancelNumbers { bill_no: Some(BillNo::new(no)), serial_no: Some(SerialNo::new("186042")) }
    }

    fn due() -> Due {
        Due { cash: Some(fen(100)), insurance: Some(fen(805)) }
    }

    fn returned(cash: i64, insurance: i64, ms: i64) -> Event {
        Event::Returned { cash: fen(cash), insurance: fen(insurance), at: at(ms) }
    }

    fn events() -> Vec<(&'static str, Event)> {
        vec![
            ("granted", Event::Granted(cancel("#"))),
            ("granted, other numbers", Event::Granted(cancel("?"))),
            ("not granted", Event::NotGranted(no())),
            ("returned", returned(100, 805, 5)),
            ("returned, heard later", returned(100, 805, 6)),
            ("returned, other amounts", returned(100, 804, 5)),
            ("refused", Event::Refused { refusal: no(), at: at(5) }),
            ("noted", Event::Noted),
            ("not noted", Event::NotNoted(no())),
        ]
    }

    fn states() -> Vec<State> {
        let back = Outcome::Returned { cash: fen(100), insurance: fen(805), at: at(5) };
        let failed = Outcome::Failed { refusal: no(), at: at(5) };
        vec![
            State::GrantPending,
            State::NotGranted { refusal: no() },
            State::BackPending { cancel: cancel("#") },
            State::TellPending { outcome: back.clone() },
            State::TellPending { outcome: failed.clone() },
            State::Ended { outcome: back },
            State::Ended { outcome: failed },
        ]
    }

    fn effect_name(effect: &Effect) -> String {
        match effect {
            Effect::Ask(question) => format!("ask: {}", question.word()),
            Effect::CountAsBack { cash, insurance } => format!("back: {cash} + {insurance}"),
            Effect::Queue(Why::NotGranted(_)) => "queue: not granted".to_owned(),
            Effect::Queue(Why::Failed(_)) => "queue: failed".to_owned(),
            Effect::Queue(Why::NotNoted(_)) => "queue: not noted".to_owned(),
        }
    }

    #[test]
    fn every_state_by_every_event() {
        let mut table = String::new();
        for state in states() {
            let _ = writeln!(table, "{}", state.code());
            for (name, event) in events() {
                let mut refund = Refund { due: due(), state: state.clone() };
                let told = match refund.apply(&event) {
                    Err(error) => {
                        assert_eq!(refund.state, state, "an illegal event changes nothing");
                        format!("ILLEGAL ({error})")
                    }
                    Ok(effects) if effects.is_empty() && refund.state == state => "-".to_owned(),
                    Ok(effects) => {
                        let effects: Vec<_> = effects.iter().map(effect_name).collect();
                        format!("→ {} [{}]", refund.state.code(), effects.join(", "))
                    }
                };
                let _ = writeln!(table, "    {name:24} {told}");
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn whatever_is_repeated_has_no_second_effect() {
        let ways = [
            vec![Event::Granted(cancel("#")), returned(100, 805, 5), Event::Noted],
            vec![
                Event::Granted(cancel("#")),
                Event::Refused { refusal: no(), at: at(5) },
                Event::Noted,
            ],
            vec![Event::NotGranted(no())],
        ];
        for way in ways {
            let (mut refund, first) = Refund::start(due());
            assert_eq!(first, [Effect::Ask(Question::Grant)]);
            let mut passed: Vec<&Event> = vec![];
            for event in &way {
                refund.apply(event).expect("legal");
                passed.push(event);
                for again in &passed {
                    let before = refund.clone();
                    assert_eq!(refund.apply(again), Ok(vec![]), "{event:?} and {again:?} again");
                    assert_eq!(refund, before);
                }
            }
            assert_eq!(refund.state.outstanding(), None, "{way:?} ends it");
        }
    }

    #[test]
    fn parts_are_held_until_the_platform_has_decided() {
        let held = states().into_iter().filter(State::holds).map(|state| state.code());
        assert_eq!(held.collect::<Vec<_>>(), ["grant_pending", "back_pending"]);
    }
}
