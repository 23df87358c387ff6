//! 扫码下单: PROTOCOL 3.10. As [`crate::unifiedorder`], with a scanned pay code for the payer and no
//! page to return to; the payer confirms on the phone.

use crate::caller_fields::{Merchant, NONCE_STR, Patient};
use crate::fields::{FieldFault, Fields, Verified};
use crate::interface::{Interface, Kind, req};
use crate::order_fields::{self as of, OrderFields};
use crate::scan_fields::Scan;
use crate::value::Text;
use medpay_domain::MedTransId;

/// The document's table.
pub const SPEC: Interface = Interface {
    name: "qrcodeunifiedorder",
    path: "/payinsurance/qrcodeunifiedorder",
    title: "扫码下单",
    fields: &[
        of::ORDER_TYPE,
        Merchant::APPID,
        Merchant::MCH_ID,
        Merchant::SUB_APPID,
        Merchant::SUB_MCH_ID,
        Scan::AUTH_CODE,
        Scan::TOKEN,
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
    ],
    signed_reply: true,
    carries_merchant: true,
};

/// The request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Who calls.
    pub merchant: Merchant,
    /// The pay code, and its token from qrcodegetmedinfo.
    pub scan: Scan,
    /// What is ordered.
    pub order: OrderFields,
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
            scan: Scan::decode(fields)?,
            order: OrderFields::decode(fields)?,
            nonce_str: fields.required("nonce_str")?,
        })
    }

    /// Its fields, not signed yet.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        self.merchant.encode(&mut fields);
        self.scan.encode(&mut fields);
        self.order.encode(&mut fields);
        fields.set("nonce_str", &self.nonce_str);
        fields
    }
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// As in the request.
    pub merchant: Merchant,
    /// 诊疗单 id, for orderquery, refund and closeorder.
    pub med_trans_id: MedTransId,
}

impl Reply {
    /// Its fields, without the envelope's.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        self.merchant.encode(&mut fields);
        fields.set("med_trans_id", self.med_trans_id.as_str());
        fields
    }

    /// Reads a successful answer.
    pub fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        SPEC.check_reply(fields)?;
        Ok(Self {
            merchant: Merchant::decode(fields)?,
            med_trans_id: fields.required("med_trans_id")?,
        })
    }
}
