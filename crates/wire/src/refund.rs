//! 申请退款: PROTOCOL 3.5. No amount is asked for: all goes back, or the whole cash part.

use crate::caller_fields::{Merchant, NONCE_STR, OrderRef};
use crate::fields::{FieldFault, Fields, Verified};
use crate::interface::{Interface, Kind, opt, req};
use crate::order_fields as of;
use crate::request_content::RequestContent;
use crate::states::PartRefundType;
use crate::value::Text;
use medpay_domain::{
    BillNo, Fen, HospOutRefundNo, HospOutTradeNo, MedRefundId, MedTransId, SerialNo,
};

/// The document's table. The two cancel numbers are needed where insurance money goes back, which
/// only the order can tell: [`Request::cancel_numbers`].
pub const SPEC: Interface = Interface {
    name: "refund",
    path: "/payinsurance/refund",
    title: "申请退款",
    fields: &[
        Merchant::APPID,
        Merchant::MCH_ID,
        Merchant::SUB_APPID,
        Merchant::SUB_MCH_ID,
        OrderRef::MED_TRANS_ID,
        OrderRef::HOSP_OUT_TRADE_NO,
        req("hosp_out_refund_no", "医院退款单号", 64, Kind::Text),
        opt("part_refund_type", "部分退款类型", 16, Kind::Word(PartRefundType::WORDS)),
        opt("cancel_bill_no", "医保撤销单据号", 20, Kind::Text),
        opt("cancel_serial_no", "医保撤销流水号", 20, Kind::Text),
        opt("serial_no", "业务流水号", 20, Kind::Text),
        of::BILL_NO,
        opt("refund_desc", "退款原因", 80, Kind::Text),
        opt("reason", "退款原因", 80, Kind::Text),
        opt("request_content", "透传", RequestContent::MAX_BYTES, Kind::Content),
        NONCE_STR,
    ],
    reply: &[
        req("med_refund_id", "微信医保退款单号", 32, Kind::Text),
        req("total_fee", "订单总额", 20, Kind::Uint64),
        req("cash_refund_fee", "现金退款金额", 20, Kind::Uint64),
        req("insurance_refund_fee", "医保退款金额", 20, Kind::Uint64),
        opt("med_trans_id", "诊疗单 id", 32, Kind::Text),
        opt("hosp_out_trade_no", "医院订单号", 64, Kind::Text),
        opt("hosp_out_refund_no", "医院退款单号", 64, Kind::Text),
    ],
    signed_reply: true,
    carries_merchant: true,
};

/// The request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Who calls.
    pub merchant: Merchant,
    /// Which order.
    pub order: OrderRef,
    /// 医院退款单号, the idempotency key.
    pub hosp_out_refund_no: HospOutRefundNo,
    /// 部分退款类型; none is all.
    pub part_refund_type: Option<PartRefundType>,
    /// 医保撤销单据号.
    pub cancel_bill_no: Option<BillNo>,
    /// 医保撤销流水号.
    pub cancel_serial_no: Option<SerialNo>,
    /// 原业务流水号: what some cities send instead of the two above.
    pub serial_no: Option<SerialNo>,
    /// 原业务单据号, likewise.
    pub bill_no: Option<BillNo>,
    /// 退款原因; sent as `refund_desc`, read from `reason` too.
    pub refund_desc: Option<Text<80>>,
    /// 透传.
    pub request_content: Option<RequestContent>,
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
            order: OrderRef::decode(fields)?,
            hosp_out_refund_no: fields.required("hosp_out_refund_no")?,
            part_refund_type: fields.optional("part_refund_type")?,
            cancel_bill_no: fields.optional("cancel_bill_no")?,
            cancel_serial_no: fields.optional("cancel_serial_no")?,
            serial_no: fields.optional("serial_no")?,
            bill_no: fields.optional("bill_no")?,
            refund_desc: match fields.optional("refund_desc")? {
                None => fields.optional("reason")?,
                desc => desc,
            },
            request_content: fields.optional("request_content")?,
            nonce_str: fields.required("nonce_str")?,
        })
    }

    /// The two numbers that the HIS made when it cancelled, needed where insurance money goes back;
    /// the fault is the one to answer if they are missing.
    ///
    /// Where they are absent the original `bill_no` and `serial_no` stand for them, as some cities
    /// have it.
    pub fn cancel_numbers(&self) -> Result<(BillNo, SerialNo), FieldFault> {
        let bill_no = self.cancel_bill_no.as_ref().or(self.bill_no.as_ref());
        let serial_no = self.cancel_serial_no.as_ref().or(self.serial_no.as_ref());
        Ok((
            bill_no.cloned().ok_or(FieldFault::needed("cancel_bill_no"))?,
            serial_no.cloned().ok_or(FieldFault::needed("cancel_serial_no"))?,
        ))
    }

    /// Its fields, not signed yet.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        self.merchant.encode(&mut fields);
        self.order.encode(&mut fields);
        fields
            .set("hosp_out_refund_no", self.hosp_out_refund_no.as_str())
            .set_opt("part_refund_type", self.part_refund_type)
            .set_opt("cancel_bill_no", self.cancel_bill_no.as_ref().map(BillNo::as_str))
            .set_opt("cancel_serial_no", self.cancel_serial_no.as_ref().map(SerialNo::as_str))
            .set_opt("serial_no", self.serial_no.as_ref().map(SerialNo::as_str))
            .set_opt("bill_no", self.bill_no.as_ref().map(BillNo::as_str))
            .set_opt("refund_desc", self.refund_desc.as_ref())
            .set_opt("request_content", self.request_content.as_ref().map(RequestContent::as_str))
            .set("nonce_str", &self.nonce_str);
        fields
    }
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// 微信医保退款单号.
    pub med_refund_id: MedRefundId,
    /// The order's total.
    pub total_fee: Fen,
    /// What goes back in cash.
    pub cash_refund_fee: Fen,
    /// What goes back to the insurance.
    pub insurance_refund_fee: Fen,
    /// 诊疗单 id.
    pub med_trans_id: Option<MedTransId>,
    /// 医院订单号.
    pub hosp_out_trade_no: Option<HospOutTradeNo>,
    /// 医院退款单号.
    pub hosp_out_refund_no: Option<HospOutRefundNo>,
}

impl Reply {
    /// Its fields, without the envelope's.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        fields
            .set("med_refund_id", self.med_refund_id.as_str())
            .set("total_fee", self.total_fee.to_string())
            .set("cash_refund_fee", self.cash_refund_fee.to_string())
            .set("insurance_refund_fee", self.insurance_refund_fee.to_string())
            .set_opt("med_trans_id", self.med_trans_id.as_ref().map(MedTransId::as_str))
            .set_opt(
                "hosp_out_trade_no",
                self.hosp_out_trade_no.as_ref().map(HospOutTradeNo::as_str),
            )
            .set_opt(
                "hosp_out_refund_no",
                self.hosp_out_refund_no.as_ref().map(HospOutRefundNo::as_str),
            );
        fields
    }

    /// Reads a successful answer.
    pub fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        SPEC.check_reply(fields)?;
        Ok(Self {
            med_refund_id: fields.required("med_refund_id")?,
            total_fee: fields.required("total_fee")?,
            cash_refund_fee: fields.required("cash_refund_fee")?,
            insurance_refund_fee: fields.required("insurance_refund_fee")?,
            med_trans_id: fields.optional("med_trans_id")?,
            hosp_out_trade_no: fields.optional("hosp_out_trade_no")?,
            hosp_out_refund_no: fields.optional("hosp_out_refund_no")?,
        })
    }
}
