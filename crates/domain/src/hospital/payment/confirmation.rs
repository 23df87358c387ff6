//! Whether the HIS has written a payment down.

use super::Refusal;

/// What the HIS says of a payment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Confirmation {
    /// Nothing is paid, so there is nothing to write down.
    NotDue,
    /// The HIS is told, again and again, until it answers.
    Asked,
    /// It has written it down.
    Confirmed(Receipt),
    /// It refused to; by the hospital's rule the money goes back, or a person decides.
    Refused(Refusal),
    /// It was silent for as long as the hospital waits; by the same rule.
    Silent,
    /// A member of staff has written it down by hand.
    ByStaff,
}

impl Confirmation {
    /// The name under which it is stored.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotDue => "not_due",
            Self::Asked => "paid",
            Self::Confirmed(_) => "confirmed",
            Self::Refused(_) => "refused_by_his",
            Self::Silent => "silent_his",
            Self::ByStaff => "confirmed_by_staff",
        }
    }

    /// Whether the HIS has the payment in its book.
    pub const fn is_confirmed(&self) -> bool {
        matches!(self, Self::Confirmed(_) | Self::ByStaff)
    }
}

/// What the HIS answers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Receipt {
    /// Its receipt.
    pub receipt_no: String,
    /// 排队号, of a registration for today.
    pub queue_no: Option<String>,
    /// What the patient does next; may be empty.
    pub guide: String,
}
