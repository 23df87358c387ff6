//! Is the person's social-security card bound? (getmedinfo, 选用接口 §1.1)

use crate::gateway::Site;
use crate::visit_cards::{self, VisitCard};
use medpay_domain::{CardType, IdDigest, Openid, PersonName};
use medpay_store::StoreError;
use medpay_wire::envelope::{Refused, Reply};
use medpay_wire::err_code::ErrCode;
use medpay_wire::getmedinfo::{self, Request};
use medpay_wire::value::Text;

/// The card that is bound.
pub type MedInfo = getmedinfo::Card;

/// What the platform says of a payer and a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Bound {
    /// The payer has bound this person's card.
    Yes(MedInfo),
    /// The payer has explicitly bound none (80004).
    NotBound,
    /// The payer has bound another person's (80005, 80006).
    AnotherPerson,
    /// It was not answered, or something else: nothing may be concluded.
    Unknown,
}

/// Asks getmedinfo whether `openid` has bound the card of the person with this name and ID card.
pub async fn ask(site: &Site, openid: &Openid, name: &PersonName, id_digest: &IdDigest) -> Bound {
    let Ok(nonce_str) = Text::new(site.entropy.nonce()) else { return Bound::Unknown };
    let request = Request {
        openid: openid.clone(),
        name: name.clone(),
        idcard_md5: id_digest.clone(),
        nonce_str,
    };
    match site.doors.platform.call(&getmedinfo::SPEC, request.encode()).await {
        Ok(Reply::Success(fields)) => match MedInfo::decode(&fields) {
            Ok(card) => Bound::Yes(card),
            Err(fault) => {
                tracing::warn!(%fault, "getmedinfo was answered otherwise");
                Bound::Unknown
            }
        },
        Ok(Reply::Refused(Refused::Business { err_code, .. })) => match ErrCode::parse(&err_code) {
            Some(ErrCode::CardNotBound) => Bound::NotBound,
            Some(ErrCode::NameMismatch | ErrCode::IdCardMismatch) => Bound::AnotherPerson,
            _ => {
                tracing::warn!(err_code, "getmedinfo was refused");
                Bound::Unknown
            }
        },
        Ok(Reply::Refused(Refused::Transport { .. } | Refused::Gateway(_))) => {
            tracing::warn!("getmedinfo was refused before it was looked at");
            Bound::Unknown
        }
        Err(error) => {
            tracing::warn!(%error, "getmedinfo was not answered");
            Bound::Unknown
        }
    }
}

/// What is known of a follower's social-security card, as far as the visit cards can tell:
/// getmedinfo wants a name and an ID card.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// The follower's own, which is also this visit card's.
    Bound(Box<(VisitCard, MedInfo)>),
    /// One is bound, but of nobody whose visit card is here.
    OfAnother,
    /// None is bound.
    NotBound,
    /// There is no visit card with an ID card to ask with.
    NothingToAskWith,
    /// Nobody said.
    Unknown,
}

/// Asks for one visit card after the other until one is the follower's own.
pub(crate) async fn standing(site: &Site, openid: &Openid) -> Result<Standing, StoreError> {
    let mut found = Standing::NothingToAskWith;
    let cards = visit_cards::of(site, openid).await?;
    for card in cards.into_iter().filter(|card| card.card_type == CardType::IdCard) {
        match ask(site, openid, &card.name, &card.id_digest).await {
            Bound::Yes(info) => return Ok(Standing::Bound(Box::new((card, info)))),
            Bound::AnotherPerson => found = Standing::OfAnother,
            // Whoever has bound none has bound none of the others either.
            Bound::NotBound => return Ok(Standing::NotBound),
            Bound::Unknown => return Ok(Standing::Unknown),
        }
    }
    Ok(found)
}
