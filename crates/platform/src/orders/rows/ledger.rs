//! What orders have moved, for bills and the audit: from the events, which never change, and for
//! what is in flight from the orders themselves.

use crate::audit::movement;
use crate::orders::rows::{self, StoredOrder};
use crate::settings::Environment;
use medpay_domain::books::Party;
use medpay_domain::books::bill::{BillRow, RowKind};
use medpay_domain::books::money::{Direction, Movement, Says, Standing};
use medpay_domain::platform::order::reservation::Hold;
use medpay_domain::platform::order::{Effect, Leg, State};
use medpay_domain::{Fen, MedTransId, Timestamp};
use medpay_store::Vault;
use medpay_store::{Arg, Row, StoreError, ToArg, Tx, args};
use std::collections::BTreeSet;

/// Orders that were paid, by `time_end`, or whose cash was taken and goes or went back because the
/// bureau refused, by when it was taken; from `from` on and before `to`.
pub(crate) async fn charged_between(
    tx: &mut Tx,
    vault: &Vault,
    merchant: Option<&str>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<StoredOrder>, StoreError> {
    let which = "(state = 'paid' AND paid_at_ms >= $1 AND paid_at_ms < $2)
        OR (state IN ('cash_returning', 'system_refunded')
            AND cash_taken_at_ms >= $1 AND cash_taken_at_ms < $2)";
    select(tx, vault, which, merchant, from, to).await
}

/// Orders whose cash the platform gave back, from `from` on and before `to`.
pub(crate) async fn system_refunded_between(
    tx: &mut Tx,
    vault: &Vault,
    merchant: Option<&str>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<StoredOrder>, StoreError> {
    let which = "state = 'system_refunded' AND cash_returned_at_ms >= $1
        AND cash_returned_at_ms < $2";
    select(tx, vault, which, merchant, from, to).await
}

async fn select(
    tx: &mut Tx,
    vault: &Vault,
    which: &str,
    merchant: Option<&str>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<StoredOrder>, StoreError> {
    let of_merchant = merchant.map_or("", |_| "AND merchant = $3");
    let sql = format!(
        "SELECT med_trans_id FROM orders WHERE ({which}) {of_merchant} ORDER BY med_trans_id"
    );
    let mut args = args![from, to];
    args.extend(merchant.map(ToArg::to_arg));
    load_all(tx, vault, &sql, args).await
}

async fn load_all(
    tx: &mut Tx,
    vault: &Vault,
    sql: &str,
    args: Vec<Arg>,
) -> Result<Vec<StoredOrder>, StoreError> {
    let mut orders = vec![];
    for row in tx.all(sql, args).await? {
        let med_trans_id: MedTransId = row.get(0)?;
        orders.extend(rows::load(tx, vault, &med_trans_id).await?);
    }
    Ok(orders)
}

/// Every order that is paid, refunded since or not.
pub(crate) async fn paid(tx: &mut Tx) -> Result<BTreeSet<String>, StoreError> {
    let rows = tx.all("SELECT med_trans_id FROM orders WHERE state = 'paid'", args![]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

const MOVED: &str = "SELECT o.environment, e.med_trans_id, e.event, e.key, e.reference,
        e.amount_fee, COALESCE(e.happened_at_ms, e.written_at_ms)
   FROM order_events e JOIN orders o ON o.med_trans_id = e.med_trans_id
  WHERE e.event IN ('cash_taken', 'cash_returned', 'insurance_settled', 'insurance_reversed')";

/// What was taken and given back from `from` on and before `to`.
pub(crate) async fn movements_between(
    tx: &mut Tx,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(Environment, Movement)>, StoreError> {
    let sql = format!(
        "{MOVED} AND COALESCE(e.happened_at_ms, e.written_at_ms) >= $1
          AND COALESCE(e.happened_at_ms, e.written_at_ms) < $2 ORDER BY e.id"
    );
    movement::list(tx, &sql, args![from, to], "orders", sides).await
}

/// What was taken and given back of one order.
pub(crate) async fn movements_of(
    tx: &mut Tx,
    med_trans_id: &str,
) -> Result<Vec<Movement>, StoreError> {
    let sql = format!("{MOVED} AND e.med_trans_id = $1 ORDER BY e.id");
    let moved = movement::list(tx, &sql, args![med_trans_id], "orders", sides).await?;
    Ok(moved.into_iter().map(|(_, movement)| movement).collect())
}

/// What is asked for and has no answer.
pub(crate) async fn in_flight(
    tx: &mut Tx,
    vault: &Vault,
) -> Result<Vec<(Environment, Movement)>, StoreError> {
    let sql = format!("{IN_FLIGHT} ORDER BY changed_at_ms, med_trans_id");
    asked_of(tx, vault, &sql, args![]).await
}

const IN_FLIGHT: &str = "SELECT med_trans_id, changed_at_ms FROM orders WHERE state IN
    ('cash_pending', 'insurance_pending', 'insurance_reversing', 'cash_returning')";

/// Whether an order of `merchant` is in flight that somebody confirmed before `to`: its money may
/// yet turn out to have moved before then.
pub(crate) async fn in_flight_since_before(
    tx: &mut Tx,
    merchant: &str,
    to: Timestamp,
) -> Result<bool, StoreError> {
    let sql = format!(
        "{IN_FLIGHT} AND merchant = $1 AND EXISTS (
             SELECT 1 FROM order_events e
              WHERE e.med_trans_id = orders.med_trans_id
                AND e.event = 'password_accepted' AND e.written_at_ms < $2)
         LIMIT 1"
    );
    Ok(tx.opt(&sql, args![merchant, to]).await?.is_some())
}

async fn asked_of(
    tx: &mut Tx,
    vault: &Vault,
    sql: &str,
    args: Vec<Arg>,
) -> Result<Vec<(Environment, Movement)>, StoreError> {
    let mut movements = vec![];
    for row in tx.all(sql, args).await? {
        let med_trans_id: MedTransId = row.get(0)?;
        let since = row.get(1)?;
        let order = rows::load(tx, vault, &med_trans_id).await?;
        movements.extend(order.and_then(|order| asked(&order, since)));
    }
    Ok(movements)
}

/// The question that an order waits for, as a movement.
fn asked(order: &StoredOrder, since: Timestamp) -> Option<(Environment, Movement)> {
    let effect = order.order.outstanding()?;
    let (party, direction, amount) = match &effect {
        Effect::CaptureCash { amount, .. } => (Party::Wallet, Direction::Taken, *amount),
        Effect::SettleInsurance { amount, .. } => (Party::Bureau, Direction::Taken, *amount),
        Effect::ReverseInsurance { .. } => {
            let settled = order.order.state.settlement();
            let amount = settled.map_or(Fen::ZERO, |settled| settled.split.insurance);
            (Party::Bureau, Direction::GivenBack, amount)
        }
        Effect::ReturnCash { amount, .. } => (Party::Wallet, Direction::GivenBack, *amount),
        Effect::Notify => return None,
    };
    let movement = Movement {
        key: effect.key(&order.order.med_trans_id)?,
        med_trans_id: order.order.med_trans_id.to_string(),
        party,
        direction,
        amount,
        standing: Standing::Asked { since },
    };
    Some((order.environment, movement))
}

/// What an order's row says it holds of each leg.
pub(crate) async fn says(
    tx: &mut Tx,
    vault: &Vault,
    med_trans_id: &str,
) -> Result<Vec<Says>, StoreError> {
    let order = rows::load(tx, vault, &MedTransId::new(med_trans_id)).await?;
    let Some(order) = order.map(|stored| stored.order) else { return Ok(vec![]) };
    let back = |leg| matches!(order.reservations.on(leg), Hold::GivenBack { .. });
    let cash = match &order.state {
        State::SystemRefunded { .. } => None,
        state => state.cash().filter(|_| !back(Leg::Cash)).map(|_| order.split.cash),
    };
    let insurance = order
        .state
        .settlement()
        .filter(|_| !back(Leg::Insurance))
        .map(|settled| settled.split.insurance);
    let says = |party, held: Option<Fen>| Says {
        med_trans_id: med_trans_id.to_owned(),
        party,
        held: held.unwrap_or_default(),
        stands: held.is_some(),
    };
    Ok(vec![says(Party::Wallet, cash), says(Party::Bureau, insurance)])
}

/// What must stand in `merchant`'s bill of the time from `from` on and before `to`, by the events.
pub(crate) async fn billable_between(
    tx: &mut Tx,
    merchant: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<BillRow>, StoreError> {
    let rows = tx
        .all(
            "SELECT e.med_trans_id, e.event, e.state, e.amount_fee, c.amount_fee
               FROM order_events e JOIN orders o ON o.med_trans_id = e.med_trans_id
               LEFT JOIN order_events c
                 ON c.med_trans_id = e.med_trans_id AND c.event = 'cash_taken'
              WHERE o.merchant = $1 AND e.happened_at_ms >= $2 AND e.happened_at_ms < $3
                AND (e.state IN ('paid', 'system_refunded')
                     OR (e.event = 'cash_taken' AND EXISTS (
                            SELECT 1 FROM order_events r
                             WHERE r.med_trans_id = e.med_trans_id
                               AND r.state = 'cash_returning')))
              ORDER BY e.id",
            args![merchant, from, to],
        )
        .await?;
    rows.iter().map(billable).collect()
}

fn billable(row: &Row) -> Result<BillRow, StoreError> {
    let (event, state): (String, String) = (row.get(1)?, row.get(2)?);
    let amount: Option<Fen> = row.get(3)?;
    let amount = amount.unwrap_or_default();
    let taken: Option<Fen> = row.get(4)?;
    let (kind, cash, insurance) = match (event.as_str(), state.as_str()) {
        ("cash_returned", _) => (RowKind::SystemRefund, amount, Fen::ZERO),
        ("cash_taken", _) => (RowKind::Payment, amount, Fen::ZERO),
        _ => (RowKind::Payment, taken.unwrap_or_default(), amount),
    };
    Ok(BillRow { kind, number: row.get(0)?, cash, insurance })
}

fn sides(event: &str) -> (Party, Direction) {
    match event {
        "cash_taken" => (Party::Wallet, Direction::Taken),
        "cash_returned" => (Party::Wallet, Direction::GivenBack),
        "insurance_settled" => (Party::Bureau, Direction::Taken),
        _ => (Party::Bureau, Direction::GivenBack),
    }
}
