//! Asks the HIS about what somebody is to be reminded of, and tells it to everybody concerned.

use super::rows::reminders::{self, Became, Stored};
use super::subject::{Detail, Kind, Subject};
use super::{bind, worker};
use crate::gateway::{Branch, Site};
use crate::messages::{Message, deliver, outbox, texts};
use crate::visit_cards::{self, VisitCard};
use medpay_client::Unanswered;
use medpay_domain::hospital::reminder::told::{
    BillStands, BookingStands, Cover, Found, Next, Words, next,
};
use medpay_domain::hospital::reminder::visit_reminder_at;
use medpay_domain::{BillNo, Openid, OrgNo, Timestamp};
use medpay_store::workers::Workplace as _;
use medpay_store::{Lease, StoreError};
use medpay_wire::his::bills::{Bill, BillClass, BillState, FindBill};
use medpay_wire::his::bookings::{Booking, BookingState, FindBooking};
use medpay_wire::his::events::ResultReady;
use medpay_wire::his::{Refusal, RefusalCode};
use std::sync::Arc;

/// What was found, and what is told of it.
struct Answer {
    next: Next,
    messages: Vec<Message>,
}

impl Answer {
    fn nothing(reason: &'static str) -> Self {
        Self { next: Next::Drop(reason), messages: Vec::new() }
    }
}

/// Works one reminder off.
pub(super) async fn tell(branch: &Branch, lease: &Lease) -> Result<(), StoreError> {
    let now = branch.clock().now();
    let Ok(subject) = serde_json::from_str::<Subject>(&lease.payload) else {
        return worker::put_off(branch, lease, now).await;
    };
    let Some(site) = branch.site(&OrgNo::new(subject.org_no.clone())) else {
        tracing::error!(job = lease.key, "a reminder of a hospital that is not served here");
        return worker::put_off(branch, lease, now).await;
    };
    let until = bind::not_quiet(site, now);
    if until > now {
        return worker::postpone(branch, lease, until).await;
    }
    let Some(mut stored) = load(site, &subject).await? else {
        return worker::finish(branch, lease).await;
    };
    let answer = match (subject.kind, &stored.detail) {
        (Kind::Bill, Detail::OfPatient { patient_id, .. }) => {
            of_bill(site, &subject.number, patient_id, stored.tries).await?
        }
        (Kind::Result, Detail::OfPatient { patient_id, title }) => {
            of_result(site, &subject.number, patient_id, title).await?
        }
        (Kind::Visit, Detail::OfFollower { openid }) => {
            of_visit(site, &subject.number, &Openid::new(openid), stored.tries).await?
        }
        (Kind::Bill | Kind::Result | Kind::Visit, _) => Answer::nothing("no_detail"),
    };
    tracing::info!(job = lease.key, next = ?answer.next, told = answer.messages.len(), "reminder");
    stored.tries += u32::from(matches!(answer.next, Next::Again(_)));
    record(site, lease, subject, stored, answer).await
}

async fn load(site: &Site, subject: &Subject) -> Result<Option<Stored>, StoreError> {
    let (vault, subject) = (site.vault.clone(), subject.clone());
    site.store
        .read("a reminder", move |tx| {
            let (vault, subject) = (vault.clone(), subject.clone());
            Box::pin(async move { reminders::waiting(tx, &vault, &subject).await })
        })
        .await
}

async fn of_bill(
    site: &Site,
    bill_no: &str,
    patient_id: &str,
    tries: u32,
) -> Result<Answer, StoreError> {
    let bill = answered(site.doors.his.ask(&FindBill { bill_no: BillNo::new(bill_no) }).await);
    let (found, bill) = match bill {
        Ok(bill) if bill.patient_id == patient_id => {
            (Found::Bill(stands(&bill), cover(&bill)), Some(bill))
        }
        // The bill is not this patient's: nobody is told of it.
        Ok(_) => (Found::Nothing, None),
        Err(found) => (found, None),
    };
    let next = next(found, tries, site.clock.now());
    let (Next::Say(words), Some(bill)) = (next, bill) else {
        return Ok(Answer { next, messages: Vec::new() });
    };
    let told = |key, to, card: &VisitCard| {
        texts::payment_reminder(key, to, (&card.name, &card.card_id), &bill, words)
    };
    let messages = to_holders(site, patient_id, &format!("bill/{bill_no}"), told).await?;
    Ok(Answer { next: if messages.is_empty() { Next::Drop("no_holder") } else { next }, messages })
}

async fn of_result(
    site: &Site,
    result_no: &str,
    patient_id: &str,
    title: &str,
) -> Result<Answer, StoreError> {
    let event = ResultReady {
        patient_id: patient_id.to_owned(),
        result_no: result_no.to_owned(),
        title: title.to_owned(),
    };
    let told = |key, to, card: &VisitCard| {
        texts::result_ready(key, to, (&card.name, &card.card_id), &event)
    };
    let messages = to_holders(site, patient_id, &format!("result/{result_no}"), told).await?;
    if messages.is_empty() {
        return Ok(Answer::nothing("no_holder"));
    }
    Ok(Answer { next: Next::Say(Words::ReadReport), messages })
}

async fn of_visit(
    site: &Site,
    booking_no: &str,
    openid: &Openid,
    tries: u32,
) -> Result<Answer, StoreError> {
    let ask = FindBooking { booking_no: booking_no.to_owned() };
    let (found, booking) = match answered(site.doors.his.ask(&ask).await) {
        Ok(booking) => (found_booking(&booking), Some(booking)),
        Err(found) => (found, None),
    };
    let next = next(found, tries, site.clock.now());
    let (Next::Say(words), Some(booking)) = (next, booking) else {
        return Ok(Answer { next, messages: Vec::new() });
    };
    let card = visit_cards::by_patient(site, openid, &booking.patient_id).await?;
    let Some(card) = card else { return Ok(Answer::nothing("no_holder")) };
    let key = format!("visit/{booking_no}/{}", booking.day.wire());
    let message = texts::visit_reminder(key, openid.clone(), &card.name, &booking, words);
    Ok(Answer { next, messages: vec![message] })
}

/// A HIS's answer, or what its refusal or silence means.
fn answered<A>(answer: Result<Result<A, Refusal>, Unanswered>) -> Result<A, Found> {
    match answer {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(refusal)) if refusal.code == RefusalCode::NotFound => Err(Found::Nothing),
        Ok(Err(_)) | Err(_) => Err(Found::Silent),
    }
}

/// A message for everybody who has added a card of the patient. Its key is the same whenever the
/// same person is told of the same thing, and tells nobody who that is.
async fn to_holders(
    site: &Site,
    patient_id: &str,
    about: &str,
    told: impl Fn(String, Openid, &VisitCard) -> Message,
) -> Result<Vec<Message>, StoreError> {
    let mut messages = Vec::new();
    for openid in visit_cards::holders(site, patient_id).await? {
        let Some(card) = visit_cards::by_patient(site, &openid, patient_id).await? else {
            continue;
        };
        let mut holder = site.vault.digest(about, openid.reveal());
        holder.truncate(16);
        messages.push(told(format!("{about}/{holder}"), openid, &card));
    }
    Ok(messages)
}

const fn stands(bill: &Bill) -> BillStands {
    match bill.state {
        BillState::Pending => BillStands::Open,
        // Somebody is paying it already; the order says how that ends.
        BillState::Locked | BillState::Paid => BillStands::Paid,
        BillState::Refunded | BillState::Voided => BillStands::Gone,
    }
}

const fn cover(bill: &Bill) -> Cover {
    match (bill.class, &bill.insurance) {
        (BillClass::Ordinary, Some(_)) => Cover::Insured,
        (BillClass::Ordinary, None) => Cover::NotPreSettled,
        (
            BillClass::Maternity
            | BillClass::SeriousIllness
            | BillClass::SpecialDisease
            | BillClass::SpecialExamination
            | BillClass::Vaccination
            | BillClass::Inpatient,
            _,
        ) => Cover::ClassNotCovered,
    }
}

fn found_booking(booking: &Booking) -> Found {
    let stands = match booking.state {
        BookingState::Booked => BookingStands::Kept,
        BookingState::NumberTaken | BookingState::Seen => BookingStands::Used,
        BookingState::Cancelled | BookingState::Missed => BookingStands::Gone,
    };
    let bill = booking.bill.as_ref().map(|bill| match bill.state {
        // It may come free again before the visit.
        BillState::Pending | BillState::Locked => BillStands::Open,
        BillState::Paid => BillStands::Paid,
        BillState::Refunded | BillState::Voided => BillStands::Gone,
    });
    Found::Booking { day: booking.day, stands, bill }
}

/// Records what was found, and with it the messages or the next try.
async fn record(
    site: &Arc<Site>,
    lease: &Lease,
    subject: Subject,
    stored: Stored,
    answer: Answer,
) -> Result<(), StoreError> {
    let now = site.clock.now();
    let (became, again) = outcome(site, answer.next, now);
    let (here, lease, messages) = (Arc::clone(site), lease.clone(), Arc::new(answer.messages));
    site.store
        .write("record a reminder", move |tx| {
            let (site, lease) = (Arc::clone(&here), lease.clone());
            let (subject, stored) = (subject.clone(), stored.clone());
            let messages = Arc::clone(&messages);
            Box::pin(async move {
                for message in messages.iter() {
                    outbox::put(tx, &site, message, now).await?;
                }
                match again {
                    Some(at) => tx.postpone_job(&lease, at).await?,
                    None => tx.finish_job(&lease).await?,
                }
                if reminders::save(tx, &subject, &stored, became, now).await? {
                    Ok(())
                } else {
                    Err(StoreError::LeaseLost(lease.id))
                }
            })
        })
        .await
}

/// What is written down, and when there is another try.
fn outcome(site: &Site, next: Next, now: Timestamp) -> (Became, Option<Timestamp>) {
    match next {
        Next::Say(_) => (Became::Told, None),
        Next::Drop(reason) => (Became::Dropped(reason), None),
        Next::Again(at) => (Became::Waits, Some(at)),
        Next::OnDay(day) => match visit_reminder_at(day, deliver::quiet_hours(site), now) {
            Some(at) => (Became::Waits, Some(at)),
            None => (Became::Dropped("past"), None),
        },
    }
}
