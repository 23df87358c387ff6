//! Patients and their visit cards (就诊卡).

use crate::contracts::adapters::{option, plain};
use crate::his::{call, shape};
use medpay_domain::{CardNo, CardType, IdDigest, PersonName, PhoneNo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A patient, as the HIS knows one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Patient {
    /// The HIS's own number of the patient; 64 characters at most.
    pub patient_id: String,
    /// 就诊卡号.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text64")]
    pub visit_card_no: CardNo,
    /// 姓名.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text32")]
    pub name: PersonName,
    /// 证件类型, the wire's code.
    #[serde(with = "plain")]
    #[schemars(with = "shape::CardCode")]
    pub card_type: CardType,
    /// MD5 of the document number, as on the wire.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Digest")]
    pub id_digest: IdDigest,
}

/// Who has this name and document?
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FindPatients {
    /// 姓名.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text32")]
    pub name: PersonName,
    /// 证件类型.
    #[serde(with = "plain")]
    #[schemars(with = "shape::CardCode")]
    pub card_type: CardType,
    /// MD5 of the document number.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Digest")]
    pub id_digest: IdDigest,
    /// Only the patient with this visit card.
    #[serde(with = "option", default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shape::Text64>")]
    pub visit_card_no: Option<CardNo>,
}
call!(FindPatients, "find_patients", reads, Patients);

/// Those who fit; none is no refusal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Patients {
    /// In the HIS's order.
    pub patients: Vec<Patient>,
}

/// One patient by number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FindPatient {
    /// Which.
    pub patient_id: String,
}
call!(FindPatient, "find_patient", reads, Patient);

/// Makes a visit card; answers the one that exists if name and document fit a patient.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CreateVisitCard {
    /// 姓名.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text32")]
    pub name: PersonName,
    /// 证件类型.
    #[serde(with = "plain")]
    #[schemars(with = "shape::CardCode")]
    pub card_type: CardType,
    /// MD5 of the document number.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Digest")]
    pub id_digest: IdDigest,
    /// The number itself, where the patient typed it; not known after 社保实名授权.
    #[serde(with = "option", default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shape::Text64>")]
    pub id_no: Option<CardNo>,
    /// A telephone number, if the patient gave one.
    #[serde(with = "option", default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shape::Text32>")]
    pub phone: Option<PhoneNo>,
}
call!(CreateVisitCard, "create_visit_card", writes, Patient);
