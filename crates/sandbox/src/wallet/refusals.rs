//! The wallet's refusals: V2's codes where there is one, and words that the payer reads.

use medpay_wire::contracts::wallet::Refusal;

fn refusal(code: &str, reason: &str) -> Refusal {
    Refusal { code: code.to_owned(), reason: reason.to_owned() }
}

pub(super) fn no_such_payer() -> Refusal {
    refusal("NO_SUCH_PAYER", "付款人不存在")
}

pub(super) fn not_confirmed() -> Refusal {
    refusal("NOT_CONFIRMED", "支付未经密码确认或确认已失效")
}

pub(super) fn payment_failed() -> Refusal {
    refusal("PAYERROR", "支付失败，请稍后再试")
}

pub(super) fn not_enough() -> Refusal {
    refusal("NOTENOUGH", "零钱余额不足")
}

pub(super) fn channel_down() -> Refusal {
    refusal("BANKERROR", "支付渠道异常，请更换支付方式")
}

pub(super) fn capture_unknown() -> Refusal {
    refusal("ORDERNOTEXIST", "未查到支付记录")
}

pub(super) fn refund_amount() -> Refusal {
    refusal("PARAM_ERROR", "退款金额与支付金额不一致")
}

pub(super) fn already_refunded() -> Refusal {
    refusal("REFUNDED", "该笔支付已退款")
}

pub(super) fn overdue() -> Refusal {
    refusal("TRADE_OVERDUE", "支付已超过一年，不可退款")
}

pub(super) fn refund_refused() -> Refusal {
    refusal("BIZERR_NEED_RETRY", "退款业务暂时失败，请重试")
}

pub(super) fn key_reused() -> Refusal {
    refusal("KEY_REUSED", "请求标识已用于其他业务")
}

pub(super) fn armed() -> Refusal {
    refusal("REFUSED", "支付渠道拒绝受理（模拟）")
}
