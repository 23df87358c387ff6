//! 查询医保卡信息: §1.1 of 选用接口.

use crate::caller_fields::NONCE_STR;
use crate::fields::{FieldFault, Fields, Verified};
use crate::interface::{FieldSpec, Interface, Kind, opt, req};
use crate::states::InsuranceType;
use crate::value::Text;
use medpay_domain::{CardNo, IdDigest, MedicalUserId, Openid, PersonName};

/// The card's lines in an answer's table; qrcodegetmedinfo has them too.
pub(crate) const MEDICAL_CARD_NO: FieldSpec = req("medical_card_no", "社保卡号", 32, Kind::Text);
pub(crate) const MEDICAL_CARD_ID: FieldSpec = req("medical_card_id", "医疗证号", 32, Kind::Text);
pub(crate) const MEDICAL_COMP_NO: FieldSpec = opt("medical_comp_no", "电脑号", 32, Kind::Text);
pub(crate) const MEDICAL_INSURANCE_TYPE: FieldSpec =
    opt("medical_insurance_type", "参保类型", 16, Kind::Word(InsuranceType::WORDS));
pub(crate) const MEDICAL_USER_ID: FieldSpec =
    req("medical_user_id", "用户医保平台 id", 64, Kind::Text);

/// The document's table.
pub const SPEC: Interface = Interface {
    name: "getmedinfo",
    path: "/payinsurance/getmedinfo",
    title: "查询医保卡信息",
    fields: &[
        req("openid", "用户标识", 32, Kind::Text),
        req("name", "用户实名", 32, Kind::Text),
        req("idcard_md5", "用户身份证 md5", 64, Kind::Digest),
        NONCE_STR,
    ],
    reply: &[
        MEDICAL_CARD_NO,
        MEDICAL_CARD_ID,
        MEDICAL_COMP_NO,
        MEDICAL_INSURANCE_TYPE,
        MEDICAL_USER_ID,
    ],
    signed_reply: false,
    carries_merchant: false,
};

/// The request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// 用户标识.
    pub openid: Openid,
    /// 用户实名.
    pub name: PersonName,
    /// 用户身份证 md5; ID cards only.
    pub idcard_md5: IdDigest,
    /// 随机字符串.
    pub nonce_str: Text<32>,
}

impl Request {
    /// Reads it; the first faulty field in the document's order is named.
    pub fn decode(document: &Verified) -> Result<Self, FieldFault> {
        let fields = document.fields();
        SPEC.check_request(fields)?;
        Ok(Self {
            openid: fields.required("openid")?,
            name: fields.required("name")?,
            idcard_md5: fields.required("idcard_md5")?,
            nonce_str: fields.required("nonce_str")?,
        })
    }

    /// Its fields, not signed yet.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        fields
            .set("openid", self.openid.reveal())
            .set("name", self.name.reveal())
            .set("idcard_md5", self.idcard_md5.reveal())
            .set("nonce_str", &self.nonce_str);
        fields
    }
}

/// A bound card: the answer of getmedinfo, and part of qrcodegetmedinfo's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Card {
    /// 社保卡号.
    pub medical_card_no: CardNo,
    /// 医疗证号, `ylzh` of request_content (trap 30: not the card's number).
    pub medical_card_id: CardNo,
    /// 电脑号.
    pub medical_comp_no: Option<CardNo>,
    /// 参保类型; none is unknown.
    pub medical_insurance_type: Option<InsuranceType>,
    /// 用户医保平台 id.
    pub medical_user_id: MedicalUserId,
}

/// The answer.
pub type Reply = Card;

impl Card {
    /// Its fields, without the envelope's.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        fields
            .set("medical_card_no", self.medical_card_no.reveal())
            .set("medical_card_id", self.medical_card_id.reveal())
            .set_opt("medical_comp_no", self.medical_comp_no.as_ref().map(CardNo::reveal))
            .set_opt("medical_insurance_type", self.medical_insurance_type)
            .set("medical_user_id", self.medical_user_id.as_str());
        fields
    }

    /// Reads a successful answer.
    pub fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        SPEC.check_reply(fields)?;
        Ok(Self {
            medical_card_no: fields.required("medical_card_no")?,
            medical_card_id: fields.required("medical_card_id")?,
            medical_comp_no: fields.optional("medical_comp_no")?,
            medical_insurance_type: fields.optional("medical_insurance_type")?,
            medical_user_id: fields.required("medical_user_id")?,
        })
    }
}
