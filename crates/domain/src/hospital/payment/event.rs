//! What happens to a payment, and what it wants of the world.

use super::{Accepted, Charge, Ending, Receipt, Refusal};
use crate::{Fen, MedTransId, Timestamp};

/// What happens to a payment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The HIS locked the bill.
    BillLocked {
        /// What it costs.
        charge: Charge,
    },
    /// The HIS refused to, or the locked bill cannot be charged.
    BillRefused {
        /// Its words.
        refusal: Refusal,
    },
    /// The platform accepted the order.
    OrderAccepted {
        /// Its order.
        accepted: Accepted,
    },
    /// The platform refused the order, or never saw it and is not to be asked again.
    OrderRefused {
        /// Its words.
        refusal: Refusal,
    },
    /// Somebody or the time wants it ended.
    EndWanted {
        /// Why.
        ending: Ending,
    },
    /// The platform says that the order is closed.
    ClosedThere,
    /// The platform says that the cash is going back because the bureau refused.
    ReturningThere {
        /// Its number.
        med_trans_id: MedTransId,
    },
    /// The platform says that the cash is back.
    ReturnedThere {
        /// Its number.
        med_trans_id: MedTransId,
    },
    /// The platform says that the order is paid.
    PaidThere {
        /// Its number.
        med_trans_id: MedTransId,
        /// What it charged.
        charge: Charge,
        /// When.
        at: Timestamp,
    },
    /// The HIS has written the payment down.
    HisConfirmed {
        /// Its receipt.
        receipt: Receipt,
    },
    /// The HIS refuses to.
    HisRefused {
        /// Its words.
        refusal: Refusal,
    },
    /// The HIS was silent for as long as the hospital waits.
    HisSilent,
    /// A member of staff has written it down by hand.
    StaffConfirmed,
    /// A refund gave some of it back.
    GivenBack {
        /// Of the cash part.
        cash: Fen,
        /// Of the insurance part.
        insurance: Fen,
    },
}

/// What a payment wants of the world. Carried out only from a committed job; may run twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Ask the HIS to let go of the bill.
    Release,
    /// Ask the HIS to write the payment down.
    Confirm,
    /// Tell the payer that it is paid.
    TellPayer,
    /// Give the money back or put it before a person, as the hospital has decided.
    HandOver,
}

/// What is asked next about a payment that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Question {
    /// lock_bill, of the HIS.
    LockBill,
    /// unifiedorder or qrcodeunifiedorder, of the platform.
    Order,
    /// orderquery.
    Ask,
    /// closeorder.
    Close,
}

/// An event that cannot happen here: somebody must look.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a payment that is {state} cannot meet {event}")]
pub struct IllegalEvent {
    /// [`super::Payment::code`].
    pub state: &'static str,
    /// [`Event::code`].
    pub event: &'static str,
}

impl Event {
    /// The name under which the event is stored and shown to operators.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BillLocked { .. } => "bill_locked",
            Self::BillRefused { .. } => "bill_refused",
            Self::OrderAccepted { .. } => "order_accepted",
            Self::OrderRefused { .. } => "order_refused",
            Self::EndWanted { .. } => "end_wanted",
            Self::ClosedThere => "closed_there",
            Self::ReturningThere { .. } => "returning_there",
            Self::ReturnedThere { .. } => "returned_there",
            Self::PaidThere { .. } => "paid_there",
            Self::HisConfirmed { .. } => "his_confirmed",
            Self::HisRefused { .. } => "his_refused",
            Self::HisSilent => "his_silent",
            Self::StaffConfirmed => "staff_confirmed",
            Self::GivenBack { .. } => "given_back",
        }
    }
}
