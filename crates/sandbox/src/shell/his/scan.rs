//! `/his/{org_no}/window/scan/{scan_no}`: how far a scan has come, asked anew each time.

use super::page::{Frame, his_of, problem, render};
use super::{Town, gateway, run, with_his};
use crate::his::ScanPaper;
use crate::sandbox::Parties;
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use medpay_wire::his::events::{AskScan, CancelScan, ScanStep};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new()
        .route("/his/{org_no}/window/scan/{scan_no}", get(show))
        .route("/his/{org_no}/window/scan/{scan_no}/cancel", post(cancel))
}

#[derive(Template)]
#[template(path = "his/scan.html")]
struct Page {
    frame: Frame,
    number: String,
    patient_id: String,
    name: String,
    bill: String,
    /// The contract's word, for tests.
    step: &'static str,
    words: &'static str,
    tone: &'static str,
    message: String,
    amounts: String,
    order: String,
    /// Whether it will go on.
    open: bool,
}

/// The contract's word of where a scan stands, the same in Chinese, and its tone.
pub(super) const fn step(paper: &ScanPaper) -> (&'static str, &'static str, &'static str) {
    let Some(state) = &paper.state else { return ("unanswered", "网关没有应答", "bad") };
    match state.step {
        ScanStep::Asking => ("asking", "正在查询医保信息", "wait"),
        ScanStep::WaitingForPassword => ("waiting_for_password", "请患者在手机上输入密码", "wait"),
        ScanStep::Paid => ("paid", "已支付，正在入账", "wait"),
        ScanStep::Confirmed => ("confirmed", "收费成功", "good"),
        ScanStep::Failed => ("failed", "没有收成", "bad"),
    }
}

async fn show(State(town): Town, Path((org_no, scan_no)): Path<(String, String)>) -> Response {
    let his = match his_of(&town, &org_no) {
        Ok(his) => his,
        Err(none) => return none,
    };
    let told = gateway::call(&town, his, "", &AskScan { scan_no: scan_no.clone() }).await;
    let write = with_his(his, move |his, now| {
        let Some(paper) = his.scan_told(&scan_no, told)? else { return Ok(None) };
        Ok(his.chart(&paper.patient_id, now)?.map(|chart| (paper, chart)))
    });
    let (paper, chart) = match run(&town, write).await {
        Ok(Some(found)) => found,
        Ok(None) => return problem(&town, his, "没有这次扫码", "/window"),
        Err(unanswered) => return unanswered,
    };
    let (word, words, tone) = step(&paper);
    let bill = chart.bills.iter().find(|it| it.bill.bill_no.as_str() == paper.bill_no);
    let state = paper.state.as_ref();
    let message = if paper.unanswered.is_empty() {
        state.map_or_else(String::new, |it| it.message.clone())
    } else {
        paper.unanswered.clone()
    };
    let amounts = state.and_then(|it| Some((it.insurance_fen?, it.cash_fen?)));
    let order = state.and_then(|it| it.hosp_out_trade_no.as_ref());
    let page = Page {
        frame: Frame::of(&town, his, "window"),
        number: paper.scan_no.clone(),
        patient_id: paper.patient_id.clone(),
        name: chart.patient.patient.name.reveal().to_owned(),
        bill: bill.map_or_else(String::new, |it| {
            format!("{} {} 元", it.bill.title, it.bill.total_fen.yuan())
        }),
        step: word,
        words,
        tone,
        message,
        amounts: amounts.map_or_else(String::new, |(insurance, cash)| {
            format!("医保 {} 元，自费 {} 元", insurance.yuan(), cash.yuan())
        }),
        order: order.map_or("", |it| it.as_str()).to_owned(),
        open: state.is_none_or(|it| !matches!(it.step, ScanStep::Confirmed | ScanStep::Failed)),
    };
    render(StatusCode::OK, &page)
}

async fn cancel(State(town): Town, Path((org_no, scan_no)): Path<(String, String)>) -> Response {
    let his = match his_of(&town, &org_no) {
        Ok(his) => his,
        Err(none) => return none,
    };
    let ask = CancelScan { scan_no: scan_no.clone() };
    let told = gateway::call(&town, his, &format!("cancel-{scan_no}"), &ask).await;
    let number = scan_no.clone();
    match run(&town, with_his(his, move |his, _| his.scan_told(&number, told))).await {
        Ok(_) => {
            let page = format!("/his/{}/window/scan/{scan_no}", his.org_no().as_str());
            Redirect::to(&page).into_response()
        }
        Err(unanswered) => unanswered,
    }
}
