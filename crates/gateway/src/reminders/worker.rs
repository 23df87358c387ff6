//! The worker of reminders: the queues `remind`, `bind_reminder` and `bind_round`.

use super::{bind, round, tell};
use crate::gateway::Branch;
use medpay_domain::Timestamp;
use medpay_store::workers::Workplace as _;
use medpay_store::{Lease, StoreError, side_by_side};

/// The queue of bills, reports and visits.
pub(super) const QUEUE: &str = "remind";

/// How many are worked off at once.
const BATCH: u32 = 8;

/// How long a job is left alone that cannot be worked off here, in seconds.
const PUT_OFF_SECONDS: i64 = 3600;

/// Works off what is due at `now`; answers when the next thing is.
pub(crate) async fn run_once(
    branch: &Branch,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    round::begin(branch, now).await?;
    let mut next: Option<Timestamp> = None;
    for queue in [round::QUEUE, bind::QUEUE, QUEUE] {
        let due = run_queue(branch, queue, now).await?;
        next = next.into_iter().chain(due).min();
    }
    Ok(next)
}

async fn run_queue(
    branch: &Branch,
    queue: &'static str,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let store = branch.store();
    loop {
        let elapsed = branch.clock().elapsed();
        let leases = store.lease(queue, now, elapsed, branch.lease_ms(), BATCH).await?;
        if leases.is_empty() {
            return store.next_due(queue).await;
        }
        let works = leases.into_iter().map(|lease| async move {
            let worked = match queue {
                round::QUEUE => round::make(branch, &lease).await,
                bind::QUEUE => bind::look(branch, &lease).await,
                _ => tell::tell(branch, &lease).await,
            };
            // Its lease runs out and it is worked off again.
            if let Err(error) = worked {
                tracing::warn!(queue, job = lease.key, %error, "a reminder was not worked off");
            }
        });
        side_by_side::all(works).await;
    }
}

/// Ends a job that has nothing left to do.
pub(super) async fn finish(branch: &Branch, lease: &Lease) -> Result<(), StoreError> {
    let lease = lease.clone();
    branch
        .store()
        .write("finish a reminder", move |tx| {
            let lease = lease.clone();
            Box::pin(async move { tx.finish_job(&lease).await })
        })
        .await
}

/// Leaves a job until later.
pub(super) async fn postpone(
    branch: &Branch,
    lease: &Lease,
    until: Timestamp,
) -> Result<(), StoreError> {
    let lease = lease.clone();
    branch
        .store()
        .write("put a reminder off", move |tx| {
            let lease = lease.clone();
            Box::pin(async move { tx.postpone_job(&lease, until).await })
        })
        .await
}

/// Leaves a job for an hour that cannot be worked off here.
pub(super) async fn put_off(
    branch: &Branch,
    lease: &Lease,
    now: Timestamp,
) -> Result<(), StoreError> {
    postpone(branch, lease, now.plus_seconds(PUT_OFF_SECONDS)).await
}
