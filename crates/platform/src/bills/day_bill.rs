//! The rows of a day's bill, from what is committed.
//!
//! A payment stands on the day of its `time_end`, a refund on the day when its last leg went back.
//! An order whose cash was taken and goes back because the bureau refused stands there twice, so
//! that the cash account balances: as a payment of its cash on the day it was taken, and as a
//! SYS_REFUND on the day it went back.

use crate::orders::{self, StoredOrder, ledger};
use crate::refunds::rows::{self as refund_rows, RefundType, StoredRefund};
use medpay_domain::platform::order::State;
use medpay_domain::platform::refund::State as RefundState;
use medpay_domain::{BillNo, Day, Fen, SerialNo, Timestamp};
use medpay_store::Vault;
use medpay_store::{StoreError, Tx};
use medpay_wire::bill::{self, Event, Payment, Row};
use medpay_wire::states::RefundState as Wire;

/// The rows of `merchant`'s bill of `day`, in the order they happened.
pub(crate) async fn rows(
    tx: &mut Tx,
    vault: &Vault,
    merchant: &str,
    day: Day,
) -> Result<Vec<Row>, StoreError> {
    let (from, to) = (day.start(), day.end());
    let mut rows = vec![];
    for order in ledger::charged_between(tx, vault, Some(merchant), from, to).await? {
        rows.extend(payment(&order).map(|told| row(&order, vault, told)).transpose()?);
    }
    for order in ledger::system_refunded_between(tx, vault, Some(merchant), from, to).await? {
        rows.extend(system_refund(&order).map(|told| row(&order, vault, told)).transpose()?);
    }
    for stored in refund_rows::succeeded_between(tx, Some(merchant), from, to).await? {
        let order = orders::rows::load(tx, vault, &stored.med_trans_id).await?;
        let told = order.as_ref().zip(refund(stored));
        rows.extend(told.map(|(order, told)| row(order, vault, told)).transpose()?);
    }
    rows.sort_by(|a, b| (a.time, &a.med_trans_id).cmp(&(b.time, &b.med_trans_id)));
    Ok(rows)
}

/// The row of a payment; of an order that the bureau refused, the cash that was taken.
fn payment(order: &StoredOrder) -> Option<(Timestamp, Event)> {
    let split = order.order.split;
    let (time, insurance_fee) = match &order.order.state {
        State::Paid { paid_at, .. } => (*paid_at, split.insurance),
        State::CashReturning { cash, .. } | State::SystemRefunded { cash, .. } => {
            (cash.at, Fen::ZERO)
        }
        _ => return None,
    };
    let event = Event::Payment(Payment {
        total_fee: order.order.total,
        cash_fee: split.cash,
        insurance_fee,
        cash_add_fee: order.asked.cash_add_fee,
        cash_reduced_fee: order.asked.cash_reduced_fee,
    });
    Some((time, event))
}

fn system_refund(order: &StoredOrder) -> Option<(Timestamp, Event)> {
    let State::SystemRefunded { at, .. } = &order.order.state else { return None };
    let event = Event::Refund(bill::Refund {
        med_refund_id: None,
        hosp_out_refund_no: None,
        kind: bill::RefundType::Sys,
        cash_refund_fee: order.order.split.cash,
        insurance_refund_fee: Fen::ZERO,
        state: Wire::Success,
        cancel_bill_no: None,
        cancel_serial_no: None,
    });
    Some((*at, event))
}

fn refund(stored: StoredRefund) -> Option<(Timestamp, Event)> {
    let RefundState::Succeeded { reversed_at, returned_at, .. } = stored.refund.state else {
        return None;
    };
    let event = Event::Refund(bill::Refund {
        med_refund_id: Some(stored.med_refund_id),
        hosp_out_refund_no: Some(stored.hosp_out_refund_no),
        kind: match stored.refund_type {
            RefundType::All => bill::RefundType::All,
            RefundType::CashOnly => bill::RefundType::CashOnly,
        },
        cash_refund_fee: stored.cash_fee,
        insurance_refund_fee: stored.insurance_fee,
        state: Wire::Success,
        cancel_bill_no: stored.cancel.0.map(BillNo::new),
        cancel_serial_no: stored.cancel.1.map(SerialNo::new),
    });
    Some((returned_at.or(reversed_at)?, event))
}

/// What every row says of its order.
fn row(
    order: &StoredOrder,
    vault: &Vault,
    (time, event): (Timestamp, Event),
) -> Result<Row, StoreError> {
    let state = &order.order.state;
    let med_trans_id = order.order.med_trans_id.clone();
    let openid = order.openid(vault).map_err(|_| StoreError::Corrupt {
        table: "orders",
        column: "openid",
        key: med_trans_id.to_string(),
    })?;
    Ok(Row {
        time,
        merchant: order.caller.clone(),
        org_no: order.org_no.clone(),
        city_id: Some(order.city_id.clone()),
        channel_no: order.channel_no.clone(),
        med_trans_id,
        hosp_out_trade_no: order.hosp_out_trade_no.clone(),
        serial_no: order.serial_no.clone(),
        bill_no: order.bill_no.clone(),
        cash_order_id: state.cash().map(|cash| cash.cash_order_id.clone()),
        insurance_order_id: state.settlement().map(|settled| settled.insurance_order_id.clone()),
        openid,
        order_type: order.order_type,
        pay_type: order.pay_type(),
        event,
        body: order.body.clone(),
        extends: order.extends.clone().unwrap_or_default(),
    })
}
