//! `/registrations/{booking_no}/cancel`: gives back a place that is not paid; a paid one goes the
//! way of a refund.

use super::own::{self, Own};
use super::standing::{self, Money};
use super::{calendar, record};
use crate::account::{Posted, Visitor, see_other};
use crate::page::{self, Frame, Notice};
use crate::visit_cards::trouble::Trouble;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use medpay_wire::his::bookings::{Booking, CancelBooking};
use medpay_wire::public_account::encode_component;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "registrations/cancel.html")]
struct Page {
    frame: Frame,
    csrf: String,
    nonce: String,
    here: String,
    name: String,
    booking: Booking,
    day: String,
}

/// What is posted.
#[derive(Deserialize)]
pub(super) struct Meant {
    #[serde(default)]
    nonce: String,
}

/// Why it is not given back, or that is not known.
#[derive(Debug, thiserror::Error)]
enum CancelError {
    #[error("it is paid")]
    Paid(Option<String>),
    #[error("an order is under way")]
    UnderWay(Option<String>),
    #[error("it is over")]
    Over,
    #[error("the HIS refused")]
    Refused,
    #[error("the HIS did not say")]
    Unknown,
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl CancelError {
    /// The one place where it gets words.
    fn show(&self, visitor: &Visitor, booking_no: &str) -> Response {
        let site = &visitor.site;
        let order = |number: &Option<String>, tail: &str| {
            let number = number.as_deref().map(encode_component);
            number.map(|number| site.path(&format!("/orders/{number}{tail}")))
        };
        let (status, text, tone, outcome, way) = match self {
            Self::Trouble(trouble) => return trouble.show(visitor),
            Self::Paid(number) => (
                StatusCode::CONFLICT,
                "这个挂号已经支付。取消请申请退款，退款成功后挂号随之取消。",
                "",
                "paid",
                order(number, "/refund").map(|path| ("申请退款", path)),
            ),
            Self::UnderWay(number) => (
                StatusCode::CONFLICT,
                "这个挂号有一笔支付正在进行，请先完成或等待它结束，再取消。",
                "wait",
                "under-way",
                order(number, "").map(|path| ("查看支付", path)),
            ),
            Self::Over => (StatusCode::CONFLICT, "这个挂号已经不能取消。", "bad", "over", None),
            Self::Refused => (
                StatusCode::CONFLICT,
                "医院系统没有接受取消，请联系医院窗口办理。",
                "bad",
                "refused",
                None,
            ),
            Self::Unknown => (
                StatusCode::SERVICE_UNAVAILABLE,
                "医院系统暂时没有应答，还不知道是否已经取消。请稍后查看挂号状态，或再取消一次。",
                "wait",
                "unknown",
                None,
            ),
        };
        let mut ways: Vec<_> = way.into_iter().collect();
        ways.push(("返回挂号", own::path(site, booking_no)));
        let (frame, title) = (visitor.frame(), "取消挂号");
        page::show(site, status, &Notice { frame, title, text, tone, outcome, ways })
    }
}

/// Asks whether it is meant.
pub(super) async fn page(
    visitor: Visitor,
    Path((_, booking_no)): Path<(String, String)>,
) -> Response {
    let site = &visitor.site;
    match cancellable(&visitor, &booking_no).await {
        Ok(Own { booking, card }) => {
            let page = Page {
                frame: visitor.frame(),
                csrf: visitor.csrf.clone(),
                nonce: site.entropy.nonce(),
                here: own::path(site, &booking_no),
                name: card.name.reveal().to_owned(),
                day: calendar::words(booking.day, site.clock.now().day()),
                booking,
            };
            page::show(site, StatusCode::OK, &page)
        }
        Err(error) => error.show(&visitor, &booking_no),
    }
}

/// Gives it back.
pub(super) async fn submit(
    Path((_, booking_no)): Path<(String, String)>,
    Posted(visitor, meant): Posted<Meant>,
) -> Response {
    match cancel(&visitor, &booking_no, &meant.nonce).await {
        Ok(()) => see_other(&own::path(&visitor.site, &booking_no)),
        Err(error) => error.show(&visitor, &booking_no),
    }
}

async fn cancellable(visitor: &Visitor, booking_no: &str) -> Result<Own, CancelError> {
    let own = own::find(&visitor.site, &visitor.openid, booking_no).await?;
    if standing::can_be_cancelled(&own.booking) {
        return Ok(own);
    }
    let order = own.booking.bill.as_ref().and_then(|bill| bill.hosp_out_trade_no.as_ref());
    let order = order.map(|number| number.as_str().to_owned());
    Err(match standing::money(&own.booking) {
        Money::Paid => CancelError::Paid(order),
        Money::UnderWay => CancelError::UnderWay(order),
        Money::Free | Money::Open | Money::Gone => CancelError::Over,
    })
}

async fn cancel(visitor: &Visitor, booking_no: &str, nonce: &str) -> Result<(), CancelError> {
    let site = &visitor.site;
    cancellable(visitor, booking_no).await?;
    let ask = CancelBooking {
        booking_no: booking_no.to_owned(),
        reason: "患者在公众号取消".to_owned(),
    };
    // Of this form: a refusal of today must not answer for tomorrow.
    let words = [visitor.openid.reveal(), nonce, booking_no];
    let key = site.vault.digest("cancel booking", &words.join("\n"));
    match site.doors.his.command(&key, &ask).await {
        Ok(Ok(booking)) => {
            record::heard(site, &booking).await.map_err(Trouble::Store)?;
            Ok(())
        }
        Ok(Err(refusal)) => {
            tracing::info!(code = ?refusal.code, "the HIS cancelled nothing");
            Err(CancelError::Refused)
        }
        Err(error) => {
            tracing::warn!(%error, "the HIS did not say whether it cancelled");
            Err(CancelError::Unknown)
        }
    }
}
