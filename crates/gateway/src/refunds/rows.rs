//! The tables `refunds` and `refund_events`.

use super::AskedBy;
use medpay_domain::hospital::refund::{
    CancelNumbers, Due, Event, Outcome, Refund, Refusal, Scope, State,
};
use medpay_domain::{BillNo, Fen, HospOutRefundNo, HospOutTradeNo, OrgNo, SerialNo, Timestamp};
use medpay_store::{Row, StoreError, Tx, args};

/// A refund as it lies in the database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StoredRefund {
    pub(crate) org_no: OrgNo,
    pub(crate) hosp_out_refund_no: HospOutRefundNo,
    pub(crate) hosp_out_trade_no: HospOutTradeNo,
    pub(crate) bill_no: BillNo,
    /// Which refund of its order, from 1.
    pub(crate) nth: i64,
    pub(crate) by: AskedBy,
    /// The member of staff.
    pub(crate) by_name: Option<String>,
    pub(crate) reason: String,
    pub(crate) scope: Scope,
    pub(crate) refund: Refund,
    /// What the HIS gave along; empty before it granted.
    pub(crate) cancel: CancelNumbers,
    pub(crate) asked_at: Timestamp,
    pub(crate) changed_at: Timestamp,
    /// Rises with every change.
    pub(crate) version: i64,
}

impl StoredRefund {
    /// Whether anything is still to be asked or told.
    pub(crate) const fn is_open(&self) -> bool {
        self.refund.state.outstanding().is_some()
    }
}

const COLUMNS: &str =
    "org_no, hosp_out_refund_no, hosp_out_trade_no, bill_no, nth, asked_by, asked_by_name, reason,
    scope, cash_fee, insurance_fee, state, cancel_bill_no, cancel_serial_no, refusal_code,
    refusal_reason, outcome_at_ms, asked_at_ms, changed_at_ms, version";

/// Writes a refund that has just begun. Answers false, and changes nothing, if another one of the
/// same order was faster.
pub(super) async fn insert(tx: &mut Tx, stored: &StoredRefund) -> Result<bool, StoreError> {
    let inserted = tx
        .exec(
            "INSERT INTO refunds (org_no, hosp_out_refund_no, hosp_out_trade_no, bill_no, nth,
                 asked_by, asked_by_name, reason, scope, cash_fee, insurance_fee, state, open,
                 asked_at_ms, changed_at_ms, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13, $13, $14)
             ON CONFLICT DO NOTHING",
            args![
                stored.org_no,
                stored.hosp_out_refund_no,
                stored.hosp_out_trade_no,
                stored.bill_no,
                stored.nth,
                by_word(stored.by),
                stored.by_name,
                stored.reason,
                stored.scope.code(),
                stored.refund.due.cash,
                stored.refund.due.insurance,
                stored.refund.state.code(),
                stored.asked_at,
                stored.version
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Writes a refund that `event` has moved, and the event, if the row still has the version that
/// was read; answers false if it has not.
pub(super) async fn save(
    tx: &mut Tx,
    stored: &StoredRefund,
    event: &Event,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let state = &stored.refund.state;
    let (refusal, outcome_at) = facts(state);
    let version = stored.version + 1;
    let changed = tx
        .exec(
            "UPDATE refunds SET state = $1, open = $2, cancel_bill_no = $3,
                 cancel_serial_no = $4, refusal_code = $5, refusal_reason = $6,
                 outcome_at_ms = $7, changed_at_ms = $8, version = $9
             WHERE org_no = $10 AND hosp_out_refund_no = $11 AND version = $12",
            args![
                state.code(),
                i64::from(stored.is_open()),
                stored.cancel.bill_no,
                stored.cancel.serial_no,
                refusal.map(|refusal| refusal.code.as_str()),
                refusal.map(|refusal| refusal.reason.as_str()),
                outcome_at,
                now,
                version,
                stored.org_no,
                stored.hosp_out_refund_no,
                stored.version
            ],
        )
        .await?;
    if changed == 0 {
        return Ok(false);
    }
    let told = match event {
        Event::NotGranted(refusal) | Event::Refused { refusal, .. } | Event::NotNoted(refusal) => {
            Some(refusal)
        }
        Event::Granted(_) | Event::Returned { .. } | Event::Noted => None,
    };
    tx.exec(
        "INSERT INTO refund_events (org_no, hosp_out_refund_no, version, event, state,
             refusal_code, refusal_reason, written_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![
            stored.org_no,
            stored.hosp_out_refund_no,
            version,
            event.code(),
            state.code(),
            told.map(|refusal| refusal.code.as_str()),
            told.map(|refusal| refusal.reason.as_str()),
            now
        ],
    )
    .await?;
    Ok(true)
}

/// The refund with this number.
pub(super) async fn load(
    tx: &mut Tx,
    org_no: &OrgNo,
    hosp_out_refund_no: &HospOutRefundNo,
) -> Result<Option<StoredRefund>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM refunds WHERE org_no = $1 AND hosp_out_refund_no = $2");
    tx.opt(&sql, args![org_no, hosp_out_refund_no]).await?.as_ref().map(read).transpose()
}

/// Every refund of an order, oldest first.
pub(crate) async fn of_order(
    tx: &mut Tx,
    org_no: &OrgNo,
    hosp_out_trade_no: &HospOutTradeNo,
) -> Result<Vec<StoredRefund>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM refunds WHERE org_no = $1 AND hosp_out_trade_no = $2 ORDER BY nth"
    );
    tx.all(&sql, args![org_no, hosp_out_trade_no]).await?.iter().map(read).collect()
}

/// The columns of a state that are not its name: the refusal, and when it ended at the platform.
const fn facts(state: &State) -> (Option<&Refusal>, Option<Timestamp>) {
    match state {
        State::GrantPending | State::BackPending { .. } => (None, None),
        State::NotGranted { refusal } => (Some(refusal), None),
        State::TellPending { outcome } | State::Ended { outcome } => match outcome {
            Outcome::Returned { at, .. } => (None, Some(*at)),
            Outcome::Failed { refusal, at } => (Some(refusal), Some(*at)),
        },
    }
}

fn read(row: &Row) -> Result<StoredRefund, StoreError> {
    let hosp_out_refund_no: HospOutRefundNo = row.get(1)?;
    let corrupt = |column| StoreError::Corrupt {
        table: "refunds",
        column,
        key: hosp_out_refund_no.as_str().to_owned(),
    };
    let (by, scope): (String, String) = (row.get(5)?, row.get(8)?);
    let due = Due { cash: row.get(9)?, insurance: row.get(10)? };
    let cancel = CancelNumbers {
        bill_no: row.get::<Option<BillNo>>(12)?,
        serial_no: row.get::<Option<SerialNo>>(13)?,
    };
    let refusal = match (row.get(14)?, row.get(15)?) {
        (Some(code), Some(reason)) => Some(Refusal { code, reason }),
        _ => None,
    };
    let code: String = row.get(11)?;
    let state = state(&code, due, &cancel, refusal, row.get(16)?).ok_or(corrupt("state"))?;
    Ok(StoredRefund {
        org_no: row.get(0)?,
        hosp_out_trade_no: row.get(2)?,
        bill_no: row.get(3)?,
        nth: row.get(4)?,
        by: by_of(&by).ok_or(corrupt("asked_by"))?,
        by_name: row.get(6)?,
        reason: row.get(7)?,
        scope: Scope::parse(&scope).ok_or(corrupt("scope"))?,
        refund: Refund { due, state },
        cancel,
        asked_at: row.get(17)?,
        changed_at: row.get(18)?,
        version: row.get(19)?,
        hosp_out_refund_no,
    })
}

fn state(
    code: &str,
    due: Due,
    cancel: &CancelNumbers,
    refusal: Option<Refusal>,
    at: Option<Timestamp>,
) -> Option<State> {
    let amount = |part: Option<Fen>| part.unwrap_or_default();
    let returned =
        |at| Outcome::Returned { cash: amount(due.cash), insurance: amount(due.insurance), at };
    Some(match code {
        "grant_pending" => State::GrantPending,
        "not_granted" => State::NotGranted { refusal: refusal? },
        "back_pending" => State::BackPending { cancel: cancel.clone() },
        "returned_untold" => State::TellPending { outcome: returned(at?) },
        "returned" => State::Ended { outcome: returned(at?) },
        "failed_untold" => {
            State::TellPending { outcome: Outcome::Failed { refusal: refusal?, at: at? } }
        }
        "failed" => State::Ended { outcome: Outcome::Failed { refusal: refusal?, at: at? } },
        _ => return None,
    })
}

pub(super) const fn by_word(by: AskedBy) -> &'static str {
    match by {
        AskedBy::Patient => "patient",
        AskedBy::Staff => "staff",
        AskedBy::System => "system",
    }
}

fn by_of(word: &str) -> Option<AskedBy> {
    [AskedBy::Patient, AskedBy::Staff, AskedBy::System].into_iter().find(|by| by_word(*by) == word)
}
