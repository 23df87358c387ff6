//! The tables `notices` and `contradictions`; beside this file, those of the orders.

mod columns;
pub(super) mod orders;

use super::notification::{Contradiction, Facts};
use medpay_domain::{OrgNo, Timestamp};
use medpay_store::{Row, StoreError, Tx, args};
use medpay_wire::states::PayType;

/// What became of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// It was news.
    First,
    /// It was told before, in the same words.
    Again,
    /// It cannot be true; it is kept among the contradictions.
    Refused(Contradiction),
}

/// A row of one of the two tables, for the list.
pub(super) struct Listed {
    pub(super) med_trans_id: String,
    pub(super) hosp_out_trade_no: String,
    pub(super) pay_type: i64,
    pub(super) total_fee: i64,
    pub(super) cash_fee: i64,
    pub(super) insurance_fee: i64,
    pub(super) time_end: Timestamp,
    pub(super) deliveries: i64,
    /// Why it was refused; none of a notice that was acknowledged.
    pub(super) reason: Option<String>,
}

/// Records a notice once, however often and from however many sides it comes.
///
/// Every statement carries its own guard, so that two processes that receive the same notice at
/// once agree on what it was.
pub(super) async fn record(
    tx: &mut Tx,
    facts: &Facts,
    now: Timestamp,
) -> Result<Recorded, StoreError> {
    if let Some(contradiction) = facts.contradiction() {
        keep_contradiction(tx, facts, contradiction, now).await?;
        return Ok(Recorded::Refused(contradiction));
    }
    if insert_notice(tx, facts, now).await? {
        return Ok(Recorded::First);
    }
    if count_delivery(tx, facts, now).await? {
        return Ok(Recorded::Again);
    }
    let contradiction = if knows_order(tx, facts).await? {
        Contradiction::OtherFactsBefore
    } else {
        Contradiction::PaidByAnotherOrder
    };
    keep_contradiction(tx, facts, contradiction, now).await?;
    Ok(Recorded::Refused(contradiction))
}

/// Keeps a notice that is refused.
pub(super) async fn refuse(
    tx: &mut Tx,
    facts: &Facts,
    contradiction: Contradiction,
    now: Timestamp,
) -> Result<Recorded, StoreError> {
    keep_contradiction(tx, facts, contradiction, now).await?;
    Ok(Recorded::Refused(contradiction))
}

async fn insert_notice(tx: &mut Tx, facts: &Facts, now: Timestamp) -> Result<bool, StoreError> {
    let inserted = tx
        .exec(
            "INSERT INTO notices (org_no, med_trans_id, hosp_out_trade_no, pay_type, total_fee,
                                  cash_fee, insurance_fee, time_end_ms, deliveries,
                                  first_received_at_ms, last_received_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $9)
             ON CONFLICT DO NOTHING",
            args![
                facts.org_no.as_str(),
                facts.med_trans_id,
                facts.hosp_out_trade_no,
                pay_type_code(facts),
                facts.total_fee,
                facts.cash_fee,
                facts.insurance_fee,
                facts.time_end,
                now
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Counts a delivery of a notice with exactly these facts; false if there is none.
async fn count_delivery(tx: &mut Tx, facts: &Facts, now: Timestamp) -> Result<bool, StoreError> {
    let counted = tx
        .exec(
            "UPDATE notices
                SET deliveries = deliveries + 1, last_received_at_ms = $9
              WHERE org_no = $1 AND med_trans_id = $2 AND hosp_out_trade_no = $3
                AND pay_type = $4 AND total_fee = $5 AND cash_fee = $6 AND insurance_fee = $7
                AND time_end_ms = $8",
            args![
                facts.org_no.as_str(),
                facts.med_trans_id,
                facts.hosp_out_trade_no,
                pay_type_code(facts),
                facts.total_fee,
                facts.cash_fee,
                facts.insurance_fee,
                facts.time_end,
                now
            ],
        )
        .await?;
    Ok(counted == 1)
}

async fn knows_order(tx: &mut Tx, facts: &Facts) -> Result<bool, StoreError> {
    let known: i64 = tx
        .one(
            "SELECT COUNT(*) FROM notices WHERE org_no = $1 AND med_trans_id = $2",
            args![facts.org_no.as_str(), facts.med_trans_id],
        )
        .await?
        .get(0)?;
    Ok(known > 0)
}

async fn keep_contradiction(
    tx: &mut Tx,
    facts: &Facts,
    contradiction: Contradiction,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO contradictions (org_no, med_trans_id, hosp_out_trade_no, reason, pay_type,
                                     total_fee, cash_fee, insurance_fee, time_end_ms, deliveries,
                                     first_received_at_ms, last_received_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $10)
         ON CONFLICT (org_no, med_trans_id, hosp_out_trade_no, reason, pay_type, total_fee,
                      cash_fee, insurance_fee, time_end_ms)
         DO UPDATE SET deliveries = contradictions.deliveries + 1,
                       last_received_at_ms = excluded.last_received_at_ms",
        args![
            facts.org_no.as_str(),
            facts.med_trans_id,
            facts.hosp_out_trade_no,
            contradiction.to_string(),
            pay_type_code(facts),
            facts.total_fee,
            facts.cash_fee,
            facts.insurance_fee,
            facts.time_end,
            now
        ],
    )
    .await?;
    Ok(())
}

/// The newest notices and contradictions of a hospital, 500 of each at most; of one order only if
/// `hosp_out_trade_no` is given.
pub(super) async fn list(
    tx: &mut Tx,
    org_no: &OrgNo,
    hosp_out_trade_no: Option<&str>,
) -> Result<Vec<Listed>, StoreError> {
    let args = || args![org_no.as_str(), hosp_out_trade_no.unwrap_or_default()];
    let mut listed = Vec::new();
    let notices = tx
        .all(
            "SELECT med_trans_id, hosp_out_trade_no, pay_type, total_fee, cash_fee, insurance_fee,
                    time_end_ms, deliveries
               FROM notices
              WHERE org_no = $1 AND ($2 = '' OR hosp_out_trade_no = $2)
              ORDER BY first_received_at_ms DESC, med_trans_id LIMIT 500",
            args(),
        )
        .await?;
    for row in &notices {
        listed.push(read_listed(row, None)?);
    }
    let contradictions = tx
        .all(
            "SELECT med_trans_id, hosp_out_trade_no, pay_type, total_fee, cash_fee, insurance_fee,
                    time_end_ms, deliveries, reason
               FROM contradictions
              WHERE org_no = $1 AND ($2 = '' OR hosp_out_trade_no = $2)
              ORDER BY first_received_at_ms DESC, med_trans_id LIMIT 500",
            args(),
        )
        .await?;
    for row in &contradictions {
        listed.push(read_listed(row, Some(row.get(8)?))?);
    }
    Ok(listed)
}

fn read_listed(row: &Row, reason: Option<String>) -> Result<Listed, StoreError> {
    Ok(Listed {
        med_trans_id: row.get(0)?,
        hosp_out_trade_no: row.get(1)?,
        pay_type: row.get(2)?,
        total_fee: row.get(3)?,
        cash_fee: row.get(4)?,
        insurance_fee: row.get(5)?,
        time_end: row.get(6)?,
        deliveries: row.get(7)?,
        reason,
    })
}

/// The wire's code, as a number.
fn pay_type_code(facts: &Facts) -> i64 {
    match facts.pay_type {
        PayType::Cash => 1,
        PayType::Insurance => 2,
        PayType::Mixed => 3,
    }
}
