//! The codes of refusal and their words (PROTOCOL 2.1, 3.8, 3.11, 6.3, 7.1). The real catalogue is
//! numeric and unpublished; where no number is known, V2's name stands.

macro_rules! err_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $chinese:literal;)*) => {
        /// `err_code` of a business refusal.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum ErrCode { $($(#[$doc])* $variant,)* }

        impl ErrCode {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The wire's code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// `err_code_des` where the case has no better words.
            pub const fn chinese(self) -> &'static str {
                match self { $(Self::$variant => $chinese,)* }
            }

            /// The one of a code; `None` for one that we do not know.
            pub fn parse(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

err_codes! {
    /// Mixed mode needs cash; the words are the observed ones, in English.
    MixedNeedsCash = "513",
        "in cash combine insurance pay mode, cash_fee must be more than 0";
    /// Whether the bureau gave the money back is unknown; the same request again tells.
    InsuranceRefundUnknown = "553", "调用医保退款接口失败,请重试确认退款结果";
    /// Whether the cash went back is unknown; the same request again tells.
    CashRefundUnknown = "556", "调用微信支付退款接口失败,请重试确认退款结果";
    /// access_token unknown or not the latest.
    TokenInvalid = "40001", "access_token无效或不是最新的";
    /// access_token missing.
    TokenMissing = "41001", "缺少access_token参数";
    /// access_token too old.
    TokenExpired = "42001", "access_token超时";
    /// The cards' own system error.
    CardSystemError = "80000", "系统错误";
    /// The user has no card bound here.
    CardNotBound = "80004", "未绑卡";
    /// The name is not the bound card's.
    NameMismatch = "80005", "姓名与绑卡实名不符";
    /// The document is not the bound card's.
    IdCardMismatch = "80006", "身份证号不符";
    /// Paid already.
    OrderPaid = "ORDERPAID", "订单已支付";
    /// Closed already.
    OrderClosed = "ORDERCLOSED", "订单已关闭";
    /// The order's state does not allow it.
    TradeStateError = "TRADE_STATE_ERROR", "订单状态错误";
    /// Not enough money.
    NotEnough = "NOTENOUGH", "余额不足";
    /// No such order of this merchant.
    OrderNotExist = "ORDERNOTEXIST", "订单不存在";
    /// The hospital's number stands for another order.
    OutTradeNoUsed = "OUT_TRADE_NO_USED", "商户订单号重复";
    /// No such refund of this merchant.
    RefundNotExist = "REFUNDNOTEXIST", "退款单不存在";
    /// Ours to fix.
    SystemError = "SYSTEMERROR", "系统错误";
    /// The interface is not opened for this institution.
    NoAuth = "NOAUTH", "商户无此接口权限";
    /// No such account.
    AppidNotExist = "APPID_NOT_EXIST", "APPID不存在";
    /// No such merchant.
    MchidNotExist = "MCHID_NOT_EXIST", "MCHID不存在";
    /// The two are not bound to each other.
    AppidMchidNotMatch = "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配";
    /// Understood, and not possible.
    InvalidRequest = "INVALID_REQUEST", "无效请求";
    /// Too late to give the money back.
    TradeOverdue = "TRADE_OVERDUE", "订单已经超过退款期限";
    /// No such pay code, or not this one's token.
    AuthCodeInvalid = "AUTH_CODE_INVALID", "授权码无效";
    /// The pay code or its token is too old or used.
    AuthCodeExpire = "AUTHCODEEXPIRE", "二维码已过期，请用户在微信上刷新后再试";
    /// Too many calls.
    FrequencyLimited = "FREQUENCY_LIMITED", "频率限制";
    /// Busy; the same request again will do.
    BizErrNeedRetry = "BIZERR_NEED_RETRY", "退款业务流程错误，需要商户触发重试来解决";
    /// The payer's account is not in order.
    UserAccountAbnormal = "USER_ACCOUNT_ABNORMAL", "退款请求失败";
    /// A number that no order can have.
    InvalidTransactionId = "INVALID_TRANSACTIONID", "无效订单号";
    /// V2's name for a wrong parameter.
    ParamError = "PARAM_ERROR", "参数错误";
    /// V2's name for a missing parameter.
    LackParams = "LACK_PARAMS", "缺少参数";
    /// V2's name for a wrong signature.
    SignError = "SIGNERROR", "签名错误";
}

/// What is wrong with an access_token (PROTOCOL 1.2, 7.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenFault {
    /// None was sent.
    Missing,
    /// Unknown, or not the latest.
    Invalid,
    /// Too old.
    Expired,
}

impl TokenFault {
    /// As a code of the interfaces.
    pub const fn err_code(self) -> ErrCode {
        match self {
            Self::Missing => ErrCode::TokenMissing,
            Self::Invalid => ErrCode::TokenInvalid,
            Self::Expired => ErrCode::TokenExpired,
        }
    }

    /// As a code of the public-account gateway.
    pub const fn errcode(self) -> i64 {
        match self {
            Self::Missing => 41001,
            Self::Invalid => 40001,
            Self::Expired => 42001,
        }
    }

    /// The gateway's words.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Missing => "access_token missing",
            Self::Invalid => "invalid credential, access_token is invalid or not latest",
            Self::Expired => "access_token expired",
        }
    }
}

/// Why there is no bill (PROTOCOL 3.8, 6.4: V2's words and codes).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BillFault {
    /// Nothing was paid or refunded that day, or the day is too long ago.
    NoBillExist,
    /// The bill is made the next day from 9:00, and given from 10:00.
    Creating,
    /// The bill could not be packed.
    CompressGZip,
}

impl BillFault {
    /// `error_code`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoBillExist | Self::Creating => "20002",
            Self::CompressGZip => "20007",
        }
    }

    /// `return_msg`.
    pub const fn message(self) -> &'static str {
        match self {
            Self::NoBillExist => "No Bill Exist",
            Self::Creating => "Bill Creating",
            Self::CompressGZip => "CompressGZip Error",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_back_and_fits_string32_with_words_that_fit_string128() {
        for &code in ErrCode::ALL {
            assert_eq!(ErrCode::parse(code.code()), Some(code));
            assert!(code.code().len() <= 32 && !code.chinese().is_empty());
            assert!(code.chinese().chars().count() <= 90, "no room for the rid: {code:?}");
        }
        assert_eq!(ErrCode::parse("80001"), None);
    }
}
