//! `POST /payinsurance/getmedinfo`: the card of a person (选用接口 §1.1).
//!
//! Whose card it is, the platform knows; whether it is still valid and what it says, only the
//! bureau does, and is asked each time. Nothing is written.

use super::{Card, CardRefusal, Holder, rows};
use crate::access::Caller;
use crate::app::App;
use medpay_client::Unanswered;
use medpay_domain::{CardType, Openid};
use medpay_store::StoreError;
use medpay_wire::contracts::bureau::{CheckCard, CheckedCard, Insured, Refusal};
use medpay_wire::envelope::Failure;
use medpay_wire::err_code::ErrCode;
use medpay_wire::getmedinfo::{Card as WireCard, Reply, Request};
use medpay_wire::states::InsuranceType;

/// Why there is no answer, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum GetMedInfoError {
    /// No card, none any more, or another person's.
    #[error(transparent)]
    Card(#[from] CardRefusal),
    /// The bureau would not say whether the card is valid.
    #[error("the bureau refused with {}", .0.code)]
    Refused(Refusal),
    /// The bureau did not say.
    #[error("the bureau did not say whether the card is valid")]
    Bureau(#[from] Unanswered),
    /// Ours.
    #[error("the card could not be looked up")]
    Store(#[from] StoreError),
}

impl GetMedInfoError {
    /// The only place where this error meets the wire.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Card(refusal) => Failure::business(refusal.code()),
            Self::Refused(refusal) => {
                Failure::Business { code: ErrCode::CardSystemError, des: refusal.reason.clone() }
            }
            Self::Bureau(_) | Self::Store(_) => Failure::business(ErrCode::CardSystemError),
        }
    }
}

/// Looks the card up and compares it with the name and the digest, 80004 → 80005 → 80006, and
/// asks the bureau last: its word is for those who named the card's person.
pub(crate) async fn serve(
    app: &App,
    caller: &Caller<'_>,
    request: Request,
) -> Result<Reply, GetMedInfoError> {
    let card = find(app, caller, &request.openid).await?.ok_or(CardRefusal::NotBound)?;
    // The interface knows ID cards only.
    card.check(&request.name, CardType::IdCard, &request.idcard_md5)?;
    let insured = ask_bureau(app, &card).await?;
    Ok(wire_card(&as_told(card, insured)))
}

/// What the bureau of the card's city holds of it now.
async fn ask_bureau(app: &App, card: &Card) -> Result<Insured, GetMedInfoError> {
    let ask =
        CheckCard { city_id: card.city_id.clone(), medical_card_id: card.medical_card_id.clone() };
    match app.parties(card.holder.environment).bureau.check_card(&ask).await? {
        CheckedCard::Valid(insured) => Ok(insured),
        CheckedCard::Unknown => Err(CardRefusal::NotBound.into()),
        CheckedCard::Refused(refusal) => Err(GetMedInfoError::Refused(refusal)),
    }
}

/// The card with the bureau's numbers of today in place of those of the day it was bound.
fn as_told(card: Card, insured: Insured) -> Card {
    Card {
        medical_card_no: insured.medical_card_no,
        medical_card_id: insured.medical_card_id,
        medical_comp_no: insured.medical_comp_no,
        medical_insurance_type: insured.medical_insurance_type,
        medical_user_id: insured.medical_user_id,
        ..card
    }
}

/// The card under any account that the caller's openids may be of.
async fn find(app: &App, caller: &Caller<'_>, openid: &Openid) -> Result<Option<Card>, StoreError> {
    let holders: Vec<Holder> = caller
        .accounts()
        .into_iter()
        .map(|(environment, appid)| Holder { environment, appid, openid: openid.clone() })
        .collect();
    let vault = app.vault.clone();
    app.store
        .read("getmedinfo", move |tx| {
            let (vault, holders) = (vault.clone(), holders.clone());
            Box::pin(async move {
                for holder in &holders {
                    if let Some(card) = rows::find_card(tx, &vault, holder).await? {
                        return Ok(Some(card));
                    }
                }
                Ok(None)
            })
        })
        .await
}

/// The card, as the wire shows it; a kind of insurance that the document does not know is left out.
pub(crate) fn wire_card(card: &Card) -> WireCard {
    WireCard {
        medical_card_no: card.medical_card_no.clone(),
        medical_card_id: card.medical_card_id.clone(),
        medical_comp_no: card.medical_comp_no.clone(),
        medical_insurance_type: card
            .medical_insurance_type
            .as_deref()
            .and_then(InsuranceType::parse),
        medical_user_id: card.medical_user_id.clone(),
    }
}
