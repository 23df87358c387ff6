//! Social-security cards: bound on a page, looked up by the hospital, found by a scan.
//!
//! A card belongs to the openid under which it was bound, at the account of the bind link. In
//! service-provider mode `openid` (of appid) and `sub_openid` (of sub_appid) are two people to the
//! platform: nothing it is told says that they are one.

pub mod bind_page;
mod bind_pages;
pub mod getbindurl;
pub mod getmedinfo;
pub mod links;
pub mod qrcodegetmedinfo;
pub mod rows;
#[cfg(test)]
mod sagas;
pub mod scans;
#[cfg(test)]
pub(crate) mod tests;

use crate::app::App;
use crate::settings::Environment;
use medpay_domain::{
    Appid, CardNo, CardType, CityId, IdDigest, MedicalUserId, Openid, PersonName, Timestamp,
};
use medpay_store::StoreError;
use medpay_wire::caller_fields::Patient;
use medpay_wire::err_code::ErrCode;

/// A person, as far as the platform knows one: an openid under an account, in an environment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holder {
    /// Test and production people never meet.
    pub environment: Environment,
    /// The account.
    pub appid: Appid,
    /// The person's openid there.
    pub openid: Openid,
}

/// A bound card.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Card {
    /// Whose.
    pub holder: Holder,
    /// 真实姓名.
    pub name: PersonName,
    /// 证件类型.
    pub card_type: CardType,
    /// MD5 of the document number (PROTOCOL 1.4).
    pub id_digest: IdDigest,
    /// 社保卡号.
    pub medical_card_no: CardNo,
    /// 医疗证号.
    pub medical_card_id: CardNo,
    /// 电脑号.
    pub medical_comp_no: Option<CardNo>,
    /// 参保类型, as the bureau told it.
    pub medical_insurance_type: Option<String>,
    /// 用户医保平台 id.
    pub medical_user_id: MedicalUserId,
    /// The bureau's city.
    pub city_id: CityId,
    /// When it was bound.
    pub bound_at: Timestamp,
}

/// Why a person's card does not serve, in the order of the checks (PROTOCOL 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardRefusal {
    /// 80004.
    #[error("no card is bound")]
    NotBound,
    /// 80005.
    #[error("the name is not the card's")]
    NameMismatch,
    /// 80006.
    #[error("the document is not the card's")]
    DocumentMismatch,
}

impl CardRefusal {
    /// The wire's code.
    pub const fn code(self) -> ErrCode {
        match self {
            Self::NotBound => ErrCode::CardNotBound,
            Self::NameMismatch => ErrCode::NameMismatch,
            Self::DocumentMismatch => ErrCode::IdCardMismatch,
        }
    }
}

impl Card {
    /// Whether the card is this person's; the document type counts as part of the document.
    pub fn check(
        &self,
        name: &PersonName,
        card_type: CardType,
        id_digest: &IdDigest,
    ) -> Result<(), CardRefusal> {
        if self.name != *name {
            Err(CardRefusal::NameMismatch)
        } else if self.card_type != card_type || self.id_digest != *id_digest {
            Err(CardRefusal::DocumentMismatch)
        } else {
            Ok(())
        }
    }
}

/// The card bound by `holder`.
pub async fn find_card(app: &App, holder: &Holder) -> Result<Option<Card>, StoreError> {
    let (vault, holder) = (app.vault.clone(), holder.clone());
    app.store
        .read("find card", move |tx| {
            let (vault, holder) = (vault.clone(), holder.clone());
            Box::pin(async move { rows::find_card(tx, &vault, &holder).await })
        })
        .await
}

/// The card bound by `holder`, if it is the patient's: 80004, then 80005, then 80006.
pub async fn card_of_patient(
    app: &App,
    holder: &Holder,
    patient: &Patient,
) -> Result<Result<Card, CardRefusal>, StoreError> {
    let Some(card) = find_card(app, holder).await? else {
        return Ok(Err(CardRefusal::NotBound));
    };
    Ok(card.check(&patient.name, patient.card_type, &patient.id_digest).map(|()| card))
}
