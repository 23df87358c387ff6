//! What the other parties' answers say of a refund. Only an explicit word is an answer; whatever
//! else comes leaves the outcome unknown, and the same question is put again.

use medpay_domain::Fen;
use medpay_domain::hospital::refund::Refusal;
use medpay_wire::envelope::{Refused, Reply};
use medpay_wire::err_code::ErrCode;
use medpay_wire::his;
use medpay_wire::states::RefundState;
use medpay_wire::{refund, refundquery};

/// What an answer of the platform says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// It is back.
    Returned {
        /// Of the cash part.
        cash: Fen,
        /// Of the insurance part.
        insurance: Fen,
    },
    /// No, and nothing has moved.
    Refused(Refusal),
    /// It may be back or not; in words, for staff.
    Unknown(String),
}

/// The answer to 申请退款.
pub(super) fn of_refund(reply: &Reply) -> Answer {
    match reply {
        Reply::Success(fields) => match refund::Reply::decode(fields) {
            Ok(reply) => Answer::Returned {
                cash: reply.cash_refund_fee,
                insurance: reply.insurance_refund_fee,
            },
            Err(fault) => Answer::Unknown(format!("平台应答缺少内容: {fault}")),
        },
        Reply::Refused(Refused::Business { err_code, err_code_des }) => {
            if is_decided(err_code) {
                let (code, reason) = (err_code.clone(), err_code_des.clone());
                Answer::Refused(Refusal { code, reason })
            } else {
                Answer::Unknown(format!("{err_code} {err_code_des}"))
            }
        }
        Reply::Refused(refused) => Answer::Unknown(told(refused)),
    }
}

/// The answer to 查询退款.
pub(super) fn of_refundquery(reply: &Reply) -> Answer {
    let fields = match reply {
        Reply::Success(fields) => fields,
        // That it is not known there may change: the request itself may still be on its way.
        Reply::Refused(refused) => return Answer::Unknown(told(refused)),
    };
    let Ok(reply) = refundquery::Reply::decode(fields) else {
        return Answer::Unknown("平台应答缺少内容".to_owned());
    };
    match reply.med_refund_state {
        RefundState::Success => {
            Answer::Returned { cash: reply.cash_refund_fee, insurance: reply.insurance_refund_fee }
        }
        RefundState::Fail => Answer::Refused(Refusal {
            code: reply.med_refund_state.as_str().to_owned(),
            reason: "平台答复退款失败".to_owned(),
        }),
        RefundState::Processing => Answer::Unknown("平台正在处理".to_owned()),
    }
}

/// Whether a code says for sure that nothing goes back. 553, 556 and whatever we do not know say
/// that nobody knows (PROTOCOL 3.5, 3.11).
fn is_decided(err_code: &str) -> bool {
    matches!(
        ErrCode::parse(err_code),
        Some(
            ErrCode::TradeOverdue
                | ErrCode::TradeStateError
                | ErrCode::InvalidRequest
                | ErrCode::OrderNotExist
                | ErrCode::InvalidTransactionId
                | ErrCode::NoAuth
        )
    )
}

fn told(refused: &Refused) -> String {
    match refused {
        Refused::Transport { return_msg, .. } => return_msg.clone(),
        Refused::Business { err_code, err_code_des } => format!("{err_code} {err_code_des}"),
        Refused::Gateway(error) => format!("{} {}", error.errcode, error.errmsg),
    }
}

/// The HIS's no, in the words that are kept of it.
pub(super) fn refusal_of(refusal: &his::Refusal) -> Refusal {
    let code = serde_json::to_value(refusal.code).ok();
    let code = code.as_ref().and_then(serde_json::Value::as_str).unwrap_or("refused").to_owned();
    Refusal { code, reason: refusal.message.chars().take(MAX_WORDS).collect() }
}

/// How much of another party's words is kept.
const MAX_WORDS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use medpay_wire::envelope::GatewayError;

    fn business(code: &str) -> Reply {
        Reply::Refused(Refused::Business { err_code: code.into(), err_code_des: "说明".into() })
    }

    fn fields(pairs: &[(&str, &str)]) -> Reply {
        Reply::Success(pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
    }

    fn word(answer: &Answer) -> &'static str {
        match answer {
            Answer::Returned { .. } => "returned",
            Answer::Refused(_) => "refused",
            Answer::Unknown(_) => "unknown",
        }
    }

    #[test]
    fn only_a_known_refusal_is_one() {
        for code in ["TRADE_OVERDUE", "TRADE_STATE_ERROR", "INVALID_REQUEST", "ORDERNOTEXIST"] {
            assert_eq!(word(&of_refund(&business(code))), "refused", "{code}");
        }
        for code in ["553", "556", "SYSTEMERROR", "BIZERR_NEED_RETRY", "FREQUENCY_LIMITED", "9999"]
        {
            assert_eq!(word(&of_refund(&business(code))), "unknown", "{code}");
        }
        let transport = Reply::Refused(Refused::Transport {
            return_msg: "签名失败".into(),
            error_code: None,
        });
        assert_eq!(word(&of_refund(&transport)), "unknown");
        let gateway = Reply::Refused(Refused::Gateway(GatewayError::new(40001, "invalid", "r")));
        assert_eq!(word(&of_refund(&gateway)), "unknown");
        assert_eq!(word(&of_refund(&fields(&[("med_refund_id", "M")]))), "unknown");
    }

    #[test]
    fn what_is_asked_about_is_decided_by_its_state() {
        let state = |state| {
            of_refundquery(&fields(&[
                ("med_refund_id", "M"),
                ("cash_refund_fee", "100"),
                ("insurance_refund_fee", "805"),
                ("med_refund_state", state),
            ]))
        };
        assert_eq!(word(&state("SUCCESS")), "returned");
        assert_eq!(word(&state("FAIL")), "refused");
        assert_eq!(word(&state("PROCESSING")), "unknown");
        assert_eq!(word(&of_refundquery(&business("REFUNDNOTEXIST"))), "unknown");
    }
}
