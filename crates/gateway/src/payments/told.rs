//! Telling the payer that it is paid, in the transaction that learns of it.

use super::payment::Payment;
use crate::gateway::Site;
use crate::messages::outbox;
use crate::messages::texts::{self, Paid, Registered};
use medpay_domain::Timestamp;
use medpay_store::{StoreError, Tx};
use medpay_wire::his::bills::BillKind;

/// Puts the paid message into the outbox. Nobody is told of an order whose payer is not known.
pub(super) async fn tell(
    tx: &mut Tx,
    site: &Site,
    payment: &Payment,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(((payer, charge), paid_at)) =
        payment.openid().zip(payment.charge()).zip(payment.paid_at())
    else {
        return Ok(());
    };
    let paid = Paid {
        hosp_out_trade_no: &payment.hosp_out_trade_no,
        payer: payer.clone(),
        name: &payment.patient.name,
        total: charge.total,
        paid_at,
        // What comes next is said by the HIS once it has confirmed; the order's page shows it.
        guide: "",
    };
    let bill = &payment.bill;
    let message = match bill.kind {
        BillKind::Outpatient => texts::outpatient_paid(paid, &bill.title),
        BillKind::Registration => texts::registration_paid(
            paid,
            &Registered {
                doctor: &bill.doctor,
                department: &bill.department,
                hospital: &site.institution.name,
                visit_time: &bill.visit_day.to_string(),
                register_no: bill.serial_no.as_str(),
            },
        ),
    };
    outbox::put(tx, site, &message, now).await?;
    Ok(())
}
