//! Settlement: the worker of queue `settle`. A job is one question to one party, and its key is the
//! idempotency key under which that party is asked.
//!
//! Only an explicit answer moves an order. No answer, or none that makes sense, leaves it as it is;
//! later the party is asked what became of the key, and the question is put again, under the same
//! key, only if it never saw it. A process that dies leaves its job to the next one.

use super::ask::{self, Answered};
use super::moving::{Decision, NotMoved, Work, move_order};
use super::rows::{self, StoredOrder};
use super::{SETTLE_QUEUE, present_key};
use crate::app::App;
use medpay_domain::platform::order::Event;
use medpay_domain::{MedTransId, Timestamp};
use medpay_store::side_by_side;
use medpay_store::{Lease, StoreError};

/// How many questions are under way at once.
const BATCH: u32 = 32;

/// How long a contradiction, which somebody must look at, is left alone.
const CONTRADICTION_SECONDS: i64 = 3600;

/// Works off every job that is due at `now`; answers when the next one will be.
pub async fn run_once(app: &App, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    loop {
        let (elapsed, lease_ms) = (app.clock.elapsed(), app.settings.lease_ms);
        let leases = app.store.lease(SETTLE_QUEUE, now, elapsed, lease_ms, BATCH).await?;
        if leases.is_empty() {
            return app.store.next_due(SETTLE_QUEUE).await;
        }
        side_by_side::all(leases.into_iter().map(|lease| work_off(app, lease))).await;
    }
}

/// Puts the question of `lease`, and the ones that follow at once from its answer.
pub(super) async fn work_off(app: &App, lease: Lease) {
    let mut next = Some(lease);
    while let Some(lease) = next {
        let key = lease.key.clone();
        next = match put(app, lease).await {
            Ok(next) => next,
            // Somebody else has taken it up; what they write counts.
            Err(NotMoved::Store(StoreError::LeaseLost(_))) => None,
            // Its lease runs out and it is taken up again.
            Err(error) => {
                tracing::warn!(key, %error, "a settlement could not be worked on");
                None
            }
        };
    }
}

/// Puts one question and writes its answer. Answers the lease of the question that follows.
async fn put(app: &App, lease: Lease) -> Result<Option<Lease>, NotMoved> {
    let med_trans_id = MedTransId::new(lease.payload.clone());
    let (vault, wanted) = (app.vault.clone(), med_trans_id.clone());
    let stored = app
        .store
        .read("order to settle", move |tx| {
            let (vault, wanted) = (vault.clone(), wanted.clone());
            Box::pin(async move { rows::load(tx, &vault, &wanted).await })
        })
        .await?
        .ok_or(NotMoved::NoSuchOrder)?;
    if lease.key == present_key(&stored) {
        return match ask::present(app, &stored).await {
            Answered::Nothing => postpone(app, lease, wait_seconds).await,
            Answered::Done | Answered::Event(_) => finish(app, lease).await,
        };
    }
    let outstanding = stored.order.outstanding();
    let Some(question) = outstanding.filter(|effect| waits_for(&stored, effect, &lease.key)) else {
        return finish(app, lease).await;
    };
    match ask::put(app, &stored, &question, &lease).await {
        Answered::Nothing => postpone(app, lease, wait_seconds).await,
        Answered::Done => finish(app, lease).await,
        Answered::Event(event) => record(app, lease, &med_trans_id, event).await,
    }
}

fn waits_for(
    stored: &StoredOrder,
    effect: &medpay_domain::platform::order::Effect,
    key: &str,
) -> bool {
    effect.key(&stored.order.med_trans_id).as_deref() == Some(key)
}

/// Writes an answer, if it is still the answer to what the order waits for.
async fn record(
    app: &App,
    lease: Lease,
    med_trans_id: &MedTransId,
    event: Event,
) -> Result<Option<Lease>, NotMoved> {
    let (work, key) = (Work::new(app, &lease), lease.key.clone());
    let decide = move |stored: &StoredOrder| match stored.order.outstanding() {
        Some(effect) if waits_for(stored, &effect, &key) => event.clone().into(),
        _ => Decision::default(),
    };
    match move_order(app, "settle order", med_trans_id, Some(work), decide).await {
        Ok(moved) => Ok(moved.next),
        Err(NotMoved::Illegal(error)) => {
            tracing::error!(%med_trans_id, %error, "a contradiction: somebody must look");
            postpone(app, lease, |_| CONTRADICTION_SECONDS).await
        }
        Err(error) => Err(error),
    }
}

async fn finish(app: &App, lease: Lease) -> Result<Option<Lease>, NotMoved> {
    app.store
        .write("finish settle job", move |tx| {
            let lease = lease.clone();
            Box::pin(async move { tx.finish_job(&lease).await })
        })
        .await?;
    Ok(None)
}

async fn postpone(
    app: &App,
    lease: Lease,
    wait: fn(u32) -> i64,
) -> Result<Option<Lease>, NotMoved> {
    let due = app.clock.now().plus_seconds(wait(lease.attempt));
    app.store
        .write("postpone settle job", move |tx| {
            let lease = lease.clone();
            Box::pin(async move { tx.postpone_job(&lease, due).await })
        })
        .await?;
    Ok(None)
}

/// How long to wait before asking again, after the `attempt`-th time without an answer.
const fn wait_seconds(attempt: u32) -> i64 {
    match attempt {
        0..=1 => 1,
        2 => 2,
        3 => 5,
        4 => 10,
        5 => 30,
        _ => 60,
    }
}
