//! 挂号报备接口: §1.3 of 选用接口.

pub use crate::visit_fields::{Reply, VisitFields};

use crate::caller_fields::{Merchant, NONCE_STR, Patient, Payer};
use crate::fields::{FieldFault, Fields, Verified};
use crate::interface::{Interface, Kind, req};
use crate::order_fields as of;
use crate::request_content::RequestContent;
use crate::value::Text;

/// The document's table.
pub const SPEC: Interface = Interface {
    name: "preregister",
    path: "/payinsurance/preregister",
    title: "挂号报备接口",
    fields: &[
        Merchant::APPID,
        Merchant::MCH_ID,
        Payer::SUB_APPID,
        Merchant::SUB_MCH_ID,
        Payer::OPENID,
        Payer::SUB_OPENID,
        of::HOSP_OUT_TRADE_NO,
        of::HOSPITAL_NAME,
        NONCE_STR,
        of::SPBILL_CREATE_IP,
        of::BODY,
        of::CITY_ID,
        Patient::CARD_TYPE,
        Patient::CARD_NO,
        Patient::NAME,
        of::SERIAL_NO,
        of::ORG_NO,
        of::GMT_OUT_CREATE,
        of::REQUEST_CONTENT,
        of::EXTENDS,
    ],
    reply: &[req("response_content", "社保返回内容串", RequestContent::MAX_BYTES, Kind::Content)],
    signed_reply: true,
    carries_merchant: true,
};

/// The request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Who calls.
    pub merchant: Merchant,
    /// Who comes.
    pub payer: Payer,
    /// For what.
    pub visit: VisitFields,
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
            visit: VisitFields::decode(fields)?,
            nonce_str: fields.required("nonce_str")?,
        })
    }

    /// Its fields, not signed yet.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        self.merchant.encode(&mut fields);
        self.payer.encode(&mut fields);
        self.visit.encode(&mut fields);
        fields.set("nonce_str", &self.nonce_str);
        fields
    }
}
