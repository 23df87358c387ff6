//! 查询退款: PROTOCOL 3.6.

use crate::caller_fields::{Merchant, NONCE_STR};
use crate::fields::{FieldFault, Fields, Verified};
use crate::interface::{FieldSpec, Interface, Kind, Required, opt, req};
use crate::states::RefundState;
use crate::value::Text;
use medpay_domain::{Fen, HospOutRefundNo, HospOutTradeNo, MedRefundId, MedTransId};

const ONE_OF: Required =
    Required::OneOf(&["med_refund_id", "hosp_out_refund_no", "med_trans_id", "hosp_out_trade_no"]);
const MED_REFUND_ID: FieldSpec = opt("med_refund_id", "微信医保退款单号", 32, Kind::Text);
const HOSP_OUT_REFUND_NO: FieldSpec = opt("hosp_out_refund_no", "医院退款单号", 64, Kind::Text);
const MED_TRANS_ID: FieldSpec = opt("med_trans_id", "诊疗单 id", 32, Kind::Text);
const HOSP_OUT_TRADE_NO: FieldSpec = opt("hosp_out_trade_no", "医院订单号", 64, Kind::Text);

/// The document's table.
pub const SPEC: Interface = Interface {
    name: "refundquery",
    path: "/payinsurance/refundquery",
    title: "查询退款",
    fields: &[
        Merchant::APPID,
        Merchant::MCH_ID,
        Merchant::SUB_APPID,
        Merchant::SUB_MCH_ID,
        MED_REFUND_ID.rule(ONE_OF),
        HOSP_OUT_REFUND_NO.rule(ONE_OF),
        MED_TRANS_ID.rule(ONE_OF),
        HOSP_OUT_TRADE_NO.rule(ONE_OF),
        NONCE_STR,
    ],
    reply: &[
        opt("med_trans_id", "诊疗单 id", 32, Kind::Text),
        opt("hosp_out_trade_no", "医院订单号", 64, Kind::Text),
        opt("hosp_out_refund_no", "医院退款单号", 64, Kind::Text),
        req("med_refund_id", "微信医保退款单号", 32, Kind::Text),
        req("cash_refund_fee", "现金退款金额", 20, Kind::Uint64),
        req("insurance_refund_fee", "医保退款金额", 20, Kind::Uint64),
        opt("insurance_refund_status", "医保退款状态", 32, Kind::Word(RefundState::WORDS)),
        opt("cash_refund_status", "现金退款状态", 32, Kind::Word(RefundState::WORDS)),
        req("med_refund_state", "退款总状态", 32, Kind::Word(RefundState::WORDS)),
    ],
    signed_reply: true,
    carries_merchant: true,
};

/// Which refund is meant; if several come, the first of these counts. An order's number means the
/// order's latest refund.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum RefundRef {
    /// By the platform's number.
    MedRefundId(MedRefundId),
    /// By the hospital's number.
    HospOutRefundNo(HospOutRefundNo),
    /// By the order's number at the platform.
    MedTransId(MedTransId),
    /// By the order's number at the hospital.
    HospOutTradeNo(HospOutTradeNo),
}

impl RefundRef {
    fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        if let Some(number) = fields.optional("med_refund_id")? {
            return Ok(Self::MedRefundId(number));
        }
        if let Some(number) = fields.optional("hosp_out_refund_no")? {
            return Ok(Self::HospOutRefundNo(number));
        }
        if let Some(number) = fields.optional("med_trans_id")? {
            return Ok(Self::MedTransId(number));
        }
        fields
            .optional("hosp_out_trade_no")?
            .map(Self::HospOutTradeNo)
            .ok_or(FieldFault::needed("med_refund_id"))
    }

    fn encode(&self, fields: &mut Fields) {
        match self {
            Self::MedRefundId(number) => fields.set("med_refund_id", number.as_str()),
            Self::HospOutRefundNo(number) => fields.set("hosp_out_refund_no", number.as_str()),
            Self::MedTransId(number) => fields.set("med_trans_id", number.as_str()),
            Self::HospOutTradeNo(number) => fields.set("hosp_out_trade_no", number.as_str()),
        };
    }
}

/// The request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Who calls.
    pub merchant: Merchant,
    /// Which refund.
    pub refund: RefundRef,
    /// 随机字符串.
    pub nonce_str: Text<32>,
}

impl Request {
    /// Reads it; the first faulty field in the document's order is named.
    pub fn decode(document: &Verified) -> Result<Self, FieldFault> {
        let fields = document.fields();
        SPEC.check_request(fields)?;
        Ok(Self {
            merchant: Merchant::decode(fields)?,
            refund: RefundRef::decode(fields)?,
            nonce_str: fields.required("nonce_str")?,
        })
    }

    /// Its fields, not signed yet.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        self.merchant.encode(&mut fields);
        self.refund.encode(&mut fields);
        fields.set("nonce_str", &self.nonce_str);
        fields
    }
}

/// The answer. A part that is not in the refund has amount 0 and no status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// 诊疗单 id.
    pub med_trans_id: Option<MedTransId>,
    /// 医院订单号.
    pub hosp_out_trade_no: Option<HospOutTradeNo>,
    /// 医院退款单号.
    pub hosp_out_refund_no: Option<HospOutRefundNo>,
    /// 微信医保退款单号.
    pub med_refund_id: MedRefundId,
    /// What goes back in cash.
    pub cash_refund_fee: Fen,
    /// What goes back to the insurance.
    pub insurance_refund_fee: Fen,
    /// The insurance part.
    pub insurance_refund_status: Option<RefundState>,
    /// The cash part; `cash_refund_stauts` is read too, as one public source spells it.
    pub cash_refund_status: Option<RefundState>,
    /// The refund as a whole.
    pub med_refund_state: RefundState,
}

impl Reply {
    /// Its fields, without the envelope's.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        fields
            .set_opt("med_trans_id", self.med_trans_id.as_ref().map(MedTransId::as_str))
            .set_opt(
                "hosp_out_trade_no",
                self.hosp_out_trade_no.as_ref().map(HospOutTradeNo::as_str),
            )
            .set_opt(
                "hosp_out_refund_no",
                self.hosp_out_refund_no.as_ref().map(HospOutRefundNo::as_str),
            )
            .set("med_refund_id", self.med_refund_id.as_str())
            .set("cash_refund_fee", self.cash_refund_fee.to_string())
            .set("insurance_refund_fee", self.insurance_refund_fee.to_string())
            .set_opt("insurance_refund_status", self.insurance_refund_status)
            .set_opt("cash_refund_status", self.cash_refund_status)
            .set("med_refund_state", self.med_refund_state);
        fields
    }

    /// Reads a successful answer.
    pub fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        SPEC.check_reply(fields)?;
        Ok(Self {
            med_trans_id: fields.optional("med_trans_id")?,
            hosp_out_trade_no: fields.optional("hosp_out_trade_no")?,
            hosp_out_refund_no: fields.optional("hosp_out_refund_no")?,
            med_refund_id: fields.required("med_refund_id")?,
            cash_refund_fee: fields.required("cash_refund_fee")?,
            insurance_refund_fee: fields.required("insurance_refund_fee")?,
            insurance_refund_status: fields.optional("insurance_refund_status")?,
            cash_refund_status: match fields.optional("cash_refund_status")? {
                None => fields.optional("cash_refund_stauts")?,
                status => status,
            },
            med_refund_state: fields.required("med_refund_state")?,
        })
    }
}
