//! 统一下单 (挂号/诊间支付): PROTOCOL 3.1.

pub use crate::order_fields::{AmountFault, Amounts, OrderFields};

use crate::caller_fields::{Merchant, NONCE_STR, Patient, Payer};
use crate::fields::{FieldFault, Fields, Verified};
use crate::interface::{Interface, Kind, opt, req};
use crate::order_fields as of;
use crate::value::{HttpUrl, Text};
use medpay_domain::{Appid, MedTransId};

/// The document's table.
pub const SPEC: Interface = Interface {
    name: "unifiedorder",
    path: "/payinsurance/unifiedorder",
    title: "统一下单",
    fields: &[
        of::ORDER_TYPE,
        Merchant::APPID,
        Merchant::MCH_ID,
        Payer::SUB_APPID,
        Merchant::SUB_MCH_ID,
        Payer::OPENID,
        Payer::SUB_OPENID,
        of::HOSP_OUT_TRADE_NO,
        of::HOSPITAL_NAME,
        NONCE_STR,
        of::TOTAL_FEE,
        of::CASH_FEE,
        of::INSURANCE_FEE,
        of::CASH_ADD_FEE,
        of::CASH_ADD_WORDING,
        of::CASH_REDUCED_FEE,
        of::CASH_REDUCED_WORDING,
        of::ALLOW_FEE_CHANGE,
        of::SPBILL_CREATE_IP,
        of::NOTIFY_URL,
        of::BODY,
        req("return_url", "支付后跳转", 128, Kind::Url),
        of::PAY_TYPE,
        of::CITY_ID,
        Patient::CARD_TYPE,
        Patient::CARD_NO,
        Patient::NAME,
        of::IS_DEPT,
        of::SERIAL_NO,
        of::ORG_NO,
        of::GMT_OUT_CREATE,
        of::ORDER_CONTENT,
        of::BILL_NO,
        of::CHANNEL_NO,
        of::EXTENDS,
    ],
    reply: &[
        Merchant::APPID,
        Merchant::MCH_ID,
        Merchant::SUB_APPID,
        Merchant::SUB_MCH_ID,
        req("med_trans_id", "诊疗单 id", 32, Kind::Text),
        req("pay_url", "支付链接", 512, Kind::Text),
        opt("pay_appid", "支付小程序 appid", 32, Kind::Text),
    ],
    signed_reply: true,
    carries_merchant: true,
};

/// The request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Who calls.
    pub merchant: Merchant,
    /// Who pays.
    pub payer: Payer,
    /// What is ordered.
    pub order: OrderFields,
    /// Where the payer goes afterwards, success or not.
    pub return_url: HttpUrl<128>,
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
            payer: Payer::decode(fields)?,
            order: OrderFields::decode(fields)?,
            return_url: fields.required("return_url")?,
            nonce_str: fields.required("nonce_str")?,
        })
    }

    /// Its fields, not signed yet.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        self.merchant.encode(&mut fields);
        self.payer.encode(&mut fields);
        self.order.encode(&mut fields);
        fields.set("return_url", self.return_url.as_str()).set("nonce_str", &self.nonce_str);
        fields
    }
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// As in the request.
    pub merchant: Merchant,
    /// 诊疗单 id.
    pub med_trans_id: MedTransId,
    /// 支付链接: an address, or a path in `pay_appid`.
    pub pay_url: String,
    /// 支付小程序 appid, if the caller is a mini-program.
    pub pay_appid: Option<Appid>,
}

impl Reply {
    /// Its fields, without the envelope's.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        self.merchant.encode(&mut fields);
        fields
            .set("med_trans_id", self.med_trans_id.as_str())
            .set("pay_url", &self.pay_url)
            .set_opt("pay_appid", self.pay_appid.as_ref().map(Appid::as_str));
        fields
    }

    /// Reads a successful answer.
    pub fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        SPEC.check_reply(fields)?;
        Ok(Self {
            merchant: Merchant::decode(fields)?,
            med_trans_id: fields.required("med_trans_id")?,
            pay_url: fields.required("pay_url")?,
            pay_appid: fields.optional("pay_appid")?,
        })
    }
}
