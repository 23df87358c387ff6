//! `/pickup`: 在线取号 (guide §4.1.6) of today's bookings, wherever they were made. What is not paid
//! is paid first; then the HIS gives a number, and the patient is told where to go.

use super::list::of_visitor;
use super::own::{self, Own};
use super::standing::{self, Money};
use super::{one, record};
use crate::account::{Posted, Visitor, see_other};
use crate::page::{self, Frame, Notice};
use crate::visit_cards::VisitCard;
use crate::visit_cards::trouble::Trouble;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use medpay_domain::Day;
use medpay_wire::his::bookings::{Booking, BookingState, TakeNumber};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "registrations/pickup.html")]
struct Page {
    frame: Frame,
    csrf: String,
    nonce: String,
    bookings: Vec<Line>,
}

/// A booking of today.
struct Line {
    path: String,
    checkout: String,
    name: String,
    fee: String,
    elsewhere: bool,
    step: Step,
    booking: Booking,
}

/// What is to be done about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    /// Pay first.
    Pay,
    /// An order is under way.
    UnderWay,
    /// Take the number.
    Take,
    /// It is taken.
    Taken,
}

/// Why there is no number, or that is not known.
#[derive(Debug, thiserror::Error)]
enum PickupError {
    #[error("it is not today")]
    NotToday,
    #[error("it is not paid")]
    NotPaid,
    #[error("it is over")]
    Over,
    #[error("the HIS refused")]
    Refused,
    #[error("the HIS did not say")]
    Unknown,
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl PickupError {
    /// The one place where it gets words.
    fn show(&self, visitor: &Visitor, booking_no: &str) -> Response {
        let (status, text, tone, outcome) = match self {
            Self::Trouble(trouble) => return trouble.show(visitor),
            Self::NotToday => (StatusCode::CONFLICT, "只能在就诊当天取号。", "wait", "not-today"),
            Self::NotPaid => {
                (StatusCode::CONFLICT, "这个挂号还没有支付，请先支付再取号。", "wait", "not-paid")
            }
            Self::Over => (StatusCode::CONFLICT, "这个挂号已经失效，不能取号。", "bad", "over"),
            Self::Refused => (
                StatusCode::CONFLICT,
                "医院系统没有给出排队号，请到窗口或自助机取号。",
                "bad",
                "refused",
            ),
            Self::Unknown => (
                StatusCode::SERVICE_UNAVAILABLE,
                "医院系统暂时没有应答，请稍后再取一次，不会重复取号。",
                "wait",
                "unknown",
            ),
        };
        let site = &visitor.site;
        let ways =
            vec![("返回取号", site.path("/pickup")), ("查看挂号", own::path(site, booking_no))];
        let (frame, title) = (visitor.frame(), "在线取号");
        page::show(site, status, &Notice { frame, title, text, tone, outcome, ways })
    }
}

/// Shows today's bookings.
pub(super) async fn page(visitor: Visitor) -> Response {
    match today(&visitor).await {
        Ok(page) => page::show(&visitor.site, StatusCode::OK, &page),
        Err(trouble) => trouble.show(&visitor),
    }
}

async fn today(visitor: &Visitor) -> Result<Page, Trouble> {
    let site = &visitor.site;
    let today = site.clock.now().day();
    let mut bookings = Vec::new();
    for (card, found) in of_visitor(site, &visitor.openid, today, today).await? {
        for booking in found {
            bookings.extend(line(visitor, &card, booking, today));
        }
    }
    Ok(Page {
        frame: visitor.frame(),
        csrf: visitor.csrf.clone(),
        nonce: site.entropy.nonce(),
        bookings,
    })
}

/// None of a booking that is over.
fn line(visitor: &Visitor, card: &VisitCard, booking: Booking, today: Day) -> Option<Line> {
    let site = &visitor.site;
    let step = step(&booking, today)?;
    Some(Line {
        path: own::path(site, &booking.booking_no),
        checkout: one::checkout(site, &booking, &card.card_id),
        name: card.name.reveal().to_owned(),
        fee: booking.bill.as_ref().map_or_else(String::new, |bill| bill.total_fen.yuan()),
        elsewhere: booking.source != "medpay",
        step,
        booking,
    })
}

fn step(booking: &Booking, today: Day) -> Option<Step> {
    match (booking.state, standing::money(booking)) {
        _ if booking.day != today => None,
        (BookingState::NumberTaken, _) => Some(Step::Taken),
        (BookingState::Booked, Money::Open) => Some(Step::Pay),
        (BookingState::Booked, Money::UnderWay) => Some(Step::UnderWay),
        (BookingState::Booked, Money::Free | Money::Paid) => Some(Step::Take),
        (BookingState::Booked, Money::Gone)
        | (BookingState::Seen | BookingState::Cancelled | BookingState::Missed, _) => None,
    }
}

/// What is posted.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    booking: String,
    #[serde(default)]
    nonce: String,
}

/// Takes a number.
pub(super) async fn submit(Posted(visitor, wanted): Posted<Wanted>) -> Response {
    match take(&visitor, &wanted).await {
        Ok(()) => see_other(&own::path(&visitor.site, &wanted.booking)),
        Err(error) => error.show(&visitor, &wanted.booking),
    }
}

async fn take(visitor: &Visitor, wanted: &Wanted) -> Result<(), PickupError> {
    let site = &visitor.site;
    let Own { booking, .. } = own::find(site, &visitor.openid, &wanted.booking).await?;
    let today = site.clock.now().day();
    if booking.state == BookingState::NumberTaken {
        return Ok(());
    }
    if !standing::number_waits(&booking, today) {
        return Err(match (booking.state, standing::money(&booking)) {
            (BookingState::Booked, Money::Open | Money::UnderWay) => PickupError::NotPaid,
            (BookingState::Booked, _) if booking.day > today => PickupError::NotToday,
            _ => PickupError::Over,
        });
    }
    let ask = TakeNumber { booking_no: wanted.booking.clone() };
    let words = [visitor.openid.reveal(), &wanted.nonce, &wanted.booking];
    let key = site.vault.digest("take number", &words.join("\n"));
    match site.doors.his.command(&key, &ask).await {
        Ok(Ok(booking)) => {
            record::heard(site, &booking).await.map_err(Trouble::Store)?;
            Ok(())
        }
        Ok(Err(refusal)) => {
            tracing::info!(code = ?refusal.code, "the HIS gave no number");
            Err(PickupError::Refused)
        }
        Err(error) => {
            tracing::warn!(%error, "the HIS did not say whether it gave a number");
            Err(PickupError::Unknown)
        }
    }
}
