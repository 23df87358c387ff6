//! Sends what waits in the outbox: the worker of queue `message`, one job for each message.
//!
//! Quiet hours are kept, the ways are tried in their order, and what became of each attempt is
//! written down.

use super::rows::{self, Standing, Stored};
use super::schedule;
use super::sendmsg::SendMsg;
use super::template::Template;
use super::way::{Outcome, Outgoing, Way};
use super::{Kind, Message};
use crate::gateway::{Branch, Site};
use medpay_domain::hospital::reminder::QuietHours;
use medpay_domain::{OrgNo, Timestamp};
use medpay_store::workers::Workplace as _;
use medpay_store::{Lease, StoreError, side_by_side};

/// The queue of this worker.
pub(super) const QUEUE: &str = "message";

/// In the order in which they are tried.
const WAYS: [&dyn Way; 2] = [&Template, &SendMsg];

/// How many messages are under way at once.
const BATCH: u32 = 16;

/// How long a job is left alone whose hospital is not served here.
const PUT_OFF_SECONDS: i64 = 3600;

/// When a message of this kind may leave: at once, or after the quiet hours.
pub(super) fn begin_at(site: &Site, kind: Kind, now: Timestamp) -> Timestamp {
    match quiet_hours(site) {
        Some(quiet) if kind.keeps_quiet_hours() => quiet.over(now),
        _ => now,
    }
}

/// The hospital's quiet hours.
pub(crate) fn quiet_hours(site: &Site) -> Option<QuietHours> {
    let rules = &site.hospital()?.rules;
    Some(QuietHours { from: rules.quiet_from_hour, until: rules.quiet_until_hour })
}

/// Sends every message that is due at `now`; answers when the next one will be.
pub(crate) async fn run_once(
    branch: &Branch,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let store = branch.store();
    loop {
        let lease_ms = branch.lease_ms();
        let elapsed = branch.clock().elapsed();
        let leases = store.lease(QUEUE, now, elapsed, lease_ms, BATCH).await?;
        if leases.is_empty() {
            return store.next_due(QUEUE).await;
        }
        let works = leases.into_iter().map(|lease| async move {
            // Its lease runs out and it is sent again, under its own number.
            if let Err(error) = deliver(branch, &lease).await {
                tracing::warn!(client_msg_id = lease.key, %error, "message not delivered");
            }
        });
        side_by_side::all(works).await;
    }
}

/// What is next for a message that waits.
enum Step {
    /// It goes out now.
    Send,
    /// Not before this moment.
    Wait(Timestamp),
    /// It comes to nothing.
    End(Standing, &'static str),
}

fn step(site: &Site, stored: &Stored, now: Timestamp) -> Step {
    let kind = stored.message.kind;
    if stored.created_at.day() != now.day() && kind.is_of_its_day() {
        return Step::End(Standing::NotSent, "lapsed");
    }
    if schedule::too_late(stored.unknown_since, now) {
        return Step::End(Standing::Unknown, "no_answer");
    }
    // What may have been shown already is asked about at once.
    let from = begin_at(site, kind, now);
    if stored.unknown_since.is_none() && from > now { Step::Wait(from) } else { Step::Send }
}

async fn deliver(branch: &Branch, lease: &Lease) -> Result<(), StoreError> {
    let now = branch.clock().now();
    let Some(site) = branch.site(&OrgNo::new(lease.payload.clone())) else {
        tracing::error!(client_msg_id = lease.key, "a message of a hospital not served here");
        return put_off(branch, lease, now.plus_seconds(PUT_OFF_SECONDS)).await;
    };
    let Some(mut stored) = load(site, &lease.key).await? else {
        return finish(branch, lease).await;
    };
    let mut tried = Vec::new();
    match step(site, &stored, now) {
        Step::Wait(until) => return put_off(branch, lease, until).await,
        Step::End(standing, reason) => end(&mut stored, standing, reason, now),
        Step::Send => {
            tried = try_ways(site, &stored).await;
            stored.attempts += 1;
            judge(&mut stored, &tried, now);
        }
    }
    record(site, lease, stored, tried, now).await
}

/// Tries one way after the other until one takes the message or there is nothing left to try.
async fn try_ways(site: &Site, stored: &Stored) -> Vec<(&'static str, Outcome)> {
    let message: &Message = &stored.message;
    let outgoing = Outgoing { message, client_msg_id: &stored.client_msg_id };
    let mut tried = Vec::new();
    for way in WAYS.into_iter().filter(|way| way.takes(message)) {
        let outcome = way.send(site, &outgoing).await;
        let elsewhere = matches!(outcome, Outcome::Elsewhere { .. });
        tried.push((way.word(), outcome));
        if !elsewhere {
            break;
        }
    }
    tried
}

fn judge(stored: &mut Stored, tried: &[(&'static str, Outcome)], now: Timestamp) {
    let Some((way, outcome)) = tried.last() else {
        return end(stored, Standing::NotSent, "no_way", now);
    };
    stored.way = way;
    match outcome {
        Outcome::Sent => end(stored, Standing::Sent, "", now),
        Outcome::Elsewhere { reason, .. } | Outcome::Refused { reason, .. } => {
            end(stored, Standing::NotSent, reason, now);
        }
        Outcome::Unknown => {
            stored.unknown_since.get_or_insert(now);
            if schedule::next(stored.attempts, stored.unknown_since, now).is_none() {
                end(stored, Standing::Unknown, "no_answer", now);
            }
        }
        Outcome::NotReached { .. } => {
            if schedule::next(stored.attempts, stored.unknown_since, now).is_none() {
                let shown = stored.unknown_since.is_some();
                let standing = if shown { Standing::Unknown } else { Standing::NotSent };
                end(stored, standing, "not_reached", now);
            }
        }
    }
}

fn end(stored: &mut Stored, standing: Standing, reason: &'static str, now: Timestamp) {
    stored.standing = standing;
    stored.reason = reason;
    stored.finished_at = Some(now);
}

async fn load(site: &Site, client_msg_id: &str) -> Result<Option<Stored>, StoreError> {
    let (vault, org_no) = (site.vault.clone(), site.org_no().clone());
    let client_msg_id = client_msg_id.to_owned();
    let stored = site
        .store
        .read("a message", move |tx| {
            let (vault, org_no, number) = (vault.clone(), org_no.clone(), client_msg_id.clone());
            Box::pin(async move { rows::load(tx, &vault, &org_no, &number).await })
        })
        .await?;
    Ok(stored.filter(|stored| stored.standing == Standing::Waiting))
}

async fn finish(branch: &Branch, lease: &Lease) -> Result<(), StoreError> {
    let lease = lease.clone();
    branch
        .store()
        .write("finish a message", move |tx| {
            let lease = lease.clone();
            Box::pin(async move { tx.finish_job(&lease).await })
        })
        .await
}

async fn put_off(branch: &Branch, lease: &Lease, until: Timestamp) -> Result<(), StoreError> {
    let lease = lease.clone();
    branch
        .store()
        .write("put a message off", move |tx| {
            let lease = lease.clone();
            Box::pin(async move { tx.postpone_job(&lease, until).await })
        })
        .await
}

/// Records an attempt, and with it whether and when there is another.
async fn record(
    site: &Site,
    lease: &Lease,
    stored: Stored,
    tried: Vec<(&'static str, Outcome)>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (client_msg_id, standing) = (stored.client_msg_id.clone(), stored.standing);
    let (kind, reason) = (stored.message.kind.word(), stored.reason);
    let (lease, org_no) = (lease.clone(), site.org_no().clone());
    site.store
        .write("record a message", move |tx| {
            let (lease, org_no) = (lease.clone(), org_no.clone());
            let (mut stored, tried) = (stored.clone(), tried.clone());
            Box::pin(async move {
                for (way, outcome) in &tried {
                    rows::insert_attempt(tx, &org_no, &stored, (way, outcome), now).await?;
                }
                if stored.standing == Standing::Waiting {
                    stored.way = "";
                    let next = schedule::next(stored.attempts, stored.unknown_since, now);
                    tx.postpone_job(&lease, next.unwrap_or(now)).await?;
                } else {
                    tx.finish_job(&lease).await?;
                }
                if rows::save(tx, &org_no, &stored).await? {
                    Ok(())
                } else {
                    Err(StoreError::LeaseLost(lease.id))
                }
            })
        })
        .await?;
    let standing = standing.word();
    tracing::info!(client_msg_id, kind, standing, reason, "message attempted");
    Ok(())
}
