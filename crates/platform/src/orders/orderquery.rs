//! `POST /payinsurance/orderquery` (PROTOCOL 3.3).

use super::find::find;
use super::rows::StoredOrder;
use crate::access::Caller;
use crate::app::App;
use medpay_domain::platform::order::trade_states as domain;
use medpay_domain::platform::order::{Closing, State};
use medpay_store::BadSeal;
use medpay_store::StoreError;
use medpay_wire::envelope::Failure;
use medpay_wire::err_code::ErrCode;
use medpay_wire::orderquery::{Reply, Request};
use medpay_wire::states::{CashTradeStatus, InsuranceTradeStatus, MedTradeState};

/// Why there is no answer, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum OrderQueryError {
    /// No such order of this merchant.
    #[error("there is no such order")]
    NotExist,
    /// Ours.
    #[error("the order could not be read")]
    Store(#[from] StoreError),
    /// Ours.
    #[error("the order could not be unsealed")]
    Seal(#[from] BadSeal),
}

impl OrderQueryError {
    /// The only place where this error meets the wire.
    pub fn failure(&self) -> Failure {
        match self {
            Self::NotExist => Failure::business(ErrCode::OrderNotExist),
            Self::Store(_) | Self::Seal(_) => Failure::business(ErrCode::SystemError),
        }
    }
}

/// Tells how the order stands.
pub(crate) async fn serve(
    app: &App,
    caller: &Caller<'_>,
    request: Request,
) -> Result<Reply, OrderQueryError> {
    let found = find(app, &caller.merchant_key(), &request.order).await?;
    reply(app, &found.ok_or(OrderQueryError::NotExist)?)
}

fn reply(app: &App, stored: &StoredOrder) -> Result<Reply, OrderQueryError> {
    let order = &stored.order;
    let states = order.trade_states();
    let (openid, sub_openid) = stored.openids(&app.vault)?;
    let settled = match &order.state {
        State::Paid { insurance, .. } => insurance.as_ref(),
        _ => None,
    };
    let time_end = match &order.state {
        State::Paid { paid_at, .. } => Some(*paid_at),
        _ => None,
    };
    // What was pre-settled holds until the bureau has settled.
    let split = settled.map_or(order.split, |settled| settled.split);
    let of_insurance = |fee| order.kind.has_insurance().then_some(fee);
    Ok(Reply {
        merchant: stored.caller.clone(),
        med_trade_state: med_trade_state(states.med),
        cash_trade_status: cash_trade_status(states.cash),
        insurance_trade_status: insurance_trade_status(states.insurance),
        trade_status_desc: Some(describe(stored, states.med)),
        time_end,
        order_type: stored.order_type,
        pay_type: stored.pay_type(),
        openid,
        sub_openid,
        total_fee: order.total,
        cash_fee: order.split.cash,
        insurance_fee: order.split.insurance,
        allow_fee_change: Some(stored.asked.allow_fee_change),
        spbill_create_ip: Some(stored.spbill_create_ip),
        serial_no: Some(stored.serial_no.clone()),
        org_no: Some(stored.org_no.clone()),
        medical_card_id: stored.medical_card_id(&app.vault)?,
        response_content: settled.map(|settled| settled.response_content.clone()),
        med_trans_id: order.med_trans_id.clone(),
        hosp_out_trade_no: Some(stored.hosp_out_trade_no.clone()),
        insurance_self_fee: of_insurance(split.self_fee),
        insurance_fund_fee: of_insurance(split.fund_fee),
        insurance_other_fee: of_insurance(split.other_fee),
    })
}

/// 交易状态描述: the state in words, and what a party said where it said no.
fn describe(stored: &StoredOrder, state: domain::MedTradeState) -> String {
    use domain::MedTradeState as S;
    let words = match (state, &stored.order.state) {
        (S::NotPay, state) if state.in_flight() => "支付处理中",
        (S::NotPay, _) => "未支付",
        (S::Success, State::Paid { late: true, .. }) => "支付成功（跨日确认，医保已不能退）",
        (S::Success, _) => "支付成功",
        (S::Refund, _) => "转入退款",
        (S::SysRefunding, _) => "医保结算未通过，现金退回中",
        (S::SysRefunded, _) => "医保结算未通过，现金已退回",
        (S::Closed, State::Closed { closing: Closing::Expired, .. }) => "超时未支付，已关闭",
        (S::Closed, _) => "已关闭",
        (S::PayError, _) => "支付失败",
    };
    match stored.order.state.refusal() {
        Some(refusal) => format!("{words}：{}", refusal.reason),
        None => words.to_owned(),
    }
}

/// The wire's word for the domain's state.
pub(crate) const fn med_trade_state(state: domain::MedTradeState) -> MedTradeState {
    match state {
        domain::MedTradeState::Success => MedTradeState::Success,
        domain::MedTradeState::Refund => MedTradeState::Refund,
        domain::MedTradeState::SysRefunded => MedTradeState::SysRefunded,
        domain::MedTradeState::SysRefunding => MedTradeState::SysRefunding,
        domain::MedTradeState::NotPay => MedTradeState::NotPay,
        domain::MedTradeState::Closed => MedTradeState::Closed,
        domain::MedTradeState::PayError => MedTradeState::PayError,
    }
}

/// The wire's word for the domain's state.
pub(crate) const fn cash_trade_status(state: domain::CashTradeStatus) -> CashTradeStatus {
    match state {
        domain::CashTradeStatus::Success => CashTradeStatus::Success,
        domain::CashTradeStatus::Refund => CashTradeStatus::Refund,
        domain::CashTradeStatus::NotPay => CashTradeStatus::NotPay,
        domain::CashTradeStatus::Closed => CashTradeStatus::Closed,
        domain::CashTradeStatus::UserPaying => CashTradeStatus::UserPaying,
        domain::CashTradeStatus::PayError => CashTradeStatus::PayError,
    }
}

/// The wire's word for the domain's state.
pub(crate) const fn insurance_trade_status(
    state: domain::InsuranceTradeStatus,
) -> InsuranceTradeStatus {
    match state {
        domain::InsuranceTradeStatus::Payed => InsuranceTradeStatus::Payed,
        domain::InsuranceTradeStatus::Refund => InsuranceTradeStatus::Refund,
        domain::InsuranceTradeStatus::NotPay => InsuranceTradeStatus::NotPay,
        domain::InsuranceTradeStatus::Closed => InsuranceTradeStatus::Closed,
    }
}
