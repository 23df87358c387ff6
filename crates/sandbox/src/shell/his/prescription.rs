//! `/his/{org_no}/doctor/prescription/{number}`: the paper with its QR code, ready to print.

use super::page::{Frame, PatientRow, his_of, problem, render, when};
use super::{Town, gateway, run, with_his};
use crate::his::His;
use crate::sandbox::Parties;
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use medpay_domain::Fen;
use medpay_wire::his::events::{MakePrescriptionQr, PrescriptionIssued};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new().route("/his/{org_no}/doctor/prescription/{number}", get(show).post(tell_again))
}

#[derive(Template)]
#[template(path = "his/prescription.html")]
struct Page {
    frame: Frame,
    number: String,
    patient_id: String,
    name: String,
    card: String,
    department: String,
    doctor: String,
    at: String,
    items: Vec<ItemRow>,
    total: String,
    /// What the code says.
    url: String,
    /// The code as a picture; empty if the gateway did not make one.
    image: String,
    untold: String,
}

struct ItemRow {
    name: String,
    spec: String,
    quantity: String,
    amount: String,
}

/// Tells the gateway of a prescription, and writes down what it said.
pub(super) async fn tell(
    town: &Arc<Parties>,
    his: &His,
    number: &str,
    event: &PrescriptionIssued,
) -> Result<(), Response> {
    let told = gateway::call(town, his, &format!("prescription-{number}"), event).await;
    let (number, outcome) = (number.to_owned(), told.map(|noted| noted.qr_url));
    run(town, with_his(his, move |his, _| his.prescription_told(&number, &outcome))).await
}

async fn show(State(town): Town, Path((org_no, number)): Path<(String, String)>) -> Response {
    let his = match his_of(&town, &org_no) {
        Ok(his) => his,
        Err(none) => return none,
    };
    let read = with_his(his, move |his, now| {
        let Some((paper, _)) = his.prescription(&number)? else { return Ok(None) };
        Ok(his.chart(&paper.patient_id, now)?.map(|chart| (paper, chart)))
    });
    let (paper, chart) = match run(&town, read).await {
        Ok(Some(found)) => found,
        Ok(None) => return problem(&town, his, "没有这张处方", "/doctor"),
        Err(unanswered) => return unanswered,
    };
    // What it says is told again with the picture: the code on a page is never older than the page.
    let ask = MakePrescriptionQr { patient_id: paper.patient_id.clone() };
    let code = gateway::call(&town, his, "", &ask).await;
    let (url, image) = match code {
        Ok(code) => {
            let picture = STANDARD.encode(code.svg);
            (code.url, format!("data:image/svg+xml;base64,{picture}"))
        }
        Err(_) => (paper.qr_url, String::new()),
    };
    let row = PatientRow::from(&chart.patient);
    let issued = &paper.prescription;
    let total = issued.items.iter().try_fold(Fen::ZERO, |sum, it| sum.checked_add(it.amount_fen));
    let items = issued.items.iter().map(|item| ItemRow {
        name: item.name.clone(),
        spec: item.spec.clone(),
        quantity: item.quantity.clone(),
        amount: item.amount_fen.yuan(),
    });
    let page = Page {
        frame: Frame::of(&town, his, "doctor"),
        number: issued.prescription_no.clone(),
        patient_id: paper.patient_id.clone(),
        name: row.name,
        card: row.card,
        department: issued.department.clone(),
        doctor: issued.doctor.clone(),
        at: when(issued.issued_at),
        items: items.collect(),
        total: total.unwrap_or_default().yuan(),
        url,
        image,
        untold: paper.untold,
    };
    render(StatusCode::OK, &page)
}

async fn tell_again(State(town): Town, Path((org_no, number)): Path<(String, String)>) -> Response {
    let his = match his_of(&town, &org_no) {
        Ok(his) => his,
        Err(none) => return none,
    };
    let wanted = number.clone();
    let event = match run(&town, with_his(his, move |his, _| his.prescription(&wanted))).await {
        Ok(Some((_, event))) => event,
        Ok(None) => return problem(&town, his, "没有这张处方", "/doctor"),
        Err(unanswered) => return unanswered,
    };
    match tell(&town, his, &number, &event).await {
        Ok(()) => {
            let page = format!("/his/{}/doctor/prescription/{number}", his.org_no().as_str());
            Redirect::to(&page).into_response()
        }
        Err(unanswered) => unanswered,
    }
}
