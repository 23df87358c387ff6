//! Locking, releasing and confirming a bill.

use super::caller::{Caller, Fault, ensure, lock};
use medpay_domain::{Fen, HospOutTradeNo};
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bills::{BillState, ConfirmBill, FindBill, ReleaseBill};

pub(super) async fn a_bill_adds_up(caller: &Caller) -> Result<(), Fault> {
    let (booking, bill) = caller.bill().await?;
    caller.cancel(&booking).await?;
    let sum =
        bill.items.iter().try_fold(Fen::default(), |sum, item| sum.checked_add(item.amount_fen));
    ensure(sum == Some(bill.total_fen), || {
        format!("the items of bill {} do not add up to its total", bill.bill_no)
    })?;
    let short = |text: &str| !text.is_empty() && text.chars().count() <= 20;
    ensure(short(bill.bill_no.as_str()) && short(bill.serial_no.as_str()), || {
        "bill_no and serial_no must have 1 to 20 characters".into()
    })?;
    let Some(part) = bill.insurance else { return Ok(()) };
    let parts = part.insurance_fen.checked_add(part.cash_fen);
    ensure(parts == Some(bill.total_fen), || {
        format!("insurance and cash of bill {} do not add up to its total", bill.bill_no)
    })
}

pub(super) async fn a_locked_bill_is_not_locked_for_another_order(
    caller: &Caller,
) -> Result<(), Fault> {
    let (booking, bill) = caller.bill().await?;
    let (order, locked) = caller.lock(&bill).await?;
    let again = caller.command(&caller.number(), &lock(&bill, &order)).await?;
    let other = HospOutTradeNo::new(caller.number());
    let answer = caller.try_command(&caller.number(), &lock(&bill, &other)).await?;
    release(caller, &order, &locked.bill_no).await?;
    caller.cancel(&booking).await?;
    ensure(locked.state == BillState::Locked, || "a locked bill does not say so".into())?;
    ensure(again.hosp_out_trade_no == Some(order), || {
        "a bill locked twice for one order should stay with it".into()
    })?;
    answer.refused(RefusalCode::LockedByAnother).map(|_| ())
}

async fn release(
    caller: &Caller,
    order: &HospOutTradeNo,
    bill_no: &medpay_domain::BillNo,
) -> Result<(), Fault> {
    let ask = ReleaseBill { bill_no: bill_no.clone(), hosp_out_trade_no: order.clone() };
    let released = caller.command(&caller.number(), &ask).await?;
    ensure(released.state == BillState::Pending, || "a released bill should be pending".into())
}

pub(super) async fn a_released_bill_can_be_locked_again(caller: &Caller) -> Result<(), Fault> {
    let (booking, bill) = caller.bill().await?;
    let (first, _) = caller.lock(&bill).await?;
    release(caller, &first, &bill.bill_no).await?;
    let (second, _) = caller.lock(&bill).await?;
    release(caller, &second, &bill.bill_no).await?;
    caller.cancel(&booking).await?;
    Ok(())
}

pub(super) async fn other_amounts_are_not_confirmed(caller: &Caller) -> Result<(), Fault> {
    let (booking, bill) = caller.bill().await?;
    let (order, locked) = caller.lock(&bill).await?;
    let right = caller.confirmation(&locked, order.clone());
    let less = Fen::new(locked.total_fen.get() - 1).unwrap_or_default();
    let wrong = ConfirmBill { total_fen: less, cash_fen: less, ..right };
    let answer = caller.try_command(&caller.number(), &wrong).await?;
    release(caller, &order, &bill.bill_no).await?;
    caller.cancel(&booking).await?;
    answer.refused(RefusalCode::AmountsDiffer).map(|_| ())
}

pub(super) async fn a_payment_is_confirmed_once(caller: &Caller) -> Result<(), Fault> {
    let (_, confirm, receipt_no) = caller.paid().await?;
    let again = caller.command(&caller.number(), &confirm).await?;
    ensure(!receipt_no.is_empty(), || "a confirmation without receipt_no".into())?;
    ensure(again.receipt_no == receipt_no, || {
        "the same payment told again, with another key, got another receipt".into()
    })?;
    let bill = caller.ask(&FindBill { bill_no: confirm.bill_no }).await?;
    ensure(bill.state == BillState::Paid, || "a confirmed bill is not paid".into())
}

pub(super) async fn a_paid_bill_is_not_locked_again(caller: &Caller) -> Result<(), Fault> {
    let (_, confirm, _) = caller.paid().await?;
    let bill = caller.ask(&FindBill { bill_no: confirm.bill_no }).await?;
    let other = HospOutTradeNo::new(caller.number());
    let answer = caller.try_command(&caller.number(), &lock(&bill, &other)).await?;
    answer.refused(RefusalCode::PaidAlready).map(|_| ())
}
