//! The tables `refunds` and `refund_events`.

pub(crate) mod ledger;

use crate::settings::Environment;
use medpay_domain::platform::refund::{Event, Legs, Question, Refund, Refusal, State};
use medpay_domain::{
    CashOrderId, Fen, HospOutRefundNo, HospOutTradeNo, InsuranceOrderId, MedRefundId, MedTransId,
    Timestamp,
};
use medpay_store::{Row, StoreError, ToArg, Tx, args};

/// What the hospital asked for (`part_refund_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundType {
    /// Everything that has not gone back yet.
    All,
    /// Only the cash part.
    CashOnly,
}

impl RefundType {
    /// As bills write it, and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::CashOnly => "CASH_ONLY",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        match word {
            "ALL" => Some(Self::All),
            "CASH_ONLY" => Some(Self::CashOnly),
            _ => None,
        }
    }
}

/// A refund as it lies in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRefund {
    /// 微信医保退款单号.
    pub med_refund_id: MedRefundId,
    /// The number space of the hospital's numbers.
    pub merchant: String,
    /// 医院退款单号.
    pub hosp_out_refund_no: HospOutRefundNo,
    /// The order.
    pub med_trans_id: MedTransId,
    /// The order, in the hospital's words.
    pub hosp_out_trade_no: HospOutTradeNo,
    /// Whose bureau and wallet are asked.
    pub environment: Environment,
    /// What was asked for.
    pub refund_type: RefundType,
    /// 医保撤销单据号 and 医保撤销流水号, as far as they were sent.
    pub cancel: (Option<String>, Option<String>),
    /// The order's total.
    pub total_fee: Fen,
    /// What goes back of the cash part; 0 if it is not in the refund.
    pub cash_fee: Fen,
    /// What goes back of the insurance part; 0 if it is not in the refund, or booked with 0.
    pub insurance_fee: Fen,
    /// The cash part at the wallet.
    pub cash_order_id: Option<CashOrderId>,
    /// The insurance part at the bureau.
    pub insurance_order_id: Option<InsuranceOrderId>,
    /// What goes back, and how far it is.
    pub refund: Refund,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it last moved.
    pub changed_at: Timestamp,
    /// Rises with every change.
    pub version: i64,
}

const COLUMNS: &str =
    "med_refund_id, merchant, hosp_out_refund_no, med_trans_id, hosp_out_trade_no,
    environment, refund_type, cancel_bill_no, cancel_serial_no, legs, total_fee, cash_fee,
    insurance_fee, cash_order_id, insurance_order_id, state, attempt, reversed_at_ms,
    returned_at_ms, refusal_code, refusal_reason, created_at_ms, changed_at_ms, version";

/// Writes a refund that has just begun. Answers false, and changes nothing, if the merchant's
/// number is taken.
pub(crate) async fn insert(tx: &mut Tx, refund: &StoredRefund) -> Result<bool, StoreError> {
    let facts = Facts::of(&refund.refund.state);
    let inserted = tx
        .exec(
            "INSERT INTO refunds (med_refund_id, merchant, hosp_out_refund_no, med_trans_id,
                 hosp_out_trade_no, environment, refund_type, cancel_bill_no, cancel_serial_no,
                 legs, total_fee, cash_fee, insurance_fee, cash_order_id, insurance_order_id,
                 state, attempt, created_at_ms, changed_at_ms, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                 $18, $18, $19)
             ON CONFLICT (merchant, hosp_out_refund_no) DO NOTHING",
            args![
                refund.med_refund_id,
                refund.merchant,
                refund.hosp_out_refund_no,
                refund.med_trans_id,
                refund.hosp_out_trade_no,
                refund.environment.as_str(),
                refund.refund_type.as_str(),
                refund.cancel.0,
                refund.cancel.1,
                legs_word(refund.refund.legs),
                refund.total_fee,
                refund.cash_fee,
                refund.insurance_fee,
                refund.cash_order_id,
                refund.insurance_order_id,
                refund.refund.state.code(),
                facts.attempt,
                refund.created_at,
                refund.version
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Writes a refund that `event` has moved, and the event, if the row still has the version that
/// was read; answers false if it has not.
pub(crate) async fn save(
    tx: &mut Tx,
    refund: &StoredRefund,
    event: &Event,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let state = &refund.refund.state;
    let facts = Facts::of(state);
    let version = refund.version + 1;
    let changed = tx
        .exec(
            "UPDATE refunds SET state = $1, attempt = $2, reversed_at_ms = $3,
                 returned_at_ms = $4, refusal_code = $5, refusal_reason = $6,
                 changed_at_ms = $7, finished_at_ms = $8, version = $9
             WHERE med_refund_id = $10 AND version = $11",
            args![
                state.code(),
                facts.attempt,
                facts.reversed_at,
                facts.returned_at,
                facts.refusal.as_ref().map(|refusal| refusal.code.as_str()),
                facts.refusal.as_ref().map(|refusal| refusal.reason.as_str()),
                now,
                state.is_final().then_some(now),
                version,
                refund.med_refund_id,
                refund.version
            ],
        )
        .await?;
    if changed == 0 {
        return Ok(false);
    }
    insert_event(tx, refund, event, now).await?;
    Ok(true)
}

/// Writes what happened: `refund` is as `event` left it, with the version that was read.
async fn insert_event(
    tx: &mut Tx,
    refund: &StoredRefund,
    event: &Event,
    now: Timestamp,
) -> Result<(), StoreError> {
    let told = Told::by(event, refund);
    tx.exec(
        "INSERT INTO refund_events (med_refund_id, version, event, state, attempt, key,
             reference, amount_fee, refusal_code, refusal_reason, happened_at_ms, written_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        args![
            refund.med_refund_id,
            refund.version + 1,
            event.code(),
            refund.refund.state.code(),
            told.attempt,
            told.key,
            told.reference,
            told.amount,
            told.refusal.map(|refusal| refusal.code.as_str()),
            told.refusal.map(|refusal| refusal.reason.as_str()),
            told.at,
            now
        ],
    )
    .await?;
    Ok(())
}

/// The refund with this number of ours.
pub(crate) async fn load(
    tx: &mut Tx,
    med_refund_id: &MedRefundId,
) -> Result<Option<StoredRefund>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM refunds WHERE med_refund_id = $1");
    tx.opt(&sql, args![med_refund_id]).await?.as_ref().map(read).transpose()
}

/// The refund with this number of the hospital's.
pub(crate) async fn load_by_hospital(
    tx: &mut Tx,
    merchant: &str,
    hosp_out_refund_no: &HospOutRefundNo,
) -> Result<Option<StoredRefund>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM refunds WHERE merchant = $1 AND hosp_out_refund_no = $2");
    tx.opt(&sql, args![merchant, hosp_out_refund_no]).await?.as_ref().map(read).transpose()
}

/// Every refund of an order, in the order they were accepted.
pub(crate) async fn of_order(
    tx: &mut Tx,
    med_trans_id: &MedTransId,
) -> Result<Vec<StoredRefund>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM refunds WHERE med_trans_id = $1
          ORDER BY created_at_ms, med_refund_id"
    );
    tx.all(&sql, args![med_trans_id]).await?.iter().map(read).collect()
}

/// The refunds of one merchant, or of all, that became final and succeeded from `from` on and
/// before `to`, by the moment when the last leg went back.
pub(crate) async fn succeeded_between(
    tx: &mut Tx,
    merchant: Option<&str>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<StoredRefund>, StoreError> {
    // A reader of both engines is served by two texts better than by `$1 IS NULL OR`.
    let of_merchant = merchant.map_or("", |_| "AND merchant = $3");
    let sql = format!(
        "SELECT {COLUMNS} FROM refunds
          WHERE state = 'succeeded' AND COALESCE(returned_at_ms, reversed_at_ms) >= $1
            AND COALESCE(returned_at_ms, reversed_at_ms) < $2 {of_merchant}
          ORDER BY COALESCE(returned_at_ms, reversed_at_ms), med_refund_id"
    );
    let mut args = args![from, to];
    args.extend(merchant.map(ToArg::to_arg));
    tx.all(&sql, args).await?.iter().map(read).collect()
}

/// The refunds that wait for an answer, longest first.
pub(crate) async fn waiting(tx: &mut Tx) -> Result<Vec<StoredRefund>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM refunds WHERE state IN ('insurance_pending', 'cash_pending')
          ORDER BY changed_at_ms, med_refund_id"
    );
    tx.all(&sql, args![]).await?.iter().map(read).collect()
}

/// The refunds that the wallet refused as often as it is asked, for a person to look at.
pub(crate) async fn stuck(tx: &mut Tx) -> Result<Vec<StoredRefund>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM refunds WHERE state = 'cash_stuck'
          ORDER BY changed_at_ms, med_refund_id"
    );
    tx.all(&sql, args![]).await?.iter().map(read).collect()
}

/// The facts of a state, by column.
#[derive(Default)]
struct Facts {
    attempt: u32,
    reversed_at: Option<Timestamp>,
    returned_at: Option<Timestamp>,
    refusal: Option<Refusal>,
}

impl Facts {
    fn of(state: &State) -> Self {
        match state.clone() {
            State::InsurancePending => Self { attempt: 1, ..Self::default() },
            State::CashPending { reversed_at, attempt } => {
                Self { attempt, reversed_at, ..Self::default() }
            }
            State::CashStuck { reversed_at, attempt, refusal } => {
                Self { attempt, reversed_at, refusal: Some(refusal), ..Self::default() }
            }
            State::Succeeded { reversed_at, returned_at, attempt } => {
                Self { attempt, reversed_at, returned_at, ..Self::default() }
            }
            State::Failed { refusal } => Self { refusal: Some(refusal), ..Self::default() },
        }
    }

    fn state(self, code: &str) -> Option<State> {
        let Self { attempt, reversed_at, returned_at, refusal } = self;
        Some(match code {
            "insurance_pending" => State::InsurancePending,
            "cash_pending" => State::CashPending { reversed_at, attempt },
            "cash_stuck" => State::CashStuck { reversed_at, attempt, refusal: refusal? },
            "succeeded" => State::Succeeded { reversed_at, returned_at, attempt },
            "failed" => State::Failed { refusal: refusal? },
            _ => return None,
        })
    }
}

/// What an event tells, by column.
#[derive(Default)]
struct Told<'a> {
    attempt: u32,
    key: Option<String>,
    reference: Option<String>,
    amount: Option<Fen>,
    at: Option<Timestamp>,
    refusal: Option<&'a Refusal>,
}

impl<'a> Told<'a> {
    fn by(event: &'a Event, refund: &StoredRefund) -> Self {
        let key = |question: Question| Some(question.key(&refund.med_refund_id));
        match event {
            Event::InsuranceReversed { at } => Self {
                attempt: 1,
                key: key(Question::ReverseInsurance),
                reference: refund.insurance_order_id.as_ref().map(ToString::to_string),
                amount: Some(refund.insurance_fee),
                at: Some(*at),
                refusal: None,
            },
            Event::InsuranceRefused(refusal) => Self {
                attempt: 1,
                key: key(Question::ReverseInsurance),
                refusal: Some(refusal),
                ..Self::default()
            },
            Event::CashReturned { attempt, at } => Self {
                attempt: *attempt,
                key: key(Question::ReturnCash { attempt: *attempt }),
                reference: refund.cash_order_id.as_ref().map(ToString::to_string),
                amount: Some(refund.cash_fee),
                at: Some(*at),
                refusal: None,
            },
            Event::CashRefused { attempt, refusal } => Self {
                attempt: *attempt,
                key: key(Question::ReturnCash { attempt: *attempt }),
                refusal: Some(refusal),
                ..Self::default()
            },
            Event::StaffAsked => Self::default(),
        }
    }
}

const fn legs_word(legs: Legs) -> &'static str {
    match legs {
        Legs::Both => "both",
        Legs::Insurance => "insurance",
        Legs::Cash => "cash",
    }
}

fn legs_of(word: &str) -> Option<Legs> {
    match word {
        "both" => Some(Legs::Both),
        "insurance" => Some(Legs::Insurance),
        "cash" => Some(Legs::Cash),
        _ => None,
    }
}

fn read(row: &Row) -> Result<StoredRefund, StoreError> {
    let med_refund_id: MedRefundId = row.get(0)?;
    let corrupt = |column| StoreError::Corrupt {
        table: "refunds",
        column,
        key: med_refund_id.as_str().to_owned(),
    };
    let refusal_code: Option<String> = row.get(19)?;
    let refusal_reason: Option<String> = row.get(20)?;
    let refusal = refusal_code.zip(refusal_reason).map(|(code, reason)| Refusal { code, reason });
    let facts = Facts {
        attempt: row.get(16)?,
        reversed_at: row.get(17)?,
        returned_at: row.get(18)?,
        refusal,
    };
    let environment: String = row.get(5)?;
    let refund_type: String = row.get(6)?;
    let legs: String = row.get(9)?;
    let state: String = row.get(15)?;
    let refund = Refund {
        legs: legs_of(&legs).ok_or_else(|| corrupt("legs"))?,
        state: facts.state(&state).ok_or_else(|| corrupt("state"))?,
    };
    Ok(StoredRefund {
        merchant: row.get(1)?,
        hosp_out_refund_no: row.get(2)?,
        med_trans_id: row.get(3)?,
        hosp_out_trade_no: row.get(4)?,
        environment: Environment::parse(&environment).ok_or_else(|| corrupt("environment"))?,
        refund_type: RefundType::parse(&refund_type).ok_or_else(|| corrupt("refund_type"))?,
        cancel: (row.get(7)?, row.get(8)?),
        total_fee: row.get(10)?,
        cash_fee: row.get(11)?,
        insurance_fee: row.get(12)?,
        cash_order_id: row.get(13)?,
        insurance_order_id: row.get(14)?,
        refund,
        created_at: row.get(21)?,
        changed_at: row.get(22)?,
        version: row.get(23)?,
        med_refund_id,
    })
}
