//! `/registrations/{booking_no}`: a booking, how it can be paid, and why (DESIGN: insurance pays a
//! registration only on the day of the visit).

use super::own::{self, Own};
use super::standing::{self, Money};
use super::{calendar, record};
use crate::account::{Posted, Visitor, see_other};
use crate::gateway::Site;
use crate::page::{self, Frame};
use crate::visit_cards::trouble::Trouble;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use medpay_domain::hospital::booking::{Event, Offer, State};
use medpay_domain::{Day, Timestamp};
use medpay_wire::his::bookings::{Booking, BookingState};
use medpay_wire::public_account::encode_component;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "registrations/booking.html")]
struct Page {
    frame: Frame,
    csrf: String,
    /// For scripts.
    outcome: &'static str,
    word: &'static str,
    tone: &'static str,
    name: String,
    booking: Booking,
    day: String,
    fee: String,
    bureau_word: String,
    /// What can be done about the money.
    step: Step,
    /// Paths.
    here: String,
    checkout: String,
    /// The order's page, of a bill that an order holds or paid.
    order: String,
    keeps_until: Option<String>,
    can_be_cancelled: bool,
    /// Whether it was booked through us, so that a choice can be kept.
    ours: bool,
}

impl Page {
    /// Whether the place is kept for a while only.
    fn may_lapse(&self) -> bool {
        matches!(self.step, Step::Pay(_) | Step::WaitForTheDay)
    }

    /// Whether the order that paid it is of interest.
    fn shows_order(&self) -> bool {
        let settled = matches!(self.step, Step::TakeNumber | Step::TakeNumberOnTheDay | Step::Go);
        settled && !self.order.is_empty()
    }
}

/// What the patient is told to do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    /// Nothing any more.
    Nothing,
    /// Pay, in one of these ways.
    Pay(Offer),
    /// Chosen: pay on the day.
    WaitForTheDay,
    /// An order is under way.
    UnderWay,
    /// Take the number now.
    TakeNumber,
    /// Take the number on the day.
    TakeNumberOnTheDay,
    /// Go there.
    Go,
}

impl Step {
    const fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Pay(Offer::TodayWithInsurance | Offer::TodayInCash) => "pay-today",
            Self::Pay(Offer::AheadWithInsurance | Offer::AheadInCash) => "pay-ahead",
            Self::Pay(Offer::TooLate) => "too-late",
            Self::WaitForTheDay => "pay-on-the-day",
            Self::UnderWay => "under-way",
            Self::TakeNumber => "take-number",
            Self::TakeNumberOnTheDay => "take-number-on-the-day",
            Self::Go => "number-taken",
        }
    }
}

/// Shows it.
pub(super) async fn page(
    visitor: Visitor,
    Path((_, booking_no)): Path<(String, String)>,
) -> Response {
    match look(&visitor, &booking_no).await {
        Ok(page) => page::show(&visitor.site, StatusCode::OK, &page),
        Err(trouble) => trouble.show(&visitor),
    }
}

async fn look(visitor: &Visitor, booking_no: &str) -> Result<Page, Trouble> {
    let site = &visitor.site;
    let own = own::find(site, &visitor.openid, booking_no).await?;
    let state = record::heard(site, &own.booking).await?;
    Ok(show(visitor, own, state))
}

fn show(visitor: &Visitor, Own { booking, card }: Own, state: Option<State>) -> Page {
    let site = &visitor.site;
    let today = site.clock.now().day();
    let step = step(&booking, state, today);
    let (word, tone) = standing::word(&booking);
    let order = booking.bill.as_ref().and_then(|bill| bill.hosp_out_trade_no.as_ref());
    Page {
        frame: visitor.frame(),
        csrf: visitor.csrf.clone(),
        outcome: step.word(),
        word,
        tone,
        name: card.name.reveal().to_owned(),
        day: calendar::words(booking.day, today),
        fee: booking.bill.as_ref().map_or_else(String::new, |bill| bill.total_fen.yuan()),
        bureau_word: site.institution.city.bureau_word.clone(),
        step,
        here: own::path(site, &booking.booking_no),
        checkout: checkout(site, &booking, &card.card_id),
        order: order.map_or_else(String::new, |number| {
            site.path(&format!("/orders/{}", encode_component(number.as_str())))
        }),
        keeps_until: booking.keeps_until.map(|until| last_minute(until, today)),
        can_be_cancelled: standing::can_be_cancelled(&booking),
        ours: state.is_some(),
        booking,
    }
}

/// The last minute before a moment: `6月1日 周一 23:59` of a midnight.
fn last_minute(until: Timestamp, today: Day) -> String {
    let last = until.plus_seconds(-1);
    let civil = last.civil();
    format!("{} {:02}:{:02}", calendar::words(last.day(), today), civil.hour(), civil.minute())
}

/// Where the bill of a booking is paid; empty if it has none.
pub(super) fn checkout(site: &Site, booking: &Booking, card_id: &str) -> String {
    booking.bill.as_ref().map_or_else(String::new, |bill| {
        let bill_no = encode_component(bill.bill_no.as_str());
        site.path(&format!("/checkout?bill={bill_no}&card={card_id}"))
    })
}

fn step(booking: &Booking, state: Option<State>, today: Day) -> Step {
    match booking.state {
        BookingState::Seen | BookingState::Cancelled | BookingState::Missed => Step::Nothing,
        BookingState::NumberTaken => Step::Go,
        BookingState::Booked => match (standing::money(booking), standing::offer(booking, today)) {
            (Money::Gone, _) | (Money::Open, None) | (_, Some(Offer::TooLate)) => Step::Nothing,
            (Money::UnderWay, _) => Step::UnderWay,
            (Money::Open, Some(Offer::AheadWithInsurance | Offer::AheadInCash))
                if state == Some(State::PayOnTheDay) =>
            {
                Step::WaitForTheDay
            }
            (Money::Open, Some(offer)) => Step::Pay(offer),
            (Money::Free | Money::Paid, _) => match booking.day.cmp(&today) {
                std::cmp::Ordering::Less => Step::Nothing,
                std::cmp::Ordering::Equal => Step::TakeNumber,
                std::cmp::Ordering::Greater => Step::TakeNumberOnTheDay,
            },
        },
    }
}

/// How the patient wants to pay.
#[derive(Deserialize)]
pub(super) struct Way {
    #[serde(default)]
    way: String,
}

/// `POST …/way`: keeps the choice; now leads on to the payment.
pub(super) async fn choose_way(
    Path((_, booking_no)): Path<(String, String)>,
    Posted(visitor, chosen): Posted<Way>,
) -> Response {
    match choose(&visitor, &booking_no, &chosen.way).await {
        Ok(path) => see_other(&path),
        Err(trouble) => trouble.show(&visitor),
    }
}

async fn choose(visitor: &Visitor, booking_no: &str, way: &str) -> Result<String, Trouble> {
    let site = &visitor.site;
    let event = match way {
        "now" => Event::ChosePayNow,
        "on_the_day" => Event::ChosePayOnTheDay,
        _ => return Err(Trouble::NotFound),
    };
    let Own { booking, card } = own::find(site, &visitor.openid, booking_no).await?;
    record::heard(site, &booking).await?;
    record::chose(site, booking_no, event).await?;
    let open = standing::money(&booking) == Money::Open;
    Ok(if event == Event::ChosePayNow && open {
        checkout(site, &booking, &card.card_id)
    } else {
        own::path(site, booking_no)
    })
}
