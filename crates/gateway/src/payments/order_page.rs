//! `/orders/{hosp_out_trade_no}`: where the platform leads a payer back to, success or not. It asks
//! the server, not the address, and says honestly what is known. Only the payer sees it.

use super::payment::Payment;
use super::{close, find, follow, words};
use crate::account::{Posted, Visitor, see_other};
use crate::gateway::Site;
use crate::page::{self, Frame};
use crate::refunds::shown;
use crate::visit_cards::trouble::Trouble;
use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use medpay_domain::hospital::payment::{Confirmation, State};
use medpay_domain::{HospOutTradeNo, Timestamp};
use medpay_wire::his::bills::FindInvoice;
use serde::Deserialize;

/// How often a page looks again by itself; then the patient does.
const LOOKS: u32 = 100;

#[derive(Template)]
#[template(path = "payments/order.html")]
struct Page {
    frame: Frame,
    csrf: String,
    /// The page's own path.
    own: String,
    outcome: &'static str,
    text: String,
    tone: &'static str,
    /// How far a refund is; empty where there is none.
    refund: String,
    refund_tone: &'static str,
    /// The path at which to look again; empty where nothing will change by itself.
    again: String,
    hosp_out_trade_no: String,
    title: String,
    patient: String,
    place: String,
    /// Total, insurance and cash, in yuan; empty where not known.
    total: String,
    insurance: Option<String>,
    cash: String,
    begun_at: String,
    paid_at: String,
    /// 排队号.
    queue_no: String,
    guide: String,
    receipt_no: String,
    invoice: String,
    /// Where to pay on; empty where it cannot be paid now.
    pay_url: String,
    pay_until: String,
    may_close: bool,
    may_refund: bool,
    bill_path: String,
}

/// How often the page has looked by itself.
#[derive(Deserialize)]
pub(super) struct Looks {
    #[serde(default)]
    looks: u32,
}

/// Shows it.
pub(super) async fn page(
    visitor: Visitor,
    Path((_, number)): Path<(String, String)>,
    Query(Looks { looks }): Query<Looks>,
) -> Response {
    let payment = match own(&visitor, &HospOutTradeNo::new(number)).await {
        Ok(payment) => payment,
        Err(trouble) => return trouble.show(&visitor),
    };
    match compose(&visitor, payment, looks).await {
        Ok(page) => page::show(&visitor.site, StatusCode::OK, &page),
        Err(trouble) => trouble.show(&visitor),
    }
}

/// The visitor's own payment; what is not known yet is asked.
async fn own(visitor: &Visitor, number: &HospOutTradeNo) -> Result<Payment, Trouble> {
    let site = &visitor.site;
    let payment = find(site, number).await?;
    let payment = payment.filter(|payment| payment.openid() == Some(&visitor.openid));
    let payment = payment.ok_or(Trouble::NotFound)?;
    if !payment.is_open() {
        return Ok(payment);
    }
    match follow::follow_now(site, number).await {
        Ok(payment) => Ok(payment),
        Err(error) => {
            tracing::warn!(%number, %error, "a payment could not be followed");
            Ok(payment)
        }
    }
}

async fn compose(visitor: &Visitor, payment: Payment, looks: u32) -> Result<Page, Trouble> {
    let site = &visitor.site;
    let says = words::of(&payment);
    let refund = shown::of(site, &payment.hosp_out_trade_no).await?;
    let number = payment.hosp_out_trade_no.as_str();
    let own = site.path(&format!("/orders/{number}"));
    // An unconfirmed payment moves by its refund, or waits for a person.
    let unconfirmed =
        matches!(payment.money.confirmation, Confirmation::Refused(_) | Confirmation::Silent);
    let moving = match &refund {
        Some(refund) => refund.moving,
        None => says.moving && !unconfirmed,
    };
    let (queue_no, guide, receipt_no) = match &payment.money.confirmation {
        Confirmation::Confirmed(receipt) if !payment.money.wholly_returned() => (
            receipt.queue_no.clone().unwrap_or_default(),
            receipt.guide.clone(),
            receipt.receipt_no.clone(),
        ),
        _ => Default::default(),
    };
    let bill = &payment.bill;
    let charge = payment.charge();
    let minute = crate::bills::minute;
    let waits = matches!(payment.money.state, State::Ordered { .. });
    let confirmed = payment.money.confirmation.is_confirmed();
    Ok(Page {
        frame: if payment.by_qr {
            Frame { home: String::new(), ..visitor.frame() }
        } else {
            visitor.frame()
        },
        csrf: visitor.csrf.clone(),
        outcome: refund.as_ref().map_or(says.outcome, |refund| refund.outcome),
        text: says.text,
        tone: says.tone,
        refund: refund.as_ref().map(|refund| refund.text.clone()).unwrap_or_default(),
        refund_tone: refund.as_ref().map_or("", |refund| refund.tone),
        again: if moving && looks < LOOKS {
            format!("{own}?looks={}", looks + 1)
        } else {
            String::new()
        },
        hosp_out_trade_no: number.to_owned(),
        title: bill.title.clone(),
        patient: if payment.by_qr {
            crate::bills::masked_name(&payment.patient.name)
        } else {
            payment.patient.name.reveal().to_owned()
        },
        place: format!("{} {}", bill.department, bill.doctor).trim().to_owned(),
        total: charge.map(|charge| charge.total.yuan()).unwrap_or_default(),
        insurance: charge
            .filter(|charge| charge.kind.has_insurance())
            .map(|charge| charge.insurance.yuan()),
        cash: charge.map(|charge| charge.cash.yuan()).unwrap_or_default(),
        begun_at: minute(payment.created_at),
        paid_at: payment.paid_at().map(minute).unwrap_or_default(),
        invoice: if confirmed && !payment.money.wholly_returned() {
            invoice(site, &payment).await
        } else {
            String::new()
        },
        queue_no,
        guide,
        receipt_no,
        pay_url: payment.money.state.pay_url().map(str::to_owned).unwrap_or_default(),
        pay_until: if waits { clock(payment.expires_at) } else { String::new() },
        may_close: waits,
        may_refund: confirmed && refund.is_none() && !payment.money.wholly_returned(),
        bill_path: if payment.ending().is_some() && !payment.by_qr {
            site.path("/bills")
        } else {
            String::new()
        },
        own,
    })
}

/// Where the invoice is to be had; empty where the HIS does not say.
async fn invoice(site: &Site, payment: &Payment) -> String {
    let ask = FindInvoice { hosp_out_trade_no: payment.hosp_out_trade_no.clone() };
    match site.doors.his.ask(&ask).await {
        Ok(Ok(invoice)) => match invoice.invoice_no {
            Some(invoice_no) => format!("发票号 {invoice_no}。{}", invoice.hint),
            None => invoice.hint,
        },
        Ok(Err(_)) | Err(_) => String::new(),
    }
}

/// `10:45`.
fn clock(at: Timestamp) -> String {
    let at = at.civil();
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// Nothing but the proof.
#[derive(Deserialize)]
pub(super) struct Nothing {}

/// `POST /orders/{hosp_out_trade_no}/close`: the payer does not want it any more.
pub(super) async fn give_up(
    Path((_, number)): Path<(String, String)>,
    Posted(visitor, Nothing {}): Posted<Nothing>,
) -> Response {
    let (site, number) = (&visitor.site, HospOutTradeNo::new(number));
    let payment = match find(site, &number).await {
        Ok(payment) => payment,
        Err(error) => return Trouble::Store(error).show(&visitor),
    };
    if payment.is_none_or(|payment| payment.openid() != Some(&visitor.openid)) {
        return Trouble::NotFound.show(&visitor);
    }
    // Whatever came of it, the page tells.
    if let Err(error) = close(site, &number).await {
        tracing::warn!(%number, %error, "a payment was not closed at once");
    }
    see_other(&site.path(&format!("/orders/{number}")))
}
