//! The tables of bind links and consents.

use super::BindLink;
use crate::cards::Holder;
use crate::cards::rows::{environment_code, environment_from_code};
use medpay_domain::platform::bind_link::State;
use medpay_domain::{Appid, Openid, Timestamp};
use medpay_store::Vault;
use medpay_store::{StoreError, Tx, args};

/// What a new link has beside what its visitors need.
#[derive(Clone)]
pub(crate) struct NewLink {
    pub link: BindLink,
    pub seed: String,
    pub request_digest: String,
    /// 来源统计.
    pub source: Option<String>,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Keeps a new link.
pub(crate) async fn insert_link(
    tx: &mut Tx,
    vault: &Vault,
    new: &NewLink,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO bind_links (link_digest, seed, request_digest, token_appid, openid, url,
                source, city_id, state, version, issued_at_ms, expires_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        args![
            new.link.digest,
            new.seed,
            new.request_digest,
            new.link.token_appid,
            vault.seal(new.link.openid.reveal()),
            new.link.url,
            new.source,
            new.link.city_id,
            new.link.state.code(),
            new.link.version,
            new.issued_at,
            new.expires_at
        ],
    )
    .await?;
    Ok(())
}

/// The seed and the end of the latest link of this request that can still be used.
pub(crate) async fn find_living(
    tx: &mut Tx,
    request_digest: &str,
    now: Timestamp,
) -> Result<Option<(String, Timestamp)>, StoreError> {
    let row = tx
        .opt(
            "SELECT seed, expires_at_ms FROM bind_links
              WHERE request_digest = $1 AND state = 'issued' AND expires_at_ms > $2
              ORDER BY expires_at_ms DESC, link_digest LIMIT 1",
            args![request_digest, now],
        )
        .await?;
    row.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// The link with this digest.
pub(crate) async fn find_link(
    tx: &mut Tx,
    vault: &Vault,
    digest: &str,
) -> Result<Option<BindLink>, StoreError> {
    let row = tx
        .opt(
            "SELECT token_appid, openid, url, city_id, state, version, expires_at_ms
               FROM bind_links WHERE link_digest = $1",
            args![digest],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let corrupt =
        |column| StoreError::Corrupt { table: "bind_links", column, key: digest.to_owned() };
    let state = match row.get::<String>(4)?.as_str() {
        "issued" => State::Issued { expires_at: row.get(6)? },
        "used" => State::Used,
        "expired" => State::Expired,
        _ => return Err(corrupt("state")),
    };
    let openid = vault.open(&row.get::<String>(1)?).map_err(|_| corrupt("openid"))?;
    Ok(Some(BindLink {
        digest: digest.to_owned(),
        token_appid: row.get(0)?,
        openid: Openid::new(openid),
        url: row.get(2)?,
        city_id: row.get(3)?,
        state,
        version: row.get(5)?,
    }))
}

/// Writes the link's new state, unless somebody changed the link since it was read: then false.
pub(crate) async fn save_link(
    tx: &mut Tx,
    link: &BindLink,
    state: State,
) -> Result<bool, StoreError> {
    let changed = tx
        .exec(
            "UPDATE bind_links SET state = $1, version = version + 1
              WHERE link_digest = $2 AND version = $3",
            args![state.code(), link.digest, link.version],
        )
        .await?;
    Ok(changed == 1)
}

/// A consent to hand name and document to the hospital (PROTOCOL 2.6).
#[derive(Clone, Debug)]
pub(crate) struct Consent {
    pub token_appid: Appid,
    pub holder: Holder,
    pub expires_at: Timestamp,
}

/// Keeps a consent under the digest of its code.
pub(crate) async fn insert_consent(
    tx: &mut Tx,
    vault: &Vault,
    code_digest: &str,
    consent: &Consent,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO consents (code_digest, token_appid, environment, appid, openid, expires_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6)",
        args![
            code_digest,
            consent.token_appid,
            environment_code(consent.holder.environment),
            consent.holder.appid,
            vault.seal(consent.holder.openid.reveal()),
            consent.expires_at
        ],
    )
    .await?;
    Ok(())
}

/// The consent under the digest of a code.
pub(crate) async fn find_consent(
    tx: &mut Tx,
    vault: &Vault,
    code_digest: &str,
) -> Result<Option<Consent>, StoreError> {
    let row = tx
        .opt(
            "SELECT token_appid, environment, appid, openid, expires_at_ms
               FROM consents WHERE code_digest = $1",
            args![code_digest],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let corrupt =
        |column| StoreError::Corrupt { table: "consents", column, key: code_digest.to_owned() };
    let environment =
        environment_from_code(&row.get::<String>(1)?).ok_or_else(|| corrupt("environment"))?;
    let openid = vault.open(&row.get::<String>(3)?).map_err(|_| corrupt("openid"))?;
    Ok(Some(Consent {
        token_appid: row.get(0)?,
        holder: Holder { environment, appid: row.get(2)?, openid: Openid::new(openid) },
        expires_at: row.get(4)?,
    }))
}

/// Uses a consent up; false if somebody else has.
pub(crate) async fn delete_consent(tx: &mut Tx, code_digest: &str) -> Result<bool, StoreError> {
    let deleted =
        tx.exec("DELETE FROM consents WHERE code_digest = $1", args![code_digest]).await?;
    Ok(deleted == 1)
}
