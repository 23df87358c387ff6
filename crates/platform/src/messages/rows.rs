//! The table of template messages.

use medpay_domain::{MedTransId, Timestamp};
use medpay_store::{StoreError, Tx, args};

/// A message as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub client_msg_id: String,
    pub sent: bool,
}

/// The message of this request.
pub(crate) async fn find(
    tx: &mut Tx,
    med_trans_id: &MedTransId,
    request_digest: &str,
) -> Result<Option<Message>, StoreError> {
    let row = tx
        .opt(
            "SELECT client_msg_id, sent_at_ms FROM messages
              WHERE med_trans_id = $1 AND request_digest = $2",
            args![med_trans_id, request_digest],
        )
        .await?;
    row.map(|row| {
        Ok(Message { client_msg_id: row.get(0)?, sent: row.get::<Option<Timestamp>>(1)?.is_some() })
    })
    .transpose()
}

/// Keeps a message, unless there is one.
pub(crate) async fn insert(
    tx: &mut Tx,
    med_trans_id: &MedTransId,
    request_digest: &str,
    msg_type: &str,
    client_msg_id: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO messages (med_trans_id, request_digest, msg_type, client_msg_id, created_at_ms)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (med_trans_id, request_digest) DO NOTHING",
        args![med_trans_id, request_digest, msg_type, client_msg_id, now],
    )
    .await?;
    Ok(())
}

/// WeChat has taken it.
pub(crate) async fn mark_sent(
    tx: &mut Tx,
    med_trans_id: &MedTransId,
    request_digest: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "UPDATE messages SET sent_at_ms = $1
          WHERE med_trans_id = $2 AND request_digest = $3 AND sent_at_ms IS NULL",
        args![now, med_trans_id, request_digest],
    )
    .await?;
    Ok(())
}
