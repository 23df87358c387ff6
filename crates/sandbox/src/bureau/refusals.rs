//! The bureau's refusals: its own codes, and words that reach `err_code_des`.

use medpay_wire::contracts::bureau::Refusal;

pub(super) type Refused = Refusal;

fn refusal(code: &str, reason: &str) -> Refusal {
    Refusal { code: code.to_owned(), reason: reason.to_owned() }
}

pub(super) fn out_of_service() -> Refusal {
    refusal("OUT_OF_SERVICE", "医保中心暂停服务，请稍后再试")
}

pub(super) fn person_unknown() -> Refusal {
    refusal("PERSON_UNKNOWN", "未查到参保信息")
}

pub(super) fn account_short() -> Refusal {
    refusal("ACCOUNT_SHORT", "医保个人账户余额不足")
}

pub(super) fn not_covered() -> Refusal {
    refusal("NOT_COVERED", "医保中心拒绝结算")
}

pub(super) fn amounts() -> Refusal {
    refusal("AMOUNTS", "结算金额与预结算不一致")
}

pub(super) fn settlement_unknown() -> Refusal {
    refusal("SETTLEMENT_UNKNOWN", "未查到结算记录")
}

pub(super) fn already_reversed() -> Refusal {
    refusal("ALREADY_REVERSED", "该笔结算已撤销")
}

pub(super) fn closed_day() -> Refusal {
    refusal("CLOSED_DAY", "仅限结算当日撤销")
}

pub(super) fn key_reused() -> Refusal {
    refusal("KEY_REUSED", "请求标识已用于其他业务")
}

pub(super) fn armed() -> Refusal {
    refusal("REFUSED", "医保中心拒绝受理（模拟）")
}
