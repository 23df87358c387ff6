//! Telling the HIS of a payment, until it answers: the worker of queue `confirm`. The key is the
//! same each time, so the HIS writes a payment down once. A refusal, or silence for as long as the
//! hospital waits, hands the payment over by the hospital's rule.

use super::asking::unanswered;
use super::jobs;
use super::moving::{Decision, NotMoved, move_payment};
use super::payment::Payment;
use super::{CONFIRM_QUEUE, find, request};
use crate::gateway::{Branch, Site};
use crate::settings::Unconfirmed;
use medpay_domain::hospital::payment::{Event, Receipt, Refusal, State};
use medpay_domain::{HospOutTradeNo, Timestamp};
use medpay_store::StoreError;
use medpay_wire::his::bills::{ConfirmBill, Confirmed};
use std::sync::Arc;

/// How long before the end of its day an insured payment is given up, in seconds: a refund has to
/// be started and finished by then.
const BEFORE_MIDNIGHT_SECONDS: i64 = 600;
/// But the HIS has at least so long, in seconds.
const LEAST_SECONDS: i64 = 60;

/// Works off every job that is due at `now`; answers when the next one will be.
pub(crate) async fn run_once(
    branch: &Branch,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    jobs::work_off(branch, CONFIRM_QUEUE, now, |site, number, attempt| async move {
        confirm(&site, &number, attempt).await
    })
    .await
}

async fn confirm(
    site: &Arc<Site>,
    number: &HospOutTradeNo,
    attempt: u32,
) -> Result<Option<Timestamp>, NotMoved> {
    let payment = find::find(site, number).await?.ok_or(NotMoved::NoSuchPayment)?;
    if !payment.money.his_is_to_know() {
        return Ok(None);
    }
    let Some(ask) = ask(&payment) else { return Ok(None) };
    let key = format!("{number}-confirm");
    let event = match site.doors.his.command(&key, &ask).await {
        Ok(Ok(confirmed)) => Event::HisConfirmed { receipt: receipt(confirmed) },
        Ok(Err(refusal)) => {
            let code = refusal_word(&refusal);
            tracing::warn!(%number, code, "the HIS refuses to confirm a payment");
            Event::HisRefused { refusal: Refusal { code, reason: refusal.message } }
        }
        Err(error) => {
            unanswered("confirm_bill", &payment, &error);
            let (now, last) = (site.clock.now(), give_up_at(site, &payment));
            if now < last {
                let again = now.plus_seconds(jobs::wait_seconds(attempt));
                return Ok(Some(again.min(last)));
            }
            Event::HisSilent
        }
    };
    let decide = move |payment: &Payment| {
        if payment.money.his_is_to_know() { event.clone().into() } else { Decision::default() }
    };
    move_payment(site, "confirm payment", number, decide).await?;
    Ok(None)
}

/// What the HIS says when it is asked once more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Again {
    /// It has written the payment down.
    Confirmed,
    /// It will not.
    Refused(Refusal),
    /// Nothing.
    Silent,
}

/// Asks the HIS once more to confirm a payment that was handed over to staff, who wait for the
/// answer.
pub async fn confirm_again(site: &Arc<Site>, number: &HospOutTradeNo) -> Result<Again, NotMoved> {
    let payment = find::find(site, number).await?.ok_or(NotMoved::NoSuchPayment)?;
    let Some(ask) = ask(&payment) else { return Ok(Again::Silent) };
    match site.doors.his.command(&format!("{number}-confirm"), &ask).await {
        Ok(Ok(confirmed)) => {
            let event = Event::HisConfirmed { receipt: receipt(confirmed) };
            let decide = move |_: &Payment| event.clone().into();
            move_payment(site, "confirm payment again", number, decide).await?;
            Ok(Again::Confirmed)
        }
        Ok(Err(refusal)) => {
            let code = refusal_word(&refusal);
            Ok(Again::Refused(Refusal { code, reason: refusal.message }))
        }
        Err(error) => {
            unanswered("confirm_bill", &payment, &error);
            Ok(Again::Silent)
        }
    }
}

fn receipt(confirmed: Confirmed) -> Receipt {
    let Confirmed { receipt_no, queue_no, guide } = confirmed;
    Receipt { receipt_no, queue_no, guide }
}

/// The contract's own word for why.
pub(super) fn refusal_word(refusal: &medpay_wire::his::Refusal) -> String {
    let word = serde_json::to_value(refusal.code);
    word.ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn ask(payment: &Payment) -> Option<ConfirmBill> {
    let State::Paid { charge, med_trans_id, at, .. } = &payment.money.state else { return None };
    Some(ConfirmBill {
        bill_no: payment.bill.bill_no.clone(),
        hosp_out_trade_no: payment.hosp_out_trade_no.clone(),
        med_trans_id: med_trans_id.clone(),
        pay_type: request::pay_type_code(charge.kind),
        total_fen: charge.total,
        cash_fen: charge.cash,
        insurance_fen: charge.insurance,
        paid_at: *at,
        response_content: payment.response_content.clone().unwrap_or_default(),
    })
}

/// Until when the HIS may be silent. What is to go back by itself, and can only on its own day, is
/// given up while there is time for that.
fn give_up_at(site: &Site, payment: &Payment) -> Timestamp {
    let heard = payment.heard_at.unwrap_or(payment.created_at);
    let Some(rules) = site.hospital().map(|hospital| &hospital.rules) else { return heard };
    let last = heard.plus_seconds(rules.confirm_seconds);
    let same_day = rules.unconfirmed == Unconfirmed::Refund
        && payment.is_insured()
        && site.institution.city.insurance_refund_same_day;
    match payment.paid_at() {
        Some(at) if same_day => {
            let in_time = at.day().end().plus_seconds(-BEFORE_MIDNIGHT_SECONDS);
            last.min(in_time.max(heard.plus_seconds(LEAST_SECONDS)))
        }
        _ => last,
    }
}
