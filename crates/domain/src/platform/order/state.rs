//! Where an order stands.

use super::{CashTxn, Closing, Event, InsuranceTxn, Refusal};
use crate::Timestamp;

/// Where an order stands. A variant carries the facts that hold in it, and no others.
///
/// `attempt` counts every new try of the order, of whatever leg, so that no two tries share a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// Accepted; no money has moved.
    Created {
        /// The number of the next try, from 1.
        attempt: u32,
        /// Why the last try ended; the payer may try again until close.
        refused: Option<Refusal>,
    },
    /// The cash debit was asked for. Its outcome is unknown.
    CashPending {
        /// The try.
        attempt: u32,
        /// The wallet's single-use word that the payer typed the password.
        confirmation: String,
    },
    /// The insurance debit was asked for. Its outcome is unknown; `cash` is already taken.
    InsurancePending {
        /// The try.
        attempt: u32,
        /// The cash part; none if insurance pays all.
        cash: Option<CashTxn>,
    },
    /// The bureau settled other amounts than the payer saw; that is being undone.
    InsuranceReversing {
        /// The try at undoing.
        attempt: u32,
        /// How often the bureau has refused to undo.
        refusals: u32,
        /// The cash part; none if insurance pays all.
        cash: Option<CashTxn>,
        /// What was settled.
        settled: InsuranceTxn,
    },
    /// Everything is paid.
    Paid {
        /// The try that paid.
        attempt: u32,
        /// The cash part, if the kind has one.
        cash: Option<CashTxn>,
        /// The insurance part, if the kind has one.
        insurance: Option<InsuranceTxn>,
        /// 支付完成时间: when the last part was taken.
        paid_at: Timestamp,
        /// We learnt of it only after its day: insurance could not be given back any more.
        late: bool,
    },
    /// The bureau refused after the cash part was taken, so that part is going back.
    CashReturning {
        /// The try at giving back.
        attempt: u32,
        /// How often the wallet has refused to give it back.
        refusals: u32,
        /// What goes back.
        cash: CashTxn,
        /// What the bureau said.
        refusal: Refusal,
    },
    /// The cash part is back with the payer.
    SystemRefunded {
        /// The try at giving back.
        attempt: u32,
        /// What went back.
        cash: CashTxn,
        /// What the bureau said.
        refusal: Refusal,
        /// When the wallet gave it back.
        at: Timestamp,
    },
    /// Closed unpaid; no money has moved for good.
    Closed {
        /// The try that will not be.
        attempt: u32,
        /// Why.
        closing: Closing,
        /// Why the last try had ended, if there was one.
        refused: Option<Refusal>,
    },
}

impl State {
    /// The name under which the state is stored and shown to operators.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Created { .. } => "created",
            Self::CashPending { .. } => "cash_pending",
            Self::InsurancePending { .. } => "insurance_pending",
            Self::InsuranceReversing { .. } => "insurance_reversing",
            Self::Paid { .. } => "paid",
            Self::CashReturning { .. } => "cash_returning",
            Self::SystemRefunded { .. } => "system_refunded",
            Self::Closed { .. } => "closed",
        }
    }

    /// Whether a party was asked and has not answered.
    pub const fn in_flight(&self) -> bool {
        match self {
            Self::CashPending { .. }
            | Self::InsurancePending { .. }
            | Self::InsuranceReversing { .. }
            | Self::CashReturning { .. } => true,
            Self::Created { .. }
            | Self::Paid { .. }
            | Self::SystemRefunded { .. }
            | Self::Closed { .. } => false,
        }
    }

    /// The number of the try that is next, under way, or was the last.
    pub const fn attempt(&self) -> u32 {
        match self {
            Self::Created { attempt, .. }
            | Self::CashPending { attempt, .. }
            | Self::InsurancePending { attempt, .. }
            | Self::InsuranceReversing { attempt, .. }
            | Self::Paid { attempt, .. }
            | Self::CashReturning { attempt, .. }
            | Self::SystemRefunded { attempt, .. }
            | Self::Closed { attempt, .. } => *attempt,
        }
    }

    /// Whether `event` has already had its effect: a second delivery, or a refusal of a try that
    /// has been followed by another.
    pub(super) fn already_reflects(&self, event: &Event) -> bool {
        let past = |of: &u32| *of < self.attempt();
        let going_back = matches!(self, Self::CashReturning { .. } | Self::SystemRefunded { .. });
        match event {
            // A second tap: the first one's confirmation counts, this one expires unused.
            Event::PasswordAccepted { .. } => {
                matches!(self, Self::CashPending { .. } | Self::InsurancePending { .. })
            }
            Event::CashTaken { cash, .. } => self.cash() == Some(cash),
            Event::InsuranceSettled { settled, .. } => self.settlement() == Some(settled),
            Event::InsuranceRefused { attempt, .. } | Event::InsuranceReversed { attempt, .. } => {
                past(attempt) || going_back
            }
            Event::CashRefused { attempt, .. }
            | Event::ReversalRefused { attempt }
            | Event::CashReturnRefused { attempt } => past(attempt),
            Event::CashReturned { .. } => matches!(self, Self::SystemRefunded { .. }),
            Event::Expired => matches!(self, Self::Closed { closing: Closing::Expired, .. }),
            Event::CloseAsked => matches!(self, Self::Closed { closing: Closing::Asked, .. }),
        }
    }

    /// The cash part, where it was taken.
    pub const fn cash(&self) -> Option<&CashTxn> {
        match self {
            Self::InsurancePending { cash, .. }
            | Self::InsuranceReversing { cash, .. }
            | Self::Paid { cash, .. } => cash.as_ref(),
            Self::CashReturning { cash, .. } | Self::SystemRefunded { cash, .. } => Some(cash),
            Self::Created { .. } | Self::CashPending { .. } | Self::Closed { .. } => None,
        }
    }

    /// The settlement, where there is one.
    pub const fn settlement(&self) -> Option<&InsuranceTxn> {
        match self {
            Self::InsuranceReversing { settled, .. } => Some(settled),
            Self::Paid { insurance, .. } => insurance.as_ref(),
            Self::Created { .. }
            | Self::CashPending { .. }
            | Self::InsurancePending { .. }
            | Self::CashReturning { .. }
            | Self::SystemRefunded { .. }
            | Self::Closed { .. } => None,
        }
    }

    /// What a party last said no to, where it still matters.
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Created { refused, .. } | Self::Closed { refused, .. } => refused.as_ref(),
            Self::CashReturning { refusal, .. } | Self::SystemRefunded { refusal, .. } => {
                Some(refusal)
            }
            Self::CashPending { .. }
            | Self::InsurancePending { .. }
            | Self::InsuranceReversing { .. }
            | Self::Paid { .. } => None,
        }
    }
}
