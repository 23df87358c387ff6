//! What happens to an order, and what it wants of the world.

use super::{CashTxn, InsuranceTxn, Refusal};
use crate::{CashOrderId, Fen, InsuranceOrderId, MedTransId, Timestamp};

/// What happens to an order. An answer names the try that it answers, so that a late one cannot be
/// taken for the answer to a later question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The wallet confirmed the payer's password.
    PasswordAccepted {
        /// Its single-use word.
        confirmation: String,
    },
    /// The wallet took the cash part.
    CashTaken {
        /// The try.
        attempt: u32,
        /// What it took.
        cash: CashTxn,
    },
    /// The wallet refused to.
    CashRefused {
        /// The try.
        attempt: u32,
        /// Its words.
        refusal: Refusal,
    },
    /// The bureau settled.
    InsuranceSettled {
        /// The try.
        attempt: u32,
        /// What it booked.
        settled: InsuranceTxn,
        /// When we heard of it.
        heard_at: Timestamp,
    },
    /// The bureau refused to.
    InsuranceRefused {
        /// The try.
        attempt: u32,
        /// Its words.
        refusal: Refusal,
    },
    /// The bureau undid the settlement with other amounts.
    InsuranceReversed {
        /// The try.
        attempt: u32,
        /// When.
        at: Timestamp,
    },
    /// The bureau refused to undo it.
    ReversalRefused {
        /// The try.
        attempt: u32,
    },
    /// The wallet gave the cash part back.
    CashReturned {
        /// The try.
        attempt: u32,
        /// When.
        at: Timestamp,
    },
    /// The wallet refused to give it back.
    CashReturnRefused {
        /// The try.
        attempt: u32,
    },
    /// The order's time ran out.
    Expired,
    /// The hospital asks to close the order.
    CloseAsked,
}

/// What an order wants of the world. Carried out only from a committed job; may run twice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Ask the wallet to take the cash part.
    CaptureCash {
        /// The try.
        attempt: u32,
        /// How much.
        amount: Fen,
        /// The word that the payer typed the password.
        confirmation: String,
    },
    /// Ask the bureau to book the claim, also of 0.
    SettleInsurance {
        /// The try.
        attempt: u32,
        /// How much.
        amount: Fen,
    },
    /// Ask the bureau to undo a settlement.
    ReverseInsurance {
        /// The try.
        attempt: u32,
        /// How often it has refused to.
        refusals: u32,
        /// The settlement.
        insurance_order_id: InsuranceOrderId,
    },
    /// Ask the wallet to give the cash part back.
    ReturnCash {
        /// The try.
        attempt: u32,
        /// How often it has refused to.
        refusals: u32,
        /// How much.
        amount: Fen,
        /// The capture.
        cash_order_id: CashOrderId,
    },
    /// Tell the hospital.
    Notify,
}

impl Effect {
    /// The idempotency key under which the other party is asked; none if nobody is.
    pub fn key(&self, med_trans_id: &MedTransId) -> Option<String> {
        let (what, attempt) = match self {
            Self::CaptureCash { attempt, .. } => ("cash", attempt),
            Self::SettleInsurance { attempt, .. } => ("ins", attempt),
            Self::ReverseInsurance { attempt, .. } => ("undo", attempt),
            Self::ReturnCash { attempt, .. } => ("back", attempt),
            Self::Notify => return None,
        };
        Some(format!("{med_trans_id}-{what}-{attempt}"))
    }
}

/// An event that cannot happen in this state: somebody must look.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an order that is {state} cannot meet {event}")]
pub struct IllegalEvent {
    /// [`super::State::code`].
    pub state: &'static str,
    /// [`Event::code`].
    pub event: &'static str,
}

impl Event {
    /// The name under which the event is stored and shown to operators.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PasswordAccepted { .. } => "password_accepted",
            Self::CashTaken { .. } => "cash_taken",
            Self::CashRefused { .. } => "cash_refused",
            Self::InsuranceSettled { .. } => "insurance_settled",
            Self::InsuranceRefused { .. } => "insurance_refused",
            Self::InsuranceReversed { .. } => "insurance_reversed",
            Self::ReversalRefused { .. } => "reversal_refused",
            Self::CashReturned { .. } => "cash_returned",
            Self::CashReturnRefused { .. } => "cash_return_refused",
            Self::Expired => "expired",
            Self::CloseAsked => "close_asked",
        }
    }
}
