//! A registration that was booked through the gateway (我要挂号): what the patient has chosen and
//! what the HIS says of it. The HIS's word decides; it may come late, twice, or skip a step.

use crate::time::Day;

/// Where a booking stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// A place is kept that costs something; how it will be paid is open.
    Booked,
    /// The patient will pay on the day of the visit, when insurance can take part.
    PayOnTheDay,
    /// Paid, or free of charge.
    Paid,
    /// The number is taken; the patient is in the queue.
    NumberTaken,
    /// The doctor has seen the patient.
    Seen,
    /// Given back, its money with it.
    Cancelled,
    /// The day passed.
    Missed,
}

/// What can happen to a booking.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The patient chose to pay on the day.
    ChosePayOnTheDay,
    /// The patient chose to pay now.
    ChosePayNow,
    /// Its bill is paid, or there is none.
    Paid,
    /// The number was taken.
    NumberTaken,
    /// The doctor has seen the patient.
    Seen,
    /// It was given back.
    Cancelled,
    /// The HIS has closed the day without the patient.
    Missed,
}

/// An event that cannot happen in this state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a booking that is {} cannot become {event:?}", state.code())]
pub struct IllegalEvent {
    /// The state.
    pub state: State,
    /// The event.
    pub event: Event,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Booked,
        Self::PayOnTheDay,
        Self::Paid,
        Self::NumberTaken,
        Self::Seen,
        Self::Cancelled,
        Self::Missed,
    ];

    /// The state's name in the database and in messages.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::PayOnTheDay => "pay_on_the_day",
            Self::Paid => "paid",
            Self::NumberTaken => "number_taken",
            Self::Seen => "seen",
            Self::Cancelled => "cancelled",
            Self::Missed => "missed",
        }
    }

    /// The state of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Where `event` leads from here.
    ///
    /// News that is older than what is known changes nothing: a booking whose patient was seen has
    /// had its number taken. What was given back stays so; a missed one may come back to life,
    /// since a patient may come late and be let in.
    pub fn apply(self, event: Event) -> Result<Self, IllegalEvent> {
        use {Event as E, State as S};
        match (self, event) {
            (S::Booked | S::PayOnTheDay, E::ChosePayOnTheDay) => Ok(S::PayOnTheDay),
            (S::Booked | S::PayOnTheDay, E::ChosePayNow) => Ok(S::Booked),
            (S::Booked | S::PayOnTheDay | S::Paid, E::Paid) => Ok(S::Paid),
            (S::Booked | S::PayOnTheDay | S::Paid | S::NumberTaken | S::Missed, E::NumberTaken) => {
                Ok(S::NumberTaken)
            }
            (S::NumberTaken | S::Seen, E::Paid) | (S::Seen, E::NumberTaken) => Ok(self),
            (S::Missed, E::Paid) => Ok(S::Missed),
            (
                S::Booked | S::PayOnTheDay | S::Paid | S::NumberTaken | S::Seen | S::Missed,
                E::Seen,
            ) => Ok(S::Seen),
            (
                S::Booked | S::PayOnTheDay | S::Paid | S::NumberTaken | S::Cancelled | S::Missed,
                E::Cancelled,
            ) => Ok(S::Cancelled),
            (S::Booked | S::PayOnTheDay | S::Paid | S::NumberTaken | S::Missed, E::Missed) => {
                Ok(S::Missed)
            }
            (
                S::Paid | S::NumberTaken | S::Seen | S::Cancelled | S::Missed,
                E::ChosePayOnTheDay | E::ChosePayNow,
            )
            | (S::Seen, E::Cancelled | E::Missed)
            | (S::Cancelled, E::Paid | E::NumberTaken | E::Seen | E::Missed) => {
                Err(IllegalEvent { state: self, event })
            }
        }
    }
}

/// How the bill of a registration can be paid, and so what the patient is told. Insurance pays a
/// registration only on the day of the visit, and ordinary outpatient care only (guide, FAQ).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Offer {
    /// The visit is today: with insurance, or in cash.
    TodayWithInsurance,
    /// The visit is today, and insurance does not cover it.
    TodayInCash,
    /// The visit is later: on the day with insurance, or now in cash.
    AheadWithInsurance,
    /// The visit is later, and insurance does not cover it: now or on the day, in cash.
    AheadInCash,
    /// The day of the visit has passed.
    TooLate,
}

impl Offer {
    /// What is offered on `today` for a visit on `visit_day`; `covered` says whether insurance
    /// covers the bill at all.
    pub fn of(today: Day, visit_day: Day, covered: bool) -> Self {
        match (visit_day.cmp(&today), covered) {
            (std::cmp::Ordering::Less, _) => Self::TooLate,
            (std::cmp::Ordering::Equal, true) => Self::TodayWithInsurance,
            (std::cmp::Ordering::Equal, false) => Self::TodayInCash,
            (std::cmp::Ordering::Greater, true) => Self::AheadWithInsurance,
            (std::cmp::Ordering::Greater, false) => Self::AheadInCash,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    const EVENTS: [Event; 7] = [
        Event::ChosePayOnTheDay,
        Event::ChosePayNow,
        Event::Paid,
        Event::NumberTaken,
        Event::Seen,
        Event::Cancelled,
        Event::Missed,
    ];

    #[test]
    fn every_state_by_every_event() {
        let mut table = String::new();
        for state in State::ALL {
            let _ = writeln!(table, "{}", state.code());
            for event in EVENTS {
                let to = match state.apply(event) {
                    Ok(next) if next == state => "stays".to_owned(),
                    Ok(next) => next.code().to_owned(),
                    Err(_) => "illegal".to_owned(),
                };
                let _ = writeln!(table, "  {:<17} {to}", format!("{event:?}"));
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn the_same_news_twice_changes_nothing() {
        for state in State::ALL {
            for event in EVENTS {
                let Ok(next) = state.apply(event) else { continue };
                assert_eq!(next.apply(event), Ok(next), "{} + {event:?}", state.code());
            }
        }
    }

    #[test]
    fn insurance_pays_a_registration_on_the_day_of_the_visit_only() {
        let day = |text: &str| Day::from_wire(text).expect("a day");
        let of = |visit: &str, covered| Offer::of(day("20260601"), day(visit), covered);
        assert_eq!(of("20260601", true), Offer::TodayWithInsurance);
        assert_eq!(of("20260601", false), Offer::TodayInCash);
        assert_eq!(of("20260602", true), Offer::AheadWithInsurance);
        assert_eq!(of("20260602", false), Offer::AheadInCash);
        assert_eq!(of("20260531", true), Offer::TooLate);
    }

    #[test]
    fn every_code_is_read_back() {
        for state in State::ALL {
            assert_eq!(State::from_code(state.code()), Some(state));
        }
        assert_eq!(State::from_code("gone"), None);
    }
}
