//! `GET /bills?card=`: 门诊缴费, the pending bills of one of the visitor's cards.

use super::shown::Shown;
use crate::account::Visitor;
use crate::page::{self, Frame};
use crate::visit_cards::trouble::{Trouble, ask_his};
use crate::visit_cards::{self, masked};
use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use medpay_wire::his::bills::{BillState, ListBills};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "bills/bills.html")]
struct Page {
    frame: Frame,
    card_id: String,
    name: String,
    number: String,
    /// The visitor's other cards: id and name.
    others: Vec<(String, String)>,
    bills: Vec<Shown>,
}

/// What the address says.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    card: String,
}

/// Shows the bills; without a card, those of the default one.
pub(super) async fn page(visitor: Visitor, Query(wanted): Query<Wanted>) -> Response {
    match read(&visitor, &wanted.card).await {
        Ok(page) => page::show(&visitor.site, StatusCode::OK, &page),
        Err(trouble) => trouble.show(&visitor),
    }
}

async fn read(visitor: &Visitor, wanted: &str) -> Result<Page, Trouble> {
    let site = &visitor.site;
    let cards = visit_cards::of(site, &visitor.openid).await?;
    let card = if wanted.is_empty() {
        cards.first().ok_or(Trouble::NoVisitCard)?
    } else {
        cards.iter().find(|card| card.card_id == wanted).ok_or(Trouble::NotFound)?
    };
    let bills = ask_his(site, &ListBills { patient_id: card.patient_id.clone() }).await?.bills;
    let today = site.clock.now().day();
    let waits = bills.iter().filter(|bill| {
        bill.patient_id == card.patient_id
            && matches!(bill.state, BillState::Pending | BillState::Locked)
    });
    let others = cards.iter().filter(|other| other.card_id != card.card_id);
    Ok(Page {
        frame: visitor.frame(),
        card_id: card.card_id.clone(),
        name: card.name.reveal().to_owned(),
        number: masked(&card.visit_card_no),
        others: others
            .map(|other| (other.card_id.clone(), other.name.reveal().to_owned()))
            .collect(),
        bills: waits.map(|bill| Shown::of(bill, today)).collect(),
    })
}
