//! The tables of scanned codes and of their uses.

use super::{Redemption, ScanFault, auth_digest, token_digest};
use crate::cards::Holder;
use crate::cards::rows::{environment_code, environment_from_code};
use medpay_domain::{Openid, Timestamp};
use medpay_store::Vault;
use medpay_store::{Row, StoreError, Tx, args};

/// A scanned code, as its merchant was answered.
#[derive(Clone, Debug)]
pub(crate) struct Scanned {
    pub auth_digest: String,
    pub merchant: String,
    pub seed: String,
    pub holder: Holder,
    pub expires_at: Timestamp,
}

/// What `merchant` was answered for this code.
pub(crate) async fn find_scanned(
    tx: &mut Tx,
    vault: &Vault,
    auth_digest: &str,
    merchant: &str,
) -> Result<Option<Scanned>, StoreError> {
    let row = tx
        .opt(
            "SELECT auth_digest, merchant, seed, environment, appid, openid, expires_at_ms
               FROM scans WHERE auth_digest = $1 AND merchant = $2",
            args![auth_digest, merchant],
        )
        .await?;
    row.map(|row| read_scanned(&row, vault)).transpose()
}

fn read_scanned(row: &Row, vault: &Vault) -> Result<Scanned, StoreError> {
    let auth_digest: String = row.get(0)?;
    let corrupt = |column| StoreError::Corrupt { table: "scans", column, key: auth_digest.clone() };
    let environment =
        environment_from_code(&row.get::<String>(3)?).ok_or_else(|| corrupt("environment"))?;
    let openid = vault.open(&row.get::<String>(5)?).map_err(|_| corrupt("openid"))?;
    Ok(Scanned {
        merchant: row.get(1)?,
        seed: row.get(2)?,
        holder: Holder { environment, appid: row.get(4)?, openid: Openid::new(openid) },
        expires_at: row.get(6)?,
        auth_digest,
    })
}

/// Keeps a code's answer. False if the merchant has got one already.
pub(crate) async fn insert_scanned(
    tx: &mut Tx,
    vault: &Vault,
    scanned: &Scanned,
    token_digest: &str,
) -> Result<bool, StoreError> {
    let inserted = tx
        .exec(
            "INSERT INTO scans (auth_digest, merchant, token_digest, seed, environment, appid,
                    openid, expires_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (auth_digest, merchant) DO NOTHING",
            args![
                scanned.auth_digest,
                scanned.merchant,
                token_digest,
                scanned.seed,
                environment_code(scanned.holder.environment),
                scanned.holder.appid,
                vault.seal(scanned.holder.openid.reveal()),
                scanned.expires_at
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Whose token it is, if it is good for this use.
pub(crate) async fn check(
    tx: &mut Tx,
    vault: &Vault,
    redemption: &Redemption,
) -> Result<Result<Holder, ScanFault>, StoreError> {
    let token = token_digest(vault, redemption.scan.token.as_str());
    let row = tx
        .opt(
            "SELECT auth_digest, merchant, seed, environment, appid, openid, expires_at_ms
               FROM scans WHERE token_digest = $1",
            args![token],
        )
        .await?;
    let Some(row) = row else { return Ok(Err(ScanFault::Invalid)) };
    let scanned = read_scanned(&row, vault)?;
    let code = auth_digest(vault, redemption.scan.auth_code.as_str());
    if scanned.auth_digest != code || scanned.merchant != redemption.merchant {
        return Ok(Err(ScanFault::Invalid));
    }
    if scanned.expires_at <= redemption.now {
        return Ok(Err(ScanFault::Expired));
    }
    let used_for = used_for(tx, &token, redemption).await?;
    if used_for.is_some_and(|number| number != redemption.hosp_out_trade_no.as_str()) {
        return Ok(Err(ScanFault::Expired));
    }
    Ok(Ok(scanned.holder))
}

async fn used_for(
    tx: &mut Tx,
    token: &str,
    redemption: &Redemption,
) -> Result<Option<String>, StoreError> {
    tx.opt(
        "SELECT hosp_out_trade_no FROM scan_uses WHERE token_digest = $1 AND kind = $2",
        args![token, redemption.kind.code()],
    )
    .await?
    .map(|row| row.get(0))
    .transpose()
}

/// Marks the token as used for this order; false if it is for another.
pub(crate) async fn use_token(
    tx: &mut Tx,
    vault: &Vault,
    redemption: &Redemption,
) -> Result<bool, StoreError> {
    let token = token_digest(vault, redemption.scan.token.as_str());
    let inserted = tx
        .exec(
            "INSERT INTO scan_uses (token_digest, kind, hosp_out_trade_no, used_at_ms)
             VALUES ($1, $2, $3, $4) ON CONFLICT (token_digest, kind) DO NOTHING",
            args![token, redemption.kind.code(), redemption.hosp_out_trade_no, redemption.now],
        )
        .await?;
    if inserted == 1 {
        return Ok(true);
    }
    let used_for = used_for(tx, &token, redemption).await?;
    Ok(used_for.as_deref() == Some(redemption.hosp_out_trade_no.as_str()))
}
