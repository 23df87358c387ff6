//! Moving an order: load it, decide, apply, save, in one transaction; run again when somebody else
//! moved it meanwhile.

use super::rows::{self, StoredOrder};
use super::{SETTLE_QUEUE, journal};
use crate::app::App;
use medpay_domain::platform::order::{Effect, Event, IllegalEvent};
use medpay_domain::{Elapsed, MedTransId, Timestamp};
use medpay_store::Vault;
use medpay_store::{Lease, StoreError, Tx};

/// How often a move is tried again when another one was faster.
const TRIES: u32 = 20;

/// Why an order was not moved.
#[derive(Debug, thiserror::Error)]
pub enum NotMoved {
    /// Another transaction changed it since it was read.
    #[error("the order moved meanwhile")]
    Stale,
    /// A job or a link names an order that is not there.
    #[error("there is no such order")]
    NoSuchOrder,
    /// Somebody must look.
    #[error(transparent)]
    Illegal(#[from] IllegalEvent),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is to happen to an order, once it was looked at.
#[derive(Debug, Clone, Default)]
pub(super) struct Decision {
    /// The event; none leaves the order as it is.
    pub event: Option<Event>,
    /// The job that asked comes again then; none ends it.
    pub again: Option<Timestamp>,
}

impl From<Event> for Decision {
    fn from(event: Event) -> Self {
        Self { event: Some(event), again: None }
    }
}

/// The job that moves an order, and the right to take up the question that follows.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub lease: Lease,
    pub elapsed: Elapsed,
    pub lease_ms: i64,
}

impl Work {
    pub(super) fn new(app: &App, lease: &Lease) -> Self {
        let (elapsed, lease_ms) = (app.clock.elapsed(), app.settings.lease_ms);
        Self { lease: lease.clone(), elapsed, lease_ms }
    }
}

/// An order after its move.
#[derive(Debug, Clone)]
pub(super) struct Moved {
    pub order: StoredOrder,
    /// The question that follows, in the hands of whoever moved the order.
    pub next: Option<Lease>,
}

/// Moves `med_trans_id` by what `decide` says of it. With `work`, its job ends with the same
/// transaction, and the next question that is due at once is taken up.
pub(super) async fn move_order<D>(
    app: &App,
    label: &'static str,
    med_trans_id: &MedTransId,
    work: Option<Work>,
    decide: D,
) -> Result<Moved, NotMoved>
where
    D: Fn(&StoredOrder) -> Decision + Clone + Send + Sync + 'static,
{
    let now = app.clock.now();
    for _ in 0..TRIES {
        let (med_trans_id, work, decide) = (med_trans_id.clone(), work.clone(), decide.clone());
        let vault = app.vault.clone();
        let moved = app
            .store
            .write(label, move |tx| {
                let (med_trans_id, work) = (med_trans_id.clone(), work.clone());
                let (vault, decide) = (vault.clone(), decide.clone());
                Box::pin(
                    async move { attempt(tx, &vault, &med_trans_id, work, &decide, now).await },
                )
            })
            .await;
        match moved {
            Err(NotMoved::Stale) => {}
            other => return other,
        }
    }
    Err(NotMoved::Stale)
}

async fn attempt(
    tx: &mut Tx,
    vault: &Vault,
    med_trans_id: &MedTransId,
    work: Option<Work>,
    decide: &(impl Fn(&StoredOrder) -> Decision + Sync),
    now: Timestamp,
) -> Result<Moved, NotMoved> {
    let mut order = rows::load(tx, vault, med_trans_id).await?.ok_or(NotMoved::NoSuchOrder)?;
    let decision = decide(&order);
    let mut effects = Vec::new();
    if let Some(event) = &decision.event
        && let Some((entry, caused)) = journal::step(&mut order.order, event)?
    {
        if !rows::save_order(tx, vault, &order, &entry, &caused, now).await? {
            return Err(NotMoved::Stale);
        }
        order.version += 1;
        effects = caused;
    }
    let mut next = None;
    if let Some(work) = work {
        match decision.again {
            None => tx.finish_job(&work.lease).await?,
            Some(due) => tx.postpone_job(&work.lease, due).await?,
        }
        if let Some(key) = follows_at_once(&effects, med_trans_id) {
            next = tx.lease_job(SETTLE_QUEUE, &key, work.elapsed, work.lease_ms).await?;
        }
    }
    Ok(Moved { order, next })
}

/// The key of a question that need not wait.
fn follows_at_once(effects: &[Effect], med_trans_id: &MedTransId) -> Option<String> {
    effects
        .iter()
        .filter(|effect| rows::wait_seconds(effect) == 0)
        .find_map(|effect| effect.key(med_trans_id))
}
