//! `GET /p/{token}`: where a prescription's QR code leads. The code is its own permission: whoever
//! has scanned it, follower or not, sees what its patient has to pay, and nothing else of that
//! patient. The name is masked.

use super::token::{self, TokenFault};
use crate::account::{Visitor, see_other};
use crate::at::At;
use crate::bills::{masked_name, minute};
use crate::channels::Channel;
use crate::page::{self, Frame, Notice};
use crate::visit_cards::trouble::{Trouble, ask_his};
use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use medpay_wire::his::bills::{Bill, BillState, ListBills};
use medpay_wire::his::patients::FindPatient;
use medpay_wire::public_account::encode_component;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "prescriptions/landing.html")]
struct Page {
    frame: Frame,
    hospital: String,
    name: String,
    bills: Vec<Line>,
}

/// A bill, as whoever scanned the code reads it.
struct Line {
    title: String,
    /// 科室 and 医生, or empty.
    place: String,
    issued_at: String,
    items: Vec<(String, String, String)>,
    total: String,
    /// Whether an order holds it.
    held: bool,
    /// Where it is paid.
    pay: String,
}

/// Which site, which token.
#[derive(Deserialize)]
pub(super) struct Scanned {
    token: String,
}

/// Where the visitor came from.
#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    from: String,
}

/// Shows the list. Whoever comes straight from the code is counted as coming from it.
pub(super) async fn page(
    At(site): At,
    Path(Scanned { token }): Path<Scanned>,
    Query(wish): Query<Wish>,
    visitor: Result<Visitor, Response>,
) -> Response {
    if wish.from.is_empty() {
        let channel = Channel::prescription_qr();
        let path = format!("/p/{}?from={channel}", encode_component(&token));
        return see_other(&site.path(&path));
    }
    let visitor = match visitor {
        Ok(visitor) => visitor,
        Err(to_login) => return to_login,
    };
    let patient_id = match token::read(&visitor.site, &token) {
        Ok(patient_id) => patient_id,
        Err(fault) => return worthless(&visitor, fault),
    };
    match read(&visitor, &token, patient_id).await {
        Ok(page) => page::show(&visitor.site, StatusCode::OK, &page),
        Err(trouble) => trouble.show(&visitor),
    }
}

async fn read(visitor: &Visitor, token: &str, patient_id: String) -> Result<Page, Trouble> {
    let site = &visitor.site;
    let patient = ask_his(site, &FindPatient { patient_id: patient_id.clone() }).await?;
    let found = ask_his(site, &ListBills { patient_id: patient_id.clone() }).await?;
    if patient.patient_id != patient_id {
        return Err(Trouble::NotFound);
    }
    let waits = found.bills.iter().filter(|bill| {
        bill.patient_id == patient_id
            && matches!(bill.state, BillState::Pending | BillState::Locked)
    });
    Ok(Page {
        // Whoever pays for another has no business at the hospital's other pages.
        frame: Frame::alone(site, visitor.large),
        hospital: site.institution.name.clone(),
        name: masked_name(&patient.name),
        bills: waits.map(|bill| line(visitor, token, bill)).collect(),
    })
}

fn line(visitor: &Visitor, token: &str, bill: &Bill) -> Line {
    let items = bill.items.iter().map(|item| {
        let quantity = format!("{} {}", item.spec, item.quantity).trim().to_owned();
        (item.name.clone(), quantity, item.amount_fen.yuan())
    });
    let (bill_no, qr) = (encode_component(bill.bill_no.as_str()), encode_component(token));
    Line {
        title: bill.title.clone(),
        place: format!("{} {}", bill.department, bill.doctor).trim().to_owned(),
        issued_at: minute(bill.issued_at),
        items: items.collect(),
        total: bill.total_fen.yuan(),
        held: bill.state == BillState::Locked,
        pay: visitor.site.path(&format!("/checkout?bill={bill_no}&qr={qr}")),
    }
}

/// The page of a code that is worth nothing.
fn worthless(visitor: &Visitor, fault: TokenFault) -> Response {
    let site = &visitor.site;
    tracing::info!(org_no = site.org_no().as_str(), %fault, "a prescription's code was refused");
    let (status, text, outcome) = match fault {
        TokenFault::Expired => {
            (StatusCode::GONE, "这个二维码已经过期，请到诊室或收费窗口重新打印。", "qr-expired")
        }
        TokenFault::Altered => {
            (StatusCode::NOT_FOUND, "这个二维码无法识别，请重新扫码。", "qr-unknown")
        }
    };
    let (frame, ways) = (Frame::alone(site, visitor.large), Vec::new());
    let page = Notice { frame, title: "二维码无效", text, tone: "bad", outcome, ways };
    page::show(site, status, &page).into_response()
}
