//! The words of the wire for kinds and states (PROTOCOL 3.0, 3.6).

use crate::value::{FromField, Problem};
use std::fmt;

macro_rules! words {
    ($(
        $(#[$doc:meta])*
        $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// All of them, in the document's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// Their words, in the document's order.
            pub const WORDS: &'static [&'static str] = &[$($word,)*];

            /// The wire's word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The one of a word, exactly.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl FromField for $name {
            fn from_field(text: &str) -> Result<Self, Problem> {
                Self::parse(text).ok_or(Problem::Invalid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.as_str().to_owned()
            }
        }
    )*};
}

words! {
    /// `order_type` 订单类型. Generation 1.0 has these two only.
    OrderType {
        /// 挂号
        RegPay = "RegPay",
        /// 诊间
        DiagPay = "DiagPay",
    }

    /// `pay_type` 支付方式. 0 元医保 is `Mixed`, so it is never derived from amounts (trap 32).
    PayType {
        /// 现金 (纯自费)
        Cash = "1",
        /// 医保 (全额医保)
        Insurance = "2",
        /// 现金+医保 (医保+自费, 0 元医保)
        Mixed = "3",
    }

    /// `med_trade_state`: the order as a whole.
    MedTradeState {
        /// 支付成功
        Success = "SUCCESS",
        /// 转入退款
        Refund = "REFUND",
        /// 系统已退款: the bureau refused, the cash is back
        SysRefunded = "SYS_REFUNDED",
        /// 系统退款中: the bureau refused, the cash is going back
        SysRefunding = "SYS_REFUNDING",
        /// 未支付
        NotPay = "NOTPAY",
        /// 已关闭
        Closed = "CLOSED",
        /// 支付失败
        PayError = "PAYERROR",
    }

    /// `cash_trade_status`: the cash leg.
    CashTradeStatus {
        /// 支付成功
        Success = "SUCCESS",
        /// 转入退款
        Refund = "REFUND",
        /// 未支付
        NotPay = "NOTPAY",
        /// 已关闭
        Closed = "CLOSED",
        /// 用户支付中
        UserPaying = "USERPAYING",
        /// 支付失败
        PayError = "PAYERROR",
    }

    /// `insurance_trade_status`: the insurance leg.
    InsuranceTradeStatus {
        /// 已支付
        Payed = "PAYED",
        /// 转入退款
        Refund = "REFUND",
        /// 未支付
        NotPay = "NOTPAY",
        /// 已关闭
        Closed = "CLOSED",
    }

    /// `med_refund_state` and the states of a refund's two parts. The real values are unpublished;
    /// a part that is not in the refund has none.
    RefundState {
        /// 退款成功
        Success = "SUCCESS",
        /// 退款处理中
        Processing = "PROCESSING",
        /// 退款失败
        Fail = "FAIL",
    }

    /// `part_refund_type` 部分退款类型. None means all.
    PartRefundType {
        /// Only the cash part.
        CashOnly = "CASH_ONLY",
    }

    /// `bill_type` of downloadbill.
    BillType {
        /// Payments and refunds.
        All = "ALL",
        /// Payments only.
        Success = "SUCCESS",
        /// Refunds only.
        Refund = "REFUND",
    }

    /// `tar_type` of downloadbill: how the bill is packed.
    TarType {
        /// As a GZIP stream.
        Gzip = "GZIP",
    }

    /// `medical_insurance_type` 参保类型; the numbers do not follow the grades (trap 29).
    InsuranceType {
        /// 基本医疗保险（一档）
        First = "1",
        /// 基本医疗保险（二档）
        Second = "2",
        /// 特殊
        Special = "3",
        /// 基本医疗保险（三档）
        Third = "4",
        /// 医疗保险二档（少儿）
        SecondChild = "5",
        /// 统筹保险
        Pooled = "6",
    }

    /// `msg_type` of sendmsg.
    MsgType {
        /// 门诊缴费成功
        Outpatient = "1",
        /// 门诊缴费成功(含优惠)
        OutpatientDiscount = "2",
        /// 挂号缴费成功
        Registration = "3",
        /// 预约挂号缴费成功
        Booking = "4",
    }
}
