//! The invented people: who they are for the hospital, for the bureau and for the wallet.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use medpay_domain::{Appid, CardNo, CardType, Fen, MedicalUserId, Openid, PersonName};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// The people whom a sandbox knows. Cheap to clone.
#[derive(Clone)]
pub struct Persons(Arc<[Person]>);

/// One invented person.
#[derive(Clone)]
pub struct Person {
    /// A short word that names the person inside the sandbox, such as `lin`.
    pub id: String,
    /// 姓名 in the hospital's file.
    pub name: PersonName,
    /// 证件类型.
    pub card_type: CardType,
    /// 证件号码 in the hospital's file, as written on the paper: 15 or 18 digits of an ID card.
    pub id_no: CardNo,
    /// 姓名 that bureau and wallet know: another one than `name` only of a `name_differs` person.
    pub insured_name: PersonName,
    /// 证件号码 that the bureau knows: another one only of a `document_differs` person.
    pub insured_id_no: CardNo,
    /// The wallet's password, six digits.
    pub password: String,
    /// 社保卡号.
    pub medical_card_no: CardNo,
    /// 医疗证号.
    pub medical_card_id: CardNo,
    /// 电脑号.
    pub medical_comp_no: Option<CardNo>,
    /// 参保类型 1 to 6 (选用接口 §1.1); none if unknown.
    pub medical_insurance_type: Option<u8>,
    /// 个账: what the own insurance account holds at first.
    pub account: Fen,
    /// What the wallet holds at first.
    pub wallet: Fen,
    /// What goes wrong around this person.
    pub behaviour: Behaviour,
}

/// What goes wrong around a person; `docs/contracts/faults.md` tells how each shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// Nothing.
    Normal,
    /// The own account is empty, so that the bureau answers a split of its own.
    OwnSplit,
    /// The bureau pre-settles, then refuses to settle: the account is short.
    AccountShort,
    /// The bureau pre-settles, then refuses to settle.
    BureauRefuses,
    /// The wallet holds less than a yuan.
    WalletShort,
    /// The wallet is locked after too many wrong passwords.
    WalletLocked,
    /// The hospital's file has another name than the bureau (80005).
    NameDiffers,
    /// The hospital's file has another document number than the bureau (80006).
    DocumentDiffers,
    /// The bureau is out of service for this person; nobody can bind the card.
    BureauOut,
    /// The bureau finds the person once, for the bind page, and is out of service from then on, so
    /// that getmedinfo answers 80000.
    BureauOutOnceBound,
    /// The bureau has no such card.
    NotInsured,
    /// Bureau and wallet do what they are asked; the first answer to each key is lost.
    AnswersLost,
    /// The wallet does not say whose pay code this person's is (80000).
    PayCodeUnanswered,
    /// Follows no account, so that no template message arrives.
    Unsubscribed,
}

impl Behaviour {
    /// The word of `persons.toml` and of the ready file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::OwnSplit => "own_split",
            Self::AccountShort => "account_short",
            Self::BureauRefuses => "bureau_refuses",
            Self::WalletShort => "wallet_short",
            Self::WalletLocked => "wallet_locked",
            Self::NameDiffers => "name_differs",
            Self::DocumentDiffers => "document_differs",
            Self::BureauOut => "bureau_out",
            Self::BureauOutOnceBound => "bureau_out_once_bound",
            Self::NotInsured => "not_insured",
            Self::AnswersLost => "answers_lost",
            Self::PayCodeUnanswered => "pay_code_unanswered",
            Self::Unsubscribed => "unsubscribed",
        }
    }

    /// The same for the phone's page.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Normal => "一切正常",
            Self::OwnSplit => "个账为零，医保中心自行分割",
            Self::AccountShort => "结算时个账不足",
            Self::BureauRefuses => "医保中心拒绝结算",
            Self::WalletShort => "零钱不足",
            Self::WalletLocked => "支付密码已锁定",
            Self::NameDiffers => "医院档案姓名不符",
            Self::DocumentDiffers => "医院档案证件号不符",
            Self::BureauOut => "医保中心停机",
            Self::BureauOutOnceBound => "绑卡后医保中心停机",
            Self::NotInsured => "未参保",
            Self::AnswersLost => "每笔首次应答丢失",
            Self::PayCodeUnanswered => "付款码无法识别",
            Self::Unsubscribed => "未关注公众号",
        }
    }
}

/// Why a list of people cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PersonsFault {
    /// It is not TOML of the documented shape.
    #[error("persons: {0}")]
    NotToml(String),
    /// A person's value is none.
    #[error("person {id}: {field} is invalid")]
    Invalid {
        /// Whose.
        id: String,
        /// Which value.
        field: &'static str,
    },
    /// Two people share what must tell them apart.
    #[error("person {id}: {field} is somebody else's too")]
    Shared {
        /// The second of them.
        id: String,
        /// Which value.
        field: &'static str,
    },
}

impl Persons {
    /// The people of `persons.toml`.
    ///
    /// # Panics
    /// Never: a test reads the file.
    pub fn built_in() -> Self {
        Self::from_toml(include_str!("persons.toml")).expect("persons.toml is tested")
    }

    /// Reads people written like `persons.toml`.
    pub fn from_toml(text: &str) -> Result<Self, PersonsFault> {
        let file: PersonsFile =
            toml::from_str(text).map_err(|fault| PersonsFault::NotToml(fault.to_string()))?;
        let persons =
            file.person.into_iter().map(Person::try_from).collect::<Result<Vec<_>, _>>()?;
        for (at, person) in persons.iter().enumerate() {
            let shared = |field, same: fn(&Person, &Person) -> bool| {
                let other = persons.iter().take(at).any(|other| same(person, other));
                if other {
                    Err(PersonsFault::Shared { id: person.id.clone(), field })
                } else {
                    Ok(())
                }
            };
            shared("id", |a, b| a.id == b.id)?;
            shared("medical_card_no", |a, b| a.medical_card_no == b.medical_card_no)?;
            shared("medical_card_id", |a, b| a.medical_card_id == b.medical_card_id)?;
        }
        Ok(Self(persons.into()))
    }

    /// All of them, in the file's order.
    pub fn iter(&self) -> std::slice::Iter<'_, Person> {
        self.0.iter()
    }

    /// The person of this short word.
    pub fn get(&self, id: &str) -> Option<&Person> {
        self.0.iter().find(|person| person.id == id)
    }

    /// Whose openid under `appid` this is.
    pub fn by_openid(&self, appid: &Appid, openid: &Openid) -> Option<&Person> {
        self.0.iter().find(|person| person.openid(appid) == *openid)
    }
}

impl<'a> IntoIterator for &'a Persons {
    type Item = &'a Person;
    type IntoIter = std::slice::Iter<'a, Person>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for Persons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|person| &person.id)).finish()
    }
}

impl Person {
    /// The person's 用户标识 under an account: 28 characters that follow from both, so that every
    /// process of the sandbox, and every restart, knows the same.
    pub fn openid(&self, appid: &Appid) -> Openid {
        let digest = Sha256::digest(format!("{}|{}", appid.as_str(), self.id));
        let text = URL_SAFE_NO_PAD.encode(digest);
        Openid::new(format!("o{}", text.get(..27).unwrap_or(&text)))
    }

    /// 用户医保平台 id.
    pub fn medical_user_id(&self) -> MedicalUserId {
        let digest = hex::encode(Sha256::digest(format!("medical user|{}", self.id)));
        MedicalUserId::new(format!("mu{}", digest.get(..30).unwrap_or(&digest)))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonsFile {
    person: Vec<PersonEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonEntry {
    id: String,
    name: String,
    insured_name: Option<String>,
    #[serde(default = "id_card")]
    card_type: u8,
    id_no: String,
    insured_id_no: Option<String>,
    password: String,
    medical_card_no: String,
    medical_card_id: String,
    medical_comp_no: Option<String>,
    medical_insurance_type: Option<u8>,
    account_fen: i64,
    wallet_fen: i64,
    behaviour: Behaviour,
}

fn id_card() -> u8 {
    CardType::IdCard.code()
}

impl TryFrom<PersonEntry> for Person {
    type Error = PersonsFault;

    fn try_from(entry: PersonEntry) -> Result<Self, PersonsFault> {
        let invalid = |field| PersonsFault::Invalid { id: entry.id.clone(), field };
        let plain_word =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase());
        if !plain_word(&entry.id) {
            return Err(invalid("id"));
        }
        if entry.password.len() != 6 || !entry.password.bytes().all(|b| b.is_ascii_digit()) {
            return Err(invalid("password"));
        }
        if entry.medical_insurance_type.is_some_and(|kind| !(1..=6).contains(&kind)) {
            return Err(invalid("medical_insurance_type"));
        }
        Ok(Self {
            card_type: CardType::from_code(entry.card_type).ok_or_else(|| invalid("card_type"))?,
            account: Fen::new(entry.account_fen).ok_or_else(|| invalid("account_fen"))?,
            wallet: Fen::new(entry.wallet_fen).ok_or_else(|| invalid("wallet_fen"))?,
            insured_name: PersonName::new(entry.insured_name.as_ref().unwrap_or(&entry.name)),
            insured_id_no: CardNo::new(entry.insured_id_no.as_ref().unwrap_or(&entry.id_no)),
            name: PersonName::new(entry.name),
            id_no: CardNo::new(entry.id_no),
            password: entry.password,
            medical_card_no: CardNo::new(entry.medical_card_no),
            medical_card_id: CardNo::new(entry.medical_card_id),
            medical_comp_no: entry.medical_comp_no.map(CardNo::new),
            medical_insurance_type: entry.medical_insurance_type,
            behaviour: entry.behaviour,
            id: entry.id,
        })
    }
}

#[cfg(test)]
mod tests;
