//! The worker of queue `window`: goes on with scans that got no answer while the window waited, or
//! whose process died. From the order on, the payment's own worker asks and confirms.

use super::advance::{Came, advance};
use super::{QUEUE, job_parts};
use crate::gateway::{Branch, Site};
use medpay_domain::Timestamp;
use medpay_store::workers::Workplace as _;
use medpay_store::{Lease, StoreError, side_by_side};
use std::sync::Arc;

/// How many scans are moved at once.
const BATCH: u32 = 16;
/// How long an unanswered question rests, in seconds.
pub(super) const WAIT_SECONDS: i64 = 2;

/// Works off what is due at `now`; answers when the next thing is.
pub(crate) async fn run_once(
    branch: &Branch,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let store = branch.store();
    let Some(lease_ms) = branch.sites().first().map(|site| site.settings.lease_ms) else {
        return Ok(None);
    };
    loop {
        let elapsed = branch.clock().elapsed();
        let leases = store.lease(QUEUE, now, elapsed, lease_ms, BATCH).await?;
        if leases.is_empty() {
            return store.next_due(QUEUE).await;
        }
        side_by_side::all(leases.into_iter().map(|lease| work(branch, lease))).await;
    }
}

async fn work(branch: &Branch, lease: Lease) {
    let (org_no, scan_no) = job_parts(&lease);
    let Some(site) = branch.site(&org_no) else {
        tracing::error!(%org_no, "a scan of a hospital that is not served here");
        return;
    };
    let done = match advance(site, scan_no).await {
        Ok(came) => end(site, lease.clone(), came).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) | Err(StoreError::LeaseLost(_)) => {}
        // Its lease runs out and it is taken up again.
        Err(error) => tracing::warn!(scan_no, %error, "a scan could not be moved on"),
    }
}

/// Ends a round: the job is done, or comes again.
pub(super) async fn end(site: &Arc<Site>, lease: Lease, came: Came) -> Result<(), StoreError> {
    let due = site.clock.now().plus_seconds(WAIT_SECONDS);
    site.store
        .write("end of a scan's round", move |tx| {
            let lease = lease.clone();
            Box::pin(async move {
                match came {
                    Came::ToItsEnd => tx.finish_job(&lease).await,
                    Came::NoFurther => tx.postpone_job(&lease, due).await,
                }
            })
        })
        .await
}
