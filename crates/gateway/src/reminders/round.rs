//! The daily round: those who have a visit card and were not looked at for long. The worker of
//! queue `bind_round`, one job for each hospital that never ends.
//!
//! A round takes a bounded number and spreads it, so that the platform gets a few questions a
//! minute and nobody is told at night.

use super::bind;
use super::rows::bind_reminders;
use crate::gateway::{Branch, Site};
use medpay_domain::hospital::reminder::bind::TIMES_MAX;
use medpay_domain::{OrgNo, Timestamp};
use medpay_store::workers::Workplace as _;
use medpay_store::{Lease, NewJob, StoreError};
use std::sync::Arc;

/// The queue.
pub(super) const QUEUE: &str = "bind_round";

/// How many followers a round takes.
const ROUND: u32 = 100;

/// How far apart they are looked at, in seconds.
const APART_SECONDS: i64 = 5;

/// When the day's first round begins, in seconds after midnight: 10:00.
const FIRST_SECONDS: i64 = 10 * 3600;

/// When the day's last round may begin, in seconds after midnight: 20:00.
const LAST_SECONDS: i64 = 20 * 3600;

/// Sees to it that every hospital with a patients' side has its job.
pub(super) async fn begin(branch: &Branch, now: Timestamp) -> Result<(), StoreError> {
    let known = branch.store().pending_jobs(QUEUE).await?;
    let sites = branch.sites().iter().filter(|site| site.hospital().is_some());
    let org_nos = sites.map(|site| site.org_no().as_str().to_owned());
    let missing: Vec<String> =
        org_nos.filter(|org_no| known.iter().all(|job| job.key != *org_no)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    branch
        .store()
        .write("begin daily rounds", move |tx| {
            let missing = missing.clone();
            Box::pin(async move {
                for key in missing {
                    let due = first_round(now);
                    let job = NewJob { queue: QUEUE, key, payload: String::new(), due };
                    tx.push_job(&job).await?;
                }
                Ok(())
            })
        })
        .await
}

/// The beginning of the next first round after `now`.
fn first_round(now: Timestamp) -> Timestamp {
    let today = now.day().start().plus_seconds(FIRST_SECONDS);
    if today > now { today } else { now.day().next().start().plus_seconds(FIRST_SECONDS) }
}

/// When the next round is, after one that took `taken` followers.
fn next_round(taken: u32, now: Timestamp) -> Timestamp {
    let next = now.plus_seconds(i64::from(ROUND) * APART_SECONDS);
    let last = now.day().start().plus_seconds(LAST_SECONDS);
    if taken == ROUND && next <= last { next } else { first_round(now) }
}

/// Makes one round in a hospital.
pub(super) async fn make(branch: &Branch, lease: &Lease) -> Result<(), StoreError> {
    let org_no = OrgNo::new(lease.key.clone());
    let now = branch.clock().now();
    let Some(site) = branch.site(&org_no).cloned() else {
        return super::worker::put_off(branch, lease, now).await;
    };
    let lease = lease.clone();
    branch
        .store()
        .write("make a daily round", move |tx| {
            let (site, lease) = (Arc::clone(&site), lease.clone());
            Box::pin(async move {
                let taken = take(tx, &site, now).await?;
                tx.postpone_job(&lease, next_round(taken, now)).await
            })
        })
        .await
}

async fn take(tx: &mut medpay_store::Tx, site: &Site, now: Timestamp) -> Result<u32, StoreError> {
    let until = now.plus_seconds(-i64::from(bind::days(site)) * 86_400);
    let (vault, org_no) = (&site.vault, site.org_no());
    let rested = bind_reminders::rested(tx, vault, org_no, (until, TIMES_MAX), ROUND).await?;
    let mut taken = 0;
    for stored in rested {
        let from = now.plus_seconds(i64::from(taken) * APART_SECONDS);
        bind::want(tx, site, stored, from, now).await?;
        taken += 1;
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_wire(text).expect("a moment")
    }

    #[test]
    fn a_full_round_is_followed_by_another_until_the_evening() {
        let now = at("20260601100000");
        assert_eq!(next_round(ROUND, now), at("20260601100820"));
        assert_eq!(next_round(ROUND - 1, now), at("20260602100000"));
        assert_eq!(next_round(ROUND, at("20260601195500")), at("20260602100000"));
        assert_eq!(first_round(at("20260601095959")), at("20260601100000"));
        assert_eq!(first_round(at("20260601100000")), at("20260602100000"));
    }
}
