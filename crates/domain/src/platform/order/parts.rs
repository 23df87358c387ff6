//! What an order is made of: its kind, its parts and the parties' words.

use crate::{CashOrderId, Fen, InsuranceOrderId, Timestamp};

/// How an order is paid; from `pay_type`, never from the amounts (0 元医保 is `Mixed`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// 纯自费: the bureau never sees it.
    CashOnly,
    /// 医保 + 自费, and 0 元医保: a cash part, and a booking at the bureau that may be of 0.
    Mixed,
    /// 全额医保: no cash part.
    InsuranceOnly,
}

impl Kind {
    /// Whether the wallet takes part.
    pub const fn has_cash(self) -> bool {
        matches!(self, Self::CashOnly | Self::Mixed)
    }

    /// Whether the bureau takes part.
    pub const fn has_insurance(self) -> bool {
        matches!(self, Self::Mixed | Self::InsuranceOnly)
    }
}

/// How the bureau divides an order; `insurance = self_fee + fund_fee + other_fee`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Split {
    /// What the insurance pays.
    pub insurance: Fen,
    /// What is left to be paid in cash.
    pub cash: Fen,
    /// 个账: of `insurance`, from the person's own account.
    pub self_fee: Fen,
    /// 统筹: of `insurance`, from the fund.
    pub fund_fee: Fen,
    /// The rest of `insurance`.
    pub other_fee: Fen,
}

/// A captured cash part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CashTxn {
    /// 支付子单号 of the wallet.
    pub cash_order_id: CashOrderId,
    /// Of the amount, what a coupon paid.
    pub coupon: Fen,
    /// When the wallet took it.
    pub at: Timestamp,
}

/// A booked settlement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InsuranceTxn {
    /// 医保子单号 of the bureau.
    pub insurance_order_id: InsuranceOrderId,
    /// What was booked.
    pub split: Split,
    /// The bureau's words to the hospital, byte for byte.
    pub response_content: String,
    /// When the bureau booked it.
    pub at: Timestamp,
}

/// One of the two parts of a payment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Leg {
    /// The part that the wallet pays.
    Cash,
    /// The part that the insurance pays.
    Insurance,
}

/// An explicit no of a party, in its own code and words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Who refused.
    pub leg: Leg,
    /// The party's own code.
    pub code: String,
    /// Its words, in Chinese, for payer and hospital.
    pub reason: String,
}

/// Why an order was closed unpaid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closing {
    /// Its time ran out.
    Expired,
    /// The hospital asked for it (closeorder).
    Asked,
}
