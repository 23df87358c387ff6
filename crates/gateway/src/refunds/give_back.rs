//! Takes refunds to their end: the worker of queue `refund`. A job is one question to one party.
//!
//! Only an explicit answer moves a refund. No answer, or none that makes sense, leaves it as it is,
//! and the same question is put again later, in the same words and under the same number.

use super::AskedBy;
use super::answers::{self, Answer};
use super::record::{self, Heard};
use super::rows::{self, StoredRefund};
use crate::gateway::{Branch, Site};
use crate::payments::{self, Payment};
use medpay_client::Unanswered;
use medpay_domain::hospital::refund::{CancelNumbers, Event, Outcome, Question, Scope, State};
use medpay_domain::{BillNo, HospOutRefundNo, OrgNo, SerialNo, Timestamp};
use medpay_store::{Lease, NewJob, StoreError, Tx, side_by_side};
use medpay_wire::caller_fields::OrderRef;
use medpay_wire::his::refunds::{ConfirmRefund, GrantRefund, RefundOutcome};
use medpay_wire::states::PartRefundType;
use medpay_wire::value::Text;
use medpay_wire::{refund, refundquery};

/// The queue of this worker.
pub(super) const QUEUE: &str = "refund";

/// How many jobs are taken at once.
const BATCH: u32 = 8;

/// Works off what is due at `now`; answers when the next thing is.
pub(crate) async fn run_once(
    branch: &Branch,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    use medpay_store::workers::Workplace as _;
    let Some(site) = branch.sites().first() else { return Ok(None) };
    let (store, lease_ms) = (branch.store(), site.settings.lease_ms);
    loop {
        let elapsed = branch.clock().elapsed();
        let leases = store.lease(QUEUE, now, elapsed, lease_ms, BATCH).await?;
        if leases.is_empty() {
            return store.next_due(QUEUE).await;
        }
        let works = leases.into_iter().map(|lease| async move {
            // One refund's trouble is not another's; its lease runs out and it is taken up again.
            if let Err(error) = work_off(branch, lease).await {
                tracing::warn!(%error, "a refund could not be worked on");
            }
        });
        side_by_side::all(works).await;
    }
}

/// Queues `question`.
pub(super) async fn push(
    tx: &mut Tx,
    stored: &StoredRefund,
    question: Question,
    due: Timestamp,
) -> Result<(), StoreError> {
    let key = key(stored, question);
    let payload = format!("{}/{}", stored.org_no, stored.hosp_out_refund_no);
    tx.push_job(&NewJob { queue: QUEUE, key, payload, due }).await?;
    Ok(())
}

/// The name of a question's job, and the idempotency key under which the HIS is asked.
pub(super) fn key(stored: &StoredRefund, question: Question) -> String {
    format!("{}-{}", stored.hosp_out_refund_no, question.word())
}

/// Puts the question of `lease`, and the ones that follow from its answer, until the refund has
/// ended or the next question has to wait.
pub(super) async fn work_off(branch: &Branch, lease: Lease) -> Result<(), StoreError> {
    let mut next = Some(lease);
    while let Some(lease) = next {
        next = put(branch, &lease).await?;
    }
    Ok(())
}

/// Puts one question. Answers the lease of the question that follows at once, if one does.
async fn put(branch: &Branch, lease: &Lease) -> Result<Option<Lease>, StoreError> {
    let Some((org_no, number)) = lease.payload.split_once('/') else {
        return record::finish(branch, lease).await;
    };
    // A hospital that is not served any more keeps its job until it is again.
    let Some(site) = branch.site(&OrgNo::new(org_no)) else {
        return record::put_off(branch, lease).await;
    };
    let number = HospOutRefundNo::new(number);
    let stored = read(site, &number).await?;
    let question = stored.as_ref().and_then(|stored| stored.refund.state.outstanding());
    let (Some(stored), Some(question)) = (stored, question) else {
        return record::finish(branch, lease).await;
    };
    let payment = payments::find(site, &stored.hosp_out_trade_no).await?;
    let Some(payment) = payment.filter(|_| key(&stored, question) == lease.key) else {
        return record::finish(branch, lease).await;
    };
    let heard = match question {
        Question::Grant => ask_grant(site, &stored).await,
        Question::GiveBack => ask_back(site, &stored, &payment).await,
        Question::Tell => tell(site, &stored).await,
    };
    record::write(site, lease, &stored, &payment, heard).await
}

async fn read(site: &Site, number: &HospOutRefundNo) -> Result<Option<StoredRefund>, StoreError> {
    let (org_no, number) = (site.org_no().clone(), number.clone());
    site.store
        .read("a refund", move |tx| {
            let (org_no, number) = (org_no.clone(), number.clone());
            Box::pin(async move { rows::load(tx, &org_no, &number).await })
        })
        .await
}

/// Asks the HIS whether the money may go back.
async fn ask_grant(site: &Site, stored: &StoredRefund) -> Heard {
    let ask = GrantRefund {
        hosp_out_trade_no: stored.hosp_out_trade_no.clone(),
        bill_no: stored.bill_no.clone(),
        hosp_out_refund_no: stored.hosp_out_refund_no.clone(),
        by: stored.by,
        reason: stored.reason.clone(),
    };
    match site.doors.his.command(&key(stored, Question::Grant), &ask).await {
        Ok(Ok(granted)) => {
            let some = |text: String| Some(text).filter(|text| !text.is_empty());
            Heard::Event(Event::Granted(CancelNumbers {
                bill_no: some(granted.cancel_bill_no).map(BillNo::new),
                serial_no: some(granted.cancel_serial_no).map(SerialNo::new),
            }))
        }
        Ok(Err(refusal)) => Heard::Event(Event::NotGranted(answers::refusal_of(&refusal))),
        Err(error) => silent("医院 HIS 未答复是否可以退款", stored, &error),
    }
}

/// Asks the platform to give back; where that leaves the outcome open, asks what became of it.
async fn ask_back(site: &Site, stored: &StoredRefund, payment: &Payment) -> Heard {
    let Some(ask) = refund_request(site, stored, payment) else {
        return Heard::Nothing("退款请求无法写成".to_owned());
    };
    let platform = &site.doors.platform;
    let first = match platform.call(&refund::SPEC, ask.encode()).await {
        Ok(reply) => match answers::of_refund(&reply) {
            Answer::Unknown(words) => words,
            decided => return at_once(site, decided),
        },
        Err(error) => unanswered(stored, &error),
    };
    let Some(ask) = query_request(site, stored) else { return Heard::Nothing(first) };
    match platform.call(&refundquery::SPEC, ask.encode()).await {
        Ok(reply) => match answers::of_refundquery(&reply) {
            Answer::Unknown(_) => Heard::Nothing(first),
            decided => at_once(site, decided),
        },
        Err(_) => Heard::Nothing(first),
    }
}

/// A decided answer, as the event of this moment.
fn at_once(site: &Site, answer: Answer) -> Heard {
    let at = site.clock.now();
    match answer {
        Answer::Returned { cash, insurance } => {
            Heard::Event(Event::Returned { cash, insurance, at })
        }
        Answer::Refused(refusal) => Heard::Event(Event::Refused { refusal, at }),
        Answer::Unknown(words) => Heard::Nothing(words),
    }
}

/// Tells the HIS how it ended.
async fn tell(site: &Site, stored: &StoredRefund) -> Heard {
    let Some(outcome) = stored.refund.state.outcome() else {
        return Heard::Nothing("退款尚无结果".to_owned());
    };
    let (outcome, cash, insurance, at) = match *outcome {
        Outcome::Returned { cash, insurance, at } => (RefundOutcome::Refunded, cash, insurance, at),
        Outcome::Failed { at, .. } => {
            (RefundOutcome::Failed, medpay_domain::Fen::ZERO, medpay_domain::Fen::ZERO, at)
        }
    };
    let ask = ConfirmRefund {
        hosp_out_trade_no: stored.hosp_out_trade_no.clone(),
        hosp_out_refund_no: stored.hosp_out_refund_no.clone(),
        outcome,
        cash_fen: cash,
        insurance_fen: insurance,
        ended_at: at,
    };
    match site.doors.his.command(&key(stored, Question::Tell), &ask).await {
        Ok(Ok(_)) => Heard::Event(Event::Noted),
        Ok(Err(refusal)) => Heard::Event(Event::NotNoted(answers::refusal_of(&refusal))),
        Err(error) => silent("医院 HIS 未确认退款结果", stored, &error),
    }
}

fn silent(words: &str, stored: &StoredRefund, error: &Unanswered) -> Heard {
    let _ = unanswered(stored, error);
    Heard::Nothing(words.to_owned())
}

fn unanswered(stored: &StoredRefund, error: &Unanswered) -> String {
    let hosp_out_refund_no = stored.hosp_out_refund_no.as_str();
    tracing::info!(hosp_out_refund_no, %error, "no answer about a refund yet");
    "平台未答复退款".to_owned()
}

/// The same words each time, but for the nonce.
fn refund_request(
    site: &Site,
    stored: &StoredRefund,
    payment: &Payment,
) -> Option<refund::Request> {
    let State::BackPending { cancel } = &stored.refund.state else { return None };
    // Where the HIS gave none, the original numbers stand for them, as some cities have it.
    let insured = stored.refund.due.insurance.is_some();
    let without = |given: bool| insured && !given;
    let no_bill = without(cancel.bill_no.is_some());
    let no_serial = without(cancel.serial_no.is_some());
    Some(refund::Request {
        merchant: site.institution.merchant(),
        order: OrderRef::HospOutTradeNo(stored.hosp_out_trade_no.clone()),
        hosp_out_refund_no: stored.hosp_out_refund_no.clone(),
        part_refund_type: match stored.scope {
            Scope::All => None,
            Scope::CashOnly => Some(PartRefundType::CashOnly),
        },
        cancel_bill_no: cancel.bill_no.clone().filter(|_| insured),
        cancel_serial_no: cancel.serial_no.clone().filter(|_| insured),
        serial_no: no_serial.then(|| payment.bill.serial_no.clone()),
        bill_no: no_bill.then(|| payment.bill.bill_no.clone()),
        refund_desc: Text::new(reason(stored)).ok(),
        request_content: None,
        nonce_str: Text::new(site.entropy.nonce()).ok()?,
    })
}

fn query_request(site: &Site, stored: &StoredRefund) -> Option<refundquery::Request> {
    Some(refundquery::Request {
        merchant: site.institution.merchant(),
        refund: refundquery::RefundRef::HospOutRefundNo(stored.hosp_out_refund_no.clone()),
        nonce_str: Text::new(site.entropy.nonce()).ok()?,
    })
}

/// 退款原因, as the platform keeps it.
fn reason(stored: &StoredRefund) -> &str {
    if !stored.reason.is_empty() {
        return &stored.reason;
    }
    match stored.by {
        AskedBy::Patient => "患者申请退款",
        AskedBy::Staff => "医院办理退款",
        AskedBy::System => "医院未能确认缴费",
    }
}
