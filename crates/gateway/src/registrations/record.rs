//! Keeps what was booked through us, and what became of it.

use super::rows::{self, Registration};
use super::standing;
use crate::account::Visitor;
use crate::gateway::Site;
use crate::reminders;
use crate::visit_cards::holder_digest;
use medpay_domain::Fen;
use medpay_domain::hospital::booking::{Event, State};
use medpay_store::StoreError;
use medpay_wire::his::bookings::Booking;
use std::sync::Arc;

/// Keeps a booking that the visitor has just made, with the reminder of its day.
pub(super) async fn booked(visitor: &Visitor, booking: &Booking) -> Result<(), StoreError> {
    let site = &visitor.site;
    let bill = booking.bill.as_ref();
    let registration = Registration {
        booking_no: booking.booking_no.clone(),
        openid: visitor.openid.clone(),
        holder_digest: holder_digest(site, &visitor.openid),
        patient_id: booking.patient_id.clone(),
        visit_day: booking.day,
        fee: bill.map_or(Fen::ZERO, |bill| bill.total_fen),
        channel: visitor.channel.as_str().to_owned(),
        state: after(State::Booked, &standing::news(booking)),
    };
    let (own, told, now) = (Arc::clone(site), booking.clone(), site.clock.now());
    site.store
        .write("keep a registration", move |tx| {
            let (site, it, booking) = (Arc::clone(&own), registration.clone(), told.clone());
            Box::pin(async move {
                if rows::insert(tx, &site.vault, site.org_no(), &it, now).await? {
                    reminders::visit_booked(tx, &site, &it.openid, &booking, now).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Writes down what the HIS says of a booking, if it was booked through us, and answers where it
/// stands with that.
pub(super) async fn heard(site: &Site, booking: &Booking) -> Result<Option<State>, StoreError> {
    apply(site, &booking.booking_no, standing::news(booking)).await
}

/// Writes down how the patient wants to pay. None if it was not booked through us.
pub(super) async fn chose(
    site: &Site,
    booking_no: &str,
    event: Event,
) -> Result<Option<State>, StoreError> {
    apply(site, booking_no, vec![event]).await
}

async fn apply(
    site: &Site,
    booking_no: &str,
    news: Vec<Event>,
) -> Result<Option<State>, StoreError> {
    let (org_no, now) = (site.org_no().clone(), site.clock.now());
    let number = booking_no.to_owned();
    let read = {
        let (org_no, number) = (org_no.clone(), number.clone());
        site.store
            .read("find a registration", move |tx| {
                let (org_no, number) = (org_no.clone(), number.clone());
                Box::pin(async move { rows::find(tx, &org_no, &number).await })
            })
            .await
    };
    let stored: Option<rows::Stored> = read?;
    let Some(was) = stored else { return Ok(None) };
    let state = after(was.state, &news);
    if state == was.state {
        return Ok(Some(state));
    }
    site.store
        .write("change a registration", move |tx| {
            let (org_no, number, news) = (org_no.clone(), number.clone(), news.clone());
            Box::pin(async move {
                let Some(was) = rows::find(tx, &org_no, &number).await? else { return Ok(None) };
                let state = after(was.state, &news);
                // Who came first has heard the same, or newer news.
                let saved = rows::save(tx, (&org_no, &number), was, state, now).await?;
                Ok(Some(if saved { state } else { was.state }))
            })
        })
        .await
}

/// What is impossible is the HIS's contradiction or a form that was left open for long: it changes
/// nothing here.
fn after(state: State, news: &[Event]) -> State {
    news.iter().fold(state, |state, event| {
        state.apply(*event).unwrap_or_else(|illegal| {
            tracing::warn!(%illegal, "news of a booking were passed over");
            state
        })
    })
}
