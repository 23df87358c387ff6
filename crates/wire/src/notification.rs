//! 支付结果通知: PROTOCOL 3.4, and its acknowledgement (6.2). The platform posts it to the order's
//! `notify_url`, on final success only.

use crate::caller_fields::Merchant;
use crate::fields::{FieldFault, Fields, Verified};
use crate::interface::{FieldSpec, Kind, check, opt, req};
use crate::states::{CashTradeStatus, InsuranceTradeStatus, PayType};
use crate::xml::XmlFault;
use medpay_domain::{
    BillNo, CardNo, CashOrderId, Fen, HospOutTradeNo, InsuranceOrderId, MedTransId, Openid,
    SerialNo, Timestamp,
};
use std::fmt;

/// The document's table, without `nonce_str` and `sign`.
pub const FIELDS: &[FieldSpec] = &[
    req("return_code", "返回状态码", 16, Kind::Word(&["SUCCESS"])),
    req("result_code", "业务结果", 16, Kind::Word(&["SUCCESS"])),
    Merchant::APPID,
    Merchant::MCH_ID,
    Merchant::SUB_APPID,
    Merchant::SUB_MCH_ID,
    opt("openid", "用户标识", 128, Kind::Text),
    opt("sub_openid", "用户子标识", 128, Kind::Text),
    req("med_trans_id", "诊疗单 id", 32, Kind::Text),
    req("hosp_out_trade_no", "医院订单号", 64, Kind::Text),
    req("time_end", "支付完成时间", 14, Kind::Time),
    req("pay_type", "支付方式", 3, Kind::Word(PayType::WORDS)),
    req("total_fee", "订单总额", 20, Kind::Uint64),
    req("cash_fee", "现金支付", 20, Kind::Uint64),
    req("insurance_fee", "医保支付", 20, Kind::Uint64),
    opt("medical_card_id", "医疗证号", 32, Kind::Text),
    opt("response_content", "社保返回内容串", 65_536, Kind::Content),
    opt("serial_no", "业务流水号", 20, Kind::Text),
    opt("bill_no", "业务单据号", 20, Kind::Text),
    opt("insurance_order_id", "医保子单号", 32, Kind::Text),
    opt("cash_order_id", "支付子单号", 32, Kind::Text),
    opt("cash_trade_status", "现金状态", 32, Kind::Word(CashTradeStatus::WORDS)),
    opt("insurance_trade_status", "医保状态", 32, Kind::Word(InsuranceTradeStatus::WORDS)),
    opt("insurance_self_fee", "个账", 20, Kind::Uint64),
    opt("insurance_fund_fee", "统筹", 20, Kind::Uint64),
    opt("insurance_other_fee", "其他", 20, Kind::Uint64),
];

/// A payment that is final. The extras at the end are those that proxies were seen to get.
///
/// `Debug` shows the numbers and amounts: the bureau's words name a patient.
#[derive(Clone, PartialEq, Eq)]
pub struct Notification {
    /// Whose order.
    pub merchant: Merchant,
    /// The payer under `appid`.
    pub openid: Option<Openid>,
    /// The payer under `sub_appid`.
    pub sub_openid: Option<Openid>,
    /// 诊疗单 id.
    pub med_trans_id: MedTransId,
    /// 医院订单号.
    pub hosp_out_trade_no: HospOutTradeNo,
    /// When it was paid.
    pub time_end: Timestamp,
    /// The real way of payment.
    pub pay_type: PayType,
    /// 订单总额.
    pub total_fee: Fen,
    /// The final cash part.
    pub cash_fee: Fen,
    /// The final insurance part; the split may differ from the order's if that allowed it.
    pub insurance_fee: Fen,
    /// 医疗证号.
    pub medical_card_id: Option<CardNo>,
    /// The bureau's words, which the HIS prints the invoice from; byte for byte.
    pub response_content: Option<String>,
    /// 业务流水号.
    pub serial_no: Option<SerialNo>,
    /// 业务单据号.
    pub bill_no: Option<BillNo>,
    /// 医保子单号.
    pub insurance_order_id: Option<InsuranceOrderId>,
    /// 支付子单号.
    pub cash_order_id: Option<CashOrderId>,
    /// The cash leg.
    pub cash_trade_status: Option<CashTradeStatus>,
    /// The insurance leg.
    pub insurance_trade_status: Option<InsuranceTradeStatus>,
    /// 个账, of `insurance_fee`.
    pub insurance_self_fee: Option<Fen>,
    /// 统筹, of `insurance_fee`.
    pub insurance_fund_fee: Option<Fen>,
    /// The rest of `insurance_fee`.
    pub insurance_other_fee: Option<Fen>,
}

impl fmt::Debug for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notification")
            .field("med_trans_id", &self.med_trans_id)
            .field("hosp_out_trade_no", &self.hosp_out_trade_no)
            .field("time_end", &self.time_end)
            .field("pay_type", &self.pay_type)
            .field("total_fee", &self.total_fee)
            .field("cash_fee", &self.cash_fee)
            .field("insurance_fee", &self.insurance_fee)
            .finish_non_exhaustive()
    }
}

impl Notification {
    /// Its fields, for [`crate::envelope::success_reply`], which adds the codes and signs.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        self.merchant.encode(&mut fields);
        fields
            .set_opt("openid", self.openid.as_ref().map(Openid::reveal))
            .set_opt("sub_openid", self.sub_openid.as_ref().map(Openid::reveal))
            .set("med_trans_id", self.med_trans_id.as_str())
            .set("hosp_out_trade_no", self.hosp_out_trade_no.as_str())
            .set("time_end", self.time_end.wire())
            .set("pay_type", self.pay_type)
            .set("total_fee", self.total_fee.to_string())
            .set("cash_fee", self.cash_fee.to_string())
            .set("insurance_fee", self.insurance_fee.to_string())
            .set_opt("medical_card_id", self.medical_card_id.as_ref().map(CardNo::reveal))
            .set_opt("response_content", self.response_content.as_deref())
            .set_opt("serial_no", self.serial_no.as_ref().map(SerialNo::as_str))
            .set_opt("bill_no", self.bill_no.as_ref().map(BillNo::as_str))
            .set_opt(
                "insurance_order_id",
                self.insurance_order_id.as_ref().map(InsuranceOrderId::as_str),
            )
            .set_opt("cash_order_id", self.cash_order_id.as_ref().map(CashOrderId::as_str))
            .set_opt("cash_trade_status", self.cash_trade_status)
            .set_opt("insurance_trade_status", self.insurance_trade_status)
            .set_opt("insurance_self_fee", self.insurance_self_fee.map(|fee| fee.to_string()))
            .set_opt("insurance_fund_fee", self.insurance_fund_fee.map(|fee| fee.to_string()))
            .set_opt("insurance_other_fee", self.insurance_other_fee.map(|fee| fee.to_string()));
        fields
    }

    /// Reads one whose signature was checked.
    pub fn decode(document: &Verified) -> Result<Self, FieldFault> {
        let fields = document.fields();
        check(FIELDS, fields)?;
        Ok(Self {
            merchant: Merchant::decode(fields)?,
            openid: fields.optional("openid")?,
            sub_openid: fields.optional("sub_openid")?,
            med_trans_id: fields.required("med_trans_id")?,
            hosp_out_trade_no: fields.required("hosp_out_trade_no")?,
            time_end: fields.required("time_end")?,
            pay_type: fields.required("pay_type")?,
            total_fee: fields.required("total_fee")?,
            cash_fee: fields.required("cash_fee")?,
            insurance_fee: fields.required("insurance_fee")?,
            medical_card_id: fields.optional("medical_card_id")?,
            response_content: fields.optional("response_content")?,
            serial_no: fields.optional("serial_no")?,
            bill_no: fields.optional("bill_no")?,
            insurance_order_id: fields.optional("insurance_order_id")?,
            cash_order_id: fields.optional("cash_order_id")?,
            cash_trade_status: fields.optional("cash_trade_status")?,
            insurance_trade_status: fields.optional("insurance_trade_status")?,
            insurance_self_fee: fields.optional("insurance_self_fee")?,
            insurance_fund_fee: fields.optional("insurance_fund_fee")?,
            insurance_other_fee: fields.optional("insurance_other_fee")?,
        })
    }
}

/// What the hospital answers a notification (PROTOCOL 6.2); unsigned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Acknowledgement {
    /// `SUCCESS`: written down, or known already.
    Accepted,
    /// `FAIL`, and why: it comes again.
    Refused(String),
}

impl Acknowledgement {
    /// As a document.
    pub fn to_xml(&self) -> String {
        let mut fields = Fields::new();
        match self {
            Self::Accepted => fields.set("return_code", "SUCCESS").set("return_msg", "OK"),
            Self::Refused(why) => {
                let message: String = why.chars().take(128).collect();
                fields.set("return_code", "FAIL").set("return_msg", message)
            }
        };
        fields.to_xml()
    }

    /// Reads an answer. Only a document whose `return_code` is exactly SUCCESS accepts; anything
    /// else, and no document at all, is retried.
    pub fn read(body: &[u8]) -> Result<Self, XmlFault> {
        let fields = Fields::from_xml(body)?;
        Ok(match fields.get("return_code") {
            Some("SUCCESS") => Self::Accepted,
            _ => Self::Refused(fields.get("return_msg").unwrap_or_default().to_owned()),
        })
    }
}
