//! What is bought on the way.

use medpay_domain::Fen;
use medpay_wire::states::{OrderType, PayType};

/// The orders of a journey.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Purchase {
    /// 全额医保.
    InsuranceOnly,
    /// 医保 + 自费.
    Mixed,
    /// 0 元医保: paid in cash, booked by the bureau.
    ZeroInsurance,
    /// 纯自费: the bureau never sees it.
    CashOnly,
    /// A mixed one at the window.
    Scanned,
    /// The bureau refuses it after the cash was taken.
    Refused,
    /// Never paid.
    Abandoned,
}

/// How one is paid, in fen.
pub(super) struct Terms {
    pub(super) order_type: OrderType,
    pub(super) pay_type: PayType,
    pub(super) total: Fen,
    pub(super) cash: Fen,
    pub(super) insurance: Fen,
}

impl Purchase {
    /// The three amount types of guide §5.2, and cash only.
    pub(super) const KINDS: [Self; 4] =
        [Self::InsuranceOnly, Self::Mixed, Self::ZeroInsurance, Self::CashOnly];

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::InsuranceOnly => "insurance only",
            Self::Mixed => "mixed",
            Self::ZeroInsurance => "zero insurance",
            Self::CashOnly => "cash only",
            Self::Scanned => "scanned",
            Self::Refused => "refused",
            Self::Abandoned => "abandoned",
        }
    }

    /// Two digits that end the hospital's number of it.
    pub(super) const fn suffix(self) -> &'static str {
        match self {
            Self::InsuranceOnly => "01",
            Self::Mixed => "02",
            Self::ZeroInsurance => "03",
            Self::CashOnly => "04",
            Self::Scanned => "05",
            Self::Refused => "06",
            Self::Abandoned => "07",
        }
    }

    pub(super) fn terms(self) -> Terms {
        use {OrderType as O, PayType as P};
        let (order_type, pay_type, cash, insurance) = match self {
            Self::InsuranceOnly => (O::DiagPay, P::Insurance, 0, 905),
            Self::Mixed => (O::DiagPay, P::Mixed, 1000, 2050),
            Self::ZeroInsurance => (O::RegPay, P::Mixed, 1500, 0),
            Self::CashOnly => (O::RegPay, P::Cash, 2000, 0),
            Self::Scanned => (O::DiagPay, P::Mixed, 1200, 3000),
            // 142 fen in all: the bureau refuses after the cash was taken (PROTOCOL 11).
            Self::Refused => (O::DiagPay, P::Mixed, 42, 100),
            Self::Abandoned => (O::DiagPay, P::Insurance, 0, 600),
        };
        let fen = |amount| Fen::new(amount).unwrap_or_default();
        Terms {
            order_type,
            pay_type,
            total: fen(cash + insurance),
            cash: fen(cash),
            insurance: fen(insurance),
        }
    }
}
