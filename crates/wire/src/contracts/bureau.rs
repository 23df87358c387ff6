//! What the platform asks of a social-security bureau (人社/医保): `docs/contracts/bureau.md`.
//!
//! `register_visit`, `settle` and `reverse` carry a `key`: the bureau answers a repeated key with
//! its first answer, and `query` tells that answer, or `unknown` of a key it never saw.

use super::adapters::{option, plain};
use medpay_domain::{
    BillNo, CardNo, CardType, CityId, Day, Fen, IdDigest, InsuranceOrderId, MedicalUserId, OrgNo,
    PersonName, SerialNo, Timestamp,
};
use serde::{Deserialize, Serialize};

/// Why the bureau refused, in its own code and words; the words go to `err_code_des`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// The bureau's own code, such as `ACCOUNT_SHORT`, `OUT_OF_SERVICE`, `CLOSED_DAY`.
    pub code: String,
    /// Its words, in Chinese.
    pub reason: String,
}

/// `find_insured`: is there an insured person with this name, document and card?
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FindInsured {
    /// The bureau's city.
    #[serde(with = "plain")]
    pub city_id: CityId,
    /// 姓名, as typed.
    #[serde(with = "plain")]
    pub name: PersonName,
    /// 证件类型, as the wire's code.
    #[serde(with = "plain")]
    pub card_type: CardType,
    /// 证件号码 in clear: upper case, 18 digits if an ID card.
    #[serde(with = "plain")]
    pub id_no: CardNo,
    /// 社保卡号, as typed.
    #[serde(with = "plain")]
    pub medical_card_no: CardNo,
}

/// The answer to [`FindInsured`], in the order of the checks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum FoundInsured {
    /// Everything agrees.
    Found(Insured),
    /// No insured person has this card.
    CardUnknown,
    /// The card is another person's: the name differs.
    NameMismatch,
    /// The name agrees, the document does not.
    DocumentMismatch,
    /// The bureau cannot say now.
    Refused(Refusal),
}

/// An insured person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Insured {
    /// 社保卡号.
    #[serde(with = "plain")]
    pub medical_card_no: CardNo,
    /// 医疗证号, `ylzh` of `request_content`.
    #[serde(with = "plain")]
    pub medical_card_id: CardNo,
    /// 电脑号.
    #[serde(with = "option", default)]
    pub medical_comp_no: Option<CardNo>,
    /// 参保类型 1 to 6 (选用接口 §1.1); none if unknown.
    #[serde(default)]
    pub medical_insurance_type: Option<String>,
    /// 用户医保平台 id.
    #[serde(with = "plain")]
    pub medical_user_id: MedicalUserId,
    /// MD5 of the document number (PROTOCOL 1.4).
    #[serde(with = "plain")]
    pub id_digest: IdDigest,
}

/// `check_card`: is this bound card still valid? Asked by getmedinfo (选用接口 §1.1) each time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CheckCard {
    /// The bureau's city.
    #[serde(with = "plain")]
    pub city_id: CityId,
    /// 医疗证号, as the bureau told it when the card was bound.
    #[serde(with = "plain")]
    pub medical_card_id: CardNo,
}

/// The answer to [`CheckCard`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum CheckedCard {
    /// It is, and this is what the bureau holds of it now.
    Valid(Insured),
    /// No insured person has this card any more.
    Unknown,
    /// The bureau cannot say now.
    Refused(Refusal),
}

/// `register_visit`: report a registration, so that the day's bills can be settled.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RegisterVisit {
    /// Idempotency key.
    pub key: String,
    /// The bureau's city.
    #[serde(with = "plain")]
    pub city_id: CityId,
    /// 医疗机构编码.
    #[serde(with = "plain")]
    pub org_no: OrgNo,
    /// 业务流水号 of the visit.
    #[serde(with = "plain")]
    pub serial_no: SerialNo,
    /// The patient's 医疗证号.
    #[serde(with = "plain")]
    pub medical_card_id: CardNo,
    /// The hospital's words to the bureau, byte for byte.
    pub request_content: String,
}

/// The answer to [`RegisterVisit`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum VisitRegistered {
    /// Recorded.
    Registered {
        /// The bureau's words to the hospital, byte for byte.
        response_content: String,
    },
    /// Not recorded.
    Refused(Refusal),
}

/// What the bureau is asked to pay for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Claim {
    /// The bureau's city.
    #[serde(with = "plain")]
    pub city_id: CityId,
    /// 医疗机构编码.
    #[serde(with = "plain")]
    pub org_no: OrgNo,
    /// `RegPay` or `DiagPay`.
    pub order_type: String,
    /// 业务流水号.
    #[serde(with = "plain")]
    pub serial_no: SerialNo,
    /// 业务单据号.
    #[serde(with = "option", default)]
    pub bill_no: Option<BillNo>,
    /// The patient's 医疗证号.
    #[serde(with = "plain")]
    pub medical_card_id: CardNo,
    /// The order's total.
    #[serde(with = "plain")]
    pub total_fee: Fen,
    /// What the hospital expects the insurance to pay.
    #[serde(with = "plain")]
    pub insurance_fee: Fen,
    /// What the hospital expects to be paid in cash.
    #[serde(with = "plain")]
    pub cash_fee: Fen,
    /// The hospital's words to the bureau, byte for byte.
    pub request_content: String,
}

/// How the bureau divides a claim. `insurance_fee = self_fee + fund_fee + other_fee`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Split {
    /// What the insurance pays.
    #[serde(with = "plain")]
    pub insurance_fee: Fen,
    /// What is left to be paid in cash.
    #[serde(with = "plain")]
    pub cash_fee: Fen,
    /// 个账: of `insurance_fee`, from the person's own account.
    #[serde(with = "plain")]
    pub self_fee: Fen,
    /// 统筹: of `insurance_fee`, from the fund.
    #[serde(with = "plain")]
    pub fund_fee: Fen,
    /// The rest of `insurance_fee`.
    #[serde(with = "plain")]
    pub other_fee: Fen,
}

/// `pre_settle`: how would this claim be divided? Nothing is booked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PreSettle {
    /// The claim.
    pub claim: Claim,
}

/// The answer to [`PreSettle`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum PreSettled {
    /// So.
    PreSettled(Split),
    /// It would be refused.
    Refused(Refusal),
}

/// `settle`: book the claim, an insurance part of 0 included (0 元医保记账).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Settle {
    /// Idempotency key: order, leg and attempt.
    pub key: String,
    /// The claim.
    pub claim: Claim,
    /// The split that was pre-settled and shown to the patient.
    pub split: Split,
}

/// `reverse`: undo a settlement, whole.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reverse {
    /// Idempotency key.
    pub key: String,
    /// The settlement.
    #[serde(with = "plain")]
    pub insurance_order_id: InsuranceOrderId,
    /// 医保撤销单据号, from the HIS; none when the platform itself undoes a settlement.
    #[serde(default)]
    pub cancel_bill_no: Option<String>,
    /// 医保撤销流水号, likewise.
    #[serde(default)]
    pub cancel_serial_no: Option<String>,
}

/// `query`: what became of a key of `settle` or `reverse`?
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Query {
    /// The key.
    pub key: String,
}

/// The answer to [`Settle`], [`Reverse`] and [`Query`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Outcome {
    /// Booked.
    Settled(Settlement),
    /// Undone.
    Reversed {
        /// When.
        #[serde(with = "plain")]
        at: Timestamp,
    },
    /// Not done, and this key will never be.
    Refused(Refusal),
    /// The bureau never saw this key (only to [`Query`]).
    Unknown,
}

/// A booked settlement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Settlement {
    /// 医保子单号.
    #[serde(with = "plain")]
    pub insurance_order_id: InsuranceOrderId,
    /// What was booked.
    pub split: Split,
    /// The bureau's words to the hospital, byte for byte.
    pub response_content: String,
    /// When.
    #[serde(with = "plain")]
    pub at: Timestamp,
}

/// `day`: everything booked or undone on one day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ListDay {
    /// The day, `yyyyMMdd`.
    #[serde(with = "plain")]
    pub day: Day,
}

/// The answer to [`ListDay`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DayList {
    /// In the order they were booked.
    pub entries: Vec<DayEntry>,
}

/// One line of a [`DayList`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DayEntry {
    /// The idempotency key.
    pub key: String,
    /// What was done.
    pub kind: DayKind,
    /// The settlement, or the one undone.
    #[serde(with = "plain")]
    pub insurance_order_id: InsuranceOrderId,
    /// The insurance part that was booked or given back.
    #[serde(with = "plain")]
    pub insurance_fee: Fen,
    /// When.
    #[serde(with = "plain")]
    pub at: Timestamp,
}

/// What a [`DayEntry`] tells of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// A settlement.
    Settled,
    /// A reversal.
    Reversed,
}
