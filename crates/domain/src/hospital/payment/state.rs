//! Where the money of a payment stands.

use super::Charge;
use crate::{MedTransId, Timestamp};

/// What the platform says of the money. A variant carries the facts that hold in it, and no others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// Written down. The HIS was asked to lock the bill; the outcome is unknown.
    Offered,
    /// The bill is locked. The platform was asked for the order; the outcome is unknown.
    Ordering {
        /// What is charged.
        charge: Charge,
        /// Why it is to end all the same, once it is known whether there is an order.
        ending: Option<Ending>,
    },
    /// The platform waits for the payer.
    Ordered {
        /// What is charged.
        charge: Charge,
        /// The platform's order.
        accepted: Accepted,
    },
    /// The platform was asked to close the order; the outcome is unknown.
    Closing {
        /// What would have been charged.
        charge: Charge,
        /// The platform's order.
        accepted: Accepted,
        /// Why.
        ending: Ending,
    },
    /// The bureau refused after the cash was taken, so the platform is giving that back by itself.
    Returning {
        /// What would have been charged.
        charge: Charge,
        /// The platform's order.
        med_trans_id: MedTransId,
    },
    /// Paid.
    Paid {
        /// What was charged.
        charge: Charge,
        /// The platform's order.
        med_trans_id: MedTransId,
        /// When, by the platform.
        at: Timestamp,
        /// It had ended here before, and its bill was let go.
        late: bool,
    },
    /// Ended unpaid; no money has moved for good.
    Ended {
        /// What would have been charged; none if the bill was never locked.
        charge: Option<Charge>,
        /// The platform's order, if there was one.
        med_trans_id: Option<MedTransId>,
        /// Why.
        ending: Ending,
    },
}

/// An order that the platform has accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// 诊疗单 id.
    pub med_trans_id: MedTransId,
    /// Where the payer pays; none where a pay code was scanned, or where we learnt of the order by
    /// asking.
    pub pay_url: Option<String>,
}

/// Why a payment ended unpaid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Nobody paid in time.
    Expired,
    /// The payer did not want it any more.
    GivenUp,
    /// The doctor took the bill back.
    BillVoided,
    /// The HIS refused to lock the bill.
    BillRefused(Refusal),
    /// The platform refused the order.
    OrderRefused(Refusal),
    /// The bureau refused, and the platform has given the cash back.
    SystemRefunded,
}

/// An explicit no of another party.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Its code.
    pub code: String,
    /// Its words.
    pub reason: String,
}

impl Ending {
    /// The name under which it is stored.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::GivenUp => "given_up",
            Self::BillVoided => "bill_voided",
            Self::BillRefused(_) => "bill_refused",
            Self::OrderRefused(_) => "order_refused",
            Self::SystemRefunded => "system_refunded",
        }
    }

    /// What the other party said, where one did.
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::BillRefused(refusal) | Self::OrderRefused(refusal) => Some(refusal),
            Self::Expired | Self::GivenUp | Self::BillVoided | Self::SystemRefunded => None,
        }
    }
}

impl State {
    /// The name under which it is stored.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Ordering { .. } => "ordering",
            Self::Ordered { .. } => "ordered",
            Self::Closing { .. } => "closing",
            Self::Returning { .. } => "returning",
            Self::Paid { .. } => "paid",
            Self::Ended { .. } => "ended",
        }
    }

    /// What is charged, once the bill was locked.
    pub const fn charge(&self) -> Option<&Charge> {
        match self {
            Self::Ordering { charge, .. }
            | Self::Ordered { charge, .. }
            | Self::Closing { charge, .. }
            | Self::Returning { charge, .. }
            | Self::Paid { charge, .. } => Some(charge),
            Self::Ended { charge, .. } => charge.as_ref(),
            Self::Offered => None,
        }
    }

    /// The platform's number, once it is known.
    pub const fn med_trans_id(&self) -> Option<&MedTransId> {
        match self {
            Self::Ordered { accepted, .. } | Self::Closing { accepted, .. } => {
                Some(&accepted.med_trans_id)
            }
            Self::Returning { med_trans_id, .. } | Self::Paid { med_trans_id, .. } => {
                Some(med_trans_id)
            }
            Self::Ended { med_trans_id, .. } => med_trans_id.as_ref(),
            Self::Offered | Self::Ordering { .. } => None,
        }
    }

    /// Why it ended, or is to end.
    pub const fn ending(&self) -> Option<&Ending> {
        match self {
            Self::Ordering { ending, .. } => ending.as_ref(),
            Self::Closing { ending, .. } | Self::Ended { ending, .. } => Some(ending),
            Self::Offered | Self::Ordered { .. } | Self::Returning { .. } | Self::Paid { .. } => {
                None
            }
        }
    }

    /// Where the payer pays.
    pub fn pay_url(&self) -> Option<&str> {
        match self {
            Self::Ordered { accepted, .. } => accepted.pay_url.as_deref(),
            _ => None,
        }
    }

    /// Whether this may be the platform's order `med_trans_id`: it is, or no number is known yet.
    pub(super) fn may_be(&self, med_trans_id: &MedTransId) -> bool {
        self.med_trans_id().is_none_or(|known| known == med_trans_id)
    }
}
