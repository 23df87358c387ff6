//! A booking of one of the visitor's own patients.

use crate::gateway::Site;
use crate::visit_cards::trouble::{Trouble, ask_his};
use crate::visit_cards::{self, VisitCard};
use medpay_domain::Openid;
use medpay_wire::his::bookings::{Booking, FindBooking};

/// A booking and the visit card through which the visitor may see it.
pub(super) struct Own {
    pub booking: Booking,
    pub card: VisitCard,
}

/// Finds a booking; of another person's patient nothing is said, not even that it exists.
pub(super) async fn find(site: &Site, openid: &Openid, booking_no: &str) -> Result<Own, Trouble> {
    let ask = FindBooking { booking_no: booking_no.to_owned() };
    let booking = ask_his(site, &ask).await?;
    if booking.booking_no != booking_no {
        tracing::error!("the HIS answered with another booking");
        return Err(Trouble::NotFound);
    }
    let card = visit_cards::by_patient(site, openid, &booking.patient_id).await?;
    Ok(Own { booking, card: card.ok_or(Trouble::NotFound)? })
}

/// The path of a booking's page.
pub(super) fn path(site: &Site, booking_no: &str) -> String {
    let booking_no = medpay_wire::public_account::encode_component(booking_no);
    site.path(&format!("/registrations/{booking_no}"))
}
