//! How a scan stands, for the member of staff at the window.

use super::rows::Scan;
use super::scan::{State, Why};
use crate::payments::Payment;
use medpay_domain::hospital::payment::{Confirmation, Ending, State as Money};
use medpay_wire::his::events::{ScanState, ScanStep};

/// Tells it; `payment` is the scan's order, where there is one.
pub(super) fn tell(scan: &Scan, payment: Option<&Payment>) -> ScanState {
    let (step, message) = match (&scan.state, payment) {
        (State::Failed(why), _) => (ScanStep::Failed, why.words()),
        (State::Asking, _) => (ScanStep::Asking, "正在核验付款码".into()),
        (State::Registering, _) => (ScanStep::Asking, "正在报备挂号".into()),
        (State::Ordering, _) | (State::Ordered(_), None) => (ScanStep::Asking, "正在下单".into()),
        (State::Ordered(_), Some(payment)) => of_payment(payment),
    };
    let charge = payment.and_then(Payment::charge);
    ScanState {
        scan_no: scan.number.clone(),
        step,
        hosp_out_trade_no: payment.map(|payment| payment.hosp_out_trade_no.clone()),
        med_trans_id: payment.and_then(Payment::med_trans_id).cloned(),
        cash_fen: charge.map(|charge| charge.cash),
        insurance_fen: charge.map(|charge| charge.insurance),
        message,
    }
}

fn of_payment(payment: &Payment) -> (ScanStep, String) {
    let (step, words) = match &payment.money.state {
        Money::Offered | Money::Ordering { .. } => (ScanStep::Asking, "正在下单"),
        Money::Ordered { .. } => (ScanStep::WaitingForPassword, "请患者在手机上确认金额并输入密码"),
        Money::Closing { .. } => (ScanStep::WaitingForPassword, "正在关闭订单"),
        Money::Returning { .. } => (ScanStep::WaitingForPassword, "医保结算未成功，现金正在退回"),
        Money::Paid { .. } if payment.money.wholly_returned() => {
            (ScanStep::Failed, "已支付的金额已全部退回")
        }
        Money::Paid { .. } => of_confirmation(&payment.money.confirmation),
        Money::Ended { ending, .. } => return (ScanStep::Failed, of_ending(ending)),
    };
    (step, words.to_owned())
}

const fn of_confirmation(confirmation: &Confirmation) -> (ScanStep, &'static str) {
    match confirmation {
        Confirmation::Confirmed(_) | Confirmation::ByStaff => (ScanStep::Confirmed, "支付完成"),
        Confirmation::NotDue | Confirmation::Asked => (ScanStep::Paid, "已支付，正在通知医院系统"),
        Confirmation::Refused(_) | Confirmation::Silent => {
            (ScanStep::Paid, "已支付，但医院系统未确认，将按医院规定退款或由工作人员处理")
        }
    }
}

fn of_ending(ending: &Ending) -> String {
    match ending {
        Ending::Expired => "超过时间未支付，订单已关闭".into(),
        Ending::GivenUp => Why::Cancelled.words(),
        Ending::BillVoided => "医生已撤回该账单，订单已关闭".into(),
        Ending::BillRefused(refusal) => Why::HisRefused(refusal.reason.clone()).words(),
        Ending::OrderRefused(refusal) => Why::of_refusal(&refusal.code, &refusal.reason).words(),
        Ending::SystemRefunded => "医保结算未成功，现金已退回".into(),
    }
}
