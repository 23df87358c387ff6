//! The ends of a job about a payment.

use crate::gateway::{Branch, Site};
use medpay_domain::{HospOutTradeNo, OrgNo, Timestamp};
use medpay_store::workers::Workplace as _;
use medpay_store::{Lease, NewJob, Store, StoreError, side_by_side};
use std::sync::Arc;

/// How many jobs are worked off at once.
const BATCH: u32 = 32;

/// Marks the key of a second job of a payment.
const SECOND: &str = "/now";

/// A job about a payment: its key is the number, its payload the hospital.
pub(super) fn job(
    queue: &'static str,
    org_no: &OrgNo,
    hosp_out_trade_no: &HospOutTradeNo,
    due: Timestamp,
) -> NewJob {
    let (key, payload) = (hosp_out_trade_no.as_str().to_owned(), org_no.as_str().to_owned());
    NewJob { queue, key, payload, due }
}

/// A second one beside it, so that a worker looks at once.
pub(super) fn second(first: NewJob) -> NewJob {
    NewJob { key: format!("{}{SECOND}", first.key), ..first }
}

/// Works off every job of `queue` that is due at `now`; answers when the next one will be. `work`
/// answers when the job comes again; none ends it.
pub(super) async fn work_off<W, F>(
    branch: &Branch,
    queue: &'static str,
    now: Timestamp,
    work: W,
) -> Result<Option<Timestamp>, StoreError>
where
    W: Fn(Arc<Site>, HospOutTradeNo, u32) -> F + Sync,
    F: Future<Output = Result<Option<Timestamp>, super::NotMoved>> + Send,
{
    let (store, clock) = (branch.store(), branch.clock());
    loop {
        let lease_ms = branch.lease_ms();
        let leases = store.lease(queue, now, clock.elapsed(), lease_ms, BATCH).await?;
        if leases.is_empty() {
            return store.next_due(queue).await;
        }
        let works = leases.into_iter().map(|lease| one(branch, lease, &work));
        side_by_side::all(works).await;
    }
}

/// Works off the one job of a payment now, if nobody else does: somebody waits for it.
pub(super) async fn at_once<W, F>(
    site: &Arc<Site>,
    queue: &'static str,
    hosp_out_trade_no: &HospOutTradeNo,
    work: W,
) -> Result<(), StoreError>
where
    W: Fn(Arc<Site>, HospOutTradeNo, u32) -> F + Sync,
    F: Future<Output = Result<Option<Timestamp>, super::NotMoved>> + Send,
{
    let key = hosp_out_trade_no.as_str().to_owned();
    let (elapsed, lease_ms) = (site.clock.elapsed(), site.settings.lease_ms);
    let lease = site
        .store
        .write("take up a payment's job", move |tx| {
            let key = key.clone();
            Box::pin(async move { tx.lease_job(queue, &key, elapsed, lease_ms).await })
        })
        .await?;
    if let Some(lease) = lease {
        carry_out(site, lease, &work).await;
    }
    Ok(())
}

async fn one<W, F>(branch: &Branch, lease: Lease, work: &W)
where
    W: Fn(Arc<Site>, HospOutTradeNo, u32) -> F + Sync,
    F: Future<Output = Result<Option<Timestamp>, super::NotMoved>> + Send,
{
    if let Some(site) = branch.site(&OrgNo::new(lease.payload.clone())) {
        carry_out(site, lease, work).await;
    } else {
        let (key, queue) = (lease.key, lease.queue);
        tracing::error!(key, queue, "a payment of a hospital that is not served here");
    }
}

async fn carry_out<W, F>(site: &Arc<Site>, lease: Lease, work: &W)
where
    W: Fn(Arc<Site>, HospOutTradeNo, u32) -> F + Sync,
    F: Future<Output = Result<Option<Timestamp>, super::NotMoved>> + Send,
{
    let number = HospOutTradeNo::new(lease.key.trim_end_matches(SECOND));
    let queue = lease.queue.clone();
    // Whatever goes wrong, the lease runs out and the job is taken up again.
    match work(Arc::clone(site), number.clone(), lease.attempt).await {
        Ok(again) => match end(&site.store, lease, again).await {
            Ok(()) | Err(StoreError::LeaseLost(_)) => {}
            Err(error) => tracing::warn!(%number, queue, %error, "a job could not be ended"),
        },
        Err(error) => tracing::warn!(%number, queue, %error, "a payment could not be worked on"),
    }
}

async fn end(store: &Store, lease: Lease, again: Option<Timestamp>) -> Result<(), StoreError> {
    store
        .write("end of a payment's job", move |tx| {
            let lease = lease.clone();
            Box::pin(async move {
                match again {
                    None => tx.finish_job(&lease).await,
                    Some(due) => tx.postpone_job(&lease, due).await,
                }
            })
        })
        .await
}

/// How long to wait before asking again, in seconds, after the `attempt`-th time without an answer.
pub(super) const fn wait_seconds(attempt: u32) -> i64 {
    match attempt {
        0..=1 => 1,
        2 => 2,
        3 => 5,
        4 => 10,
        5 => 30,
        _ => 60,
    }
}
