//! The tables `notifications` and `notification_attempts`.

use medpay_domain::{MedTransId, Timestamp};
use medpay_store::{Row, StoreError, Tx, args};

/// How a notification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It will be sent, or sent again.
    Waiting,
    /// The hospital said SUCCESS.
    Acknowledged,
    /// The whole schedule was tried in vain.
    GivenUp,
}

impl Standing {
    /// Its word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Acknowledged => "acknowledged",
            Self::GivenUp => "given_up",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        match word {
            "waiting" => Some(Self::Waiting),
            "acknowledged" => Some(Self::Acknowledged),
            "given_up" => Some(Self::GivenUp),
            _ => None,
        }
    }
}

/// The notification of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredNotification {
    /// The order.
    pub med_trans_id: MedTransId,
    /// How it stands.
    pub standing: Standing,
    /// How often it was sent since it was begun or last replayed.
    pub attempts: u32,
    /// When the order was paid, as we learnt it.
    pub created_at: Timestamp,
    /// When it was acknowledged or given up.
    pub finished_at: Option<Timestamp>,
    /// Rises with every change.
    pub version: i64,
}

/// What came of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// SUCCESS.
    Acknowledged,
    /// An answer that is not SUCCESS.
    OtherAnswer,
    /// The hospital was not reached.
    NotSent,
    /// It was sent, and no answer came.
    Unknown,
}

impl Outcome {
    /// Its word in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::OtherAnswer => "other_answer",
            Self::NotSent => "not_sent",
            Self::Unknown => "unknown",
        }
    }
}

/// One attempt, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// What came of it.
    pub outcome: Outcome,
    /// The HTTP status, if there was an answer.
    pub status: Option<u32>,
    /// When it was sent.
    pub at: Timestamp,
    /// How long the hospital took, in machine milliseconds.
    pub took_ms: i64,
}

const COLUMNS: &str = "med_trans_id, state, attempts, created_at_ms, finished_at_ms, version";

/// Begins the notification of an order that has just been paid; a second time changes nothing.
pub(crate) async fn insert(
    tx: &mut Tx,
    med_trans_id: &MedTransId,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO notifications (med_trans_id, state, attempts, created_at_ms, version)
         VALUES ($1, 'waiting', 0, $2, 1) ON CONFLICT (med_trans_id) DO NOTHING",
        args![med_trans_id, now],
    )
    .await?;
    Ok(())
}

/// The notification of an order.
pub(crate) async fn load(
    tx: &mut Tx,
    med_trans_id: &MedTransId,
) -> Result<Option<StoredNotification>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM notifications WHERE med_trans_id = $1");
    tx.opt(&sql, args![med_trans_id]).await?.as_ref().map(read).transpose()
}

/// Writes how a notification stands now, if the row still has the version that was read.
pub(crate) async fn save(
    tx: &mut Tx,
    notification: &StoredNotification,
) -> Result<bool, StoreError> {
    let changed = tx
        .exec(
            "UPDATE notifications SET state = $1, attempts = $2, finished_at_ms = $3,
                 version = version + 1
             WHERE med_trans_id = $4 AND version = $5",
            args![
                notification.standing.as_str(),
                notification.attempts,
                notification.finished_at,
                notification.med_trans_id,
                notification.version
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Records one attempt.
pub(crate) async fn insert_attempt(
    tx: &mut Tx,
    med_trans_id: &MedTransId,
    attempt: &Attempt,
) -> Result<(), StoreError> {
    let number: i64 = tx
        .one(
            "SELECT COALESCE(MAX(number), 0) + 1 FROM notification_attempts
              WHERE med_trans_id = $1",
            args![med_trans_id],
        )
        .await?
        .get(0)?;
    tx.exec(
        "INSERT INTO notification_attempts (med_trans_id, number, outcome, status, at_ms, took_ms)
         VALUES ($1, $2, $3, $4, $5, $6)",
        args![
            med_trans_id,
            number,
            attempt.outcome.as_str(),
            attempt.status,
            attempt.at,
            attempt.took_ms
        ],
    )
    .await?;
    Ok(())
}

/// The notifications of one standing, oldest first.
pub(crate) async fn standing(
    tx: &mut Tx,
    standing: Standing,
) -> Result<Vec<StoredNotification>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM notifications WHERE state = $1
          ORDER BY created_at_ms, med_trans_id"
    );
    tx.all(&sql, args![standing.as_str()]).await?.iter().map(read).collect()
}

/// Every notification, oldest first.
pub(crate) async fn all(tx: &mut Tx) -> Result<Vec<StoredNotification>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM notifications ORDER BY created_at_ms, med_trans_id");
    tx.all(&sql, args![]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<StoredNotification, StoreError> {
    let med_trans_id: MedTransId = row.get(0)?;
    let word: String = row.get(1)?;
    let standing = Standing::parse(&word).ok_or_else(|| StoreError::Corrupt {
        table: "notifications",
        column: "state",
        key: med_trans_id.as_str().to_owned(),
    })?;
    Ok(StoredNotification {
        standing,
        attempts: row.get(2)?,
        created_at: row.get(3)?,
        finished_at: row.get(4)?,
        version: row.get(5)?,
        med_trans_id,
    })
}
