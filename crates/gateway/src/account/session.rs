//! A session: a person, kept behind a cookie for two hours.

use super::rows::{self, Session};
use super::{cookies, mac::mac};
use crate::channels::{self, Channel};
use crate::gateway::Site;
use axum::response::Response;
use http::HeaderMap;
use medpay_domain::Openid;
use medpay_store::StoreError;

/// The cookie.
pub const COOKIE: &str = "medpay_session";
/// How long a session is good, in seconds of business time.
const SECONDS: i64 = 2 * 3600;

/// A session that was found, with what its cookie proves.
pub(super) struct Found {
    pub(super) session: Session,
    /// What a form of this session carries.
    pub(super) csrf: String,
    token_digest: String,
}

fn digest(site: &Site, token: &str) -> String {
    site.vault.digest("page session", token)
}

/// The session of a request, if it has one that is still good.
pub(super) async fn find(site: &Site, headers: &HeaderMap) -> Result<Option<Found>, StoreError> {
    let Some(token) = cookies::read(headers, COOKIE) else { return Ok(None) };
    let token_digest = digest(site, &token);
    let session = rows::find_session(site, &token_digest).await?;
    let good = |session: &Session| {
        session.appid == *site.institution.own_appid() && site.clock.now() < session.expires_at
    };
    let csrf = mac(&site.settings.page_key, "csrf", &[&site.institution.site, &token]);
    Ok(session.filter(good).map(|session| Found { session, csrf, token_digest }))
}

/// Begins a session of `openid` and lets `answer` set its cookie. Without a channel of the link it
/// is the one of the poster that the person came by once.
pub(super) async fn begin(
    site: &Site,
    answer: &mut Response,
    openid: Openid,
    channel: Option<Channel>,
) -> Result<(), StoreError> {
    let token = format!("{}{}", site.entropy.nonce(), site.entropy.nonce());
    let now = site.clock.now();
    let (org_no, appid) = (site.org_no().clone(), site.institution.own_appid().clone());
    let token_digest = digest(site, &token);
    let (vault, openid_digest) = (site.vault.clone(), openid_digest(site, &openid));
    site.store
        .write("begin a page session", move |tx| {
            let (org_no, appid, token_digest) =
                (org_no.clone(), appid.clone(), token_digest.clone());
            let (openid, channel) = (openid.clone(), channel.clone());
            let (vault, openid_digest) = (vault.clone(), openid_digest.clone());
            Box::pin(async move {
                rows::delete_expired(tx, &org_no, now).await?;
                let person = rows::find_person(tx, &org_no, &openid_digest).await?;
                let channel = channel.or(person.channel).unwrap_or_else(Channel::direct);
                channels::count_visit(tx, &org_no, now.day(), &channel).await?;
                let expires_at = now.plus_seconds(SECONDS);
                let large = person.large;
                let session = Session { appid, openid, channel, large, expires_at };
                rows::insert_session(tx, &vault, &org_no, &token_digest, &session).await
            })
        })
        .await?;
    cookies::set(site, answer, COOKIE, &token, SECONDS);
    Ok(())
}

impl Found {
    /// Notes that the person has come by another channel.
    pub(super) async fn arrive(&mut self, site: &Site, by: Channel) -> Result<(), StoreError> {
        self.session.channel = by.clone();
        let (org_no, token_digest) = (site.org_no().clone(), self.token_digest.clone());
        let day = site.clock.now().day();
        site.store
            .write("arrive by a channel", move |tx| {
                let (org_no, by, token_digest) = (org_no.clone(), by.clone(), token_digest.clone());
                Box::pin(async move {
                    if rows::change_channel(tx, &org_no, &token_digest, &by).await? {
                        channels::count_visit(tx, &org_no, day, &by).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

/// What a person is searched by.
pub(super) fn openid_digest(site: &Site, openid: &Openid) -> String {
    site.vault.digest(site.institution.own_appid().as_str(), openid.reveal())
}

/// Keeps the person's wish for large type, in all their sessions and for later ones.
pub(super) async fn want_large(
    site: &Site,
    headers: &HeaderMap,
    openid: &Openid,
    large: bool,
) -> Result<(), StoreError> {
    let Some(token) = cookies::read(headers, COOKIE) else { return Ok(()) };
    let (token_digest, openid_digest) = (digest(site, &token), openid_digest(site, openid));
    let (org_no, now) = (site.org_no().clone(), site.clock.now());
    site.store
        .write("keep the size of type", move |tx| {
            let (org_no, token_digest) = (org_no.clone(), token_digest.clone());
            let openid_digest = openid_digest.clone();
            Box::pin(async move {
                rows::want_large(tx, &org_no, &token_digest, large).await?;
                rows::remember_large(tx, &org_no, &openid_digest, large, now).await
            })
        })
        .await
}
