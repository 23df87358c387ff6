//! 医保信息查询接口 (扫码): PROTOCOL 3.9. Turns a scanned pay code, or the one-time code of a real-name
//! authorization (2.6), into the person's data and a `token`.

use crate::caller_fields::{Merchant, NONCE_STR, Patient};
use crate::fields::{FieldFault, Fields, Verified};
use crate::getmedinfo::{self as card, Card};
use crate::interface::{Interface, Kind, opt, req};
use crate::scan_fields::Scan;
use crate::value::Text;
use medpay_domain::{CityId, OrgNo};
use std::fmt;
use std::net::Ipv4Addr;

/// The document's table.
pub const SPEC: Interface = Interface {
    name: "qrcodegetmedinfo",
    path: "/payinsurance/qrcodegetmedinfo",
    title: "医保信息查询接口",
    fields: &[
        Merchant::APPID,
        Merchant::MCH_ID,
        Merchant::SUB_APPID,
        Merchant::SUB_MCH_ID,
        Scan::AUTH_CODE,
        opt("org_no", "医疗机构编码", 32, Kind::Text),
        opt("spbill_create_ip", "用户端 ip", 16, Kind::Ip),
        NONCE_STR,
    ],
    reply: &[
        Scan::TOKEN,
        req("expires_in", "有效时间", 10, Kind::Uint32),
        Patient::NAME,
        Patient::CARD_TYPE,
        Patient::CARD_NO,
        card::MEDICAL_CARD_NO,
        card::MEDICAL_CARD_ID,
        card::MEDICAL_COMP_NO,
        card::MEDICAL_INSURANCE_TYPE,
        card::MEDICAL_USER_ID,
        opt("city_id", "城市 id", 32, Kind::Text),
    ],
    signed_reply: true,
    carries_merchant: true,
};

/// The request. `Debug` masks the code.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Who calls.
    pub merchant: Merchant,
    /// 授权码: what the scanner read.
    pub auth_code: Text<128>,
    /// 医疗机构编码.
    pub org_no: Option<OrgNo>,
    /// 用户端 ip.
    pub spbill_create_ip: Option<Ipv4Addr>,
    /// 随机字符串.
    pub nonce_str: Text<32>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("merchant", &self.merchant).finish_non_exhaustive()
    }
}

impl Request {
    /// Reads it; the first faulty field in the document's order is named.
    pub fn decode(document: &Verified) -> Result<Self, FieldFault> {
        let fields = document.fields();
        SPEC.check_request(fields)?;
        Ok(Self {
            merchant: Merchant::decode(fields)?,
            auth_code: fields.required("auth_code")?,
            org_no: fields.optional("org_no")?,
            spbill_create_ip: fields.optional("spbill_create_ip")?,
            nonce_str: fields.required("nonce_str")?,
        })
    }

    /// Its fields, not signed yet.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        self.merchant.encode(&mut fields);
        fields
            .set("auth_code", &self.auth_code)
            .set_opt("org_no", self.org_no.as_ref().map(OrgNo::as_str))
            .set_opt("spbill_create_ip", self.spbill_create_ip.map(|ip| ip.to_string()))
            .set("nonce_str", &self.nonce_str);
        fields
    }
}

/// The answer. `Debug` masks the token.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// 授权码 token, for qrcodepreregister and qrcodeunifiedorder.
    pub token: Text<128>,
    /// How long it is good for, in seconds.
    pub expires_in: u32,
    /// Who it is, to fill the next request.
    pub patient: Patient,
    /// The bound card.
    pub card: Card,
    /// 城市 of the card.
    pub city_id: Option<CityId>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

impl Reply {
    /// Its fields, without the envelope's.
    pub fn encode(&self) -> Fields {
        let mut fields = self.card.encode();
        self.patient.encode(&mut fields);
        fields
            .set("token", &self.token)
            .set("expires_in", self.expires_in.to_string())
            .set_opt("city_id", self.city_id.as_ref().map(CityId::as_str));
        fields
    }

    /// Reads a successful answer.
    pub fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        SPEC.check_reply(fields)?;
        Ok(Self {
            token: fields.required("token")?,
            expires_in: fields.required("expires_in")?,
            patient: Patient::decode(fields)?,
            card: Card::decode(fields)?,
            city_id: fields.optional("city_id")?,
        })
    }
}
