//! `GET /registrations`: the bookings of all the visitor's patients, wherever they were made.

use super::{calendar, own, standing};
use crate::account::Visitor;
use crate::gateway::Site;
use crate::page::{self, Frame};
use crate::visit_cards::trouble::{Trouble, ask_his};
use crate::visit_cards::{self, VisitCard};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use medpay_domain::{Day, Openid};
use medpay_wire::his::bookings::{Booking, ListBookings};

/// How many days back the list goes.
const DAYS_BACK: i32 = 90;

#[derive(Template)]
#[template(path = "registrations/list.html")]
struct Page {
    frame: Frame,
    patients: Vec<Patient>,
}

/// A patient's bookings.
struct Patient {
    name: String,
    bookings: Vec<Line>,
}

/// A booking in the list.
struct Line {
    path: String,
    department: String,
    doctor: String,
    when: String,
    word: &'static str,
    tone: &'static str,
}

/// Shows them, the latest visit first.
pub(super) async fn page(visitor: Visitor) -> Response {
    match list(&visitor).await {
        Ok(page) => page::show(&visitor.site, StatusCode::OK, &page),
        Err(trouble) => trouble.show(&visitor),
    }
}

async fn list(visitor: &Visitor) -> Result<Page, Trouble> {
    let site = &visitor.site;
    let today = site.clock.now().day();
    let ahead = site.hospital().map_or(30, |hospital| hospital.rules.booking_days);
    let until = today.plus_days(i32::try_from(ahead).unwrap_or(30));
    let mut patients = Vec::new();
    for (card, bookings) in
        of_visitor(site, &visitor.openid, today.plus_days(-DAYS_BACK), until).await?
    {
        let line = |booking: &Booking| {
            let (word, tone) = standing::word(booking);
            Line {
                path: own::path(site, &booking.booking_no),
                department: booking.department.clone(),
                doctor: booking.doctor.clone(),
                when: format!("{} {}", calendar::words(booking.day, today), booking.time),
                word,
                tone,
            }
        };
        let bookings = bookings.iter().rev().map(line).collect();
        patients.push(Patient { name: card.name.reveal().to_owned(), bookings });
    }
    Ok(Page { frame: visitor.frame(), patients })
}

/// The bookings of every patient of `openid`. One silence of the HIS ends it: a list with a hole
/// would tell a patient that a booking does not exist.
pub(super) async fn of_visitor(
    site: &Site,
    openid: &Openid,
    from: Day,
    to: Day,
) -> Result<Vec<(VisitCard, Vec<Booking>)>, Trouble> {
    let cards = visit_cards::of(site, openid).await?;
    if cards.is_empty() {
        return Err(Trouble::NoVisitCard);
    }
    let mut found = Vec::new();
    for card in cards {
        let ask = ListBookings { patient_id: card.patient_id.clone(), from, to };
        let mut bookings = ask_his(site, &ask).await?.bookings;
        bookings.retain(|booking| booking.patient_id == card.patient_id);
        bookings.sort_by(|a, b| (a.day, &a.time).cmp(&(b.day, &b.time)));
        found.push((card, bookings));
    }
    Ok(found)
}
