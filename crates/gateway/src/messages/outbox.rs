//! Where messages wait.

use super::{Message, deliver, rows};
use crate::gateway::Site;
use medpay_domain::Timestamp;
use medpay_store::{NewJob, StoreError, Tx};

/// Puts `message` into the outbox, in the transaction of what it tells of; answers whether it is
/// new. It is sent once the transaction stands, or after the quiet hours.
pub(crate) async fn put(
    tx: &mut Tx,
    site: &Site,
    message: &Message,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let org_no = site.org_no();
    let client_msg_id = client_msg_id(site, &message.key);
    if !rows::insert(tx, &site.vault, org_no, message, &client_msg_id, now).await? {
        return Ok(false);
    }
    let job = NewJob {
        queue: deliver::QUEUE,
        key: client_msg_id,
        payload: org_no.as_str().to_owned(),
        due: deliver::begin_at(site, message.kind, now),
    };
    tx.push_job(&job).await?;
    Ok(true)
}

/// The number by which WeChat knows a message: the same whoever computes it, and at most the 32
/// characters that it takes.
fn client_msg_id(site: &Site, key: &str) -> String {
    let mut digest = site.vault.digest(&format!("message {}", site.org_no()), key);
    digest.truncate(32);
    digest
}
