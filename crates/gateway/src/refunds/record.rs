//! Writes down what was heard of a refund: the refund, its event, the payment, the message, the
//! staff queue and the next question in one transaction.

use super::give_back::{self, QUEUE};
use super::rows::{self, StoredRefund};
use super::{ask, shown};
use crate::gateway::{Branch, Site};
use crate::messages::{outbox, texts};
use crate::payments::{self, NotMoved, Payment};
use crate::staff::queue::{self, Item, Kind};
use medpay_domain::hospital::refund::{Effect, Event, Question, State, Why};
use medpay_domain::{Elapsed, Fen, Timestamp};
use medpay_store::workers::Workplace as _;
use medpay_store::{Lease, StoreError, Tx};
use std::sync::Arc;

/// What a question brought.
#[derive(Clone, Debug)]
pub(super) enum Heard {
    /// An explicit answer.
    Event(Event),
    /// None; in words, for staff, whom it is told if it goes on for long.
    Nothing(String),
}

/// Why an answer could not be written.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    /// Refund and answer contradict each other.
    #[error("{0}")]
    Contradiction(String),
    /// Another transaction changed the payment meanwhile.
    #[error("the payment moved meanwhile")]
    Moved,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How often a write is tried again when another one changed the payment meanwhile.
const TRIES: u32 = 20;

/// How long a contradiction or a refusal to note, which somebody must look at, is left alone.
const LEFT_ALONE_SECONDS: i64 = 3600;

/// After so long without an answer, staff are told.
const SLOW_SECONDS: i64 = 600;

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

/// Ends a job whose question nobody waits for any more.
pub(super) async fn finish(branch: &Branch, lease: &Lease) -> Result<Option<Lease>, StoreError> {
    let lease = lease.clone();
    branch
        .store()
        .write("a refund's question is obsolete", move |tx| {
            let lease = lease.clone();
            Box::pin(async move { tx.finish_job(&lease).await })
        })
        .await?;
    Ok(None)
}

/// Leaves a job alone for a while.
pub(super) async fn put_off(branch: &Branch, lease: &Lease) -> Result<Option<Lease>, StoreError> {
    let (lease, due) = (lease.clone(), branch.clock().now().plus_seconds(LEFT_ALONE_SECONDS));
    branch
        .store()
        .write("a refund waits for its hospital", move |tx| {
            let lease = lease.clone();
            Box::pin(async move { tx.postpone_job(&lease, due).await })
        })
        .await?;
    Ok(None)
}

/// Writes what was heard to the question of `lease`. Answers the lease of the question that follows
/// at once, if one does.
pub(super) async fn write(
    site: &Arc<Site>,
    lease: &Lease,
    stored: &StoredRefund,
    payment: &Payment,
    heard: Heard,
) -> Result<Option<Lease>, StoreError> {
    let answer = Answer {
        site: Arc::clone(site),
        lease: lease.clone(),
        stored: stored.clone(),
        payment: payment.clone(),
        now: site.clock.now(),
        elapsed: site.clock.elapsed(),
    };
    let event = match heard {
        Heard::Event(event) => event,
        Heard::Nothing(words) => {
            let due = answer.now.plus_seconds(wait_seconds(lease.attempt));
            let slow = answer.now.as_ms() - stored.changed_at.as_ms() >= SLOW_SECONDS * 1000;
            let item = slow.then(|| answer.item(Kind::RefundSlow, words));
            return answer.postpone(item, due).await;
        }
    };
    for _ in 0..TRIES {
        let (again, event) = (answer.clone(), event.clone());
        let written = site
            .store
            .write("a refund is answered", move |tx| {
                let (answer, event) = (again.clone(), event.clone());
                Box::pin(async move { answer.write(tx, &event).await })
            })
            .await;
        match written {
            Err(WriteError::Moved) => {}
            Err(WriteError::Contradiction(what)) => {
                let hosp_out_refund_no = stored.hosp_out_refund_no.as_str();
                tracing::error!(hosp_out_refund_no, what, "a refund needs a person");
                let due = answer.now.plus_seconds(LEFT_ALONE_SECONDS);
                let item = answer.item(Kind::Contradiction, what);
                return answer.postpone(Some(item), due).await;
            }
            Err(WriteError::Store(error)) => return Err(error),
            Ok(next) => return Ok(next),
        }
    }
    Err(StoreError::Contended("the payment moved meanwhile, each time".into()))
}

/// An answer that is to be written.
#[derive(Clone)]
struct Answer {
    site: Arc<Site>,
    lease: Lease,
    stored: StoredRefund,
    payment: Payment,
    now: Timestamp,
    elapsed: Elapsed,
}

impl Answer {
    fn item(&self, kind: Kind, what: String) -> Item {
        Item {
            kind,
            key: self.stored.hosp_out_refund_no.as_str().to_owned(),
            hosp_out_trade_no: self.stored.hosp_out_trade_no.clone(),
            what,
        }
    }

    /// Nothing is known, so the question waits; what is for staff is listed with it.
    async fn postpone(
        self,
        item: Option<Item>,
        due: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        let site = Arc::clone(&self.site);
        site.store
            .write("a refund's question waits", move |tx| {
                let (answer, item) = (self.clone(), item.clone());
                Box::pin(async move {
                    if let Some(item) = &item {
                        queue::put(tx, &answer.site, item, answer.now).await?;
                    }
                    tx.postpone_job(&answer.lease, due).await
                })
            })
            .await?;
        Ok(None)
    }

    async fn write(self, tx: &mut Tx, event: &Event) -> Result<Option<Lease>, WriteError> {
        let mut stored = self.stored.clone();
        let effects = stored
            .refund
            .apply(event)
            .map_err(|error| WriteError::Contradiction(error.to_string()))?;
        if let State::BackPending { cancel } = &stored.refund.state {
            stored.cancel = cancel.clone();
        }
        if !rows::save(tx, &stored, event, self.now).await? {
            // Only the holder of the lease writes, so the lease is lost.
            return Err(StoreError::LeaseLost(self.lease.id).into());
        }
        queue::settle(tx, &self.site, &stored.hosp_out_trade_no, Kind::RefundSlow, self.now)
            .await?;
        if *event == Event::Noted {
            let (order, kind) = (&stored.hosp_out_trade_no, Kind::RefundNotNoted);
            queue::settle(tx, &self.site, order, kind, self.now).await?;
        }
        let mut next = None;
        for effect in effects {
            match effect {
                Effect::CountAsBack { cash, insurance } => {
                    self.count_as_back(tx, &stored, cash, insurance).await?;
                }
                Effect::Queue(why) => self.queue(tx, &why).await?,
                Effect::Ask(question) => {
                    give_back::push(tx, &stored, question, self.now).await?;
                    next = Some(question);
                }
            }
        }
        if stored.refund.state == self.stored.refund.state {
            let due = self.now.plus_seconds(LEFT_ALONE_SECONDS);
            tx.postpone_job(&self.lease, due).await?;
            return Ok(None);
        }
        tx.finish_job(&self.lease).await?;
        match next {
            Some(question) => self.lease_of(tx, &stored, question).await,
            None => Ok(None),
        }
    }

    /// Takes the next question into our own hands.
    async fn lease_of(
        &self,
        tx: &mut Tx,
        stored: &StoredRefund,
        question: Question,
    ) -> Result<Option<Lease>, WriteError> {
        let (key, lease_ms) = (give_back::key(stored, question), self.site.settings.lease_ms);
        Ok(tx.lease_job(QUEUE, &key, self.elapsed, lease_ms).await?)
    }

    /// The money is back: the payment says so, the payer is told, and staff need not look any more.
    async fn count_as_back(
        &self,
        tx: &mut Tx,
        stored: &StoredRefund,
        cash: Fen,
        insurance: Fen,
    ) -> Result<(), WriteError> {
        let (site, order) = (&self.site, &stored.hosp_out_trade_no);
        payments::refunded(tx, site, order, cash, insurance, self.now).await.map_err(|error| {
            match error {
                NotMoved::Stale => WriteError::Moved,
                NotMoved::Store(error) => error.into(),
                NotMoved::NoSuchPayment | NotMoved::Illegal(_) => {
                    WriteError::Contradiction(error.to_string())
                }
            }
        })?;
        if let Some(openid) = self.payment.payer.openid() {
            let number = stored.hosp_out_refund_no.as_str();
            let amount = stored.refund.due.total();
            let message = texts::refunded(number, openid.clone(), (order, amount), self.now);
            outbox::put(tx, site, &message, self.now).await?;
        }
        for kind in [Kind::RefundNotGranted, Kind::RefundFailed] {
            queue::settle(tx, site, order, kind, self.now).await?;
        }
        let refunds = rows::of_order(tx, site.org_no(), order).await?;
        let left = ask::position(site, &self.payment, &refunds);
        if left.is_some_and(|left| left.is_wholly_back()) {
            queue::settle(tx, site, order, Kind::Unconfirmed, self.now).await?;
        }
        Ok(())
    }

    async fn queue(&self, tx: &mut Tx, why: &Why) -> Result<(), WriteError> {
        let item = match why {
            Why::NotGranted(refusal) => {
                self.item(Kind::RefundNotGranted, shown::words("医院 HIS 不同意退款", refusal))
            }
            Why::Failed(refusal) => {
                self.item(Kind::RefundFailed, shown::words("平台拒绝退款", refusal))
            }
            Why::NotNoted(refusal) => {
                self.item(Kind::RefundNotNoted, shown::words("医院 HIS 不登记退款结果", refusal))
            }
        };
        queue::put(tx, &self.site, &item, self.now).await?;
        Ok(())
    }
}
