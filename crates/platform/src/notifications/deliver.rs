//! Sends payment notifications (PROTOCOL 3.4): the worker of queue `notify`, one job for each order
//! that still waits.
//!
//! Only a paid order is notified. Each attempt is a document of its own, with a fresh nonce and
//! sign; whatever the hospital answers but SUCCESS, it is sent again by the [`Schedule`].

use super::rows::{self, Attempt, Outcome, Standing, StoredNotification};
use super::schedule::Schedule;
use crate::access::merchant_key;
use crate::app::App;
use crate::orders::{self, StoredOrder};
use crate::settings::Institution;
use medpay_client::Unanswered;
use medpay_domain::platform::order::{Kind, State};
use medpay_domain::{MedTransId, Timestamp};
use medpay_store::side_by_side;
use medpay_store::{BadSeal, Vault};
use medpay_store::{Lease, NewJob, StoreError, Tx};
use medpay_wire::envelope::success_reply;
use medpay_wire::notification::{Acknowledgement, Notification};
use medpay_wire::sign::{Seal, SignType};
use medpay_wire::states::{CashTradeStatus, InsuranceTradeStatus};

/// The queue of this worker.
pub const QUEUE: &str = "notify";

/// Why an attempt was not made or not recorded.
#[derive(Debug, thiserror::Error)]
enum DeliverError {
    /// A personal value cannot be opened.
    #[error(transparent)]
    Seal(#[from] BadSeal),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How long a job is left alone whose order is not as it must be.
const PUT_OFF_SECONDS: i64 = 3600;

/// How many notifications are under way at once.
const BATCH: u32 = 32;

/// Begins the notification of an order, in the transaction that makes it paid.
pub(crate) async fn begin(
    tx: &mut Tx,
    med_trans_id: &MedTransId,
    now: Timestamp,
) -> Result<(), StoreError> {
    rows::insert(tx, med_trans_id, now).await?;
    push(tx, med_trans_id, now).await?;
    Ok(())
}

async fn push(tx: &mut Tx, med_trans_id: &MedTransId, due: Timestamp) -> Result<bool, StoreError> {
    let key = med_trans_id.as_str().to_owned();
    tx.push_job(&NewJob { queue: QUEUE, key, payload: String::new(), due }).await
}

/// Sends every notification that is due at `now`; answers when the next one will be.
pub async fn run_once(app: &App, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    loop {
        let (elapsed, lease_ms) = (app.clock.elapsed(), app.settings.lease_ms);
        let leases = app.store.lease(QUEUE, now, elapsed, lease_ms, BATCH).await?;
        if leases.is_empty() {
            return app.store.next_due(QUEUE).await;
        }
        let works = leases.into_iter().map(|lease| async move {
            // Its lease runs out and it is sent again.
            if let Err(error) = deliver(app, &lease).await {
                tracing::warn!(med_trans_id = lease.key, %error, "not notified");
            }
        });
        side_by_side::all(works).await;
    }
}

/// Makes one attempt and records it.
async fn deliver(app: &App, lease: &Lease) -> Result<(), DeliverError> {
    let med_trans_id = MedTransId::new(lease.key.clone());
    let Some((order, institution, notification)) = due(app, &med_trans_id).await? else {
        tracing::error!(%med_trans_id, "nothing to notify of: the order is not paid, or whose?");
        return Ok(put_off(app, lease).await?);
    };
    let document = write_document(app, institution, &notification);
    let (at, started) = (app.clock.now(), app.clock.elapsed());
    let answer = app.doors.hospital.notify(order.environment, &order.notify_url, document).await;
    let (outcome, status) = judge(&answer);
    let took_ms = app.clock.elapsed().0.saturating_sub(started.0);
    let attempt = Attempt { outcome, status, at, took_ms };
    Ok(record(app, lease, &med_trans_id, &attempt).await?)
}

/// The order, its institution and what is to be said; none if there is nothing to say.
async fn due<'a>(
    app: &'a App,
    med_trans_id: &MedTransId,
) -> Result<Option<(StoredOrder, &'a Institution, Notification)>, DeliverError> {
    let (vault, wanted) = (app.vault.clone(), med_trans_id.clone());
    let order = app
        .store
        .read("order to notify of", move |tx| {
            let (vault, wanted) = (vault.clone(), wanted.clone());
            Box::pin(async move { orders::rows::load(tx, &vault, &wanted).await })
        })
        .await?;
    let Some(order) = order else { return Ok(None) };
    let institutions = &app.settings.institutions;
    let institution = institutions.iter().find(|one| merchant_key(one) == order.merchant);
    let notification = notification(&order, &app.vault)?;
    Ok(institution.zip(notification).map(|(institution, told)| (order, institution, told)))
}

/// What a hospital is told of a paid order; none if it is not paid.
fn notification(order: &StoredOrder, vault: &Vault) -> Result<Option<Notification>, BadSeal> {
    let State::Paid { cash, insurance, paid_at, .. } = &order.order.state else {
        return Ok(None);
    };
    let kind = order.order.kind;
    let split = insurance.as_ref().map_or(order.order.split, |settled| settled.split);
    // As it was paid: what refunds did since is found by query.
    let (cash_status, insurance_status) = match kind {
        Kind::CashOnly => (CashTradeStatus::Success, InsuranceTradeStatus::NotPay),
        Kind::Mixed => (CashTradeStatus::Success, InsuranceTradeStatus::Payed),
        Kind::InsuranceOnly => (CashTradeStatus::NotPay, InsuranceTradeStatus::Payed),
    };
    let (openid, sub_openid) = order.openids(vault)?;
    Ok(Some(Notification {
        merchant: order.caller.clone(),
        openid,
        sub_openid,
        med_trans_id: order.order.med_trans_id.clone(),
        hosp_out_trade_no: order.hosp_out_trade_no.clone(),
        time_end: *paid_at,
        pay_type: order.pay_type(),
        total_fee: order.order.total,
        cash_fee: order.order.split.cash,
        insurance_fee: order.order.split.insurance,
        medical_card_id: order.medical_card_id(vault)?,
        response_content: insurance.as_ref().map(|settled| settled.response_content.clone()),
        serial_no: Some(order.serial_no.clone()),
        bill_no: order.bill_no.clone(),
        insurance_order_id: insurance.as_ref().map(|settled| settled.insurance_order_id.clone()),
        cash_order_id: cash.as_ref().map(|cash| cash.cash_order_id.clone()),
        cash_trade_status: Some(cash_status),
        insurance_trade_status: Some(insurance_status),
        insurance_self_fee: kind.has_insurance().then_some(split.self_fee),
        insurance_fund_fee: kind.has_insurance().then_some(split.fund_fee),
        insurance_other_fee: kind.has_insurance().then_some(split.other_fee),
    }))
}

/// The document, signed afresh.
fn write_document(app: &App, institution: &Institution, notification: &Notification) -> String {
    let nonce_str = app.entropy.nonce();
    let key = &institution.merchant.api_key;
    let seal = Seal { key, nonce_str: &nonce_str, sign_type: SignType::Md5 };
    success_reply(notification.encode(), Some(seal))
}

/// What an answer means. Only 200 with a document that says SUCCESS acknowledges.
fn judge(answer: &Result<(u16, Vec<u8>), Unanswered>) -> (Outcome, Option<u32>) {
    match answer {
        Ok((200, body)) if Acknowledgement::read(body) == Ok(Acknowledgement::Accepted) => {
            (Outcome::Acknowledged, Some(200))
        }
        Ok((status, _)) => (Outcome::OtherAnswer, Some(u32::from(*status))),
        Err(Unanswered::NotSent(_)) => (Outcome::NotSent, None),
        Err(Unanswered::Unknown(_)) => (Outcome::Unknown, None),
    }
}

/// Leaves a job that makes no sense for an hour: somebody must look, and nothing may be forgotten.
async fn put_off(app: &App, lease: &Lease) -> Result<(), StoreError> {
    let (lease, due) = (lease.clone(), app.clock.now().plus_seconds(PUT_OFF_SECONDS));
    app.store
        .write("put a notification off", move |tx| {
            let lease = lease.clone();
            Box::pin(async move { tx.postpone_job(&lease, due).await })
        })
        .await
}

/// Records an attempt, and with it whether and when there is another.
async fn record(
    app: &App,
    lease: &Lease,
    med_trans_id: &MedTransId,
    attempt: &Attempt,
) -> Result<(), StoreError> {
    let (lease, med_trans_id, attempt) = (lease.clone(), med_trans_id.clone(), attempt.clone());
    let waits = app.settings.notify_schedule_seconds.clone();
    let now = app.clock.now();
    app.store
        .write("record a notification", move |tx| {
            let (lease, med_trans_id) = (lease.clone(), med_trans_id.clone());
            let (attempt, waits) = (attempt.clone(), waits.clone());
            Box::pin(async move {
                rows::insert(tx, &med_trans_id, now).await?;
                let mut stored = rows::load(tx, &med_trans_id).await?.ok_or(StoreError::NoRow)?;
                rows::insert_attempt(tx, &med_trans_id, &attempt).await?;
                stored.attempts += 1;
                let wait = Schedule(&waits).wait_after(stored.attempts);
                match (attempt.outcome, wait) {
                    (Outcome::Acknowledged, _) => {
                        stored.standing = Standing::Acknowledged;
                        stored.finished_at = Some(now);
                        tx.finish_job(&lease).await?;
                    }
                    (_, Some(seconds)) => {
                        tx.postpone_job(&lease, now.plus_seconds(seconds)).await?;
                    }
                    (_, None) => {
                        stored.standing = Standing::GivenUp;
                        stored.finished_at = Some(now);
                        tracing::error!(
                            %med_trans_id,
                            "notification given up: `medpay replay notification` takes it up"
                        );
                        tx.finish_job(&lease).await?;
                    }
                }
                if rows::save(tx, &stored).await? {
                    Ok(())
                } else {
                    Err(StoreError::LeaseLost(lease.id))
                }
            })
        })
        .await
}

/// The notifications that were given up after the whole schedule, oldest first: somebody must
/// [`replay`] them.
pub async fn given_up(app: &App) -> Result<Vec<StoredNotification>, StoreError> {
    app.store
        .read("notifications given up", |tx| {
            Box::pin(async move { rows::standing(tx, Standing::GivenUp).await })
        })
        .await
}

/// Sends a notification again from the beginning of its schedule, acknowledged or given up. Answers
/// false if there is none, or if it is still waiting.
pub async fn replay(app: &App, med_trans_id: &MedTransId) -> Result<bool, StoreError> {
    let (med_trans_id, now) = (med_trans_id.clone(), app.clock.now());
    app.store
        .write("replay a notification", move |tx| {
            let med_trans_id = med_trans_id.clone();
            Box::pin(async move {
                let Some(mut stored) = rows::load(tx, &med_trans_id).await? else {
                    return Ok(false);
                };
                if stored.standing == Standing::Waiting || !push(tx, &med_trans_id, now).await? {
                    return Ok(false);
                }
                stored.standing = Standing::Waiting;
                stored.attempts = 0;
                stored.finished_at = None;
                rows::save(tx, &stored).await
            })
        })
        .await
}
