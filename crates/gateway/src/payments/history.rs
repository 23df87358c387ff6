//! `/orders`: what a person has paid, or begun to pay, on the phone.

use super::payment::Payment;
use super::{of_openid, words};
use crate::account::Visitor;
use crate::page::{self, Frame};
use crate::visit_cards::trouble::Trouble;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

#[derive(Template)]
#[template(path = "payments/orders.html")]
struct Page {
    frame: Frame,
    orders: Vec<Line>,
}

struct Line {
    hosp_out_trade_no: String,
    title: String,
    patient: String,
    begun_at: String,
    total: String,
    state: &'static str,
    tone: &'static str,
    channel: &'static str,
}

/// Shows them, newest first.
pub(super) async fn page(visitor: Visitor) -> Response {
    match of_openid(&visitor.site, &visitor.openid).await {
        Ok(payments) => {
            let orders = payments.iter().map(line).collect();
            let page = Page { frame: visitor.frame(), orders };
            page::show(&visitor.site, StatusCode::OK, &page)
        }
        Err(error) => Trouble::Store(error).show(&visitor),
    }
}

fn line(payment: &Payment) -> Line {
    let says = words::of(payment);
    Line {
        hosp_out_trade_no: payment.hosp_out_trade_no.as_str().to_owned(),
        title: payment.bill.title.clone(),
        patient: if payment.by_qr {
            crate::bills::masked_name(&payment.patient.name)
        } else {
            payment.patient.name.reveal().to_owned()
        },
        begun_at: crate::bills::minute(payment.created_at),
        total: payment.charge().map(|charge| charge.total.yuan()).unwrap_or_default(),
        state: says.short,
        tone: says.tone,
        channel: channel(payment.channel.as_str()),
    }
}

/// A channel in a patient's words.
fn channel(word: &str) -> &'static str {
    match word.split(':').next().unwrap_or_default() {
        "menu" => "公众号菜单",
        "message" => "消息通知",
        "prescription_qr" => "处方单扫码",
        "poster" => "海报扫码",
        "window" => "窗口扫码",
        _ => "公众号",
    }
}
