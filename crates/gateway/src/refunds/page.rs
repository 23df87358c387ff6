//! `/orders/{hosp_out_trade_no}/refund`: what would come back and until when, the wish for it, and
//! how far it is. Only the payer of the order sees it.

use super::ask::{self, AskError, MAX_REASON, Wish};
use super::{AskedBy, Scope, rows, shown};
use crate::account::{Posted, Visitor, see_other};
use crate::gateway::Site;
use crate::page::{self, Frame};
use crate::payments::{self, Payment};
use crate::visit_cards::trouble::Trouble;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use medpay_domain::hospital::refund::{NotReserved, Position};
use medpay_domain::{HospOutTradeNo, Timestamp};
use medpay_store::StoreError;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "refunds/refund.html")]
pub(super) struct Page {
    pub(super) frame: Frame,
    pub(super) csrf: String,
    pub(super) hosp_out_trade_no: String,
    pub(super) title: String,
    pub(super) paid: String,
    pub(super) outcome: &'static str,
    /// How far a refund is, or why there can be none.
    pub(super) message: String,
    pub(super) tone: &'static str,
    /// Whether to look again soon.
    pub(super) moving: bool,
    /// What would come back and until when; empty where nothing can be asked for.
    pub(super) back: String,
    pub(super) until: String,
    pub(super) fault: &'static str,
}

/// What the page says of an order.
enum Standing {
    /// This would come back, until then.
    MayAsk { back: String, until: Timestamp },
    /// How far the latest refund is.
    Asked(shown::Shown),
    /// Nothing can be asked for here: why, and for scripts.
    Not(&'static str, &'static str),
}

/// Shows it.
pub(super) async fn view(visitor: Visitor, Path((_, number)): Path<(String, String)>) -> Response {
    match standing(&visitor, HospOutTradeNo::new(number)).await {
        Ok((payment, standing)) => show(&visitor, &payment, standing, ""),
        Err(trouble) => trouble.show(&visitor),
    }
}

/// The wish.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    reason: String,
}

/// Takes the wish.
pub(super) async fn want(
    Path((_, number)): Path<(String, String)>,
    Posted(visitor, Wanted { reason }): Posted<Wanted>,
) -> Response {
    let number = HospOutTradeNo::new(number);
    let (payment, standing) = match standing(&visitor, number.clone()).await {
        Ok(found) => found,
        Err(trouble) => return trouble.show(&visitor),
    };
    if reason.chars().count() > MAX_REASON {
        return show(&visitor, &payment, standing, "退款原因最多 80 个字。");
    }
    // Whoever asks twice is shown what the first wish came to.
    if let Standing::MayAsk { .. } = standing {
        match begin(&visitor.site, payment, reason.trim()).await {
            Ok(()) | Err(AskError::Busy | AskError::NotPaid | AskError::NotReserved(_)) => {}
            Err(AskError::Store(error)) => return Trouble::Store(error).show(&visitor),
        }
    }
    see_other(&visitor.site.path(&format!("/orders/{number}")))
}

async fn begin(site: &Arc<Site>, payment: Payment, reason: &str) -> Result<(), AskError> {
    let wish =
        Wish { by: AskedBy::Patient, by_name: None, scope: Scope::All, reason: reason.to_owned() };
    let (of_site, now) = (Arc::clone(site), site.clock.now());
    site.store
        .write("a patient wants a refund", move |tx| {
            let (site, payment, wish) = (Arc::clone(&of_site), payment.clone(), wish.clone());
            Box::pin(async move { ask::ask_for(tx, &site, &payment, &wish, now).await.map(drop) })
        })
        .await
}

async fn standing(
    visitor: &Visitor,
    number: HospOutTradeNo,
) -> Result<(Payment, Standing), Trouble> {
    let site = &visitor.site;
    let payment = payments::find(site, &number).await?;
    let of_visitor = |payment: &Payment| payment.payer.openid() == Some(&visitor.openid);
    let payment = payment.filter(of_visitor).ok_or(Trouble::NotFound)?;
    let standing = read(site, &payment).await?;
    Ok((payment, standing))
}

async fn read(site: &Arc<Site>, payment: &Payment) -> Result<Standing, StoreError> {
    let (of_site, payment, now) = (Arc::clone(site), payment.clone(), site.clock.now());
    site.store
        .read("what of an order may go back", move |tx| {
            let (site, payment) = (Arc::clone(&of_site), payment.clone());
            Box::pin(async move {
                let (org_no, number) = (site.org_no(), &payment.hosp_out_trade_no);
                let refunds = rows::of_order(tx, org_no, number).await?;
                let with_staff = shown::is_with_staff(tx, org_no, number).await?;
                let position = ask::position(&site, &payment, &refunds);
                Ok(match (refunds.last(), position) {
                    (_, None) => Standing::Not("订单没有支付，无需退款。", "not-paid"),
                    // What went back in part, or was declined, may be asked for again.
                    (Some(last), Some(position))
                        if with_staff || last.is_open() || position.is_wholly_back() =>
                    {
                        Standing::Asked(shown::shown(last, with_staff))
                    }
                    (_, Some(_)) if !payment.money.confirmation.is_confirmed() => {
                        Standing::Not("医院正在登记这笔缴费，请稍后再来申请退款。", "not-confirmed")
                    }
                    (_, Some(position)) => may_ask(&position, now),
                })
            })
        })
        .await
}

fn may_ask(position: &Position, now: Timestamp) -> Standing {
    match position.reserve(Scope::All, now) {
        Ok(due) => Standing::MayAsk {
            back: shown::parts(due.cash.unwrap_or_default(), due.insurance.unwrap_or_default()),
            until: if due.insurance.is_some() {
                position.insurance_until()
            } else {
                position.cash_until()
            },
        },
        Err(NotReserved::GivenBack | NotReserved::NoCashPart) => {
            Standing::Not("这笔订单已全部退款。", "given-back")
        }
        Err(NotReserved::DayOver) => Standing::Not(
            "医保结算的订单只能在支付当天申请退款，现已超过时间。如需办理，请到医院收费窗口。",
            "day-over",
        ),
        Err(NotReserved::YearOver) => {
            Standing::Not("支付已超过一年，不能在线退款，请到医院收费窗口。", "year-over")
        }
    }
}

fn show(visitor: &Visitor, payment: &Payment, standing: Standing, fault: &'static str) -> Response {
    let mut page = Page {
        frame: visitor.frame(),
        csrf: visitor.csrf.clone(),
        hosp_out_trade_no: payment.hosp_out_trade_no.as_str().to_owned(),
        title: payment.bill.title.clone(),
        paid: payment.charge().map(|charge| charge.total.yuan()).unwrap_or_default(),
        outcome: "may-ask",
        message: String::new(),
        tone: "wait",
        moving: false,
        back: String::new(),
        until: String::new(),
        fault,
    };
    match standing {
        Standing::MayAsk { back, until } => {
            page.back = back;
            // The last second in which it is possible.
            let last = until.plus_seconds(-1).to_string();
            last.split('.').next().unwrap_or_default().clone_into(&mut page.until);
        }
        Standing::Asked(said) => {
            page.message = said.text;
            page.tone = said.tone;
            page.outcome = said.outcome;
            page.moving = said.moving;
        }
        Standing::Not(why, outcome) => {
            why.clone_into(&mut page.message);
            page.outcome = outcome;
        }
    }
    let status = if fault.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    page::show(&visitor.site, status, &page)
}
