//! `GET /visit-cards`: the cards that a follower has added; `POST /visit-cards/default`.

use super::rows::{self, Holder};
use super::trouble::Trouble;
use super::{VisitCard, holder_digest, masked};
use crate::account::{Posted, Visitor, see_other};
use crate::gateway::Site;
use crate::page::{self, Frame};
use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "visit_cards/list.html")]
struct Page {
    frame: Frame,
    csrf: String,
    /// The card that has just been added.
    added: Option<String>,
    cards: Vec<Line>,
    max: u32,
    full: bool,
    /// Whether 社保实名授权 is to be had here.
    by_authorization: bool,
    by_hand: bool,
}

/// A card in the list.
struct Line {
    card_id: String,
    name: String,
    document: &'static str,
    number: String,
    default: bool,
}

/// What the address says.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    added: String,
}

/// Whether cards may be typed: where it was decided so, and where there is no other way.
pub(super) fn by_hand_allowed(site: &Site) -> bool {
    !site.institution.city.real_name_authorization
        || site.hospital().is_some_and(|hospital| hospital.rules.visit_card_by_hand)
}

/// Shows the list.
pub(super) async fn page(visitor: Visitor, Query(wanted): Query<Wanted>) -> Response {
    match super::of(&visitor.site, &visitor.openid).await {
        Ok(cards) => page::show(&visitor.site, StatusCode::OK, &list(&visitor, &cards, &wanted)),
        Err(error) => Trouble::from(error).show(&visitor),
    }
}

fn list(visitor: &Visitor, cards: &[VisitCard], wanted: &Wanted) -> Page {
    let site = &visitor.site;
    let max = site.hospital().map_or(0, |hospital| hospital.rules.visit_cards_max);
    let added = cards.iter().find(|card| card.card_id == wanted.added);
    let line = |(at, card): (usize, &VisitCard)| Line {
        card_id: card.card_id.clone(),
        name: card.name.reveal().to_owned(),
        document: card.card_type.chinese(),
        number: masked(&card.visit_card_no),
        default: at == 0,
    };
    Page {
        frame: visitor.frame(),
        csrf: visitor.csrf.clone(),
        added: added.map(|card| card.name.reveal().to_owned()),
        full: u32::try_from(cards.len()).unwrap_or(u32::MAX) >= max,
        cards: cards.iter().enumerate().map(line).collect(),
        max,
        by_authorization: site.institution.city.real_name_authorization,
        by_hand: by_hand_allowed(site),
    }
}

/// The form of 设为默认.
#[derive(Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    card: String,
}

/// Makes a card the one that is shown first.
pub(super) async fn make_default(Posted(visitor, chosen): Posted<Chosen>) -> Response {
    let site = &visitor.site;
    let (org_no, holder) = (site.org_no().clone(), holder_digest(site, &visitor.openid));
    let made = site
        .store
        .write("make a visit card the default", move |tx| {
            let (org_no, holder, card) = (org_no.clone(), holder.clone(), chosen.card.clone());
            Box::pin(async move {
                let holder = Holder { org_no: &org_no, digest: &holder };
                rows::make_default(tx, holder, &card).await
            })
        })
        .await;
    match made {
        Ok(true) => see_other(&site.path("/visit-cards")),
        Ok(false) => Trouble::NotFound.show(&visitor),
        Err(error) => Trouble::Store(error).show(&visitor),
    }
}
