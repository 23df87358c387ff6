//! `/register/confirm`: for whom, and then the place is booked in the HIS. Its key comes from the
//! form, so that a second tap, or the same form after a lost answer, books nothing more.

use super::choose::{Place, Wanted, place, query};
use super::{calendar, own, record};
use crate::account::{Posted, Visitor, see_other};
use crate::page::{self, Frame, Notice};
use crate::visit_cards::trouble::Trouble;
use crate::visit_cards::{self, VisitCard, masked};
use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use medpay_domain::hospital::booking::Offer;
use medpay_store::StoreError;
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bookings::{Book, Booking};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "registrations/confirm.html")]
struct Page {
    frame: Frame,
    csrf: String,
    nonce: String,
    place: Place,
    wanted: Wanted,
    day: String,
    fee: String,
    free: bool,
    ahead: bool,
    bureau_word: String,
    cards: Vec<Choice>,
    /// The end of the address of the doctor's times.
    back: String,
    problem: Option<&'static str>,
    outcome: &'static str,
}

/// A visit card to choose.
struct Choice {
    card_id: String,
    name: String,
    number: String,
    chosen: bool,
}

/// What is posted.
#[derive(Deserialize)]
pub(super) struct Confirmed {
    #[serde(flatten)]
    wanted: Wanted,
    #[serde(default)]
    card: String,
    #[serde(default)]
    nonce: String,
}

/// Why nothing is booked, or it is not known.
#[derive(Debug, thiserror::Error)]
enum BookError {
    #[error("no place is left")]
    NoPlaceLeft,
    #[error("the patient has this booking already")]
    BookedAlready,
    #[error("the HIS refused")]
    Refused,
    #[error("the HIS did not say")]
    Unknown,
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<StoreError> for BookError {
    fn from(error: StoreError) -> Self {
        Self::Trouble(Trouble::Store(error))
    }
}

/// Asks for whom.
pub(super) async fn page(visitor: Visitor, Query(wanted): Query<Wanted>) -> Response {
    let nonce = visitor.site.entropy.nonce();
    match prepare(&visitor, wanted, nonce, "").await {
        Ok(page) => page::show(&visitor.site, StatusCode::OK, &page),
        Err(trouble) => trouble.show(&visitor),
    }
}

async fn prepare(
    visitor: &Visitor,
    wanted: Wanted,
    nonce: String,
    chosen: &str,
) -> Result<Page, Trouble> {
    let site = &visitor.site;
    let place = place(site, &wanted).await?;
    let cards = visit_cards::of(site, &visitor.openid).await?;
    if cards.is_empty() {
        return Err(Trouble::NoVisitCard);
    }
    let (today, schedule) = (site.clock.now().day(), &place.schedule);
    let offer = Offer::of(today, schedule.day, true);
    let known = cards.iter().any(|card| card.card_id == chosen);
    let choice = |(at, card): (usize, &VisitCard)| Choice {
        card_id: card.card_id.clone(),
        name: card.name.reveal().to_owned(),
        number: masked(&card.visit_card_no),
        chosen: if known { card.card_id == chosen } else { at == 0 },
    };
    Ok(Page {
        frame: visitor.frame(),
        csrf: visitor.csrf.clone(),
        nonce,
        day: calendar::words(schedule.day, today),
        fee: schedule.fee_fen.yuan(),
        free: schedule.fee_fen.is_zero(),
        ahead: offer == Offer::AheadWithInsurance,
        bureau_word: site.institution.city.bureau_word.clone(),
        cards: cards.iter().enumerate().map(choice).collect(),
        back: query(&wanted, &wanted.doctor, None),
        place,
        wanted,
        problem: None,
        outcome: "confirm",
    })
}

/// Books.
pub(super) async fn submit(Posted(visitor, confirmed): Posted<Confirmed>) -> Response {
    match book(&visitor, &confirmed).await {
        Ok(booking) => see_other(&own::path(&visitor.site, &booking.booking_no)),
        Err(BookError::Trouble(trouble)) => trouble.show(&visitor),
        Err(BookError::Unknown) => ask_again(&visitor, confirmed).await,
        Err(error @ (BookError::NoPlaceLeft | BookError::BookedAlready | BookError::Refused)) => {
            refused(&visitor, &confirmed, &error)
        }
    }
}

async fn book(visitor: &Visitor, confirmed: &Confirmed) -> Result<Booking, BookError> {
    let site = &visitor.site;
    let card = visit_cards::find(site, &visitor.openid, &confirmed.card).await?;
    let card = card.ok_or(Trouble::NotFound)?;
    let ask = Book {
        schedule_id: confirmed.wanted.schedule.clone(),
        patient_id: card.patient_id.clone(),
    };
    let words = [visitor.openid.reveal(), &confirmed.nonce, &ask.schedule_id, &ask.patient_id];
    let key = site.vault.digest("book", &words.join("\n"));
    let booking = match site.doors.his.command(&key, &ask).await {
        Ok(Ok(booking)) => booking,
        Ok(Err(refusal)) => {
            tracing::info!(code = ?refusal.code, "the HIS booked nothing");
            return Err(match refusal.code {
                RefusalCode::NoPlaceLeft => BookError::NoPlaceLeft,
                RefusalCode::BookedAlready => BookError::BookedAlready,
                RefusalCode::NotFound => Trouble::NotFound.into(),
                _ => BookError::Refused,
            });
        }
        Err(error) => {
            tracing::warn!(%error, "the HIS did not say whether it booked");
            return Err(BookError::Unknown);
        }
    };
    if booking.patient_id != card.patient_id {
        tracing::error!("the HIS booked for another patient");
        return Err(BookError::Refused);
    }
    record::booked(visitor, &booking).await?;
    Ok(booking)
}

/// The same form again, with its key.
async fn ask_again(visitor: &Visitor, confirmed: Confirmed) -> Response {
    let page = prepare(visitor, confirmed.wanted, confirmed.nonce, &confirmed.card).await;
    match page {
        Ok(page) => {
            let problem = Some(
                "医院系统暂时没有应答，还不知道是否预约成功。请稍后再点一次“确认预约”，\
                 不会重复预约。",
            );
            let page = Page { problem, outcome: "unknown", ..page };
            page::show(&visitor.site, StatusCode::SERVICE_UNAVAILABLE, &page)
        }
        Err(trouble) => trouble.show(visitor),
    }
}

fn refused(visitor: &Visitor, confirmed: &Confirmed, error: &BookError) -> Response {
    let site = &visitor.site;
    let times = site.path(&format!(
        "/register/times?{}",
        query(&confirmed.wanted, &confirmed.wanted.doctor, None)
    ));
    let mine = site.path("/registrations");
    let (text, outcome, ways) = match error {
        BookError::NoPlaceLeft => {
            ("这个时段刚刚约满，请选择其他时段。", "no-place-left", vec![("选择其他时段", times)])
        }
        BookError::BookedAlready => (
            "这位就诊人在该时段已有预约，不能重复预约。",
            "booked-already",
            vec![("查看我的挂号", mine), ("选择其他时段", times)],
        ),
        BookError::Refused | BookError::Unknown | BookError::Trouble(_) => (
            "医院系统没有接受这次预约，请选择其他时段，或到医院窗口办理。",
            "refused",
            vec![("选择其他时段", times)],
        ),
    };
    let (frame, title, tone) = (visitor.frame(), "没有预约成功", "bad");
    let notice = Notice { frame, title, text, tone, outcome, ways };
    page::show(site, StatusCode::CONFLICT, &notice)
}
