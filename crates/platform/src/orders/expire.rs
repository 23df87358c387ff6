//! Closes orders whose time ran out unpaid: the worker of queue `expire`.
//!
//! An order that somebody is paying at that moment is left alone and looked at again: if that comes
//! to nothing it is closed then.

use super::EXPIRE_QUEUE;
use super::moving::{Decision, NotMoved, Work, move_order};
use super::rows::StoredOrder;
use crate::app::App;
use medpay_domain::platform::order::{Event, State};
use medpay_domain::{MedTransId, Timestamp};
use medpay_store::side_by_side;
use medpay_store::{Lease, StoreError};

/// How many orders are looked at together.
const BATCH: u32 = 64;

/// How long an order that is being paid is left alone.
const LOOK_AGAIN_SECONDS: i64 = 30;

/// Works off every job that is due at `now`; answers when the next one will be.
pub async fn run_once(app: &App, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    loop {
        let (elapsed, lease_ms) = (app.clock.elapsed(), app.settings.lease_ms);
        let leases = app.store.lease(EXPIRE_QUEUE, now, elapsed, lease_ms, BATCH).await?;
        if leases.is_empty() {
            return app.store.next_due(EXPIRE_QUEUE).await;
        }
        side_by_side::all(leases.into_iter().map(|lease| look(app, lease, now))).await;
    }
}

async fn look(app: &App, lease: Lease, now: Timestamp) {
    let med_trans_id = MedTransId::new(lease.payload.clone());
    let work = Work::new(app, &lease);
    let decide = move |stored: &StoredOrder| decide(stored, now);
    match move_order(app, "expire order", &med_trans_id, Some(work), decide).await {
        Ok(_) | Err(NotMoved::Store(StoreError::LeaseLost(_))) => {}
        // Its lease runs out and it is looked at again.
        Err(error) => tracing::warn!(%med_trans_id, %error, "not looked at for its expiry"),
    }
}

fn decide(stored: &StoredOrder, now: Timestamp) -> Decision {
    match &stored.order.state {
        State::Created { .. } if now >= stored.expires_at => Event::Expired.into(),
        State::Created { .. } => Decision { event: None, again: Some(stored.expires_at) },
        State::CashPending { .. }
        | State::InsurancePending { .. }
        | State::InsuranceReversing { .. } => {
            Decision { event: None, again: Some(now.plus_seconds(LOOK_AGAIN_SECONDS)) }
        }
        State::Paid { .. }
        | State::CashReturning { .. }
        | State::SystemRefunded { .. }
        | State::Closed { .. } => Decision::default(),
    }
}
