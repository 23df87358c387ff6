//! `/his/{org_no}/doctor`: prescribing, taking bills back, handing out, reports.

use super::page::{
    BillRow, CLASSES, Choose, Frame, PatientRow, class_word, doctors, his_of, items_words, problem,
    render, when,
};
use super::{Town, gateway, run, with_his};
use crate::his::{Chart, His};
use crate::sandbox::Parties;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use medpay_wire::his::events::BillVoided;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new()
        .route("/his/{org_no}/doctor", get(show))
        .route("/his/{org_no}/doctor/prescribe", post(prescribe))
        .route("/his/{org_no}/doctor/void", post(void))
        .route("/his/{org_no}/doctor/done", post(done))
        .route("/his/{org_no}/doctor/report", post(report))
}

#[derive(Template)]
#[template(path = "his/doctor.html")]
struct Page {
    frame: Frame,
    patient_id: String,
    name: String,
    card: String,
    doctors: Vec<(String, String)>,
    classes: Vec<(&'static str, &'static str)>,
    items: Vec<ItemRow>,
    bills: Vec<BillRow>,
    prescriptions: Vec<PrescriptionRow>,
    reports: Vec<String>,
    report_forms: Vec<(String, String)>,
    actions: bool,
}

struct ItemRow {
    code: String,
    name: String,
    spec: String,
    price: String,
    percent: u8,
}

struct PrescriptionRow {
    number: String,
    at: String,
    items: String,
    untold: String,
}

/// Whose page it is; nobody's yet without.
#[derive(Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    pub(super) patient: String,
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
    match chart_or_choice(&town, his, &chosen.patient, "doctor", "医生站").await {
        Ok(chart) => render(StatusCode::OK, &Page::of(&town, his, &chart)),
        Err(other) => other,
    }
}

/// A patient's chart, or the page that asks for a patient.
pub(super) async fn chart_or_choice(
    town: &Arc<Parties>,
    his: &His,
    patient_id: &str,
    tab: &'static str,
    heading: &'static str,
) -> Result<Chart, Response> {
    let id = patient_id.to_owned();
    let read = with_his(his, move |his, now| his.chart(&id, now));
    if let Some(chart) = run(town, read).await? {
        return Ok(chart);
    }
    let seen = run(town, with_his(his, His::overview)).await?;
    let patients = seen.patients.iter().map(PatientRow::from).collect();
    Err(render(StatusCode::OK, &Choose { frame: Frame::of(town, his, tab), heading, patients }))
}

impl Page {
    fn of(town: &Parties, his: &His, chart: &Chart) -> Self {
        let row = PatientRow::from(&chart.patient);
        let items = his.data().items.iter().map(|item| ItemRow {
            code: item.code.clone(),
            name: item.name.clone(),
            spec: format!("{} {}", item.spec, item.unit).trim().to_owned(),
            price: item.price().yuan(),
            percent: item.insured_percent,
        });
        let prescriptions = chart.prescriptions.iter().map(|paper| PrescriptionRow {
            number: paper.prescription.prescription_no.clone(),
            at: when(paper.prescription.issued_at),
            items: items_words(&paper.prescription.items),
            untold: paper.untold.clone(),
        });
        let reports = chart.reports.iter().map(|paper| {
            let summary = &paper.report.summary;
            format!("{} · {} · {}", when(summary.ready_at), summary.title, summary.result_no)
        });
        let forms = &his.data().reports;
        Self {
            frame: Frame::of(town, his, "doctor"),
            patient_id: row.id,
            name: row.name,
            card: row.card,
            doctors: doctors(his),
            classes: CLASSES.map(|(word, class)| (word, class_word(class))).to_vec(),
            items: items.collect(),
            bills: BillRow::all(chart),
            prescriptions: prescriptions.collect(),
            reports: reports.collect(),
            report_forms: forms.iter().map(|it| (it.code.clone(), it.title.clone())).collect(),
            actions: true,
        }
    }
}

/// The way back to a patient's page.
fn back_to(patient_id: &str) -> String {
    format!("/doctor?patient={patient_id}")
}

fn to(his: &His, path: &str) -> Response {
    Redirect::to(&format!("/his/{}{path}", his.org_no().as_str())).into_response()
}

async fn prescribe(
    State(town): Town,
    Path(org_no): Path<String>,
    Form(mut fields): Form<BTreeMap<String, String>>,
) -> Response {
    let his = match his_of(&town, &org_no) {
        Ok(his) => his,
        Err(none) => return none,
    };
    let mut take = |name: &str| fields.remove(name).unwrap_or_default();
    let (patient, doctor, word) = (take("patient"), take("doctor"), take("class"));
    let Some((_, class)) = CLASSES.into_iter().find(|(it, _)| *it == word) else {
        return problem(&town, his, "没有这个类别", &back_to(&patient));
    };
    let counted = |(code, count): (String, String)| match count.trim() {
        "" | "0" => None,
        count => Some((code, count.parse().unwrap_or_default())),
    };
    let items: Vec<(String, u32)> = fields.into_iter().filter_map(counted).collect();
    let of = patient.clone();
    let write = with_his(his, move |his, now| his.prescribe(&of, &doctor, class, &items, now));
    match run(&town, write).await {
        Ok(Ok((paper, event))) => {
            let number = paper.prescription.prescription_no;
            match super::prescription::tell(&town, his, &number, &event).await {
                Ok(()) => to(his, &format!("/doctor/prescription/{number}")),
                Err(unanswered) => unanswered,
            }
        }
        Ok(Err(told)) => problem(&town, his, &told, &back_to(&patient)),
        Err(unanswered) => unanswered,
    }
}

#[derive(Deserialize)]
struct OfBill {
    patient: String,
    bill_no: String,
}

async fn void(State(town): Town, Path(org_no): Path<String>, Form(of): Form<OfBill>) -> Response {
    let his = match his_of(&town, &org_no) {
        Ok(his) => his,
        Err(none) => return none,
    };
    let bill_no = of.bill_no.clone();
    match run(&town, with_his(his, move |his, now| his.void_bill(&bill_no, now))).await {
        Ok(Ok(())) => {
            let event = BillVoided {
                bill_no: medpay_domain::BillNo::new(&of.bill_no),
                reason: "医生作废".to_owned(),
            };
            let told = gateway::call(&town, his, &format!("void-{}", of.bill_no), &event).await;
            match told {
                Ok(_) => to(his, &back_to(&of.patient)),
                Err(why) => {
                    let message = format!("账单已作废，但没有通知到支付网关：{why}");
                    problem(&town, his, &message, &back_to(&of.patient))
                }
            }
        }
        Ok(Err(told)) => problem(&town, his, &told, &back_to(&of.patient)),
        Err(unanswered) => unanswered,
    }
}

async fn done(State(town): Town, Path(org_no): Path<String>, Form(of): Form<OfBill>) -> Response {
    let his = match his_of(&town, &org_no) {
        Ok(his) => his,
        Err(none) => return none,
    };
    match run(&town, with_his(his, move |his, now| his.mark_done(&of.bill_no, now))).await {
        Ok(Ok(())) => to(his, &back_to(&of.patient)),
        Ok(Err(told)) => problem(&town, his, &told, &back_to(&of.patient)),
        Err(unanswered) => unanswered,
    }
}

#[derive(Deserialize)]
struct ReportWanted {
    patient: String,
    code: String,
}

async fn report(
    State(town): Town,
    Path(org_no): Path<String>,
    Form(of): Form<ReportWanted>,
) -> Response {
    let his = match his_of(&town, &org_no) {
        Ok(his) => his,
        Err(none) => return none,
    };
    let (patient, code) = (of.patient.clone(), of.code);
    match run(&town, with_his(his, move |his, now| his.make_report(&patient, &code, now))).await {
        Ok(Ok(event)) => {
            let key = format!("result-{}", event.result_no);
            match gateway::call(&town, his, &key, &event).await {
                Ok(_) => to(his, &back_to(&of.patient)),
                Err(why) => {
                    let message = format!("报告已发布，但没有通知到患者：{why}");
                    problem(&town, his, &message, &back_to(&of.patient))
                }
            }
        }
        Ok(Err(told)) => problem(&town, his, &told, &back_to(&of.patient)),
        Err(unanswered) => unanswered,
    }
}
