//! Adds the visit cards of a person whom the HIS knows, in one transaction with what follows from
//! it.

use super::rows::{self, Holder};
use super::trouble::Trouble;
use super::{VisitCard, holder_digest};
use crate::gateway::Site;
use crate::reminders;
use medpay_domain::{CardNo, CardType, IdDigest, Openid, OrgNo, PersonName, Timestamp};
use medpay_store::{StoreError, Tx, Vault};
use medpay_wire::his::RefusalCode;
use medpay_wire::his::patients::{CreateVisitCard, FindPatients, Patient};
use std::sync::Arc;

/// Somebody who wants a visit card.
pub(super) struct Applicant {
    pub name: PersonName,
    pub card_type: CardType,
    pub id_digest: IdDigest,
    /// The number itself, where it was typed.
    pub id_no: Option<CardNo>,
    /// Only the visit card with this number, which exists already.
    pub visit_card_no: Option<CardNo>,
}

/// How a card came here.
#[derive(Clone, Debug)]
pub(super) enum AddedBy {
    /// 社保实名授权; the way with this nonce is used up by it.
    Authorization { nonce_digest: String },
    /// Typed.
    Hand,
}

/// Why no card was added.
#[derive(Debug, thiserror::Error)]
pub(super) enum AddError {
    /// The HIS has no visit card of this number for this person.
    #[error("no such visit card")]
    NoSuchCard,
    /// The HIS makes none for this person.
    #[error("the HIS makes no visit card")]
    HisRefused,
    /// The HIS did not answer.
    #[error("the HIS does not answer")]
    HisSilent,
    /// There are as many as one person may add.
    #[error("there are enough cards")]
    Limit,
    /// The authorization was used before.
    #[error("the authorization was used before")]
    UsedBefore,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Finds the person in the HIS, or has a visit card made; adds what there is and answers the id of
/// the first.
pub(super) async fn add(
    site: &Arc<Site>,
    openid: &Openid,
    applicant: &Applicant,
    by: AddedBy,
) -> Result<String, AddError> {
    let found = find(site, applicant).await?;
    let patients = if found.is_empty() {
        if applicant.visit_card_no.is_some() {
            return Err(AddError::NoSuchCard);
        }
        vec![create(site, openid, applicant).await?]
    } else {
        found
    };
    let cards = patients
        .into_iter()
        .map(|patient| VisitCard {
            card_id: site.entropy.nonce(),
            patient_id: patient.patient_id,
            visit_card_no: patient.visit_card_no,
            name: patient.name,
            card_type: patient.card_type,
            id_digest: patient.id_digest,
        })
        .collect();
    keep(site, openid, cards, by).await
}

async fn find(site: &Site, applicant: &Applicant) -> Result<Vec<Patient>, AddError> {
    let ask = FindPatients {
        name: applicant.name.clone(),
        card_type: applicant.card_type,
        id_digest: applicant.id_digest.clone(),
        visit_card_no: applicant.visit_card_no.clone(),
    };
    match super::trouble::ask_his(site, &ask).await {
        // A HIS that looks people up loosely must not show one person another's data.
        Ok(found) => Ok(found.patients.into_iter().filter(|it| fits(it, applicant)).collect()),
        Err(Trouble::NotFound | Trouble::NoVisitCard) => Ok(Vec::new()),
        Err(Trouble::HisSilent) => Err(AddError::HisSilent),
        Err(Trouble::Store(error)) => Err(error.into()),
    }
}

fn fits(patient: &Patient, applicant: &Applicant) -> bool {
    let number = applicant.visit_card_no.as_ref();
    patient.name == applicant.name
        && patient.card_type == applicant.card_type
        && patient.id_digest == applicant.id_digest
        && number.is_none_or(|number| patient.visit_card_no == *number)
}

async fn create(site: &Site, openid: &Openid, applicant: &Applicant) -> Result<Patient, AddError> {
    let ask = CreateVisitCard {
        name: applicant.name.clone(),
        card_type: applicant.card_type,
        id_digest: applicant.id_digest.clone(),
        id_no: applicant.id_no.clone(),
        phone: None,
    };
    // The same person asked for twice, however fast, is one command.
    let words = [
        openid.reveal(),
        ask.name.reveal(),
        &ask.card_type.code().to_string(),
        ask.id_digest.reveal(),
        ask.id_no.as_ref().map_or("", CardNo::reveal),
    ];
    let key = site.vault.digest("create_visit_card", &words.join("\n"));
    match site.doors.his.command(&key, &ask).await {
        Ok(Ok(patient)) if fits(&patient, applicant) => Ok(patient),
        Ok(Ok(_)) => {
            tracing::error!("the HIS made a visit card for somebody else");
            Err(AddError::HisRefused)
        }
        Ok(Err(refusal)) if refusal.code == RefusalCode::Unknown => Err(AddError::HisSilent),
        Ok(Err(refusal)) => {
            tracing::warn!(code = ?refusal.code, "the HIS made no visit card");
            Err(AddError::HisRefused)
        }
        Err(error) => {
            tracing::warn!(%error, "the HIS did not say whether it made a visit card");
            Err(AddError::HisSilent)
        }
    }
}

/// What one transaction needs, to be run again if need be.
#[derive(Clone)]
struct Keep {
    site: Arc<Site>,
    openid: Openid,
    holder_digest: String,
    cards: Vec<VisitCard>,
    by: AddedBy,
    max: u32,
    now: Timestamp,
}

async fn keep(
    site: &Arc<Site>,
    openid: &Openid,
    cards: Vec<VisitCard>,
    by: AddedBy,
) -> Result<String, AddError> {
    let keep = Keep {
        site: Arc::clone(site),
        openid: openid.clone(),
        holder_digest: holder_digest(site, openid),
        cards,
        by,
        max: site.hospital().map_or(0, |hospital| hospital.rules.visit_cards_max),
        now: site.clock.now(),
    };
    site.store
        .write("add visit cards", move |tx| {
            let keep = keep.clone();
            Box::pin(async move { keep.run(tx).await })
        })
        .await
}

impl Keep {
    async fn run(&self, tx: &mut Tx) -> Result<String, AddError> {
        let (vault, org_no): (&Vault, &OrgNo) = (&self.site.vault, self.site.org_no());
        let holder = Holder { org_no, digest: &self.holder_digest };
        let added_by = match &self.by {
            AddedBy::Authorization { nonce_digest } => {
                if !rows::use_authorization(tx, holder, nonce_digest).await? {
                    return Err(AddError::UsedBefore);
                }
                "authorization"
            }
            AddedBy::Hand => "hand",
        };
        for card in &self.cards {
            let owner = (holder, &self.openid);
            if rows::insert(tx, vault, owner, card, added_by, self.now).await? {
                if !rows::count_in(tx, holder, self.max).await? {
                    return Err(AddError::Limit);
                }
                let (site, openid) = (&self.site, &self.openid);
                reminders::visit_card_added(tx, site, openid, card, self.now).await?;
            }
        }
        // Of a patient who was here already the card has another id than the one just made.
        let first = self.cards.first().map(|card| card.patient_id.as_str());
        let kept = rows::of(tx, vault, org_no, &self.holder_digest).await?;
        let kept = kept.into_iter().find(|card| Some(card.patient_id.as_str()) == first);
        Ok(kept.ok_or(StoreError::NoRow)?.card_id)
    }
}

/// Adds a card as if by hand, for the tests of other capabilities.
#[cfg(test)]
pub(crate) async fn given(site: &Arc<Site>, openid: &Openid, card: VisitCard) -> String {
    keep(site, openid, vec![card], AddedBy::Hand).await.expect("a visit card")
}
