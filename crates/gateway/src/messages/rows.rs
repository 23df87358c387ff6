//! The tables `messages` and `message_attempts`.

use super::way::Outcome;
use super::{Kind, Message};
use medpay_domain::{HospOutTradeNo, Openid, OrgNo, Timestamp};
use medpay_store::{Row, StoreError, Tx, Vault, args};
use serde::{Deserialize, Serialize};

/// Where a message stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It will be sent, or tried again.
    Waiting,
    /// WeChat, or the platform, has taken it.
    Sent,
    /// It was not sent; the reason says why.
    NotSent,
    /// It was asked for, and no answer ever came: it may have been shown.
    Unknown,
}

impl Standing {
    /// Its word in the database and in lists.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::NotSent => "not_sent",
            Self::Unknown => "unknown",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        let all = [Self::Waiting, Self::Sent, Self::NotSent, Self::Unknown];
        all.into_iter().find(|standing| standing.word() == word)
    }
}

/// A message as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) message: Message,
    pub(super) client_msg_id: String,
    pub(super) standing: Standing,
    pub(super) reason: &'static str,
    pub(super) way: &'static str,
    pub(super) attempts: u32,
    pub(super) unknown_since: Option<Timestamp>,
    pub(super) created_at: Timestamp,
    pub(super) finished_at: Option<Timestamp>,
    version: i64,
}

/// A line of the list: nothing of it is personal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// What was told once.
    pub key: String,
    /// [`Kind::word`].
    pub kind: String,
    /// Where it stands.
    pub standing: Standing,
    /// Why it was not sent; empty otherwise.
    pub reason: String,
    /// The code with which the other side last answered; empty if with none.
    pub code: String,
    /// Which way it went; empty while it waits.
    pub way: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was put into the outbox.
    pub created_at: Timestamp,
    /// When it was sent or given up.
    pub finished_at: Option<Timestamp>,
}

/// The personal part of a message, as it is sealed.
#[derive(Serialize, Deserialize)]
struct Content {
    to: String,
    first: String,
    keywords: Vec<String>,
    remark: String,
    path: String,
}

/// Inserts a message that waits; false if its key is there already.
pub(super) async fn insert(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    message: &Message,
    client_msg_id: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let content = Content {
        to: message.to.reveal().to_owned(),
        first: message.first.clone(),
        keywords: message.keywords.clone(),
        remark: message.remark.clone(),
        path: message.path.clone(),
    };
    let content = serde_json::to_string(&content)
        .map_err(|_| StoreError::Misuse("a message cannot be written".into()))?;
    let inserted = tx
        .exec(
            "INSERT INTO messages (org_no, key, client_msg_id, kind, hosp_out_trade_no, content,
                                   state, reason, way, attempts, created_at_ms, version)
             VALUES ($1, $2, $3, $4, $5, $6, 'waiting', '', '', 0, $7, 1)
             ON CONFLICT DO NOTHING",
            args![
                org_no.as_str(),
                message.key,
                client_msg_id,
                message.kind.word(),
                message.of_order.as_ref().map(HospOutTradeNo::as_str),
                vault.seal(&content),
                now
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// The message of this number.
pub(super) async fn load(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    client_msg_id: &str,
) -> Result<Option<Stored>, StoreError> {
    let row = tx
        .opt(
            "SELECT key, kind, hosp_out_trade_no, content, state, attempts, unknown_since_ms,
                    created_at_ms, version
               FROM messages WHERE org_no = $1 AND client_msg_id = $2",
            args![org_no.as_str(), client_msg_id],
        )
        .await?;
    row.map(|row| read(&row, vault, client_msg_id)).transpose()
}

fn read(row: &Row, vault: &Vault, client_msg_id: &str) -> Result<Stored, StoreError> {
    let corrupt =
        |column| StoreError::Corrupt { table: "messages", column, key: client_msg_id.to_owned() };
    let opened = vault.open(&row.get::<String>(3)?).map_err(|_| corrupt("content"))?;
    let content: Content = serde_json::from_str(&opened).map_err(|_| corrupt("content"))?;
    let message = Message {
        key: row.get(0)?,
        to: Openid::new(content.to),
        kind: Kind::parse(&row.get::<String>(1)?).ok_or_else(|| corrupt("kind"))?,
        first: content.first,
        keywords: content.keywords,
        remark: content.remark,
        path: content.path,
        of_order: row.get::<Option<String>>(2)?.map(HospOutTradeNo::new),
    };
    Ok(Stored {
        message,
        client_msg_id: client_msg_id.to_owned(),
        standing: Standing::parse(&row.get::<String>(4)?).ok_or_else(|| corrupt("state"))?,
        reason: "",
        way: "",
        attempts: row.get(5)?,
        unknown_since: row.get(6)?,
        created_at: row.get(7)?,
        finished_at: None,
        version: row.get(8)?,
    })
}

/// Writes where a message stands now, if the row still has the version that was read.
pub(super) async fn save(tx: &mut Tx, org_no: &OrgNo, stored: &Stored) -> Result<bool, StoreError> {
    let changed = tx
        .exec(
            "UPDATE messages SET state = $1, reason = $2, way = $3, attempts = $4,
                    unknown_since_ms = $5, finished_at_ms = $6, version = version + 1
              WHERE org_no = $7 AND client_msg_id = $8 AND version = $9",
            args![
                stored.standing.word(),
                stored.reason,
                stored.way,
                stored.attempts,
                stored.unknown_since,
                stored.finished_at,
                org_no.as_str(),
                stored.client_msg_id,
                stored.version
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Records that a way was tried in the attempt that `stored` counts.
pub(super) async fn insert_attempt(
    tx: &mut Tx,
    org_no: &OrgNo,
    stored: &Stored,
    (way, outcome): (&'static str, &Outcome),
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO message_attempts (org_no, client_msg_id, number, way, outcome, code, at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![
            org_no.as_str(),
            stored.client_msg_id,
            stored.attempts,
            way,
            outcome.word(),
            outcome.code(),
            at
        ],
    )
    .await?;
    Ok(())
}

/// The newest messages of a hospital.
pub(super) async fn list(
    tx: &mut Tx,
    org_no: &OrgNo,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    let rows = tx
        .all(
            // Of two ways in one attempt sendmsg is the later.
            "SELECT key, kind, state, reason, way, attempts, created_at_ms, finished_at_ms,
                    COALESCE((SELECT code FROM message_attempts
                               WHERE message_attempts.org_no = messages.org_no
                                 AND message_attempts.client_msg_id = messages.client_msg_id
                               ORDER BY number DESC, message_attempts.way LIMIT 1), '')
               FROM messages WHERE org_no = $1
              ORDER BY created_at_ms DESC, key LIMIT $2",
            args![org_no.as_str(), limit],
        )
        .await?;
    rows.iter().map(read_listed).collect()
}

fn read_listed(row: &Row) -> Result<Listed, StoreError> {
    let key: String = row.get(0)?;
    let standing = Standing::parse(&row.get::<String>(2)?).ok_or_else(|| StoreError::Corrupt {
        table: "messages",
        column: "state",
        key: key.clone(),
    })?;
    Ok(Listed {
        kind: row.get(1)?,
        standing,
        reason: row.get(3)?,
        way: row.get(4)?,
        attempts: row.get(5)?,
        created_at: row.get(6)?,
        finished_at: row.get(7)?,
        code: row.get(8)?,
        key,
    })
}
