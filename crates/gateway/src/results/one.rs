//! `GET /results/{result_no}?card=`: the report itself. The HIS is told whose it must be, so that a
//! number in an address opens nobody else's.

use super::list::{Wanted, when};
use crate::account::Visitor;
use crate::page::{self, Frame};
use crate::visit_cards;
use crate::visit_cards::trouble::{Trouble, ask_his};
use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use medpay_wire::his::results::{FindResult, Report};

#[derive(Template)]
#[template(path = "results/report.html")]
struct Page {
    frame: Frame,
    name: String,
    card_id: String,
    ready_at: String,
    report: Report,
}

/// Shows it.
pub(super) async fn page(
    visitor: Visitor,
    Path((_, result_no)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Response {
    match look(&visitor, result_no, &wanted).await {
        Ok(page) => page::show(&visitor.site, StatusCode::OK, &page),
        Err(trouble) => trouble.show(&visitor),
    }
}

async fn look(visitor: &Visitor, result_no: String, wanted: &Wanted) -> Result<Page, Trouble> {
    let card = visit_cards::find(&visitor.site, &visitor.openid, &wanted.card).await?;
    let card = card.ok_or(Trouble::NotFound)?;
    let ask = FindResult { result_no, patient_id: card.patient_id };
    let report = ask_his(&visitor.site, &ask).await?;
    if report.summary.result_no != ask.result_no {
        tracing::error!("the HIS answered with another report");
        return Err(Trouble::NotFound);
    }
    Ok(Page {
        frame: visitor.frame(),
        name: card.name.reveal().to_owned(),
        card_id: card.card_id,
        ready_at: when(report.summary.ready_at),
        report,
    })
}
