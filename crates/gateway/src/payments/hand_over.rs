//! What becomes of a payment that the HIS does not confirm: by the hospital's rule it goes back the
//! same day by itself, or a member of staff decides.

use super::moving::NotMoved;
use super::payment::Payment;
use crate::gateway::Site;
use crate::refunds::{self, AskError, AskedBy};
use crate::settings::Unconfirmed;
use crate::staff::queue::{self, Item};
use medpay_domain::Timestamp;
use medpay_domain::hospital::payment::Confirmation;
use medpay_store::Tx;

/// Begins the refund, or lists the payment for staff, in the transaction that gave up the HIS.
pub(super) async fn hand_over(
    tx: &mut Tx,
    site: &Site,
    payment: &Payment,
    now: Timestamp,
) -> Result<(), NotMoved> {
    let what = match &payment.money.confirmation {
        Confirmation::Refused(refusal) => format!("{} {}", refusal.code, refusal.reason),
        _ => "the HIS does not answer".to_owned(),
    };
    let rule = site.hospital().map_or(Unconfirmed::Queue, |hospital| hospital.rules.unconfirmed);
    if rule == Unconfirmed::Refund {
        let reason = "医院未能确认收费，自动退款";
        match refunds::ask(tx, site, payment, AskedBy::System, reason, now).await {
            // One that is under way gives it back all the same.
            Ok(_) | Err(AskError::Busy) => return Ok(()),
            Err(AskError::Store(error)) => return Err(error.into()),
            Err(error @ (AskError::NotPaid | AskError::NotReserved(_))) => {
                let number = &payment.hosp_out_trade_no;
                tracing::warn!(%number, %error, "an unconfirmed payment cannot go back by itself");
            }
        }
    }
    let item = Item::unconfirmed(&payment.hosp_out_trade_no, what);
    queue::put(tx, site, &item, now).await?;
    Ok(())
}
