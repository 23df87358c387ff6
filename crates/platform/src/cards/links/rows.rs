//! The tables of bind links and consents.

use super::BindLink;
use crate::cards::Holder;
use crate::cards::rows::{environment_code, environment_from_code};
use crate::vault::Vault;
use medpay_domain::platform::bind_link::State;
use medpay_domain::{Appid, Openid, Timestamp};
use medpay_store::{StoreError, Tx, args};

/// Keeps a new link.
pub(crate) async fn insert_link(
    tx: &mut Tx,
    vault: &Vault,
    link: &BindLink,
    source: Option<&str>,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO bind_links (link_digest, token_appid, openid, url, source, city_id, state,
                version, issued_at_ms, expires_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9)",
        args![
            link.digest,
            link.token_appid,
            vault.seal(link.openid.reveal()),
            link.url,
            source,
            link.city_id,
            link.state.code(),
            now,
            expires_at
        ],
    )
    .await?;
    Ok(())
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
