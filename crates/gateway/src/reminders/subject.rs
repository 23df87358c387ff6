//! What a reminder is about, and how it begins.

use super::rows::reminders;
use super::{bind, worker};
use crate::gateway::Site;
use medpay_domain::hospital::reminder::visit_reminder_at;
use medpay_domain::{Openid, Timestamp};
use medpay_store::{NewJob, StoreError, Tx};
use medpay_wire::his::bookings::Booking;
use medpay_wire::his::events::{PrescriptionIssued, ResultReady};
use serde::{Deserialize, Serialize};

/// What a reminder is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Kind {
    /// A bill to pay.
    Bill,
    /// A report that is ready.
    Result,
    /// A visit that is today.
    Visit,
}

impl Kind {
    /// Its word in the database and in keys.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Bill => "bill",
            Self::Result => "result",
            Self::Visit => "visit",
        }
    }
}

/// One thing that somebody is reminded of: a job's payload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Subject {
    /// The hospital.
    pub(super) org_no: String,
    /// What it is.
    pub(super) kind: Kind,
    /// The HIS's number of it.
    pub(super) number: String,
}

/// What is known of it beside its number. Sealed in the database.
#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Detail {
    /// A bill or a report of this patient, told to everybody who has added a card of theirs; and
    /// the report's title.
    OfPatient { patient_id: String, title: String },
    /// A booking that this follower made.
    OfFollower { openid: String },
}

impl std::fmt::Debug for Detail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Detail(***)")
    }
}

/// A doctor has prescribed: everybody who has added a card of the patient is reminded to pay, once
/// for each bill.
pub(crate) async fn prescription_issued(
    site: &Site,
    event: &PrescriptionIssued,
) -> Result<(), StoreError> {
    let detail = Detail::OfPatient { patient_id: event.patient_id.clone(), title: String::new() };
    begin(site, Kind::Bill, event.bill_no.as_str(), detail).await
}

/// A report is ready: everybody who has added a card of the patient is told, once for each report.
pub(crate) async fn result_ready(site: &Site, event: &ResultReady) -> Result<(), StoreError> {
    let detail =
        Detail::OfPatient { patient_id: event.patient_id.clone(), title: event.title.clone() };
    begin(site, Kind::Result, &event.result_no, detail).await
}

/// `openid` has booked, in the transaction that keeps it: leads to a reminder in the morning of the
/// visit, if that is still to come.
pub(crate) async fn visit_booked(
    tx: &mut Tx,
    site: &Site,
    openid: &Openid,
    booking: &Booking,
    now: Timestamp,
) -> Result<(), StoreError> {
    let quiet = crate::messages::deliver::quiet_hours(site);
    let Some(due) = visit_reminder_at(booking.day, quiet, now) else { return Ok(()) };
    let subject = subject_of(site, Kind::Visit, &booking.booking_no);
    let detail = Detail::OfFollower { openid: openid.reveal().to_owned() };
    put(tx, site, &subject, &detail, (now, due)).await
}

async fn begin(site: &Site, kind: Kind, number: &str, detail: Detail) -> Result<(), StoreError> {
    let now = site.clock.now();
    let (vault, subject) = (site.vault.clone(), subject_of(site, kind, number));
    let due = bind::not_quiet(site, now);
    site.store
        .write("begin a reminder", move |tx| {
            let (vault, subject, detail) = (vault.clone(), subject.clone(), detail.clone());
            Box::pin(async move {
                if reminders::insert(tx, &vault, &subject, &detail, now).await? {
                    tx.push_job(&job(&subject, due)).await?;
                }
                Ok(())
            })
        })
        .await
}

async fn put(
    tx: &mut Tx,
    site: &Site,
    subject: &Subject,
    detail: &Detail,
    (now, due): (Timestamp, Timestamp),
) -> Result<(), StoreError> {
    if reminders::insert(tx, &site.vault, subject, detail, now).await? {
        tx.push_job(&job(subject, due)).await?;
    }
    Ok(())
}

fn subject_of(site: &Site, kind: Kind, number: &str) -> Subject {
    let org_no = site.org_no().as_str().to_owned();
    Subject { org_no, kind, number: number.to_owned() }
}

fn job(subject: &Subject, due: Timestamp) -> NewJob {
    let Subject { org_no, kind, number } = subject;
    NewJob {
        queue: worker::QUEUE,
        key: format!("{} {org_no} {number}", kind.word()),
        // Three texts and no map: it cannot fail.
        payload: serde_json::to_string(subject).unwrap_or_default(),
        due,
    }
}
