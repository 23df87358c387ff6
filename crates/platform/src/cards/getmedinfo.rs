//! `POST /payinsurance/getmedinfo`: the card of a person (选用接口 §1.1).

use super::{Card, CardRefusal, Holder, rows};
use crate::access::Caller;
use crate::app::App;
use medpay_domain::{CardType, Openid};
use medpay_store::StoreError;
use medpay_wire::envelope::Failure;
use medpay_wire::err_code::ErrCode;
use medpay_wire::getmedinfo::{Card as WireCard, Reply, Request};
use medpay_wire::states::InsuranceType;

/// Why there is no answer, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum GetMedInfoError {
    /// No card, or another person's.
    #[error(transparent)]
    Card(#[from] CardRefusal),
    /// Ours.
    #[error("the card could not be looked up")]
    Store(#[from] StoreError),
}

impl GetMedInfoError {
    /// The only place where this error meets the wire.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Card(refusal) => Failure::business(refusal.code()),
            Self::Store(_) => Failure::business(ErrCode::CardSystemError),
        }
    }
}

/// Looks the card up and compares it with the name and the digest, 80004 → 80005 → 80006.
pub(crate) async fn serve(
    app: &App,
    caller: &Caller<'_>,
    request: Request,
) -> Result<Reply, GetMedInfoError> {
    let card = find(app, caller, &request.openid).await?.ok_or(CardRefusal::NotBound)?;
    // The interface knows ID cards only.
    card.check(&request.name, CardType::IdCard, &request.idcard_md5)?;
    Ok(wire_card(&card))
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
