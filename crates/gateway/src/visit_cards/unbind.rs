//! `/visit-cards/{card_id}/remove`: takes a card off the list, after a question.

use super::rows::{self, Holder};
use super::trouble::Trouble;
use super::{VisitCard, holder_digest, masked};
use crate::account::{Posted, Visitor, see_other};
use crate::gateway::Site;
use crate::page::{self, Frame};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use medpay_domain::Openid;
use medpay_store::StoreError;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "visit_cards/remove.html")]
struct Page {
    frame: Frame,
    csrf: String,
    card_id: String,
    name: String,
    number: String,
}

/// Asks whether it is meant.
pub(super) async fn page(visitor: Visitor, Path((_, card_id)): Path<(String, String)>) -> Response {
    match super::find(&visitor.site, &visitor.openid, &card_id).await {
        Ok(Some(card)) => page::show(&visitor.site, StatusCode::OK, &question(&visitor, &card)),
        Ok(None) => Trouble::NotFound.show(&visitor),
        Err(error) => Trouble::Store(error).show(&visitor),
    }
}

fn question(visitor: &Visitor, card: &VisitCard) -> Page {
    Page {
        frame: visitor.frame(),
        csrf: visitor.csrf.clone(),
        card_id: card.card_id.clone(),
        name: card.name.reveal().to_owned(),
        number: masked(&card.visit_card_no),
    }
}

/// The form has no field of its own.
#[derive(Deserialize)]
pub(super) struct Meant {}

/// Takes it away.
pub(super) async fn submit(
    Path((_, card_id)): Path<(String, String)>,
    Posted(visitor, Meant {}): Posted<Meant>,
) -> Response {
    match remove(&visitor.site, &visitor.openid, card_id).await {
        Ok(true) => see_other(&visitor.site.path("/visit-cards")),
        Ok(false) => Trouble::NotFound.show(&visitor),
        Err(error) => Trouble::Store(error).show(&visitor),
    }
}

async fn remove(site: &Site, openid: &Openid, card_id: String) -> Result<bool, StoreError> {
    let (org_no, holder) = (site.org_no().clone(), holder_digest(site, openid));
    site.store
        .write("remove a visit card", move |tx| {
            let (org_no, holder, card_id) = (org_no.clone(), holder.clone(), card_id.clone());
            Box::pin(async move {
                let holder = Holder { org_no: &org_no, digest: &holder };
                rows::remove(tx, holder, &card_id).await
            })
        })
        .await
}
