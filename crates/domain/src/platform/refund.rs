//! A refund (申请退款, PROTOCOL 3.5): the insurance goes back first, then the cash.
//!
//! Insurance goes back whole or not at all, and so does the cash: there are full refunds and
//! CASH_ONLY, nothing finer. Whether a refund may begin (window, state of the order, legs still
//! free) is decided before this machine starts; here is only what happens once it has, so that
//! what was begun in time and answered after midnight is decided by the bureau's answer alone.

use crate::identifiers::MedRefundId;
use crate::time::Timestamp;

/// How often the wallet may refuse to give cash back before a person has to look.
pub const CASH_ATTEMPTS: u32 = 5;

/// What goes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Legs {
    /// The bureau's booking, a booking of 0 included, and the cash.
    Both,
    /// The bureau's booking: nothing was paid in cash, or that went back before.
    Insurance,
    /// The cash: CASH_ONLY, or an order the bureau never saw.
    Cash,
}

impl Legs {
    /// Whether the bureau takes part.
    pub const fn insurance(self) -> bool {
        matches!(self, Self::Both | Self::Insurance)
    }

    /// Whether the wallet takes part.
    pub const fn cash(self) -> bool {
        matches!(self, Self::Both | Self::Cash)
    }
}

/// An explicit no, in the other side's code and words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Its own code.
    pub code: String,
    /// Its words, in Chinese.
    pub reason: String,
}

/// Where a refund stands. A variant carries the facts that hold in it, and no others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// The bureau was asked to undo its booking. Its answer is unknown; no cash has moved.
    InsurancePending,
    /// The wallet was asked to give the cash back, for the `attempt`-th time. Unknown.
    CashPending {
        /// When the bureau undid its booking, if it took part.
        reversed_at: Option<Timestamp>,
        /// Counts from 1; each has a key of its own.
        attempt: u32,
    },
    /// The wallet said no as often as it is asked. The insurance, if any, is back; staff must look.
    CashStuck {
        /// When the bureau undid its booking, if it took part.
        reversed_at: Option<Timestamp>,
        /// How often the wallet was asked.
        attempt: u32,
        /// Its last no.
        refusal: Refusal,
    },
    /// Everything is back.
    Succeeded {
        /// When the bureau undid its booking, if it took part.
        reversed_at: Option<Timestamp>,
        /// When the cash went back, if it took part.
        returned_at: Option<Timestamp>,
        /// The attempt at which it did; 1 if it took no part.
        attempt: u32,
    },
    /// The bureau said no and nothing has moved: the order stays paid, its legs are free again.
    Failed {
        /// Why.
        refusal: Refusal,
    },
}

/// What was learnt. Only an explicit answer is an event; a time-out is none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The bureau undid its booking.
    InsuranceReversed {
        /// When, by the bureau's book.
        at: Timestamp,
    },
    /// The bureau will not undo it.
    InsuranceRefused(Refusal),
    /// The wallet gave the cash back.
    CashReturned {
        /// Which attempt this answers.
        attempt: u32,
        /// When, by the wallet's book.
        at: Timestamp,
    },
    /// The wallet refused this attempt, for good.
    CashRefused {
        /// Which attempt this answers.
        attempt: u32,
        /// Why.
        refusal: Refusal,
    },
    /// Somebody looked at a stuck refund and wants the wallet asked again.
    StaffAsked,
}

/// What a party is asked to do; asked again under the same key until it has answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Question {
    /// The bureau: undo your booking.
    ReverseInsurance,
    /// The wallet: give the cash back.
    ReturnCash {
        /// The attempt, which makes the key.
        attempt: u32,
    },
}

impl Question {
    /// The idempotency key under which the party is asked.
    pub fn key(self, med_refund_id: &MedRefundId) -> String {
        match self {
            Self::ReverseInsurance => format!("{med_refund_id}-ins-1"),
            Self::ReturnCash { attempt } => format!("{med_refund_id}-cash-{attempt}"),
        }
    }
}

/// What to do next; all but the questions in the same transaction, on the order's row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Ask a party, from a committed job.
    Ask(Question),
    /// Write on the order that its insurance is back.
    InsuranceIsBack {
        /// Since when.
        at: Timestamp,
    },
    /// Write on the order that its cash is back.
    CashIsBack {
        /// Since when.
        at: Timestamp,
    },
    /// Give the order's legs free again.
    Release,
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
    /// What goes back.
    pub legs: Legs,
    /// Where it stands.
    pub state: State,
}

impl Refund {
    /// Begins a refund whose legs have just been reserved in the order.
    pub fn start(legs: Legs) -> (Self, Vec<Effect>) {
        let (state, effect) = if legs.insurance() {
            (State::InsurancePending, Effect::Ask(Question::ReverseInsurance))
        } else {
            (
                State::CashPending { reversed_at: None, attempt: 1 },
                Effect::Ask(Question::ReturnCash { attempt: 1 }),
            )
        };
        (Self { legs, state }, vec![effect])
    }

    /// Moves the refund on and says what to do next; changes nothing if `event` is illegal.
    ///
    /// A second delivery of what is already reflected is not an error: it yields no effects.
    pub fn apply(&mut self, event: &Event) -> Result<Vec<Effect>, IllegalEvent> {
        use {Event as E, State as S};
        let (next, effects) = match (&self.state, event) {
            (S::InsurancePending, E::InsuranceReversed { at }) if self.legs.cash() => (
                S::CashPending { reversed_at: Some(*at), attempt: 1 },
                vec![
                    Effect::InsuranceIsBack { at: *at },
                    Effect::Ask(Question::ReturnCash { attempt: 1 }),
                ],
            ),
            (S::InsurancePending, E::InsuranceReversed { at }) => (
                S::Succeeded { reversed_at: Some(*at), returned_at: None, attempt: 1 },
                vec![Effect::InsuranceIsBack { at: *at }],
            ),
            // Nothing has moved yet, so the order simply stays paid.
            (S::InsurancePending, E::InsuranceRefused(refusal)) => {
                (S::Failed { refusal: refusal.clone() }, vec![Effect::Release])
            }
            (
                S::CashPending { reversed_at, attempt },
                E::CashReturned { attempt: answered, at },
            ) if answered == attempt => (
                S::Succeeded {
                    reversed_at: *reversed_at,
                    returned_at: Some(*at),
                    attempt: *attempt,
                },
                vec![Effect::CashIsBack { at: *at }],
            ),
            (
                S::CashPending { reversed_at, attempt },
                E::CashRefused { attempt: answered, refusal },
            ) if answered == attempt => cash_refused(*reversed_at, *attempt, refusal),
            (S::CashStuck { reversed_at, attempt, .. }, E::StaffAsked) => {
                ask_again(*reversed_at, *attempt)
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

/// After a no from the wallet: the insurance cannot be taken again, so only forward remains.
fn cash_refused(
    reversed_at: Option<Timestamp>,
    attempt: u32,
    refusal: &Refusal,
) -> (State, Vec<Effect>) {
    if attempt.is_multiple_of(CASH_ATTEMPTS) {
        (State::CashStuck { reversed_at, attempt, refusal: refusal.clone() }, vec![])
    } else {
        ask_again(reversed_at, attempt)
    }
}

/// A new attempt, with a new key.
fn ask_again(reversed_at: Option<Timestamp>, attempt: u32) -> (State, Vec<Effect>) {
    let attempt = attempt.saturating_add(1);
    (
        State::CashPending { reversed_at, attempt },
        vec![Effect::Ask(Question::ReturnCash { attempt })],
    )
}

impl State {
    /// The name under which the state is stored and shown to operators.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InsurancePending => "insurance_pending",
            Self::CashPending { .. } => "cash_pending",
            Self::CashStuck { .. } => "cash_stuck",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
        }
    }

    /// What the state still waits for. A worker looks here, not into its job, so that a job that
    /// outlived its reason does nothing.
    pub const fn outstanding(&self) -> Option<Question> {
        match self {
            Self::InsurancePending => Some(Question::ReverseInsurance),
            Self::CashPending { attempt, .. } => Some(Question::ReturnCash { attempt: *attempt }),
            Self::CashStuck { .. } | Self::Succeeded { .. } | Self::Failed { .. } => None,
        }
    }

    /// Whether nothing is asked any more and nothing ever will be.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Succeeded { .. } | Self::Failed { .. })
    }

    /// Whether `event` is what led here, or earlier on the way here.
    fn already_reflects(&self, event: &Event) -> bool {
        match (self, event) {
            (
                Self::CashPending { reversed_at: Some(known), .. }
                | Self::CashStuck { reversed_at: Some(known), .. }
                | Self::Succeeded { reversed_at: Some(known), .. },
                Event::InsuranceReversed { at },
            ) => known == at,
            (
                Self::Succeeded { returned_at: Some(known), attempt, .. },
                Event::CashReturned { attempt: answered, at },
            ) => known == at && attempt == answered,
            (
                Self::CashPending { attempt, .. } | Self::Succeeded { attempt, .. },
                Event::CashRefused { attempt: answered, .. },
            ) => answered < attempt,
            (Self::CashStuck { attempt, .. }, Event::CashRefused { attempt: answered, .. }) => {
                answered <= attempt
            }
            (Self::Failed { refusal }, Event::InsuranceRefused(again)) => refusal == again,
            _ => false,
        }
    }
}

impl Event {
    /// The name under which the event is stored and shown to operators.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InsuranceReversed { .. } => "insurance_reversed",
            Self::InsuranceRefused(_) => "insurance_refused",
            Self::CashReturned { .. } => "cash_returned",
            Self::CashRefused { .. } => "cash_refused",
            Self::StaffAsked => "staff_asked",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fmt::Write as _;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    fn no() -> Refusal {
        Refusal { code: "NO".to_owned(), reason: "不行".to_owned() }
    }

    fn events() -> Vec<(&'static str, Event)> {
        vec![
            ("ins+", Event::InsuranceReversed { at: at(1) }),
            ("ins+ other time", Event::InsuranceReversed { at: at(9) }),
            ("ins-", Event::InsuranceRefused(no())),
            ("cash1+", Event::CashReturned { attempt: 1, at: at(2) }),
            ("cash2+", Event::CashReturned { attempt: 2, at: at(2) }),
            ("cash1-", Event::CashRefused { attempt: 1, refusal: no() }),
            ("cash2-", Event::CashRefused { attempt: 2, refusal: no() }),
            ("cash5-", Event::CashRefused { attempt: 5, refusal: no() }),
            ("staff", Event::StaffAsked),
        ]
    }

    fn states(legs: Legs) -> Vec<State> {
        let reversed_at = legs.insurance().then_some(at(1));
        let returned_at = legs.cash().then_some(at(2));
        let mut states = vec![];
        if legs.insurance() {
            states.push(State::InsurancePending);
        }
        if legs.cash() {
            states.extend([
                State::CashPending { reversed_at, attempt: 1 },
                State::CashPending { reversed_at, attempt: 2 },
                State::CashPending { reversed_at, attempt: 5 },
                State::CashStuck { reversed_at, attempt: 5, refusal: no() },
            ]);
        }
        states.push(State::Succeeded { reversed_at, returned_at, attempt: 1 });
        if legs.cash() {
            states.push(State::Succeeded { reversed_at, returned_at, attempt: 2 });
        }
        if legs.insurance() {
            states.push(State::Failed { refusal: no() });
        }
        states
    }

    fn name(state: &State) -> String {
        match state {
            State::InsurancePending => "InsurancePending".to_owned(),
            State::CashPending { attempt, .. } => format!("CashPending {attempt}"),
            State::CashStuck { attempt, .. } => format!("CashStuck {attempt}"),
            State::Succeeded { attempt, .. } => format!("Succeeded {attempt}"),
            State::Failed { .. } => "Failed".to_owned(),
        }
    }

    fn effect_name(effect: &Effect) -> String {
        match effect {
            Effect::Ask(Question::ReverseInsurance) => "ask bureau".to_owned(),
            Effect::Ask(Question::ReturnCash { attempt }) => format!("ask wallet {attempt}"),
            Effect::InsuranceIsBack { .. } => "insurance is back".to_owned(),
            Effect::CashIsBack { .. } => "cash is back".to_owned(),
            Effect::Release => "release".to_owned(),
        }
    }

    fn effect_names(effects: &[Effect]) -> String {
        effects.iter().map(effect_name).collect::<Vec<_>>().join(" + ")
    }

    #[test]
    fn every_state_by_every_event() {
        let mut table = String::new();
        for legs in [Legs::Both, Legs::Insurance, Legs::Cash] {
            let (started, effects) = Refund::start(legs);
            let _ = writeln!(
                table,
                "== {legs:?}: starts {} | {}",
                name(&started.state),
                effect_names(&effects)
            );
            for state in states(legs) {
                let _ = writeln!(table, "{}", name(&state));
                for (event_name, event) in events() {
                    let mut refund = Refund { legs, state: state.clone() };
                    let cell = match refund.apply(&event) {
                        Err(_) => {
                            assert_eq!(refund.state, state, "an illegal event changed it");
                            "illegal".to_owned()
                        }
                        Ok(_) if refund.state == state => "nothing new".to_owned(),
                        Ok(effects) => {
                            format!("{} | {}", name(&refund.state), effect_names(&effects))
                        }
                    };
                    let _ = writeln!(table, "    {event_name:<16} {cell}");
                }
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn a_full_refund_goes_insurance_first_then_cash() {
        let (mut refund, first) = Refund::start(Legs::Both);
        assert_eq!(effect_names(&first), "ask bureau");
        let then = refund.apply(&Event::InsuranceReversed { at: at(1) }).expect("legal");
        assert_eq!(effect_names(&then), "insurance is back + ask wallet 1");
        let last = refund.apply(&Event::CashReturned { attempt: 1, at: at(2) }).expect("legal");
        assert_eq!(effect_names(&last), "cash is back");
        assert!(refund.state.is_final());
    }

    #[test]
    fn a_refusing_wallet_is_asked_five_times_with_new_keys_and_then_waits_for_staff() {
        let (mut refund, _) = Refund::start(Legs::Cash);
        for attempt in 1..CASH_ATTEMPTS {
            let effects = refund.apply(&Event::CashRefused { attempt, refusal: no() });
            assert_eq!(
                effects,
                Ok(vec![Effect::Ask(Question::ReturnCash { attempt: attempt + 1 })])
            );
        }
        let last = Event::CashRefused { attempt: CASH_ATTEMPTS, refusal: no() };
        assert_eq!(refund.apply(&last), Ok(vec![]));
        assert!(matches!(refund.state, State::CashStuck { .. }));
        assert!(!refund.state.is_final(), "the payer still waits for the cash");
        let again = refund.apply(&Event::StaffAsked);
        assert_eq!(
            again,
            Ok(vec![Effect::Ask(Question::ReturnCash { attempt: CASH_ATTEMPTS + 1 })])
        );
    }

    proptest! {
        /// Whatever comes, in whatever order and however often: each leg is written back at most
        /// once, only a leg of this refund, and a release means that nothing went back.
        #[test]
        fn no_leg_goes_back_twice(
            legs in 0..3_usize,
            which in proptest::collection::vec(0..9_usize, 0..40),
        ) {
            let legs = [Legs::Both, Legs::Insurance, Legs::Cash][legs];
            let (mut refund, _) = Refund::start(legs);
            let (mut insurance, mut cash, mut released) = (0, 0, 0);
            for index in which {
                for effect in refund.apply(&events()[index].1).unwrap_or_default() {
                    match effect {
                        Effect::InsuranceIsBack { .. } => insurance += 1,
                        Effect::CashIsBack { .. } => cash += 1,
                        Effect::Release => released += 1,
                        Effect::Ask(_) => {}
                    }
                }
            }
            prop_assert!(insurance <= usize::from(legs.insurance()));
            prop_assert!(cash <= usize::from(legs.cash()));
            prop_assert!(released == 0 || (released == 1 && insurance + cash == 0));
            if matches!(refund.state, State::Succeeded { .. }) {
                prop_assert_eq!(insurance, usize::from(legs.insurance()));
                prop_assert_eq!(cash, usize::from(legs.cash()));
            }
        }
    }
}
