//! 扫码挂号报备接口: §1.4 of 选用接口. As [`crate::preregister`], with a scanned pay code for the
//! person.

pub use crate::visit_fields::{Reply, VisitFields};

use crate::caller_fields::{Merchant, NONCE_STR, Patient};
use crate::fields::{FieldFault, Fields, Verified};
use crate::interface::Interface;
use crate::order_fields as of;
use crate::scan_fields::Scan;
use crate::value::Text;

/// The document's table.
pub const SPEC: Interface = Interface {
    name: "qrcodepreregister",
    path: "/payinsurance/qrcodepreregister",
    title: "扫码挂号报备接口",
    fields: &[
        Merchant::APPID,
        Merchant::MCH_ID,
        Merchant::SUB_APPID,
        Merchant::SUB_MCH_ID,
        Scan::AUTH_CODE,
        Scan::TOKEN,
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
    reply: crate::preregister::SPEC.reply,
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
            scan: Scan::decode(fields)?,
            visit: VisitFields::decode(fields)?,
            nonce_str: fields.required("nonce_str")?,
        })
    }

    /// Its fields, not signed yet.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        self.merchant.encode(&mut fields);
        self.scan.encode(&mut fields);
        self.visit.encode(&mut fields);
        fields.set("nonce_str", &self.nonce_str);
        fields
    }
}
