//! 挂号报备 (选用接口 §1.3): a registration that was not paid through us is reported to the bureau on
//! the day of the visit, so that its bills can be settled. The worker of queue
//! `report registration`, one job for each registration that still waits.
//!
//! It is reported in the name of a follower who has added the patient's visit card and has bound
//! the patient's social-security card. For whom it is, is written down before the first call: a
//! repeat says the same under the same number, so the bureau is asked once.

use super::rows::reports::{self, Asked, Report, State};
use crate::cards::bound::{self, Bound};
use crate::gateway::{Branch, Site};
use crate::visit_cards;
use crate::visit_cards::trouble::{Trouble, ask_his};
use medpay_domain::{CardType, HospOutTradeNo, OrgNo, Timestamp};
use medpay_store::workers::Workplace as _;
use medpay_store::{Lease, NewJob, StoreError, side_by_side};
use medpay_wire::caller_fields::Patient;
use medpay_wire::envelope::{Refused, Reply};
use medpay_wire::err_code::ErrCode;
use medpay_wire::his::bookings::{BookingState, FindBooking};
use medpay_wire::his::events::RegistrationMade;
use medpay_wire::preregister::{self, Request, VisitFields};
use medpay_wire::request_content::RequestContent;
use medpay_wire::value::Text;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// The queue of this worker.
pub const QUEUE: &str = "report registration";

/// How many reports are under way at once.
const BATCH: u32 = 16;
/// How long it waits after the first try; twice as long after each other, up to the next.
const FIRST_WAIT_SECONDS: i64 = 30;
const LONGEST_WAIT_SECONDS: i64 = 900;

/// The HIS has made a registration that was not paid through us: it is reported on the day of the
/// visit. Told twice is told once.
pub async fn registration_made(site: &Site, made: &RegistrationMade) -> Result<(), StoreError> {
    let now = site.clock.now();
    let nonce = site.entropy.nonce();
    let report = Report {
        booking_no: made.booking_no.clone(),
        patient_id: made.patient_id.clone(),
        serial_no: made.serial_no.clone(),
        visit_day: made.visit_day,
        request_content: made.request_content.clone(),
        hosp_out_trade_no: HospOutTradeNo::new(format!("V{}{}", now.wire(), &nonce[..12])),
        state: State::Waiting,
    };
    let (vault, org_no) = (site.vault.clone(), site.org_no().clone());
    site.store
        .write("keep a registration to report", move |tx| {
            let (vault, org_no, report) = (vault.clone(), org_no.clone(), report.clone());
            Box::pin(async move {
                if reports::insert(tx, &vault, &org_no, &report, now).await? {
                    let due = report.visit_day.start().max(now);
                    tx.push_job(&job(&org_no, &report.booking_no, due)).await?;
                }
                Ok(())
            })
        })
        .await
}

fn job(org_no: &OrgNo, booking_no: &str, due: Timestamp) -> NewJob {
    let key = format!("{org_no}/{booking_no}");
    NewJob { queue: QUEUE, key, payload: org_no.as_str().to_owned(), due }
}

/// Reports what is due at `now`; answers when the next one will be.
pub async fn run_once(branch: &Branch, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let store = branch.store();
    loop {
        let elapsed = branch.clock().elapsed();
        let lease_ms = branch.sites().first().map_or(60_000, |site| site.settings.lease_ms);
        let leases = store.lease(QUEUE, now, elapsed, lease_ms, BATCH).await?;
        if leases.is_empty() {
            return store.next_due(QUEUE).await;
        }
        let works = leases.into_iter().map(|lease| async move {
            // Its lease runs out and it is tried again.
            if let Err(error) = work(branch, &lease, now).await {
                tracing::warn!(job = lease.key, %error, "a registration was not reported");
            }
        });
        side_by_side::all(works).await;
    }
}

/// What a try came to.
enum Outcome {
    /// The state has changed for good.
    Ended(State),
    /// Nobody is there to report for, or nobody answered: later again.
    Later,
}

async fn work(branch: &Branch, lease: &Lease, now: Timestamp) -> Result<(), StoreError> {
    let org_no = OrgNo::new(lease.payload.clone());
    let Some(site) = branch.site(&org_no) else {
        tracing::error!(%org_no, "a registration of a hospital that is not served any more");
        let (lease, due) = (lease.clone(), now.plus_seconds(LONGEST_WAIT_SECONDS));
        return postpone(branch, lease, due).await;
    };
    let booking_no = lease.key.strip_prefix(&format!("{org_no}/")).unwrap_or_default();
    let Some(report) = find(site, booking_no).await? else {
        return end(site, lease, booking_no, None, now).await;
    };
    match attempt(site, &report, now).await? {
        Outcome::Ended(state) => {
            tracing::info!(booking_no, state = state.code(), "a registration's report ended");
            end(site, lease, booking_no, Some((report.state, state)), now).await
        }
        Outcome::Later => {
            let doublings = lease.attempt.saturating_sub(1).min(5);
            let wait = (FIRST_WAIT_SECONDS << doublings).min(LONGEST_WAIT_SECONDS);
            // The end of the day is not slept over: then it is given up.
            let due = now.plus_seconds(wait).min(report.visit_day.end().max(now.plus_seconds(1)));
            postpone(branch, lease.clone(), due).await
        }
    }
}

async fn attempt(site: &Arc<Site>, report: &Report, now: Timestamp) -> Result<Outcome, StoreError> {
    let given_up = |reason: &str| Ok(Outcome::Ended(State::GivenUp { reason: reason.into() }));
    match &report.state {
        State::Reported { .. } | State::Refused { .. } | State::GivenUp { .. } => {
            Ok(Outcome::Ended(report.state.clone()))
        }
        State::Waiting | State::Asked(_) if now >= report.visit_day.end() => {
            given_up("the day of the visit has ended")
        }
        State::Asked(asked) => Ok(preregister(site, report, asked).await),
        State::Waiting if is_cancelled(site, &report.booking_no).await => {
            given_up("the registration was cancelled")
        }
        State::Waiting => match bound_holder(site, &report.patient_id, now).await? {
            None => Ok(Outcome::Later),
            Some(asked) => {
                note(site, report, &asked, now).await?;
                Ok(preregister(site, report, &asked).await)
            }
        },
    }
}

/// A silent HIS does not hold the report up: it was the HIS that asked for it.
async fn is_cancelled(site: &Site, booking_no: &str) -> bool {
    let asked = ask_his(site, &FindBooking { booking_no: booking_no.to_owned() }).await;
    match asked {
        Ok(booking) => booking.state == BookingState::Cancelled,
        Err(Trouble::NotFound | Trouble::NoVisitCard | Trouble::HisSilent | Trouble::Store(_)) => {
            false
        }
    }
}

/// The first follower with the patient's visit card who has bound the patient's card.
async fn bound_holder(
    site: &Site,
    patient_id: &str,
    now: Timestamp,
) -> Result<Option<Asked>, StoreError> {
    for openid in visit_cards::holders(site, patient_id).await? {
        let card = visit_cards::by_patient(site, &openid, patient_id).await?;
        let Some(card) = card.filter(|card| card.card_type == CardType::IdCard) else { continue };
        if let Bound::Yes(_) = bound::ask(site, &openid, &card.name, &card.id_digest).await {
            let patient =
                Patient { card_type: card.card_type, id_digest: card.id_digest, name: card.name };
            return Ok(Some(Asked { openid, patient, at: now }));
        }
    }
    Ok(None)
}

async fn preregister(site: &Site, report: &Report, asked: &Asked) -> Outcome {
    let refused = |reason: String| Outcome::Ended(State::Refused { reason });
    let Some(request) = request(site, report, asked) else {
        return refused("what the HIS told does not fit into the interface".into());
    };
    match site.doors.platform.call(&preregister::SPEC, request.encode()).await {
        Ok(Reply::Success(fields)) => match preregister::Reply::decode(&fields) {
            Ok(reply) => {
                Outcome::Ended(State::Reported { response_content: reply.response_content })
            }
            Err(fault) => {
                tracing::warn!(%fault, "preregister was answered otherwise");
                Outcome::Later
            }
        },
        Ok(Reply::Refused(Refused::Business { err_code, err_code_des })) => {
            if passes(&err_code) {
                tracing::info!(err_code, "preregister was put off");
                Outcome::Later
            } else {
                refused(format!("{err_code} {err_code_des}"))
            }
        }
        Ok(Reply::Refused(Refused::Transport { .. } | Refused::Gateway(_))) => {
            // Ours to mend in the configuration; the day is long.
            tracing::error!("preregister was refused before it was looked at");
            Outcome::Later
        }
        Err(error) => {
            tracing::warn!(%error, "preregister was not answered");
            Outcome::Later
        }
    }
}

/// Whether a refusal may be another one later the same day: the system was not well, or the card
/// was taken off in between.
fn passes(err_code: &str) -> bool {
    matches!(
        ErrCode::parse(err_code),
        Some(
            ErrCode::CardSystemError
                | ErrCode::SystemError
                | ErrCode::FrequencyLimited
                | ErrCode::BizErrNeedRetry
                | ErrCode::TokenInvalid
                | ErrCode::TokenMissing
                | ErrCode::TokenExpired
                | ErrCode::CardNotBound
        )
    )
}

/// None if something does not fit into its field.
fn request(site: &Site, report: &Report, asked: &Asked) -> Option<Request> {
    let institution = &site.institution;
    Some(Request {
        merchant: institution.merchant(),
        payer: institution.payer(&asked.openid),
        visit: VisitFields {
            hosp_out_trade_no: report.hosp_out_trade_no.clone(),
            hospital_name: Text::new(&institution.name).ok()?,
            // Nobody sits before a page: it is we who ask.
            spbill_create_ip: Ipv4Addr::LOCALHOST,
            body: Text::new("挂号报备").ok()?,
            city_id: Some(institution.city.id.clone()),
            patient: asked.patient.clone(),
            serial_no: report.serial_no.clone(),
            org_no: institution.org_no.clone(),
            gmt_out_create: asked.at,
            request_content: RequestContent::new(&report.request_content).ok()?,
            extends: None,
        },
        nonce_str: Text::new(site.entropy.nonce()).ok()?,
    })
}

async fn find(site: &Site, booking_no: &str) -> Result<Option<Report>, StoreError> {
    let (vault, org_no) = (site.vault.clone(), site.org_no().clone());
    let booking_no = booking_no.to_owned();
    site.store
        .read("find a registration to report", move |tx| {
            let (vault, org_no) = (vault.clone(), org_no.clone());
            let booking_no = booking_no.clone();
            Box::pin(async move { reports::find(tx, &vault, &org_no, &booking_no).await })
        })
        .await
}

/// Writes down for whom it is about to be asked.
async fn note(
    site: &Arc<Site>,
    report: &Report,
    asked: &Asked,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (own, number) = (Arc::clone(site), report.booking_no.clone());
    let state = State::Asked(asked.clone());
    site.store
        .write("note whom a registration is reported for", move |tx| {
            let (site, number, state) = (Arc::clone(&own), number.clone(), state.clone());
            Box::pin(async move {
                let key = (site.org_no(), number.as_str());
                reports::save(tx, &site.vault, key, &State::Waiting, &state, now).await
            })
        })
        .await
}

async fn end(
    site: &Arc<Site>,
    lease: &Lease,
    booking_no: &str,
    change: Option<(State, State)>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (own, lease, number) = (Arc::clone(site), lease.clone(), booking_no.to_owned());
    site.store
        .write("end a registration's report", move |tx| {
            let (site, lease, number) = (Arc::clone(&own), lease.clone(), number.clone());
            let change = change.clone();
            Box::pin(async move {
                if let Some((was, state)) = &change {
                    let key = (site.org_no(), number.as_str());
                    // It was noted in between for whom it was asked.
                    let stored = reports::find(tx, &site.vault, key.0, key.1).await?;
                    let was = stored.map_or_else(|| was.clone(), |stored| stored.state);
                    reports::save(tx, &site.vault, key, &was, state, now).await?;
                }
                tx.finish_job(&lease).await
            })
        })
        .await
}

async fn postpone(branch: &Branch, lease: Lease, due: Timestamp) -> Result<(), StoreError> {
    branch
        .store()
        .write("put a registration's report off", move |tx| {
            let lease = lease.clone();
            Box::pin(async move { tx.postpone_job(&lease, due).await })
        })
        .await
}
