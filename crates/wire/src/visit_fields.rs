//! What preregister and qrcodepreregister have in common (选用接口 §1.3, §1.4).

use crate::caller_fields::Patient;
use crate::fields::{FieldFault, Fields};
use crate::request_content::RequestContent;
use crate::value::{Lines, Text};
use medpay_domain::{CityId, HospOutTradeNo, OrgNo, SerialNo, Timestamp};
use std::net::Ipv4Addr;

/// The visit that is recorded with the bureau, whoever comes. No money moves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VisitFields {
    /// 医院订单号, the idempotency key.
    pub hosp_out_trade_no: HospOutTradeNo,
    /// 医院名称.
    pub hospital_name: Text<128>,
    /// 用户端 ip.
    pub spbill_create_ip: Ipv4Addr,
    /// 商品描述.
    pub body: Text<128>,
    /// 城市; none means the account's.
    pub city_id: Option<CityId>,
    /// Who is treated.
    pub patient: Patient,
    /// 业务流水号.
    pub serial_no: SerialNo,
    /// 医疗机构编码.
    pub org_no: OrgNo,
    /// 医院下单时间.
    pub gmt_out_create: Timestamp,
    /// 医保结构体.
    pub request_content: RequestContent,
    /// 扩展字段.
    pub extends: Option<Lines<512>>,
}

impl VisitFields {
    pub(crate) fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        Ok(Self {
            hosp_out_trade_no: fields.required("hosp_out_trade_no")?,
            hospital_name: fields.required("hospital_name")?,
            spbill_create_ip: fields.required("spbill_create_ip")?,
            body: fields.required("body")?,
            city_id: fields.optional("city_id")?,
            patient: Patient::decode(fields)?,
            serial_no: fields.required("serial_no")?,
            org_no: fields.required("org_no")?,
            gmt_out_create: fields.required("gmt_out_create")?,
            request_content: fields.required("request_content")?,
            extends: fields.optional("extends")?,
        })
    }

    pub(crate) fn encode(&self, fields: &mut Fields) {
        fields
            .set("hosp_out_trade_no", self.hosp_out_trade_no.as_str())
            .set("hospital_name", &self.hospital_name)
            .set("spbill_create_ip", self.spbill_create_ip.to_string())
            .set("body", &self.body)
            .set_opt("city_id", self.city_id.as_ref().map(CityId::as_str))
            .set("serial_no", self.serial_no.as_str())
            .set("org_no", self.org_no.as_str())
            .set("gmt_out_create", self.gmt_out_create.wire())
            .set("request_content", self.request_content.as_str())
            .set_opt("extends", self.extends.as_ref());
        self.patient.encode(fields);
    }
}

/// The answer of both: the bureau's words for the registration.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// 支付完成后社保返回内容串, though nothing was paid (trap 20); byte for byte.
    pub response_content: String,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reply({} bytes)", self.response_content.len())
    }
}

impl Reply {
    /// Its fields, without the envelope's.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        fields.set("response_content", &self.response_content);
        fields
    }

    /// Reads a successful answer.
    pub fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        crate::preregister::SPEC.check_reply(fields)?;
        Ok(Self { response_content: fields.required("response_content")? })
    }
}
