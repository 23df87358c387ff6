//! 查询支付单: PROTOCOL 3.3.

use crate::caller_fields::{Merchant, NONCE_STR, OrderRef};
use crate::fields::{FieldFault, Fields, Verified};
use crate::interface::{FieldSpec, Interface, Kind, opt, req};
use crate::states::{CashTradeStatus, InsuranceTradeStatus, MedTradeState, OrderType, PayType};
use crate::value::{Flag, Text};
use medpay_domain::{CardNo, Fen, HospOutTradeNo, MedTransId, Openid, OrgNo, SerialNo, Timestamp};
use std::fmt;
use std::net::Ipv4Addr;

/// The lines that every question about an order has.
pub(crate) const ORDER_QUESTION: &[FieldSpec] = &[
    Merchant::APPID,
    Merchant::MCH_ID,
    Merchant::SUB_APPID,
    Merchant::SUB_MCH_ID,
    OrderRef::MED_TRANS_ID,
    OrderRef::HOSP_OUT_TRADE_NO,
    NONCE_STR,
];

/// The document's table.
pub const SPEC: Interface = Interface {
    name: "orderquery",
    path: "/payinsurance/orderquery",
    title: "查询支付单",
    fields: ORDER_QUESTION,
    reply: &[
        Merchant::APPID,
        Merchant::MCH_ID,
        Merchant::SUB_APPID,
        Merchant::SUB_MCH_ID,
        req("med_trade_state", "总状态", 32, Kind::Word(MedTradeState::WORDS)),
        req("cash_trade_status", "现金状态", 32, Kind::Word(CashTradeStatus::WORDS)),
        req("insurance_trade_status", "医保状态", 32, Kind::Word(InsuranceTradeStatus::WORDS)),
        opt("trade_status_desc", "状态描述", 256, Kind::Lines),
        opt("time_end", "支付完成时间", 14, Kind::Time),
        req("order_type", "订单类型", 16, Kind::Word(OrderType::WORDS)),
        req("pay_type", "支付方式", 3, Kind::Word(PayType::WORDS)),
        opt("openid", "用户标识", 128, Kind::Text),
        opt("sub_openid", "用户子标识", 128, Kind::Text),
        req("total_fee", "订单总额", 20, Kind::Uint64),
        req("cash_fee", "现金支付", 20, Kind::Uint64),
        req("insurance_fee", "医保支付", 20, Kind::Uint64),
        opt("allow_fee_change", "允许金额变化", 3, Kind::Flag),
        opt("spbill_create_ip", "用户端 ip", 16, Kind::Ip),
        opt("serial_no", "业务流水号", 20, Kind::Text),
        opt("org_no", "医疗机构编码", 32, Kind::Text),
        opt("medical_card_id", "医疗证号", 32, Kind::Text),
        opt("response_content", "社保返回内容串", 65_536, Kind::Content),
        req("med_trans_id", "诊疗单 id", 32, Kind::Text),
        opt("hosp_out_trade_no", "医院订单号", 64, Kind::Text),
        opt("insurance_self_fee", "个账", 20, Kind::Uint64),
        opt("insurance_fund_fee", "统筹", 20, Kind::Uint64),
        opt("insurance_other_fee", "其他", 20, Kind::Uint64),
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
            nonce_str: fields.required("nonce_str")?,
        })
    }

    /// Its fields, not signed yet.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        self.merchant.encode(&mut fields);
        self.order.encode(&mut fields);
        fields.set("nonce_str", &self.nonce_str);
        fields
    }
}

/// The answer. Amounts are the real ones: the bureau's where `allow_fee_change` was 1.
///
/// `Debug` shows the states and amounts: the bureau's words name a patient.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// As in the request.
    pub merchant: Merchant,
    /// The order as a whole.
    pub med_trade_state: MedTradeState,
    /// The cash leg.
    pub cash_trade_status: CashTradeStatus,
    /// The insurance leg.
    pub insurance_trade_status: InsuranceTradeStatus,
    /// Why it stands so, in Chinese.
    pub trade_status_desc: Option<String>,
    /// When it was paid.
    pub time_end: Option<Timestamp>,
    /// 订单类型.
    pub order_type: OrderType,
    /// The real way of payment.
    pub pay_type: PayType,
    /// The payer under `appid`.
    pub openid: Option<Openid>,
    /// The payer under `sub_appid`.
    pub sub_openid: Option<Openid>,
    /// 订单总额.
    pub total_fee: Fen,
    /// 现金支付.
    pub cash_fee: Fen,
    /// 医保支付.
    pub insurance_fee: Fen,
    /// 允许金额变化.
    pub allow_fee_change: Option<bool>,
    /// As in the order.
    pub spbill_create_ip: Option<Ipv4Addr>,
    /// As in the order.
    pub serial_no: Option<SerialNo>,
    /// As in the order.
    pub org_no: Option<OrgNo>,
    /// 医疗证号.
    pub medical_card_id: Option<CardNo>,
    /// The bureau's words, once it has settled; byte for byte.
    pub response_content: Option<String>,
    /// 诊疗单 id.
    pub med_trans_id: MedTransId,
    /// 医院订单号.
    pub hosp_out_trade_no: Option<HospOutTradeNo>,
    /// 个账, of `insurance_fee`.
    pub insurance_self_fee: Option<Fen>,
    /// 统筹, of `insurance_fee`.
    pub insurance_fund_fee: Option<Fen>,
    /// The rest of `insurance_fee`.
    pub insurance_other_fee: Option<Fen>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("med_trans_id", &self.med_trans_id)
            .field("med_trade_state", &self.med_trade_state)
            .field("cash_trade_status", &self.cash_trade_status)
            .field("insurance_trade_status", &self.insurance_trade_status)
            .field("time_end", &self.time_end)
            .field("pay_type", &self.pay_type)
            .field("total_fee", &self.total_fee)
            .field("cash_fee", &self.cash_fee)
            .field("insurance_fee", &self.insurance_fee)
            .finish_non_exhaustive()
    }
}

impl Reply {
    /// Its fields, without the envelope's.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        self.merchant.encode(&mut fields);
        fields
            .set("med_trade_state", self.med_trade_state)
            .set("cash_trade_status", self.cash_trade_status)
            .set("insurance_trade_status", self.insurance_trade_status)
            .set_opt("trade_status_desc", self.trade_status_desc.as_deref())
            .set_opt("time_end", self.time_end.map(Timestamp::wire))
            .set("order_type", self.order_type)
            .set("pay_type", self.pay_type)
            .set_opt("openid", self.openid.as_ref().map(Openid::reveal))
            .set_opt("sub_openid", self.sub_openid.as_ref().map(Openid::reveal))
            .set("total_fee", self.total_fee.to_string())
            .set("cash_fee", self.cash_fee.to_string())
            .set("insurance_fee", self.insurance_fee.to_string())
            .set_opt("allow_fee_change", self.allow_fee_change.map(|yes| Flag(yes).as_str()))
            .set_opt("spbill_create_ip", self.spbill_create_ip.map(|ip| ip.to_string()))
            .set_opt("serial_no", self.serial_no.as_ref().map(SerialNo::as_str))
            .set_opt("org_no", self.org_no.as_ref().map(OrgNo::as_str))
            .set_opt("medical_card_id", self.medical_card_id.as_ref().map(CardNo::reveal))
            .set_opt("response_content", self.response_content.as_deref())
            .set("med_trans_id", self.med_trans_id.as_str())
            .set_opt(
                "hosp_out_trade_no",
                self.hosp_out_trade_no.as_ref().map(HospOutTradeNo::as_str),
            )
            .set_opt("insurance_self_fee", self.insurance_self_fee.map(|fee| fee.to_string()))
            .set_opt("insurance_fund_fee", self.insurance_fund_fee.map(|fee| fee.to_string()))
            .set_opt("insurance_other_fee", self.insurance_other_fee.map(|fee| fee.to_string()));
        fields
    }

    /// Reads a successful answer.
    pub fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        SPEC.check_reply(fields)?;
        Ok(Self {
            merchant: Merchant::decode(fields)?,
            med_trade_state: fields.required("med_trade_state")?,
            cash_trade_status: fields.required("cash_trade_status")?,
            insurance_trade_status: fields.required("insurance_trade_status")?,
            trade_status_desc: fields.optional("trade_status_desc")?,
            time_end: fields.optional("time_end")?,
            order_type: fields.required("order_type")?,
            pay_type: fields.required("pay_type")?,
            openid: fields.optional("openid")?,
            sub_openid: fields.optional("sub_openid")?,
            total_fee: fields.required("total_fee")?,
            cash_fee: fields.required("cash_fee")?,
            insurance_fee: fields.required("insurance_fee")?,
            allow_fee_change: fields.optional::<Flag>("allow_fee_change")?.map(|flag| flag.0),
            spbill_create_ip: fields.optional("spbill_create_ip")?,
            serial_no: fields.optional("serial_no")?,
            org_no: fields.optional("org_no")?,
            medical_card_id: fields.optional("medical_card_id")?,
            response_content: fields.optional("response_content")?,
            med_trans_id: fields.required("med_trans_id")?,
            hosp_out_trade_no: fields.optional("hosp_out_trade_no")?,
            insurance_self_fee: fields.optional("insurance_self_fee")?,
            insurance_fund_fee: fields.optional("insurance_fund_fee")?,
            insurance_other_fee: fields.optional("insurance_other_fee")?,
        })
    }
}
