//! 就诊卡 (guide §4.1.2): what a follower has added, and so may see the bills, registrations and
//! reports of. Added by 社保实名授权 without typing, or by hand.

mod authorize;
mod by_hand;
mod keep;
mod list;
mod rows;
#[cfg(test)]
mod tests;
pub(crate) mod trouble;
mod typed;
mod unbind;

#[cfg(test)]
pub(crate) use keep::given;

use crate::gateway::{Gateway, Site};
use axum::Router;
use axum::routing::{get, post};
use medpay_domain::{CardNo, CardType, IdDigest, Openid, PersonName};
use medpay_store::StoreError;

/// A visit card, as its holder added it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VisitCard {
    /// Its number in our addresses; it says nothing of the person.
    pub card_id: String,
    /// The HIS's number of the patient.
    pub patient_id: String,
    /// 就诊卡号.
    pub visit_card_no: CardNo,
    /// 姓名.
    pub name: PersonName,
    /// 证件类型.
    pub card_type: CardType,
    /// MD5 of the document number.
    pub id_digest: IdDigest,
}

/// The cards of `openid`: the default one first, then the oldest.
pub async fn of(site: &Site, openid: &Openid) -> Result<Vec<VisitCard>, StoreError> {
    let (org_no, vault) = (site.org_no().clone(), site.vault.clone());
    let holder = holder_digest(site, openid);
    site.store
        .read("visit cards of a holder", move |tx| {
            let (org_no, vault, holder) = (org_no.clone(), vault.clone(), holder.clone());
            Box::pin(async move { rows::of(tx, &vault, &org_no, &holder).await })
        })
        .await
}

/// The card with this id, if it is `openid`'s.
pub async fn find(
    site: &Site,
    openid: &Openid,
    card_id: &str,
) -> Result<Option<VisitCard>, StoreError> {
    Ok(of(site, openid).await?.into_iter().find(|card| card.card_id == card_id))
}

/// The card of this patient, if `openid` has added it.
pub async fn by_patient(
    site: &Site,
    openid: &Openid,
    patient_id: &str,
) -> Result<Option<VisitCard>, StoreError> {
    Ok(of(site, openid).await?.into_iter().find(|card| card.patient_id == patient_id))
}

/// Everybody who has added a card of this patient, the first first.
pub async fn holders(site: &Site, patient_id: &str) -> Result<Vec<Openid>, StoreError> {
    let (org_no, vault) = (site.org_no().clone(), site.vault.clone());
    let patient_id = patient_id.to_owned();
    site.store
        .read("holders of a patient", move |tx| {
            let (org_no, vault) = (org_no.clone(), vault.clone());
            let patient_id = patient_id.clone();
            Box::pin(async move { rows::holders(tx, &vault, &org_no, &patient_id).await })
        })
        .await
}

/// What a holder is searched by.
pub(crate) fn holder_digest(site: &Site, openid: &Openid) -> String {
    site.vault.digest(site.institution.own_appid().as_str(), openid.reveal())
}

/// A card's number with all but its end covered.
pub(crate) fn masked(number: &CardNo) -> String {
    let characters: Vec<char> = number.reveal().chars().collect();
    let shown = if characters.len() > 6 { 4 } else { 2.min(characters.len()) };
    let end: String = characters.iter().skip(characters.len() - shown).collect();
    format!("****{end}")
}

/// The pages.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new()
        .route("/visit-cards", get(list::page))
        .route("/visit-cards/default", post(list::make_default))
        .route("/visit-cards/authorize", get(authorize::begin))
        .route("/visit-cards/authorized", get(authorize::returned))
        .route("/visit-cards/new", get(by_hand::page).post(by_hand::submit))
        .route("/visit-cards/{card_id}/remove", get(unbind::page).post(unbind::submit))
}

#[cfg(test)]
mod masks {
    use super::*;

    #[test]
    fn a_masked_number_shows_its_end_only() {
        let masked = |number: &str| super::masked(&CardNo::new(number));
        assert_eq!(masked("0012345678"), "****5678");
        assert_eq!(masked("123456"), "****56");
        assert_eq!(masked("7"), "****7");
        assert_eq!(masked(""), "****");
    }
}
