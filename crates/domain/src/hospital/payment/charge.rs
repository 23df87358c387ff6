//! What is charged, and what of it has been given back.

use super::Kind;
use crate::Fen;

/// What an order charges, as its bill was locked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Charge {
    /// How it is paid; from the choice, never from the amounts (0 元医保 is `Mixed`).
    pub kind: Kind,
    /// 总金额; may exceed the two parts by a discount of the bureau's.
    pub total: Fen,
    /// 现金金额.
    pub cash: Fen,
    /// 医保金额.
    pub insurance: Fen,
}

/// Why a bill cannot be charged so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChargeFault {
    /// There is nothing to pay.
    #[error("the bill is of 0")]
    Nothing,
    /// The parts are more than the total.
    #[error("the parts exceed the total")]
    PartsExceedTotal,
    /// Insurance is wanted, and nobody has said what it pays.
    #[error("the bill is not pre-settled")]
    NotSplit,
    /// The cash part is more than one order may take.
    #[error("the cash part is over the limit")]
    OverLimit,
}

impl Charge {
    /// All of a bill in cash.
    pub fn in_cash(total: Fen, limit: Fen) -> Result<Self, ChargeFault> {
        Self { kind: Kind::CashOnly, total, cash: total, insurance: Fen::ZERO }.checked(limit)
    }

    /// With insurance, which pays `insurance` of it, perhaps nothing.
    pub fn with_insurance(
        total: Fen,
        cash: Fen,
        insurance: Fen,
        limit: Fen,
    ) -> Result<Self, ChargeFault> {
        let kind = if cash.is_zero() { Kind::InsuranceOnly } else { Kind::Mixed };
        Self { kind, total, cash, insurance }.checked(limit)
    }

    fn checked(self, limit: Fen) -> Result<Self, ChargeFault> {
        let parts = self.cash.checked_add(self.insurance).ok_or(ChargeFault::PartsExceedTotal)?;
        if self.total.is_zero() || parts.is_zero() {
            Err(ChargeFault::Nothing)
        } else if parts > self.total {
            Err(ChargeFault::PartsExceedTotal)
        } else if self.cash > limit {
            Err(ChargeFault::OverLimit)
        } else {
            Ok(self)
        }
    }
}

/// What of a charge has been given back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Returned {
    /// Of the cash part.
    pub cash: Fen,
    /// Of the insurance part.
    pub insurance: Fen,
}

impl Returned {
    /// Nothing yet.
    pub const NOTHING: Self = Self { cash: Fen::ZERO, insurance: Fen::ZERO };

    /// With more given back; none if that were more than was charged.
    pub(super) fn and(self, cash: Fen, insurance: Fen, of: &Charge) -> Option<Self> {
        let cash = self.cash.checked_add(cash).filter(|sum| *sum <= of.cash)?;
        let insurance = self.insurance.checked_add(insurance).filter(|sum| *sum <= of.insurance)?;
        Some(Self { cash, insurance })
    }

    /// Whether nothing of `charge` is left.
    pub(super) fn is_all_of(&self, charge: &Charge) -> bool {
        self.cash == charge.cash && self.insurance == charge.insurance
    }
}
