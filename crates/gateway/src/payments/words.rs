//! What a patient reads of a payment: the one place for these texts.

use super::payment::Payment;
use medpay_domain::hospital::payment::{Confirmation, Ending, Refusal, State};

/// Where a payment stands, in a patient's words.
pub(super) struct Words {
    /// Short, for the list.
    pub(super) short: &'static str,
    /// At length.
    pub(super) text: String,
    /// `good`, `bad` or `wait`.
    pub(super) tone: &'static str,
    /// For scripts.
    pub(super) outcome: &'static str,
    /// Whether that changes by itself, so that the page should look again.
    pub(super) moving: bool,
}

fn say(
    short: &'static str,
    text: impl Into<String>,
    tone: &'static str,
    outcome: &'static str,
) -> Words {
    Words { short, text: text.into(), tone, outcome, moving: false }
}

fn wait(short: &'static str, text: &str, outcome: &'static str) -> Words {
    Words { moving: true, ..say(short, text, "wait", outcome) }
}

/// Where `payment` stands.
pub(super) fn of(payment: &Payment) -> Words {
    match &payment.money.state {
        State::Offered | State::Ordering { ending: None, .. } => {
            wait("下单中", "正在为您下单，请稍候，不要重复支付。", "ordering")
        }
        State::Ordering { ending: Some(_), .. } | State::Closing { .. } => {
            wait("关闭中", "正在关闭这笔订单，请稍候。如已支付，会自动到账或退回。", "closing")
        }
        State::Ordered { .. } => {
            wait("待支付", "订单等待支付。支付完成后本页会自动更新。", "ordered")
        }
        State::Returning { .. } => {
            wait("退回中", "医保结算没有成功，已付的现金正在原路退回。", "returning")
        }
        State::Paid { .. } => paid(payment),
        State::Ended { ending, .. } => ended(ending),
    }
}

fn paid(payment: &Payment) -> Words {
    if payment.money.wholly_returned() {
        return say("已退款", "已全部退款。", "good", "refunded");
    }
    match &payment.money.confirmation {
        Confirmation::NotDue | Confirmation::Asked => {
            wait("已支付", "支付成功，正在通知医院。您的付款不会丢失。", "paid")
        }
        Confirmation::Confirmed(_) | Confirmation::ByStaff => {
            say("已完成", "支付成功，医院已确认。", "good", "confirmed")
        }
        Confirmation::Refused(_) | Confirmation::Silent => wait(
            "处理中",
            "支付成功，但医院暂时未能确认。医院会为您退款或人工处理，请留意消息通知。",
            "unconfirmed",
        ),
    }
}

fn ended(ending: &Ending) -> Words {
    match ending {
        Ending::Expired => say("已关闭", "超过支付时间，订单已关闭，没有扣款。", "bad", "expired"),
        Ending::GivenUp => say("已关闭", "订单已取消，没有扣款。", "bad", "given-up"),
        Ending::BillVoided => {
            say("已关闭", "医生已撤销这张账单，订单已关闭，没有扣款。", "bad", "bill-voided")
        }
        Ending::BillRefused(refusal) => {
            say("未下单", bill_refused(&refusal.code), "bad", "bill-refused")
        }
        Ending::OrderRefused(refusal) => {
            say("未下单", order_refused(refusal), "bad", "order-refused")
        }
        Ending::SystemRefunded => {
            say("已退回", "医保结算没有成功，已付的现金已原路退回。", "bad", "system-refunded")
        }
    }
}

/// Why the HIS did not lock the bill, by the contract's word.
fn bill_refused(code: &str) -> &'static str {
    match code {
        "paid_already" => "这张账单已经缴费，无需重复支付。没有扣款。",
        "locked_by_another" => "这张账单正在由其他人支付。没有扣款。",
        "voided" | "not_found" => "这张账单已被撤销或已失效，请向医生确认。没有扣款。",
        "not_covered" => "这张账单不能使用医保支付，可选择自费支付。没有扣款。",
        _ => "医院暂时不能受理这张账单，请稍后再试或到窗口缴费。没有扣款。",
    }
}

/// Why the platform did not take the order. Its own words for a refusal of business are for people;
/// those for a wrong request are for us.
fn order_refused(refusal: &Refusal) -> String {
    let reason = refusal.reason.split(" rid:").next().unwrap_or_default().trim();
    match refusal.code.as_str() {
        "INVALID_REQUEST" if !reason.is_empty() => format!("未能下单：{reason}。没有扣款。"),
        "80004" => "您还没有绑定社保卡，不能使用医保支付，可选择自费支付。没有扣款。".to_owned(),
        "80005" | "80006" => {
            "就诊人与您绑定的社保卡不是同一人，不能使用医保支付。没有扣款。".to_owned()
        }
        "AUTH_CODE_INVALID" | "AUTHCODEEXPIRE" => {
            "付款码已失效，请刷新后再扫。没有扣款。".to_owned()
        }
        _ => "未能下单，请稍后再试或到窗口缴费。没有扣款。".to_owned(),
    }
}
