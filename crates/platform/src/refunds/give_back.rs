//! Gives money back: the worker of queue `refund`. A job is one question to one party, and its key
//! is the idempotency key under which that party is asked.
//!
//! Only an explicit answer moves a refund. No answer, or none that makes sense, leaves it as it is,
//! and the same question is put again later, first as "what became of it".

use super::rows::{self, StoredRefund};
use crate::app::App;
use crate::orders;
use medpay_domain::platform::order::Leg;
use medpay_domain::platform::refund::{Effect, Event, Question, Refusal, State};
use medpay_domain::{Elapsed, MedRefundId, Timestamp};
use medpay_store::Vault;
use medpay_store::side_by_side;
use medpay_store::{Lease, NewJob, StoreError, Tx};
use medpay_wire::contracts::{bureau, wallet};

/// The queue of this worker.
pub const QUEUE: &str = "refund";

/// How many jobs are taken at once.
const BATCH: u32 = 8;

/// How often a write is tried again when another one changed the order meanwhile.
const TRIES: u32 = 10;

/// How long a contradiction, which somebody must look at, is left alone.
const CONTRADICTION_SECONDS: i64 = 3600;

/// Why an answer could not be written.
#[derive(Debug, thiserror::Error)]
pub enum GiveBackError {
    /// Another transaction changed the order or the refund since it was read.
    #[error("the order moved meanwhile")]
    Moved,
    /// The order of a refund is not there, or it does not know the refund.
    #[error("refund and order contradict each other: {0}")]
    Contradiction(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Works off every job that is due at `now`; answers when the next one will be.
pub async fn run_once(app: &App, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    loop {
        let (elapsed, lease_ms) = (app.clock.elapsed(), app.settings.lease_ms);
        let leases = app.store.lease(QUEUE, now, elapsed, lease_ms, BATCH).await?;
        if leases.is_empty() {
            return app.store.next_due(QUEUE).await;
        }
        let works = leases.into_iter().map(|lease| async move {
            // One refund's trouble is not another's; its lease runs out and it is taken up again.
            if let Err(error) = work_off(app, lease).await {
                tracing::warn!(%error, "a refund could not be worked on");
            }
        });
        side_by_side::all(works).await;
    }
}

/// Asks staff's question again: a refund that the wallet refused too often gets a new attempt.
/// Answers false if the refund does not wait for that.
pub async fn ask_again(app: &App, med_refund_id: &MedRefundId) -> Result<bool, GiveBackError> {
    let stored = read(app, med_refund_id).await?;
    if !stored.is_some_and(|stored| matches!(stored.refund.state, State::CashStuck { .. })) {
        return Ok(false);
    }
    record(app, None, med_refund_id, &Event::StaffAsked).await?;
    Ok(true)
}

/// Puts the question of `lease`, and the ones that follow from its answer, until the refund is
/// final or the next question has to wait.
pub(crate) async fn work_off(app: &App, lease: Lease) -> Result<(), GiveBackError> {
    let mut next = Some(lease);
    while let Some(lease) = next {
        next = put(app, &lease).await?;
    }
    Ok(())
}

/// Puts one question. Answers the lease of the question that follows at once, if one does.
async fn put(app: &App, lease: &Lease) -> Result<Option<Lease>, GiveBackError> {
    let med_refund_id = MedRefundId::new(lease.payload.clone());
    let stored = read(app, &med_refund_id).await?;
    let question = stored.as_ref().and_then(|stored| stored.refund.state.outstanding());
    let (Some(stored), Some(question)) = (stored, question) else {
        return finish(app, lease).await;
    };
    if question.key(&med_refund_id) != lease.key {
        return finish(app, lease).await;
    }
    let event = match question {
        Question::ReverseInsurance => ask_bureau(app, &stored, lease).await,
        Question::ReturnCash { attempt } => ask_wallet(app, &stored, attempt, lease).await,
    };
    match event {
        Some(event) => record(app, Some(lease), &med_refund_id, &event).await,
        None => postpone(app, lease, wait_seconds(lease.attempt)).await,
    }
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

/// Whether the party may have seen the key before. A process that died with its lease may have
/// asked, so only the very first lease of a job is sure not to.
const fn asked_before(lease: &Lease) -> bool {
    lease.attempt > 1 || lease.token > 1
}

/// Asks the bureau to undo its booking; none if its answer is unknown.
async fn ask_bureau(app: &App, stored: &StoredRefund, lease: &Lease) -> Option<Event> {
    use bureau::Outcome;
    let bureau = &app.parties(stored.environment).bureau;
    if asked_before(lease) {
        let known = bureau.query(&bureau::Query { key: lease.key.clone() }).await;
        match told("bureau", &stored.med_refund_id, known)? {
            Outcome::Unknown => {}
            known => return bureau_said(known),
        }
    }
    let Some(insurance_order_id) = stored.insurance_order_id.clone() else {
        tracing::error!(med_refund_id = %stored.med_refund_id, "no settlement to undo");
        return None;
    };
    let (cancel_bill_no, cancel_serial_no) = stored.cancel.clone();
    let ask = bureau::Reverse {
        key: lease.key.clone(),
        insurance_order_id,
        cancel_bill_no,
        cancel_serial_no,
    };
    bureau_said(told("bureau", &stored.med_refund_id, bureau.reverse(&ask).await)?)
}

/// The bureau's answer about an undoing, as an event; a settlement is no such answer.
fn bureau_said(outcome: bureau::Outcome) -> Option<Event> {
    match outcome {
        bureau::Outcome::Reversed { at } => Some(Event::InsuranceReversed { at }),
        bureau::Outcome::Refused(bureau::Refusal { code, reason }) => {
            Some(Event::InsuranceRefused(Refusal { code, reason }))
        }
        bureau::Outcome::Settled(_) | bureau::Outcome::Unknown => None,
    }
}

/// Asks the wallet to give the cash back; none if its answer is unknown.
async fn ask_wallet(
    app: &App,
    stored: &StoredRefund,
    attempt: u32,
    lease: &Lease,
) -> Option<Event> {
    use wallet::Outcome;
    let wallet = &app.parties(stored.environment).wallet;
    if asked_before(lease) {
        let known = wallet.query(&wallet::Query { key: lease.key.clone() }).await;
        match told("wallet", &stored.med_refund_id, known)? {
            Outcome::Unknown => {}
            known => return wallet_said(attempt, known),
        }
    }
    let Some(cash_order_id) = stored.cash_order_id.clone() else {
        tracing::error!(med_refund_id = %stored.med_refund_id, "no capture to give back");
        return None;
    };
    let ask = wallet::Refund { key: lease.key.clone(), cash_order_id, cash_fee: stored.cash_fee };
    wallet_said(attempt, told("wallet", &stored.med_refund_id, wallet.refund(&ask).await)?)
}

/// The wallet's answer about giving back, as an event; a capture is no such answer.
fn wallet_said(attempt: u32, outcome: wallet::Outcome) -> Option<Event> {
    match outcome {
        wallet::Outcome::Refunded { at } => Some(Event::CashReturned { attempt, at }),
        wallet::Outcome::Refused(wallet::Refusal { code, reason }) => {
            Some(Event::CashRefused { attempt, refusal: Refusal { code, reason } })
        }
        wallet::Outcome::Captured { .. } | wallet::Outcome::Unknown => None,
    }
}

/// An answer, or none and a log line.
fn told<T>(
    party: &'static str,
    med_refund_id: &MedRefundId,
    answer: Result<T, medpay_client::Unanswered>,
) -> Option<T> {
    answer.inspect_err(|error| tracing::info!(party, %med_refund_id, %error, "no answer yet")).ok()
}

async fn read(app: &App, med_refund_id: &MedRefundId) -> Result<Option<StoredRefund>, StoreError> {
    let med_refund_id = med_refund_id.clone();
    app.store
        .read("a refund", move |tx| {
            let med_refund_id = med_refund_id.clone();
            Box::pin(async move { rows::load(tx, &med_refund_id).await })
        })
        .await
}

/// Ends a job whose question nobody waits for any more.
async fn finish(app: &App, lease: &Lease) -> Result<Option<Lease>, GiveBackError> {
    let lease = lease.clone();
    app.store
        .write("a refund's question is obsolete", move |tx| {
            let lease = lease.clone();
            Box::pin(async move { tx.finish_job(&lease).await })
        })
        .await?;
    Ok(None)
}

async fn postpone(app: &App, lease: &Lease, seconds: i64) -> Result<Option<Lease>, GiveBackError> {
    let (lease, due) = (lease.clone(), app.clock.now().plus_seconds(seconds));
    app.store
        .write("a refund's question waits", move |tx| {
            let lease = lease.clone();
            Box::pin(async move { tx.postpone_job(&lease, due).await })
        })
        .await?;
    Ok(None)
}

/// Writes an answer: refund, event, order and the next question in one transaction.
async fn record(
    app: &App,
    lease: Option<&Lease>,
    med_refund_id: &MedRefundId,
    event: &Event,
) -> Result<Option<Lease>, GiveBackError> {
    for _ in 0..TRIES {
        let answer = Answer {
            vault: app.vault.clone(),
            lease: lease.cloned(),
            med_refund_id: med_refund_id.clone(),
            event: event.clone(),
            now: app.clock.now(),
            elapsed: app.clock.elapsed(),
            lease_ms: app.settings.lease_ms,
        };
        let written = app
            .store
            .write("a refund is answered", move |tx| {
                let answer = answer.clone();
                Box::pin(async move { answer.write(tx).await })
            })
            .await;
        match written {
            Err(GiveBackError::Moved) => {}
            Err(GiveBackError::Contradiction(what)) => {
                tracing::error!(%med_refund_id, what, "a refund needs a person");
                return match lease {
                    Some(lease) => postpone(app, lease, CONTRADICTION_SECONDS).await,
                    None => Err(GiveBackError::Contradiction(what)),
                };
            }
            written => return written,
        }
    }
    Err(GiveBackError::Moved)
}

/// An answer that is to be written.
#[derive(Clone)]
struct Answer {
    vault: Vault,
    /// The job that asked; none where staff did.
    lease: Option<Lease>,
    med_refund_id: MedRefundId,
    event: Event,
    now: Timestamp,
    elapsed: Elapsed,
    lease_ms: i64,
}

impl Answer {
    async fn write(self, tx: &mut Tx) -> Result<Option<Lease>, GiveBackError> {
        let contradiction = |what: String| GiveBackError::Contradiction(what);
        let Some(mut stored) = rows::load(tx, &self.med_refund_id).await? else {
            return Err(contradiction("no such refund".to_owned()));
        };
        let before = stored.refund.state.clone();
        let effects =
            stored.refund.apply(&self.event).map_err(|error| contradiction(error.to_string()))?;
        let mut next = None;
        if stored.refund.state != before {
            if !rows::save(tx, &stored, &self.event, self.now).await? {
                return Err(GiveBackError::Moved);
            }
            move_order(tx, &self.vault, &stored, &effects, self.now).await?;
            next = self.push_next(tx, &stored, &effects).await?;
            if let State::CashStuck { attempt, .. } = &stored.refund.state {
                let med_refund_id = &stored.med_refund_id;
                tracing::error!(%med_refund_id, attempt, "the wallet refuses: staff must look");
            }
        }
        if let Some(lease) = &self.lease {
            tx.finish_job(lease).await?;
        }
        Ok(next)
    }

    /// Queues the next question, and takes it into our own hands if it may be put at once.
    async fn push_next(
        &self,
        tx: &mut Tx,
        stored: &StoredRefund,
        effects: &[Effect],
    ) -> Result<Option<Lease>, StoreError> {
        let Some(question) = question_in(effects) else { return Ok(None) };
        // Staff do not wait for what the wallet may have thought better of meanwhile.
        let wait = if self.lease.is_some() { retry_seconds(question) } else { 0 };
        push(tx, &stored.med_refund_id, question, self.now.plus_seconds(wait)).await?;
        if wait > 0 || self.lease.is_none() {
            return Ok(None);
        }
        let key = question.key(&stored.med_refund_id);
        tx.lease_job(QUEUE, &key, self.elapsed, self.lease_ms).await
    }
}

/// How long a new attempt waits after the wallet refused the last one; the second is made at once.
const fn retry_seconds(question: Question) -> i64 {
    match question {
        Question::ReverseInsurance | Question::ReturnCash { attempt: 0..=2 } => 0,
        Question::ReturnCash { attempt: 3 } => 15,
        Question::ReturnCash { attempt: 4 } => 60,
        Question::ReturnCash { .. } => 300,
    }
}

fn question_in(effects: &[Effect]) -> Option<Question> {
    effects.iter().find_map(|effect| match effect {
        Effect::Ask(question) => Some(*question),
        Effect::InsuranceIsBack { .. } | Effect::CashIsBack { .. } | Effect::Release => None,
    })
}

/// Queues `question`.
pub(crate) async fn push(
    tx: &mut Tx,
    med_refund_id: &MedRefundId,
    question: Question,
    due: Timestamp,
) -> Result<(), StoreError> {
    let key = question.key(med_refund_id);
    let payload = med_refund_id.as_str().to_owned();
    tx.push_job(&NewJob { queue: QUEUE, key, payload, due }).await?;
    Ok(())
}

/// Writes on the order what `effects` say about its legs.
async fn move_order(
    tx: &mut Tx,
    vault: &Vault,
    stored: &StoredRefund,
    effects: &[Effect],
    now: Timestamp,
) -> Result<(), GiveBackError> {
    let id = &stored.med_refund_id;
    let mut moves: Vec<(Leg, Option<Timestamp>)> = vec![];
    for effect in effects {
        match effect {
            Effect::InsuranceIsBack { at } => moves.push((Leg::Insurance, Some(*at))),
            Effect::CashIsBack { at } => moves.push((Leg::Cash, Some(*at))),
            Effect::Release => moves.extend([(Leg::Insurance, None), (Leg::Cash, None)]),
            Effect::Ask(_) => {}
        }
    }
    if moves.is_empty() {
        return Ok(());
    }
    let contradiction = |what: String| GiveBackError::Contradiction(what);
    let Some(mut order) = orders::rows::load(tx, vault, &stored.med_trans_id).await? else {
        return Err(contradiction("the refund's order is not there".to_owned()));
    };
    for (leg, back_at) in moves {
        let changed = match back_at {
            Some(at) => order.order.given_back(id, leg, at),
            None if leg == Leg::Insurance && !stored.refund.legs.insurance() => Ok(()),
            None if leg == Leg::Cash && !stored.refund.legs.cash() => Ok(()),
            None => order.order.release(id, leg),
        };
        changed.map_err(|error| contradiction(error.to_string()))?;
    }
    if orders::rows::save_holds(tx, &order, now).await? {
        Ok(())
    } else {
        Err(GiveBackError::Moved)
    }
}
