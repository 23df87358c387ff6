//! `GET /results?card=`: the reports of one patient that are ready.

use crate::account::Visitor;
use crate::page::{self, Frame};
use crate::visit_cards::trouble::{Trouble, ask_his};
use crate::visit_cards::{self, VisitCard};
use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use medpay_domain::Timestamp;
use medpay_wire::his::results::{ListResults, ResultSummary};
use medpay_wire::public_account::encode_component;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "results/list.html")]
struct Page {
    frame: Frame,
    name: String,
    /// The visitor's other patients: name and card.
    others: Vec<(String, String)>,
    results: Vec<Line>,
}

/// A report in the list.
struct Line {
    /// The end of its address.
    tail: String,
    title: String,
    department: String,
    ready_at: String,
}

/// Whose.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    pub card: String,
}

/// Shows them; without a card, those of the default one.
pub(super) async fn page(visitor: Visitor, Query(wanted): Query<Wanted>) -> Response {
    match list(&visitor, &wanted).await {
        Ok(page) => page::show(&visitor.site, StatusCode::OK, &page),
        Err(trouble) => trouble.show(&visitor),
    }
}

/// The wanted card, or the first, among the visitor's own.
fn choose<'a>(cards: &'a [VisitCard], wanted: &str) -> Result<&'a VisitCard, Trouble> {
    let first = cards.first().ok_or(Trouble::NoVisitCard)?;
    if wanted.is_empty() {
        return Ok(first);
    }
    cards.iter().find(|card| card.card_id == wanted).ok_or(Trouble::NotFound)
}

async fn list(visitor: &Visitor, wanted: &Wanted) -> Result<Page, Trouble> {
    let cards = visit_cards::of(&visitor.site, &visitor.openid).await?;
    let card = choose(&cards, &wanted.card)?;
    let ask = ListResults { patient_id: card.patient_id.clone() };
    let found = ask_his(&visitor.site, &ask).await?;
    let line = |it: ResultSummary| Line {
        tail: format!("{}?card={}", encode_component(&it.result_no), card.card_id),
        title: it.title,
        department: it.department,
        ready_at: when(it.ready_at),
    };
    let others = cards.iter().filter(|other| other.card_id != card.card_id);
    Ok(Page {
        frame: visitor.frame(),
        name: card.name.reveal().to_owned(),
        others: others
            .map(|other| (other.name.reveal().to_owned(), other.card_id.clone()))
            .collect(),
        results: found.results.into_iter().map(line).collect(),
    })
}

/// `2026-06-01 10:15`.
pub(super) fn when(at: Timestamp) -> String {
    let civil = at.civil();
    format!("{} {:02}:{:02}", at.day(), civil.hour(), civil.minute())
}
