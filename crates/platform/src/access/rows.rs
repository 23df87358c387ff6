//! The tables of access: tokens and page sessions.

use crate::app::App;
use medpay_domain::{Appid, Day, Openid, PersonName, Timestamp};
use medpay_store::{StoreError, Tx, args};

/// A token as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredToken {
    pub appid: Appid,
    pub expires_at: Timestamp,
    pub replaced_until: Option<Timestamp>,
}

/// What is remembered of an account's stable tokens.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    pub seed: Option<String>,
    pub expires_at: Option<Timestamp>,
    pub forced_on: Option<Day>,
    pub forced_times: u32,
    pub forced_at: Option<Timestamp>,
}

/// The token with this digest.
pub(crate) async fn find_token(
    app: &App,
    digest: String,
) -> Result<Option<StoredToken>, StoreError> {
    app.store
        .read("find token", move |tx| {
            let digest = digest.clone();
            Box::pin(async move {
                let row = tx
                    .opt(
                        "SELECT appid, expires_at_ms, replaced_until_ms
                           FROM access_tokens WHERE token_digest = $1",
                        args![digest],
                    )
                    .await?;
                row.map(|row| {
                    Ok(StoredToken {
                        appid: row.get(0)?,
                        expires_at: row.get(1)?,
                        replaced_until: row.get(2)?,
                    })
                })
                .transpose()
            })
        })
        .await
}

/// Locks the account's issuer row for this transaction, making it first where it is missing.
pub(crate) async fn lock_issuer(
    tx: &mut Tx,
    appid: &Appid,
    kind: &str,
) -> Result<Issuer, StoreError> {
    let row = tx
        .one(
            "INSERT INTO token_issuers (appid, kind, version, forced_times)
             VALUES ($1, $2, 1, 0)
             ON CONFLICT (appid, kind) DO UPDATE SET version = token_issuers.version + 1
             RETURNING seed, expires_at_ms, forced_on, forced_times, forced_at_ms",
            args![appid, kind],
        )
        .await?;
    Ok(Issuer {
        seed: row.get(0)?,
        expires_at: row.get(1)?,
        forced_on: row.get(2)?,
        forced_times: row.get(3)?,
        forced_at: row.get(4)?,
    })
}

/// Keeps what the next stable token depends on; under [`lock_issuer`].
pub(crate) async fn save_issuer(
    tx: &mut Tx,
    appid: &Appid,
    kind: &str,
    issuer: &Issuer,
) -> Result<(), StoreError> {
    tx.exec(
        "UPDATE token_issuers
            SET seed = $1, expires_at_ms = $2, forced_on = $3, forced_times = $4, forced_at_ms = $5
          WHERE appid = $6 AND kind = $7",
        args![
            issuer.seed,
            issuer.expires_at,
            issuer.forced_on,
            issuer.forced_times,
            issuer.forced_at,
            appid,
            kind
        ],
    )
    .await?;
    Ok(())
}

/// Lets the account's latest token of this kind live on until `until` only.
pub(crate) async fn replace_tokens(
    tx: &mut Tx,
    appid: &Appid,
    kind: &str,
    until: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "UPDATE access_tokens SET replaced_until_ms = $1
          WHERE appid = $2 AND kind = $3 AND replaced_until_ms IS NULL",
        args![until, appid, kind],
    )
    .await?;
    Ok(())
}

/// Keeps a new token, and forgets the account's that expired before `forget_before`.
pub(crate) async fn insert_token(
    tx: &mut Tx,
    digest: &str,
    appid: &Appid,
    kind: &str,
    expires_at: Timestamp,
    forget_before: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "DELETE FROM access_tokens WHERE appid = $1 AND expires_at_ms < $2",
        args![appid, forget_before],
    )
    .await?;
    tx.exec(
        "INSERT INTO access_tokens (token_digest, appid, kind, expires_at_ms)
         VALUES ($1, $2, $3, $4)",
        args![digest, appid, kind, expires_at],
    )
    .await?;
    Ok(())
}

/// Who stands before a page.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub path: String,
    pub appid: Appid,
    pub openid: Openid,
    pub real_name: PersonName,
    pub expires_at: Timestamp,
}

/// The session with this digest, expired or not.
pub(crate) async fn find_session(app: &App, digest: &str) -> Result<Option<Session>, StoreError> {
    let digest = digest.to_owned();
    let vault = app.vault.clone();
    app.store
        .read("find page session", move |tx| {
            let (digest, vault) = (digest.clone(), vault.clone());
            Box::pin(async move {
                let row = tx
                    .opt(
                        "SELECT path, appid, openid, real_name, expires_at_ms
                           FROM page_sessions WHERE session_digest = $1",
                        args![digest],
                    )
                    .await?;
                let Some(row) = row else { return Ok(None) };
                let open = |index, column| {
                    vault.open(&row.get::<String>(index)?).map_err(|_| StoreError::Corrupt {
                        table: "page_sessions",
                        column,
                        key: digest.clone(),
                    })
                };
                Ok(Some(Session {
                    path: row.get(0)?,
                    appid: row.get(1)?,
                    openid: Openid::new(open(2, "openid")?),
                    real_name: PersonName::new(open(3, "real_name")?),
                    expires_at: row.get(4)?,
                }))
            })
        })
        .await
}

/// Keeps a session, and forgets those that have expired.
pub(crate) async fn insert_session(
    app: &App,
    digest: String,
    session: Session,
) -> Result<(), StoreError> {
    let openid = app.vault.seal(session.openid.reveal());
    let real_name = app.vault.seal(session.real_name.reveal());
    let now = app.clock.now();
    app.store
        .write("keep page session", move |tx| {
            let (digest, session) = (digest.clone(), session.clone());
            let (openid, real_name) = (openid.clone(), real_name.clone());
            Box::pin(async move {
                tx.exec("DELETE FROM page_sessions WHERE expires_at_ms < $1", args![now]).await?;
                tx.exec(
                    "INSERT INTO page_sessions
                         (session_digest, path, appid, openid, real_name, expires_at_ms)
                     VALUES ($1, $2, $3, $4, $5, $6)",
                    args![
                        digest,
                        session.path,
                        session.appid,
                        openid,
                        real_name,
                        session.expires_at
                    ],
                )
                .await?;
                Ok(())
            })
        })
        .await
}
