//! The order machine: how one payment moves, with no I/O.
//!
//! Self-pay goes first, then the insurance (接入指引 §5.2), so that self-pay is the only part that can
//! need handing back. A state that ends in `Pending`, `Reversing` or `Returning` means *we asked
//! and do not know*; only an explicit answer leaves it. The machine is pure: [`Order::apply`]
//! changes the state and says what to do next, [`Order::outstanding`] says what a state still waits
//! for.
//!
//! Beside it: what the wire calls these states ([`trade_states`]) and how refunds share out what
//! was paid ([`reservation`]). Nothing here knows who asks for a refund or when it is allowed.

mod event;
mod parts;
pub mod reservation;
mod state;
#[cfg(test)]
mod table;
pub mod trade_states;

pub use event::{Effect, Event, IllegalEvent};
pub use parts::{CashTxn, Closing, InsuranceTxn, Kind, Leg, Refusal, Split};
pub use state::State;

use crate::{Fen, MedTransId, Timestamp};
use reservation::Reservations;

/// An order, as far as its money goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    /// 诊疗单 id.
    pub med_trans_id: MedTransId,
    /// How it is paid.
    pub kind: Kind,
    /// 订单总额; may exceed the two parts because of discounts.
    pub total: Fen,
    /// The two parts as the payer sees them before the password, and as they are debited.
    pub split: Split,
    /// Where it stands.
    pub state: State,
    /// Which refund has a hold on which part.
    pub reservations: Reservations,
}

impl Order {
    /// Moves the order on and says what to do next; changes nothing if `event` is illegal.
    ///
    /// A second delivery of an event that is already part of the state yields no effects.
    pub fn apply(&mut self, event: &Event) -> Result<Vec<Effect>, IllegalEvent> {
        if self.state.already_reflects(event) {
            return Ok(Vec::new());
        }
        let illegal = || IllegalEvent { state: self.state.code(), event: event.code() };
        let next = self.next(event).ok_or_else(illegal)?;
        self.state = next;
        let paid = matches!(self.state, State::Paid { .. }).then_some(Effect::Notify);
        Ok(self.outstanding().into_iter().chain(paid).collect())
    }

    /// The state after `event`; none if it cannot happen here.
    fn next(&self, event: &Event) -> Option<State> {
        use {Event as E, Kind as K, State as S};
        Some(match (&self.state, event, self.kind) {
            (S::Created { attempt, .. }, E::PasswordAccepted { .. }, K::InsuranceOnly) => {
                S::InsurancePending { attempt: *attempt, cash: None }
            }
            (
                S::Created { attempt, .. },
                E::PasswordAccepted { confirmation },
                K::Mixed | K::CashOnly,
            ) => S::CashPending { attempt: *attempt, confirmation: confirmation.clone() },
            (S::Created { attempt, refused }, E::Expired, _) => {
                S::Closed { attempt: *attempt, closing: Closing::Expired, refused: refused.clone() }
            }
            (S::Created { attempt, refused }, E::CloseAsked, _) => {
                S::Closed { attempt: *attempt, closing: Closing::Asked, refused: refused.clone() }
            }
            (S::CashPending { attempt, .. }, E::CashTaken { attempt: of, cash }, kind)
                if of == attempt =>
            {
                if kind == K::CashOnly {
                    let (cash, paid_at) = (Some(cash.clone()), cash.at);
                    S::Paid { attempt: *attempt, cash, insurance: None, paid_at, late: false }
                } else {
                    S::InsurancePending { attempt: *attempt, cash: Some(cash.clone()) }
                }
            }
            // An explicit refusal ends the try; the payer may try again, under a new key.
            (S::CashPending { attempt, .. }, E::CashRefused { attempt: of, refusal }, _)
                if of == attempt =>
            {
                S::Created { attempt: attempt + 1, refused: Some(refusal.clone()) }
            }
            (
                S::InsurancePending { attempt, cash },
                E::InsuranceSettled { attempt: of, settled, heard_at },
                _,
            ) if of == attempt => self.settled(*attempt, cash.as_ref(), settled, *heard_at),
            (
                S::InsurancePending { attempt, cash },
                E::InsuranceRefused { attempt: of, refusal },
                _,
            ) if of == attempt => unpaid(*attempt, cash.as_ref(), refusal.clone()),
            (
                S::InsuranceReversing { attempt, cash, .. },
                E::InsuranceReversed { attempt: of, .. },
                _,
            ) if of == attempt => unpaid(*attempt, cash.as_ref(), other_amounts()),
            // Undoing and giving back are owed, so a refusal leads to another try.
            (
                S::InsuranceReversing { attempt, refusals, cash, settled },
                E::ReversalRefused { attempt: of },
                _,
            ) if of == attempt => S::InsuranceReversing {
                attempt: attempt + 1,
                refusals: refusals + 1,
                cash: cash.clone(),
                settled: settled.clone(),
            },
            (
                S::CashReturning { attempt, cash, refusal, .. },
                E::CashReturned { attempt: of, at },
                _,
            ) if of == attempt => S::SystemRefunded {
                attempt: *attempt,
                cash: cash.clone(),
                refusal: refusal.clone(),
                at: *at,
            },
            (
                S::CashReturning { attempt, refusals, cash, refusal },
                E::CashReturnRefused { attempt: of },
                _,
            ) if of == attempt => S::CashReturning {
                attempt: attempt + 1,
                refusals: refusals + 1,
                cash: cash.clone(),
                refusal: refusal.clone(),
            },
            _ => return None,
        })
    }

    /// After the bureau settled: paid if it booked what the payer saw, else to be undone.
    fn settled(
        &self,
        attempt: u32,
        cash: Option<&CashTxn>,
        settled: &InsuranceTxn,
        heard_at: Timestamp,
    ) -> State {
        let (cash, settled) = (cash.cloned(), settled.clone());
        let as_shown = settled.split.insurance == self.split.insurance
            && settled.split.cash == self.split.cash;
        if !as_shown {
            return State::InsuranceReversing { attempt, refusals: 0, cash, settled };
        }
        let (paid_at, late) = (settled.at, heard_at.day() > settled.at.day());
        State::Paid { attempt, cash, insurance: Some(settled), paid_at, late }
    }

    /// What the state still waits for: the question that was asked and has no answer yet.
    ///
    /// A worker looks here, not into its job, so that a job that outlived its reason does nothing.
    pub fn outstanding(&self) -> Option<Effect> {
        match &self.state {
            State::CashPending { attempt, confirmation } => Some(Effect::CaptureCash {
                attempt: *attempt,
                amount: self.split.cash,
                confirmation: confirmation.clone(),
            }),
            State::InsurancePending { attempt, .. } => {
                Some(Effect::SettleInsurance { attempt: *attempt, amount: self.split.insurance })
            }
            State::InsuranceReversing { attempt, refusals, settled, .. } => {
                Some(Effect::ReverseInsurance {
                    attempt: *attempt,
                    refusals: *refusals,
                    insurance_order_id: settled.insurance_order_id.clone(),
                })
            }
            State::CashReturning { attempt, refusals, cash, .. } => Some(Effect::ReturnCash {
                attempt: *attempt,
                refusals: *refusals,
                amount: self.split.cash,
                cash_order_id: cash.cash_order_id.clone(),
            }),
            State::Created { .. }
            | State::Paid { .. }
            | State::SystemRefunded { .. }
            | State::Closed { .. } => None,
        }
    }
}

/// Where an order goes when the bureau does not pay: the cash part back to the payer, or, if none
/// was taken, to another try.
fn unpaid(attempt: u32, cash: Option<&CashTxn>, refusal: Refusal) -> State {
    match cash {
        Some(cash) => State::CashReturning { attempt, refusals: 0, cash: cash.clone(), refusal },
        None => State::Created { attempt: attempt + 1, refused: Some(refusal) },
    }
}

/// The refusal that a settlement with other amounts counts as.
fn other_amounts() -> Refusal {
    Refusal {
        leg: Leg::Insurance,
        code: "AMOUNT_CHANGED".to_owned(),
        reason: "医保结算金额与预结算不一致，已撤销".to_owned(),
    }
}
