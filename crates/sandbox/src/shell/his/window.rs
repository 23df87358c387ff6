//! `/his/{org_no}/window`: a scanner box for the pay code, and registrations at the window.

use super::doctor::{Chosen, chart_or_choice};
use super::page::{
    BillRow, Frame, PatientRow, booking_words, doctors, his_of, problem, render, when,
};
use super::{Town, gateway, run, with_his};
use crate::his::{Chart, His, Scan, ScanPaper};
use crate::sandbox::Parties;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use medpay_wire::his::bills::PayWith;
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new()
        .route("/his/{org_no}/window", get(show))
        .route("/his/{org_no}/window/scan", post(scan))
        .route("/his/{org_no}/window/register", post(register))
}

#[derive(Template)]
#[template(path = "his/window.html")]
struct Page {
    frame: Frame,
    patient_id: String,
    name: String,
    card: String,
    payable: Vec<BillRow>,
    doctors: Vec<(String, String)>,
    bookings: Vec<String>,
    /// Number and line of each, newest first.
    scans: Vec<(String, String)>,
    bills: Vec<BillRow>,
    actions: bool,
}

async fn show(
    State(town): Town,
    Path(org_no): Path<String>,
    Query(chosen): Query<Chosen>,
) -> Response {
    let his = match his_of(&town, &org_no) {
        Ok(his) => his,
        Err(none) => return none,
    };
    match chart_or_choice(&town, his, &chosen.patient, "window", "收费窗口").await {
        Ok(chart) => render(StatusCode::OK, &Page::of(&town, his, &chart)),
        Err(other) => other,
    }
}

impl Page {
    fn of(town: &Parties, his: &His, chart: &Chart) -> Self {
        let row = PatientRow::from(&chart.patient);
        let scanned = |paper: &ScanPaper| {
            let (_, words, _) = super::scan::step(paper);
            (paper.scan_no.clone(), format!("{} · {words} · {}", when(paper.at), paper.scan_no))
        };
        let mut payable = BillRow::all(chart);
        payable.retain(|bill| bill.can_pay);
        Self {
            frame: Frame::of(town, his, "window"),
            patient_id: row.id,
            name: row.name,
            card: row.card,
            payable,
            doctors: doctors(his),
            bookings: chart.bookings.iter().map(booking_words).collect(),
            scans: chart.scans.iter().map(scanned).collect(),
            bills: BillRow::all(chart),
            actions: false,
        }
    }
}

fn back_to(patient_id: &str) -> String {
    format!("/window?patient={patient_id}")
}

fn to(his: &His, path: &str) -> Response {
    Redirect::to(&format!("/his/{}{path}", his.org_no().as_str())).into_response()
}

#[derive(Deserialize)]
struct Scanned {
    patient: String,
    #[serde(default)]
    bill_no: String,
    #[serde(default)]
    auth_code: String,
    pay_with: PayWith,
    #[serde(default)]
    with_registration: String,
}

async fn scan(
    State(town): Town,
    Path(org_no): Path<String>,
    Form(scanned): Form<Scanned>,
) -> Response {
    let his = match his_of(&town, &org_no) {
        Ok(his) => his,
        Err(none) => return none,
    };
    let back = back_to(&scanned.patient);
    let code: String = scanned.auth_code.chars().filter(|it| !it.is_whitespace()).collect();
    if code.is_empty() {
        return problem(&town, his, "请扫患者的付款码", &back);
    }
    let write = with_his(his, move |his, now| {
        let scan = Scan {
            bill_no: &scanned.bill_no,
            auth_code: &code,
            pay_with: scanned.pay_with,
            with_registration: !scanned.with_registration.is_empty(),
            window: "1号窗口",
        };
        his.scan(&scan, now)
    });
    let event = match run(&town, write).await {
        Ok(Ok(event)) => event,
        Ok(Err(told)) => return problem(&town, his, &told, &back),
        Err(unanswered) => return unanswered,
    };
    let told = gateway::call(&town, his, &format!("scan-{}", event.scan_no), &event).await;
    let number = event.scan_no.clone();
    match run(&town, with_his(his, move |his, _| his.scan_told(&number, told))).await {
        Ok(_) => to(his, &format!("/window/scan/{}", event.scan_no)),
        Err(unanswered) => unanswered,
    }
}

#[derive(Deserialize)]
struct Registration {
    patient: String,
    doctor: String,
    days: u8,
    #[serde(default)]
    at_till: String,
}

async fn register(
    State(town): Town,
    Path(org_no): Path<String>,
    Form(wanted): Form<Registration>,
) -> Response {
    let his = match his_of(&town, &org_no) {
        Ok(his) => his,
        Err(none) => return none,
    };
    let back = back_to(&wanted.patient);
    let write = with_his(his, move |his, now| {
        let at_till = !wanted.at_till.is_empty();
        his.register(&wanted.patient, &wanted.doctor, i32::from(wanted.days), at_till, now)
    });
    let event = match run(&town, write).await {
        Ok(Ok(None)) => return to(his, &back),
        Ok(Ok(Some(event))) => event,
        Ok(Err(told)) => return problem(&town, his, &told, &back),
        Err(unanswered) => return unanswered,
    };
    let key = format!("registration-{}", event.booking_no);
    match gateway::call(&town, his, &key, &event).await {
        Ok(_) => to(his, &back),
        Err(why) => {
            let message = format!("挂号成功，但没有通知到支付网关：{why}");
            problem(&town, his, &message, &back)
        }
    }
}
