//! The payment machine: how one bill is paid through the platform, with no I/O.
//!
//! Two facts stand beside each other and are never mixed: what the platform says of the money
//! ([`State`]), and whether the HIS has written the payment down ([`Confirmation`]). What is asked
//! and has no answer stays asked; only an explicit answer moves it. Late news counts: an order that
//! the platform calls paid is paid, also where we thought it closed, and is then confirmed or given
//! back. [`Payment::apply`] changes the state and says what to do next, [`Payment::question`] says
//! what a state still waits for.

mod charge;
mod confirmation;
mod event;
mod state;
#[cfg(test)]
mod table;

pub use crate::platform::order::Kind;
pub use charge::{Charge, ChargeFault, Returned};
pub use confirmation::{Confirmation, Receipt};
pub use event::{Effect, Event, IllegalEvent, Question};
pub use state::{Accepted, Ending, Refusal, State};

use crate::{MedTransId, Timestamp};

/// A payment, as far as its money goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payment {
    /// What the platform says of the money.
    pub state: State,
    /// Whether the HIS has written it down.
    pub confirmation: Confirmation,
    /// What has been given back since.
    pub returned: Returned,
}

impl Default for Payment {
    fn default() -> Self {
        Self::new()
    }
}

impl Payment {
    /// One that was just written down; nobody has been asked.
    pub const fn new() -> Self {
        Self {
            state: State::Offered,
            confirmation: Confirmation::NotDue,
            returned: Returned::NOTHING,
        }
    }

    /// Moves the payment on and says what to do next; changes nothing if `event` is illegal.
    ///
    /// A second delivery of an event that is already part of the state yields no effects.
    pub fn apply(&mut self, event: &Event) -> Result<Vec<Effect>, IllegalEvent> {
        if self.already_reflects(event) {
            return Ok(Vec::new());
        }
        let illegal = || IllegalEvent { state: self.code(), event: event.code() };
        let (next, effects) = self.next(event).ok_or_else(illegal)?;
        *self = next;
        Ok(effects)
    }

    /// What follows `event`; none if it cannot happen here.
    fn next(&self, event: &Event) -> Option<(Self, Vec<Effect>)> {
        if matches!(self.state, State::Paid { .. }) {
            return self.after_payment(event);
        }
        let (state, effects) = self.before_payment(event)?;
        let confirmation = match state {
            State::Paid { .. } => Confirmation::Asked,
            _ => Confirmation::NotDue,
        };
        Some((Self { state, confirmation, returned: self.returned }, effects))
    }

    fn before_payment(&self, event: &Event) -> Option<(State, Vec<Effect>)> {
        use {Event as E, State as S};
        let quietly = |state| Some((state, vec![]));
        match (&self.state, event) {
            (S::Offered, E::BillLocked { charge }) => {
                quietly(S::Ordering { charge: *charge, ending: None })
            }
            // An earlier try whose answer was lost may have locked the bill, so it is let go.
            (S::Offered, E::BillRefused { refusal }) => {
                Some(self.ended(&Ending::BillRefused(refusal.clone())))
            }
            (S::Ordering { charge, ending: None }, E::EndWanted { ending }) => {
                quietly(S::Ordering { charge: *charge, ending: Some(ending.clone()) })
            }
            (S::Ordering { charge, ending: None }, E::OrderAccepted { accepted }) => {
                quietly(S::Ordered { charge: *charge, accepted: accepted.clone() })
            }
            (S::Ordering { ending, .. }, E::OrderRefused { refusal }) => {
                let refused = Ending::OrderRefused(refusal.clone());
                Some(self.ended(ending.as_ref().unwrap_or(&refused)))
            }
            (S::Ordering { charge, ending: Some(ending) }, E::OrderAccepted { accepted })
            | (S::Ordered { charge, accepted }, E::EndWanted { ending }) => {
                quietly(closing(*charge, accepted, ending))
            }
            (S::Ordered { .. }, E::ClosedThere) => Some(self.ended(&Ending::Expired)),
            (S::Ordering { ending, .. }, E::ClosedThere) => {
                Some(self.ended(ending.as_ref().unwrap_or(&Ending::Expired)))
            }
            (S::Offered, E::EndWanted { ending }) | (S::Closing { ending, .. }, E::ClosedThere) => {
                Some(self.ended(ending))
            }
            (
                S::Ordering { charge, .. } | S::Ordered { charge, .. } | S::Closing { charge, .. },
                E::ReturningThere { med_trans_id },
            ) if self.state.may_be(med_trans_id) => {
                quietly(S::Returning { charge: *charge, med_trans_id: med_trans_id.clone() })
            }
            (
                S::Ordering { charge, .. }
                | S::Ordered { charge, .. }
                | S::Closing { charge, .. }
                | S::Returning { charge, .. },
                E::ReturnedThere { med_trans_id },
            ) if self.state.may_be(med_trans_id) => {
                let (charge, med_trans_id) = (Some(*charge), Some(med_trans_id.clone()));
                let ending = Ending::SystemRefunded;
                Some((S::Ended { charge, med_trans_id, ending }, vec![Effect::Release]))
            }
            (
                S::Ordering { .. } | S::Ordered { .. } | S::Closing { .. } | S::Ended { .. },
                E::PaidThere { med_trans_id, charge, at },
            ) => self.paid(med_trans_id, *charge, *at),
            _ => None,
        }
    }

    /// The order came to nothing, so its bill is let go.
    fn ended(&self, ending: &Ending) -> (State, Vec<Effect>) {
        let charge = self.state.charge().copied();
        let med_trans_id = self.state.med_trans_id().cloned();
        (State::Ended { charge, med_trans_id, ending: ending.clone() }, vec![Effect::Release])
    }

    /// Paid, if it is what was ordered; other amounts, or another order's, are a contradiction.
    fn paid(
        &self,
        med_trans_id: &MedTransId,
        charge: Charge,
        at: Timestamp,
    ) -> Option<(State, Vec<Effect>)> {
        let late = match &self.state {
            State::Ended { ending: Ending::SystemRefunded, .. } => return None,
            State::Ended { .. } => true,
            _ => false,
        };
        if self.state.charge() != Some(&charge) || !self.state.may_be(med_trans_id) {
            return None;
        }
        let med_trans_id = med_trans_id.clone();
        let paid = State::Paid { charge, med_trans_id, at, late };
        Some((paid, vec![Effect::Confirm, Effect::TellPayer]))
    }

    fn after_payment(&self, event: &Event) -> Option<(Self, Vec<Effect>)> {
        use {Confirmation as C, Event as E};
        let confirmed = |confirmation| Self { confirmation, ..self.clone() };
        match (&self.confirmation, event) {
            (C::Asked | C::Silent | C::Refused(_), E::HisConfirmed { receipt }) => {
                Some((confirmed(C::Confirmed(receipt.clone())), vec![]))
            }
            (C::Asked, E::HisRefused { refusal }) => {
                Some((confirmed(C::Refused(refusal.clone())), vec![Effect::HandOver]))
            }
            (C::Asked, E::HisSilent) => Some((confirmed(C::Silent), vec![Effect::HandOver])),
            (C::Asked | C::Silent | C::Refused(_), E::StaffConfirmed) => {
                Some((confirmed(C::ByStaff), vec![]))
            }
            (_, E::GivenBack { cash, insurance }) => {
                let returned = self.returned.and(*cash, *insurance, self.state.charge()?)?;
                Some((Self { returned, ..self.clone() }, vec![]))
            }
            _ => None,
        }
    }

    /// Whether `event` has already had its effect: a second delivery.
    fn already_reflects(&self, event: &Event) -> bool {
        use {Confirmation as C, Event as E, State as S};
        match (event, &self.state) {
            (E::BillLocked { charge }, S::Ordering { charge: of, .. }) => charge == of,
            (E::OrderAccepted { accepted }, state) => {
                state.med_trans_id() == Some(&accepted.med_trans_id)
            }
            (E::EndWanted { .. }, state) => {
                matches!(
                    state,
                    S::Ordering { ending: Some(_), .. } | S::Closing { .. } | S::Ended { .. }
                )
            }
            (E::ClosedThere, S::Ended { ending, .. }) => *ending != Ending::SystemRefunded,
            (E::ReturningThere { med_trans_id }, S::Returning { med_trans_id: of, .. }) => {
                med_trans_id == of
            }
            (E::ReturnedThere { .. }, S::Ended { ending, .. }) => *ending == Ending::SystemRefunded,
            (
                E::PaidThere { med_trans_id, charge, at },
                S::Paid { med_trans_id: id, charge: of, at: then, .. },
            ) => (med_trans_id, charge, at) == (id, of, then),
            (E::HisConfirmed { .. }, S::Paid { .. }) => {
                matches!(self.confirmation, C::Confirmed(_) | C::ByStaff)
            }
            (E::HisRefused { .. } | E::HisSilent, S::Paid { .. }) => {
                matches!(self.confirmation, C::Refused(_) | C::Silent | C::ByStaff)
            }
            (E::StaffConfirmed, S::Paid { .. }) => {
                matches!(self.confirmation, C::Confirmed(_) | C::ByStaff)
            }
            _ => false,
        }
    }

    /// What the state still waits for: the question to ask the platform or, at first, the HIS.
    ///
    /// A worker looks here, not into its job, so that a job that outlived its reason does nothing.
    pub const fn question(&self) -> Option<Question> {
        match &self.state {
            State::Offered => Some(Question::LockBill),
            State::Ordering { ending: None, .. } => Some(Question::Order),
            // Whoever wants it closed must not order it anew: was it ever ordered?
            State::Ordering { ending: Some(_), .. }
            | State::Ordered { .. }
            | State::Returning { .. } => Some(Question::Ask),
            State::Closing { .. } => Some(Question::Close),
            State::Paid { .. } | State::Ended { .. } => None,
        }
    }

    /// Whether the HIS is still to be told of the payment.
    pub fn his_is_to_know(&self) -> bool {
        matches!(self.confirmation, Confirmation::Asked) && !self.wholly_returned()
    }

    /// Whether all of the money has been given back.
    pub fn wholly_returned(&self) -> bool {
        match &self.state {
            State::Paid { charge, .. } => self.returned.is_all_of(charge),
            _ => false,
        }
    }

    /// Whether the bill can be paid by no other order.
    ///
    /// Not one that was paid after it had ended: another order may hold the bill by then.
    pub fn holds_bill(&self) -> bool {
        match &self.state {
            State::Ended { .. } | State::Paid { late: true, .. } => false,
            State::Paid { .. } => !self.wholly_returned(),
            State::Offered
            | State::Ordering { .. }
            | State::Ordered { .. }
            | State::Closing { .. }
            | State::Returning { .. } => true,
        }
    }

    /// The name of where it stands, for operators.
    pub const fn code(&self) -> &'static str {
        match self.state {
            State::Paid { .. } => self.confirmation.code(),
            _ => self.state.code(),
        }
    }
}

fn closing(charge: Charge, accepted: &Accepted, ending: &Ending) -> State {
    State::Closing { charge, accepted: accepted.clone(), ending: ending.clone() }
}
