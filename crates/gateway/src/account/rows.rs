//! The tables `page_sessions`, `people` and `callbacks`.

use crate::channels::Channel;
use crate::gateway::Site;
use medpay_domain::{Appid, Openid, OrgNo, Timestamp};
use medpay_store::{Row, StoreError, Tx, Vault, args};

/// A session as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// The account that the openid belongs to.
    pub(super) appid: Appid,
    pub(super) openid: Openid,
    pub(super) channel: Channel,
    pub(super) large: bool,
    pub(super) expires_at: Timestamp,
}

/// What is remembered of a person.
#[derive(Clone, Debug, Default)]
pub(super) struct Person {
    pub(super) channel: Option<Channel>,
    pub(super) large: bool,
}

/// The session of a cookie's digest.
pub(super) async fn find_session(
    site: &Site,
    token_digest: &str,
) -> Result<Option<Session>, StoreError> {
    let (org_no, token_digest) = (site.org_no().clone(), token_digest.to_owned());
    let row = site
        .store
        .read("find a page session", move |tx| {
            let (org_no, token_digest) = (org_no.clone(), token_digest.clone());
            Box::pin(async move {
                tx.opt(
                    "SELECT appid, openid, channel, large, expires_at_ms
                       FROM page_sessions WHERE org_no = $1 AND token_digest = $2",
                    args![org_no, token_digest],
                )
                .await
            })
        })
        .await?;
    Ok(row.map(|row| session(&site.vault, &row)).transpose()?.flatten())
}

/// None if it was sealed by somebody else: then it is no session.
fn session(vault: &Vault, row: &Row) -> Result<Option<Session>, StoreError> {
    let Ok(openid) = vault.open(&row.get::<String>(1)?) else { return Ok(None) };
    Ok(Some(Session {
        appid: row.get(0)?,
        openid: Openid::new(openid),
        channel: Channel::parse(&row.get::<String>(2)?).unwrap_or_else(Channel::direct),
        large: row.get(3)?,
        expires_at: row.get(4)?,
    }))
}

/// Keeps a new session.
pub(super) async fn insert_session(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    token_digest: &str,
    session: &Session,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO page_sessions (org_no, token_digest, appid, openid, channel, large,
                                    expires_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![
            org_no,
            token_digest,
            session.appid,
            vault.seal(session.openid.reveal()),
            session.channel.as_str(),
            session.large,
            session.expires_at
        ],
    )
    .await?;
    Ok(())
}

/// Removes the sessions that are over.
pub(super) async fn delete_expired(
    tx: &mut Tx,
    org_no: &OrgNo,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "DELETE FROM page_sessions WHERE org_no = $1 AND expires_at_ms < $2",
        args![org_no, now],
    )
    .await?;
    Ok(())
}

/// Gives a session another channel; false if it has that one.
pub(super) async fn change_channel(
    tx: &mut Tx,
    org_no: &OrgNo,
    token_digest: &str,
    channel: &Channel,
) -> Result<bool, StoreError> {
    let changed = tx
        .exec(
            "UPDATE page_sessions SET channel = $3
              WHERE org_no = $1 AND token_digest = $2 AND channel <> $3",
            args![org_no, token_digest, channel.as_str()],
        )
        .await?;
    Ok(changed == 1)
}

/// Keeps a session's size of type.
pub(super) async fn want_large(
    tx: &mut Tx,
    org_no: &OrgNo,
    token_digest: &str,
    large: bool,
) -> Result<(), StoreError> {
    tx.exec(
        "UPDATE page_sessions SET large = $3 WHERE org_no = $1 AND token_digest = $2",
        args![org_no, token_digest, large],
    )
    .await?;
    Ok(())
}

/// What is remembered of a person; nothing of somebody new.
pub(super) async fn find_person(
    tx: &mut Tx,
    org_no: &OrgNo,
    openid_digest: &str,
) -> Result<Person, StoreError> {
    let row = tx
        .opt(
            "SELECT channel, large FROM people WHERE org_no = $1 AND openid_digest = $2",
            args![org_no, openid_digest],
        )
        .await?;
    let Some(row) = row else { return Ok(Person::default()) };
    let channel = row.get::<Option<String>>(0)?;
    Ok(Person { channel: channel.and_then(|it| Channel::parse(&it)), large: row.get(1)? })
}

/// Remembers a person's size of type.
pub(super) async fn remember_large(
    tx: &mut Tx,
    org_no: &OrgNo,
    openid_digest: &str,
    large: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO people (org_no, openid_digest, large, updated_at_ms) VALUES ($1, $2, $3, $4)
         ON CONFLICT (org_no, openid_digest) DO UPDATE
            SET large = excluded.large, updated_at_ms = excluded.updated_at_ms",
        args![org_no, openid_digest, large, now],
    )
    .await?;
    Ok(())
}

/// Remembers whether a person follows, and the channel of the code that was scanned, if one was.
pub(super) async fn remember_following(
    tx: &mut Tx,
    org_no: &OrgNo,
    openid_digest: &str,
    follows: bool,
    channel: Option<&Channel>,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO people (org_no, openid_digest, follows, channel, large, updated_at_ms)
         VALUES ($1, $2, $3, $4, 0, $5)
         ON CONFLICT (org_no, openid_digest) DO UPDATE
            SET follows = excluded.follows,
                channel = COALESCE(excluded.channel, people.channel),
                updated_at_ms = excluded.updated_at_ms",
        args![org_no, openid_digest, follows, channel.map(Channel::as_str), now],
    )
    .await?;
    Ok(())
}

/// Takes down that WeChat told something; false if it was told before.
pub(super) async fn insert_callback(
    tx: &mut Tx,
    org_no: &OrgNo,
    key: &str,
    reply: Option<&str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let inserted = tx
        .exec(
            "INSERT INTO callbacks (org_no, key, reply, received_at_ms) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            args![org_no, key, reply, now],
        )
        .await?;
    Ok(inserted == 1)
}

/// What was answered the first time.
pub(super) async fn callback_reply(
    tx: &mut Tx,
    org_no: &OrgNo,
    key: &str,
) -> Result<Option<String>, StoreError> {
    tx.one("SELECT reply FROM callbacks WHERE org_no = $1 AND key = $2", args![org_no, key])
        .await?
        .get(0)
}

/// Forgets what was told before `before`.
pub(super) async fn forget_callbacks(
    tx: &mut Tx,
    org_no: &OrgNo,
    before: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "DELETE FROM callbacks WHERE org_no = $1 AND received_at_ms < $2",
        args![org_no, before],
    )
    .await?;
    Ok(())
}

/// Whether a person is known to follow.
pub(super) async fn follows(site: &Site, openid_digest: &str) -> Result<Option<bool>, StoreError> {
    let (org_no, openid_digest) = (site.org_no().clone(), openid_digest.to_owned());
    let row = site
        .store
        .read("whether a person follows", move |tx| {
            let (org_no, openid_digest) = (org_no.clone(), openid_digest.clone());
            Box::pin(async move {
                tx.opt(
                    "SELECT follows FROM people WHERE org_no = $1 AND openid_digest = $2",
                    args![org_no, openid_digest],
                )
                .await
            })
        })
        .await?;
    row.map_or(Ok(None), |row| row.get(0))
}
