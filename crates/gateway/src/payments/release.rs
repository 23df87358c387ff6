//! Letting go of the bill of a payment that came to nothing: the worker of queue `release`. Asked
//! until the HIS answers; whatever it answers, it knows.

use super::asking::unanswered;
use super::moving::NotMoved;
use super::{RELEASE_QUEUE, confirm, find, jobs};
use crate::gateway::{Branch, Site};
use medpay_domain::hospital::payment::State;
use medpay_domain::{HospOutTradeNo, Timestamp};
use medpay_store::StoreError;
use medpay_wire::his::bills::ReleaseBill;
use std::sync::Arc;

/// Works off every job that is due at `now`; answers when the next one will be.
pub(super) async fn run_once(
    branch: &Branch,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    jobs::work_off(branch, RELEASE_QUEUE, now, |site, number, attempt| async move {
        release(&site, &number, attempt).await
    })
    .await
}

/// Lets go of the bill of a payment that has just ended, so that it can be paid anew at once.
pub(super) async fn at_once(site: &Arc<Site>, number: &HospOutTradeNo) -> Result<(), StoreError> {
    jobs::at_once(site, RELEASE_QUEUE, number, |site, number, attempt| async move {
        release(&site, &number, attempt).await
    })
    .await
}

async fn release(
    site: &Arc<Site>,
    number: &HospOutTradeNo,
    attempt: u32,
) -> Result<Option<Timestamp>, NotMoved> {
    let payment = find::find(site, number).await?.ok_or(NotMoved::NoSuchPayment)?;
    // Late news may have come: the HIS is told of a payment instead.
    if !matches!(payment.money.state, State::Ended { .. }) {
        return Ok(None);
    }
    let ask =
        ReleaseBill { bill_no: payment.bill.bill_no.clone(), hosp_out_trade_no: number.clone() };
    match site.doors.his.command(&format!("{number}-release"), &ask).await {
        Ok(Ok(_)) => Ok(None),
        Ok(Err(refusal)) => {
            // Another order may hold it, or it was never locked.
            let code = confirm::refusal_word(&refusal);
            tracing::info!(%number, code, "the HIS did not release a bill");
            Ok(None)
        }
        Err(error) => {
            unanswered("release_bill", &payment, &error);
            Ok(Some(site.clock.now().plus_seconds(jobs::wait_seconds(attempt))))
        }
    }
}
