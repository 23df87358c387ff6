//! The table `his_keys`.

use medpay_domain::{Elapsed, OrgNo, Timestamp};
use medpay_store::{StoreError, Tx, args};

/// How long a key is remembered, in milliseconds of business time.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// A call as its key knows it.
#[derive(Clone, Debug)]
pub(super) struct Keyed {
    pub(super) org_no: OrgNo,
    pub(super) key: String,
    pub(super) name: &'static str,
    pub(super) body_digest: String,
}

/// Whose turn it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Claim {
    /// Ours, until this moment.
    Ours(Elapsed),
    /// It was carried out: status, and the sealed answer.
    Done(u32, String),
    /// The key stands for another call or another body.
    OtherWords,
    /// Somebody is carrying it out.
    Busy,
}

/// Takes the call of this key, if nobody has.
pub(super) async fn claim(
    tx: &mut Tx,
    call: &Keyed,
    now: Timestamp,
    elapsed: Elapsed,
    lease_ms: i64,
) -> Result<Claim, StoreError> {
    let until = elapsed.plus_ms(lease_ms);
    let taken = tx
        .exec(
            "INSERT INTO his_keys (org_no, key, name, body_digest, busy_until_ms, created_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (org_no, key) DO NOTHING",
            args![call.org_no, call.key, call.name, call.body_digest, until, now],
        )
        .await?;
    if taken == 1 {
        forget_old(tx, &call.org_no, now).await?;
        return Ok(Claim::Ours(until));
    }
    let row = tx
        .one(
            "SELECT name, body_digest, status, answer, busy_until_ms
               FROM his_keys WHERE org_no = $1 AND key = $2",
            args![call.org_no, call.key],
        )
        .await?;
    if row.get::<String>(0)? != call.name || row.get::<String>(1)? != call.body_digest {
        return Ok(Claim::OtherWords);
    }
    if let (Some(status), Some(answer)) = (row.get::<Option<u32>>(2)?, row.get(3)?) {
        return Ok(Claim::Done(status, answer));
    }
    let busy_until: Elapsed = row.get(4)?;
    if busy_until > elapsed {
        return Ok(Claim::Busy);
    }
    // Whoever was at it has died: every call can be carried out twice without harm.
    let taken_over = tx
        .exec(
            "UPDATE his_keys SET busy_until_ms = $1
              WHERE org_no = $2 AND key = $3 AND status IS NULL AND busy_until_ms = $4",
            args![until, call.org_no, call.key, busy_until],
        )
        .await?;
    Ok(if taken_over == 1 { Claim::Ours(until) } else { Claim::Busy })
}

/// Writes down what was answered; nothing if somebody else has taken the call over.
pub(super) async fn finish(
    tx: &mut Tx,
    call: &Keyed,
    ours: Elapsed,
    status: u32,
    sealed: &str,
) -> Result<(), StoreError> {
    tx.exec(
        "UPDATE his_keys SET status = $1, answer = $2
          WHERE org_no = $3 AND key = $4 AND status IS NULL AND busy_until_ms = $5",
        args![status, sealed, call.org_no, call.key, ours],
    )
    .await?;
    Ok(())
}

/// Lets go of a call that came to no answer, so that it can be asked again at once.
pub(super) async fn let_go(tx: &mut Tx, call: &Keyed, ours: Elapsed) -> Result<(), StoreError> {
    tx.exec(
        "DELETE FROM his_keys
          WHERE org_no = $1 AND key = $2 AND status IS NULL AND busy_until_ms = $3",
        args![call.org_no, call.key, ours],
    )
    .await?;
    Ok(())
}

async fn forget_old(tx: &mut Tx, org_no: &OrgNo, now: Timestamp) -> Result<(), StoreError> {
    let before = now.plus_ms(-KEPT_MS);
    tx.exec("DELETE FROM his_keys WHERE org_no = $1 AND created_at_ms < $2", args![org_no, before])
        .await?;
    Ok(())
}
