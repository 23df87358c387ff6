//! Refunds: the HIS is asked first, answers the bureau's cancel numbers, and is told how it ended.

use crate::contracts::adapters::plain;
use crate::his::{call, shape};
use medpay_domain::{BillNo, Fen, HospOutRefundNo, HospOutTradeNo, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// May this order's money go back?
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GrantRefund {
    /// The order.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text64")]
    pub hosp_out_trade_no: HospOutTradeNo,
    /// Its bill.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text20")]
    pub bill_no: BillNo,
    /// The refund.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text64")]
    pub hosp_out_refund_no: HospOutRefundNo,
    /// Who wants it.
    pub by: AskedBy,
    /// Why, in their words; may be empty.
    #[serde(default)]
    pub reason: String,
}
call!(GrantRefund, "grant_refund", writes, Granted);

/// Who wants a refund.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AskedBy {
    /// The patient, on the phone: the HIS may refuse and leave it to a person.
    Patient,
    /// A member of staff has decided it.
    Staff,
    /// The gateway, because the HIS refused to confirm a paid order. It is granted.
    System,
}

/// Yes; the HIS holds the bill until it is told how the refund ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Granted {
    /// 医保撤销单据号, 20 characters at most; empty where insurance took no part.
    #[serde(default)]
    pub cancel_bill_no: String,
    /// 医保撤销流水号, 20 characters at most; empty where insurance took no part.
    #[serde(default)]
    pub cancel_serial_no: String,
}

/// How a granted refund ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ConfirmRefund {
    /// The order.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text64")]
    pub hosp_out_trade_no: HospOutTradeNo,
    /// The refund.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text64")]
    pub hosp_out_refund_no: HospOutRefundNo,
    /// What became of it.
    pub outcome: RefundOutcome,
    /// Of the cash part, what went back.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Money")]
    pub cash_fen: Fen,
    /// Of the insurance part, what went back.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Money")]
    pub insurance_fen: Fen,
    /// When.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Moment")]
    pub ended_at: Timestamp,
}
call!(ConfirmRefund, "confirm_refund", writes, RefundConfirmed);

/// What became of a refund.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundOutcome {
    /// The money went back; the bill counts as refunded, a booking as cancelled.
    Refunded,
    /// It did not; the bill stays paid.
    Failed,
}

/// The answer to [`ConfirmRefund`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct RefundConfirmed {}
