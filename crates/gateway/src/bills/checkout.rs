//! `/checkout`: one bill with its items, insurance or cash with the reason why one is not offered,
//! and the beginning of its payment.

use super::offer::{self, Insurance, NotInsured};
use super::reach::{self, Asked, NotReached, Reached};
use super::shown::Shown;
use crate::account::{Posted, Visitor, see_other};
use crate::channels::Channel;
use crate::page::{self, Frame, Notice};
use crate::payments::{self, Begin, BeginError, Payer};
use askama::Template;
use axum::extract::{ConnectInfo, Query};
use axum::http::{Extensions, StatusCode};
use axum::response::Response;
use medpay_wire::his::bills::{Bill, BillKind, BillState, PayWith};
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

#[derive(Template)]
#[template(path = "bills/checkout.html")]
struct Page {
    frame: Frame,
    csrf: String,
    /// Where the form goes.
    action: String,
    card_id: String,
    qr: String,
    name: String,
    bill: Shown,
    /// How insurance divides it, where it is offered.
    split: Option<Split>,
    /// Why it is not; empty where it is.
    why_not: &'static str,
    /// Where a card is bound, if that would help; else empty.
    bind: String,
    /// The day of the visit, where insurance is possible then and not now; else empty.
    later_day: String,
}

/// How insurance divides a bill, in yuan.
struct Split {
    insurance: String,
    cash: String,
}

/// Shows the bill.
pub(super) async fn page(visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    match look(&visitor, &asked).await {
        Ok(response) => response,
        Err(error) => error.show(&visitor),
    }
}

async fn look(visitor: &Visitor, asked: &Asked) -> Result<Response, NotReached> {
    let site = &visitor.site;
    let reached = reach::patient(visitor, asked).await?;
    let bill = reach::bill(visitor, &reached, &asked.bill).await?;
    let held = payments::of_bill(site, &bill.bill_no).await.map_err(trouble)?;
    if let Some(held) = held {
        if held.payer.openid() == Some(&visitor.openid) {
            return Ok(see_other(&site.path(&format!("/orders/{}", held.hosp_out_trade_no))));
        }
        let error =
            if held.is_paid() { BeginError::PaidAlready } else { BeginError::HeldByAnother };
        return Ok(refuse(visitor, asked, &error));
    }
    match bill.state {
        BillState::Pending | BillState::Locked => {}
        BillState::Paid | BillState::Refunded => {
            return Ok(refuse(visitor, asked, &BeginError::PaidAlready));
        }
        BillState::Voided => return Ok(refuse(visitor, asked, &BeginError::Voided)),
    }
    let insurance = offer::insurance(site, &visitor.openid, &reached.patient, &bill).await;
    let page = compose(visitor, asked, &reached, &bill, insurance);
    Ok(page::show(site, StatusCode::OK, &page))
}

fn trouble(error: medpay_store::StoreError) -> NotReached {
    NotReached::Trouble(error.into())
}

fn compose(
    visitor: &Visitor,
    asked: &Asked,
    reached: &Reached,
    bill: &Bill,
    insurance: Insurance,
) -> Page {
    let split = bill.insurance.as_ref().filter(|_| insurance == Insurance::Offered);
    let later =
        bill.kind == BillKind::Registration && insurance == Insurance::Not(NotInsured::NotToday);
    Page {
        frame: if reached.by_qr {
            Frame { home: String::new(), ..visitor.frame() }
        } else {
            visitor.frame()
        },
        csrf: visitor.csrf.clone(),
        action: visitor.site.path("/checkout"),
        card_id: asked.card.clone(),
        qr: asked.qr.clone(),
        name: if reached.by_qr {
            reach::masked_name(&reached.patient.name)
        } else {
            reached.patient.name.reveal().to_owned()
        },
        bill: Shown::of(bill, visitor.site.clock.now().day()),
        split: split
            .map(|part| Split { insurance: part.insurance_fen.yuan(), cash: part.cash_fen.yuan() }),
        why_not: match insurance {
            Insurance::Offered => "",
            Insurance::Not(why) => why.words(),
            Insurance::Unknown => "暂时无法确认医保绑卡状态，请稍后再试，或选择自费支付。",
        },
        bind: if insurance == Insurance::Not(NotInsured::NotBound) {
            visitor.site.path("/card")
        } else {
            String::new()
        },
        later_day: if later { bill.visit_day.to_string() } else { String::new() },
    }
}

/// The form.
#[derive(Deserialize)]
pub(super) struct Chosen {
    #[serde(flatten)]
    asked: Asked,
    #[serde(default)]
    pay_with: String,
}

/// Begins the payment and leads to where it is paid.
pub(super) async fn submit(
    extensions: Extensions,
    Posted(visitor, chosen): Posted<Chosen>,
) -> Response {
    let asked = chosen.asked;
    let pay_with = match chosen.pay_with.as_str() {
        "insurance" => PayWith::Insurance,
        "cash" => PayWith::Cash,
        _ => return refuse(&visitor, &asked, &BeginError::NoSuchBill),
    };
    let reached = match reach::patient(&visitor, &asked).await {
        Ok(reached) => reached,
        Err(error) => return error.show(&visitor),
    };
    let wanted = Begin {
        payer: Payer::Follower(visitor.openid.clone()),
        patient: reached.patient,
        patient_id: reached.patient_id,
        bill_no: medpay_domain::BillNo::new(asked.bill.clone()),
        pay_with,
        channel: if reached.by_qr { Channel::prescription_qr() } else { visitor.channel.clone() },
        by_qr: reached.by_qr,
        client_ip: client_ip(&extensions),
    };
    match payments::begin(&visitor.site, wanted).await {
        Ok(begun) => {
            see_other(&begun.leads_to.unwrap_or_else(|| {
                visitor.site.path(&format!("/orders/{}", begun.hosp_out_trade_no))
            }))
        }
        Err(error) => refuse(&visitor, &asked, &error),
    }
}

/// 用户端 ip. The field has room for IPv4 only (trap 11); who comes over IPv6 is `127.0.0.1`.
fn client_ip(extensions: &Extensions) -> Ipv4Addr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    match peer.map(|ip| ip.to_canonical()) {
        Some(IpAddr::V4(ip)) => ip,
        Some(IpAddr::V6(_)) | None => Ipv4Addr::LOCALHOST,
    }
}

fn refuse(visitor: &Visitor, asked: &Asked, error: &BeginError) -> Response {
    let site = &visitor.site;
    let (status, tone, outcome) = match error {
        BeginError::HisSilent(_) => (StatusCode::SERVICE_UNAVAILABLE, "wait", "his-silent"),
        BeginError::HisRefused(_) | BeginError::NoSuchBill => {
            (StatusCode::NOT_FOUND, "bad", "not-found")
        }
        BeginError::PaidAlready => (StatusCode::CONFLICT, "good", "paid-already"),
        BeginError::Voided => (StatusCode::CONFLICT, "bad", "voided"),
        BeginError::HeldByAnother => (StatusCode::CONFLICT, "wait", "held"),
        BeginError::NotChargeable(_) => (StatusCode::CONFLICT, "bad", "not-chargeable"),
        BeginError::NotInsured(_) => (StatusCode::CONFLICT, "bad", "not-insured"),
        BeginError::InsuranceUnknown => {
            (StatusCode::SERVICE_UNAVAILABLE, "wait", "insurance-unknown")
        }
        BeginError::Store(error) => {
            tracing::error!(org_no = site.org_no().as_str(), %error, "a payment was not begun");
            (StatusCode::SERVICE_UNAVAILABLE, "wait", "busy")
        }
    };
    let mut ways = Vec::new();
    if asked.qr.is_empty() {
        ways.push(("我的订单", site.path("/orders")));
        ways.push(("返回首页", site.path("")));
    }
    let page = Notice {
        frame: visitor.frame(),
        title: "无法支付",
        text: error.words(),
        tone,
        outcome,
        ways,
    };
    page::show(site, status, &page)
}
