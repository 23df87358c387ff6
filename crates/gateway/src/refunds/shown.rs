//! How far the refund of an order is, as its payer reads it.

use super::rows::{self, StoredRefund};
use crate::gateway::Site;
use crate::staff::queue;
use medpay_domain::hospital::refund::{Outcome, Refusal, State};
use medpay_domain::{Fen, HospOutTradeNo};
use medpay_store::{StoreError, Tx};

/// What is said of the latest refund of an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Shown {
    /// In words.
    pub(crate) text: String,
    /// `good`, `bad` or `wait`.
    pub(crate) tone: &'static str,
    /// For scripts.
    pub(crate) outcome: &'static str,
    /// Whether that changes by itself, so that the page should look again.
    pub(crate) moving: bool,
}

/// What is said of the latest refund of an order; none if there was none.
pub(crate) async fn of(
    site: &Site,
    hosp_out_trade_no: &HospOutTradeNo,
) -> Result<Option<Shown>, StoreError> {
    let (org_no, number) = (site.org_no().clone(), hosp_out_trade_no.clone());
    site.store
        .read("how far a refund is", move |tx| {
            let (org_no, number) = (org_no.clone(), number.clone());
            Box::pin(async move {
                let refunds = rows::of_order(tx, &org_no, &number).await?;
                let by_staff = is_with_staff(tx, &org_no, &number).await?;
                Ok(refunds.last().map(|last| shown(last, by_staff)))
            })
        })
        .await
}

/// Whether a person is to decide about a refund of the order.
pub(super) async fn is_with_staff(
    tx: &mut Tx,
    org_no: &medpay_domain::OrgNo,
    hosp_out_trade_no: &HospOutTradeNo,
) -> Result<bool, StoreError> {
    let kinds = queue::kinds_of(tx, org_no, hosp_out_trade_no).await?;
    Ok(kinds
        .iter()
        .any(|kind| matches!(kind, queue::Kind::RefundNotGranted | queue::Kind::RefundFailed)))
}

pub(super) fn shown(stored: &StoredRefund, with_staff: bool) -> Shown {
    let say =
        |text: &str, tone, outcome, moving| Shown { text: text.to_owned(), tone, outcome, moving };
    let outcome = match &stored.refund.state {
        State::GrantPending => {
            return say("退款申请已提交，等待医院确认。", "wait", "refund-asked", true);
        }
        State::BackPending { .. } => {
            return say("医院已同意退款，款项正在退回，请稍候。", "wait", "refund-granted", true);
        }
        State::NotGranted { .. } if with_staff => {
            return say(
                "这笔退款需要医院人工核实，已转人工处理。处理后会通知您，也可到收费窗口咨询。",
                "wait",
                "refund-with-staff",
                false,
            );
        }
        State::NotGranted { .. } => {
            return say(
                "医院核实后没有办理这笔退款，如有疑问请到收费窗口咨询。",
                "bad",
                "refund-declined",
                false,
            );
        }
        State::TellPending { outcome } | State::Ended { outcome } => outcome,
    };
    match outcome {
        Outcome::Returned { cash, insurance, .. } => {
            let text = format!("已退款：{}。", parts(*cash, *insurance));
            Shown { text, tone: "good", outcome: "refunded", moving: false }
        }
        Outcome::Failed { .. } if with_staff => say(
            "退款没有成功，订单保持已支付，已转人工处理。处理后会通知您，也可到收费窗口咨询。",
            "bad",
            "refund-failed",
            false,
        ),
        Outcome::Failed { .. } => say(
            "退款没有成功，订单保持已支付。如有疑问请到收费窗口咨询。",
            "bad",
            "refund-declined",
            false,
        ),
    }
}

/// What goes back where, in words.
pub(super) fn parts(cash: Fen, insurance: Fen) -> String {
    let cash_part = format!("现金 {} 元原路退回", cash.yuan());
    let insurance_part = format!("医保 {} 元退回医保", insurance.yuan());
    match (cash.is_zero(), insurance.is_zero()) {
        (_, true) => cash_part,
        (true, false) => insurance_part,
        (false, false) => format!("{cash_part}，{insurance_part}"),
    }
}

/// Another party's no, for staff.
pub(super) fn words(what: &str, refusal: &Refusal) -> String {
    if refusal.reason.is_empty() {
        format!("{what}（{}）", refusal.code)
    } else {
        format!("{what}: {}（{}）", refusal.reason, refusal.code)
    }
}
