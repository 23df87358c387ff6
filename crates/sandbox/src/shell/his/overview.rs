//! `/his/{org_no}`: what the HIS has recorded.

use super::page::{BillRow, Frame, PatientRow, his_of, render, when};
use super::{Town, run, with_his};
use crate::his::{His, Overview, PaymentPaper, RefundPaper};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use medpay_wire::his::refunds::{AskedBy, RefundOutcome};
use std::collections::HashMap;

#[derive(Template)]
#[template(path = "his/overview.html")]
struct Page {
    frame: Frame,
    payments: Vec<PaymentRow>,
    refunds: Vec<RefundRow>,
    bills: Vec<BillRow>,
    patients: Vec<PatientRow>,
    /// Whether a bill can be changed here.
    actions: bool,
}

struct PaymentRow {
    at: String,
    who: String,
    order: String,
    bill_no: String,
    total: String,
    cash: String,
    insurance: String,
    refunded: bool,
    back: String,
}

struct RefundRow {
    at: String,
    who: String,
    number: String,
    order: String,
    by: &'static str,
    outcome: &'static str,
    tone: &'static str,
}

pub(super) async fn show(State(town): Town, Path(org_no): Path<String>) -> Response {
    let his = match his_of(&town, &org_no) {
        Ok(his) => his,
        Err(none) => return none,
    };
    match run(&town, with_his(his, His::overview)).await {
        Ok(seen) => render(StatusCode::OK, &Page::of(Frame::of(&town, his, "overview"), &seen)),
        Err(unanswered) => unanswered,
    }
}

impl Page {
    fn of(frame: Frame, seen: &Overview) -> Self {
        let names: HashMap<&str, &str> = seen
            .patients
            .iter()
            .map(|it| (it.patient.patient_id.as_str(), it.patient.name.reveal()))
            .collect();
        let who = |id: &str| names.get(id).copied().unwrap_or_default().to_owned();
        let bill = |it| BillRow::of(it, who(&it.bill.patient_id));
        Self {
            frame,
            payments: seen.payments.iter().map(|it| payment(it, who(&it.patient_id))).collect(),
            refunds: seen.refunds.iter().map(|it| refund(it, who(&it.patient_id))).collect(),
            bills: seen.bills.iter().map(bill).collect(),
            patients: seen.patients.iter().map(PatientRow::from).collect(),
            actions: false,
        }
    }
}

fn payment(paper: &PaymentPaper, who: String) -> PaymentRow {
    let entry = &paper.entry;
    let back = entry.cash_refunded_fen.checked_add(entry.insurance_refunded_fen);
    PaymentRow {
        at: when(entry.confirmed_at),
        who,
        order: entry.hosp_out_trade_no.as_str().to_owned(),
        bill_no: entry.bill_no.as_str().to_owned(),
        total: entry.total_fen.yuan(),
        cash: entry.cash_fen.yuan(),
        insurance: entry.insurance_fen.yuan(),
        refunded: entry.refunded,
        back: back.unwrap_or_default().yuan(),
    }
}

fn refund(paper: &RefundPaper, who: String) -> RefundRow {
    let (outcome, tone) = match paper.outcome {
        None => ("已同意，退款中", "wait"),
        Some(RefundOutcome::Refunded) => ("已退款", "good"),
        Some(RefundOutcome::Failed) => ("退款失败", "bad"),
    };
    RefundRow {
        at: when(paper.granted_at),
        who,
        number: paper.hosp_out_refund_no.as_str().to_owned(),
        order: paper.hosp_out_trade_no.as_str().to_owned(),
        by: match paper.by {
            AskedBy::Patient => "患者",
            AskedBy::Staff => "工作人员",
            AskedBy::System => "系统",
        },
        outcome,
        tone,
    }
}
