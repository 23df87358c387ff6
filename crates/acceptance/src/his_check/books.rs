//! What the HIS has written down.

use super::caller::{Caller, Fault, ensure};
use medpay_domain::HospOutTradeNo;
use medpay_wire::his::bills::{DayPayment, ListDay};

/// The lines of an order in the list of the day that the HIS keeps now.
pub(super) async fn lines_of(
    caller: &Caller,
    order: &HospOutTradeNo,
) -> Result<Vec<DayPayment>, Fault> {
    let day = caller.target().clock.now().day();
    let payments = caller.ask(&ListDay { day }).await?.payments;
    Ok(payments.into_iter().filter(|line| line.hosp_out_trade_no == *order).collect())
}

pub(super) async fn a_payment_is_in_the_list_of_its_day_once(caller: &Caller) -> Result<(), Fault> {
    let (_, confirm, _) = caller.paid().await?;
    caller.command(&caller.number(), &confirm).await?;
    let lines = lines_of(caller, &confirm.hosp_out_trade_no).await?;
    ensure(lines.len() == 1, || format!("list_day has the payment {} times", lines.len()))?;
    ensure(lines[0].total_fen == confirm.total_fen && lines[0].cash_fen == confirm.cash_fen, || {
        "list_day has other amounts than were confirmed".into()
    })
}
