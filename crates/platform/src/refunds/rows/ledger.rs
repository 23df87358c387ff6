//! What refunds have moved, for the audit: from the events, which never change, and for what is in
//! flight from the refunds themselves.

use crate::audit::movement;
use crate::refunds::rows;
use crate::settings::Environment;
use medpay_domain::books::Party;
use medpay_domain::books::bill::{BillRow, RowKind};
use medpay_domain::books::money::{Direction, Movement, Standing};
use medpay_domain::platform::refund::Question;
use medpay_domain::{Fen, Timestamp};
use medpay_store::{StoreError, Tx, args};
use std::collections::BTreeMap;

const MOVED: &str = "SELECT r.environment, r.med_trans_id, e.event, e.key, e.reference,
        e.amount_fee, e.happened_at_ms
   FROM refund_events e JOIN refunds r ON r.med_refund_id = e.med_refund_id
  WHERE e.event IN ('insurance_reversed', 'cash_returned')";

/// What went back from `from` on and before `to`.
pub(crate) async fn movements_between(
    tx: &mut Tx,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(Environment, Movement)>, StoreError> {
    let sql = format!("{MOVED} AND e.happened_at_ms >= $1 AND e.happened_at_ms < $2 ORDER BY e.id");
    movement::list(tx, &sql, args![from, to], "refunds", sides).await
}

/// What has gone back of one order.
pub(crate) async fn movements_of(
    tx: &mut Tx,
    med_trans_id: &str,
) -> Result<Vec<Movement>, StoreError> {
    let sql = format!("{MOVED} AND r.med_trans_id = $1 ORDER BY e.id");
    let moved = movement::list(tx, &sql, args![med_trans_id], "refunds", sides).await?;
    Ok(moved.into_iter().map(|(_, movement)| movement).collect())
}

/// What is asked for and has no answer.
pub(crate) async fn in_flight(tx: &mut Tx) -> Result<Vec<(Environment, Movement)>, StoreError> {
    let waiting = rows::waiting(tx).await?;
    Ok(waiting
        .into_iter()
        .filter_map(|stored| {
            let question = stored.refund.state.outstanding()?;
            let (party, amount) = match question {
                Question::ReverseInsurance => (Party::Bureau, stored.insurance_fee),
                Question::ReturnCash { .. } => (Party::Wallet, stored.cash_fee),
            };
            let movement = Movement {
                key: question.key(&stored.med_refund_id),
                med_trans_id: stored.med_trans_id.to_string(),
                party,
                direction: Direction::GivenBack,
                amount,
                standing: Standing::Asked { since: stored.changed_at },
            };
            Some((stored.environment, movement))
        })
        .collect())
}

/// The refunds that a person must look at, by number.
pub(crate) async fn stuck(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let stuck = rows::stuck(tx).await?;
    Ok(stuck.into_iter().map(|stored| stored.med_refund_id.to_string()).collect())
}

/// What must stand in `merchant`'s bill of the time from `from` on and before `to`: the refunds
/// that succeeded in it, with what their events say went back.
pub(crate) async fn billable_between(
    tx: &mut Tx,
    merchant: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<BillRow>, StoreError> {
    let events = tx
        .all(
            "SELECT e.med_refund_id, e.event, e.amount_fee FROM refund_events e
              WHERE e.event IN ('insurance_reversed', 'cash_returned') AND e.med_refund_id IN (
                    SELECT s.med_refund_id
                      FROM refund_events s JOIN refunds r ON r.med_refund_id = s.med_refund_id
                     WHERE s.state = 'succeeded' AND r.merchant = $1
                       AND s.happened_at_ms >= $2 AND s.happened_at_ms < $3)
              ORDER BY e.id",
            args![merchant, from, to],
        )
        .await?;
    let mut refunds: BTreeMap<String, (Fen, Fen)> = BTreeMap::new();
    for row in &events {
        let (cash, insurance) = refunds.entry(row.get(0)?).or_default();
        let event: String = row.get(1)?;
        if event == "cash_returned" {
            *cash = row.get(2)?;
        } else {
            *insurance = row.get(2)?;
        }
    }
    let row =
        |(number, (cash, insurance))| BillRow { kind: RowKind::Refund, number, cash, insurance };
    Ok(refunds.into_iter().map(row).collect())
}

fn sides(event: &str) -> (Party, Direction) {
    let party = if event == "cash_returned" { Party::Wallet } else { Party::Bureau };
    (party, Direction::GivenBack)
}
