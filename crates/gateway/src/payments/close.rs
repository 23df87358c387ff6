//! Ending a payment that nobody has paid: because the payer does not want it any more, or because
//! the doctor took the bill back. The platform is asked to close its order; until it has, the
//! payment may still turn out to be paid.

use super::moving::{Decision, NotMoved, move_payment};
use super::payment::Payment;
use super::{find, follow, release};
use crate::gateway::Site;
use medpay_domain::hospital::payment::{Ending, Event};
use medpay_domain::{BillNo, HospOutTradeNo};
use medpay_store::StoreError;
use std::sync::Arc;

/// Ends a payment at the payer's wish, as far as that is possible now: what the answer says of it
/// may still be on its way.
pub async fn close(
    site: &Arc<Site>,
    hosp_out_trade_no: &HospOutTradeNo,
) -> Result<Payment, NotMoved> {
    want_end(site, hosp_out_trade_no, Ending::GivenUp).await?;
    let payment = follow::follow_now(site, hosp_out_trade_no).await?;
    if payment.ending().is_some() {
        release::at_once(site, hosp_out_trade_no).await?;
    }
    Ok(payment)
}

/// The doctor took a bill back: what is open of it ends. A worker asks the platform.
pub async fn bill_voided(site: &Arc<Site>, bill_no: &BillNo) -> Result<(), StoreError> {
    let Some(payment) = find::of_bill(site, bill_no).await? else { return Ok(()) };
    let number = &payment.hosp_out_trade_no;
    match want_end(site, number, Ending::BillVoided).await {
        // A paid one is not ended: the HIS says at its confirmation what it thinks of it.
        Err(NotMoved::Illegal(_) | NotMoved::NoSuchPayment) => return Ok(()),
        Err(NotMoved::Store(error)) => return Err(error),
        Err(NotMoved::Stale) => {
            return Err(StoreError::Contended("the payment moved meanwhile".into()));
        }
        Ok(_) => {}
    }
    follow::hasten(site, number).await
}

async fn want_end(
    site: &Arc<Site>,
    hosp_out_trade_no: &HospOutTradeNo,
    ending: Ending,
) -> Result<Payment, NotMoved> {
    let decide = move |payment: &Payment| {
        if payment.is_open() {
            Event::EndWanted { ending: ending.clone() }.into()
        } else {
            Decision::default()
        }
    };
    move_payment(site, "end payment", hosp_out_trade_no, decide).await
}
