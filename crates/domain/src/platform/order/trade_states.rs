//! What the wire calls the states of an order (PROTOCOL 3.0): derived, never stored.

use super::reservation::Hold;
use super::{Kind, Leg, Order, State};

/// `med_trade_state`: the order as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MedTradeState {
    /// 支付成功
    Success,
    /// 转入退款: a part or all of it was given back.
    Refund,
    /// 系统已退款
    SysRefunded,
    /// 系统退款中
    SysRefunding,
    /// 未支付
    NotPay,
    /// 已关闭
    Closed,
    /// 支付失败; may be tried again until close.
    PayError,
}

/// `cash_trade_status`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CashTradeStatus {
    /// 支付成功
    Success,
    /// 已退款
    Refund,
    /// 未支付
    NotPay,
    /// 已关闭
    Closed,
    /// 支付中
    UserPaying,
    /// 支付失败
    PayError,
}

/// `insurance_trade_status`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InsuranceTradeStatus {
    /// 已支付
    Payed,
    /// 已退款
    Refund,
    /// 未支付
    NotPay,
    /// 已关闭
    Closed,
}

/// The three states that orderquery answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TradeStates {
    /// The order as a whole.
    pub med: MedTradeState,
    /// Its cash part.
    pub cash: CashTradeStatus,
    /// Its insurance part.
    pub insurance: InsuranceTradeStatus,
}

impl Order {
    /// The wire's states; only the combinations that PROTOCOL 3.0 allows.
    pub fn trade_states(&self) -> TradeStates {
        use {CashTradeStatus as C, InsuranceTradeStatus as I, MedTradeState as M};
        let (med, cash, insurance) = match &self.state {
            State::Created { refused: None, .. } => (M::NotPay, C::NotPay, I::NotPay),
            State::Created { refused: Some(refusal), .. } => match refusal.leg {
                Leg::Cash => (M::PayError, C::PayError, I::NotPay),
                Leg::Insurance => (M::PayError, C::NotPay, I::NotPay),
            },
            // The parts are told apart only once the whole is decided.
            State::CashPending { .. }
            | State::InsurancePending { .. }
            | State::InsuranceReversing { .. } => (M::NotPay, C::UserPaying, I::NotPay),
            State::Paid { .. } => return self.paid_states(),
            State::CashReturning { .. } => (M::SysRefunding, C::Success, I::NotPay),
            State::SystemRefunded { .. } => (M::SysRefunded, C::Refund, I::Closed),
            State::Closed { .. } => (M::Closed, C::Closed, I::Closed),
        };
        TradeStates { med, cash, insurance }
    }

    /// The states of a paid order, by what refunds have given back.
    fn paid_states(&self) -> TradeStates {
        let given_back = |hold: &Hold| matches!(hold, Hold::GivenBack { .. });
        let cash_back = given_back(&self.reservations.cash);
        let insurance_back = given_back(&self.reservations.insurance);
        TradeStates {
            med: if cash_back || insurance_back {
                MedTradeState::Refund
            } else {
                MedTradeState::Success
            },
            cash: match (self.kind, cash_back) {
                (Kind::InsuranceOnly, _) => CashTradeStatus::NotPay,
                (Kind::Mixed | Kind::CashOnly, true) => CashTradeStatus::Refund,
                (Kind::Mixed | Kind::CashOnly, false) => CashTradeStatus::Success,
            },
            insurance: match (self.kind, insurance_back) {
                (Kind::CashOnly, _) => InsuranceTradeStatus::NotPay,
                (Kind::Mixed | Kind::InsuranceOnly, true) => InsuranceTradeStatus::Refund,
                (Kind::Mixed | Kind::InsuranceOnly, false) => InsuranceTradeStatus::Payed,
            },
        }
    }
}
