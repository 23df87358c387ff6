//! `GET|POST /wechat/{site}`: WeChat tells the account's server what its people do (PROTOCOL 7.4).
//!
//! Whatever is not signed with the account's token is refused and changes nothing. What is signed
//! and cannot be read is answered `success`, so that it does not come again. No other party is
//! asked on the way, so an answer takes as long as one write of ours, far below the five seconds.

use super::answers::{self, Effect};
use super::{rows, session};
use crate::at::At;
use crate::gateway::Site;
use axum::body::Bytes;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use medpay_store::StoreError;
use medpay_wire::public_account::callback::{CallbackFault, Incoming, SUCCESS};
use medpay_wire::public_account::crypto::{CryptFault, MessageCrypt, Stamp};
use medpay_wire::public_account::is_from_account;
use serde::Deserialize;

/// How long a told event is remembered, in seconds; WeChat repeats within fifteen.
const REMEMBERED_SECONDS: i64 = 86_400;

/// What the address carries.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(crate) struct Signed {
    signature: String,
    timestamp: String,
    nonce: String,
    echostr: String,
    encrypt_type: String,
    msg_signature: String,
}

/// Why a post is not acted on.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    /// Not signed by one who knows the account's token.
    #[error("the signature is wrong")]
    Signature,
    /// Not encrypted, where nothing else is taken.
    #[error("not encrypted")]
    NotEncrypted,
    /// Encrypted, but not as it should be.
    #[error(transparent)]
    Crypt(#[from] CryptFault),
    /// Signed, but not to be read.
    #[error(transparent)]
    Unreadable(#[from] CallbackFault),
    /// Ours: WeChat tells it again.
    #[error("it was not taken down")]
    Store(#[from] StoreError),
}

impl CallbackError {
    /// The only place where this error meets the wire.
    fn answer(&self) -> Response {
        match self {
            Self::Signature | Self::NotEncrypted | Self::Crypt(_) => {
                StatusCode::FORBIDDEN.into_response()
            }
            Self::Unreadable(_) => text(SUCCESS.to_owned()),
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    }
}

/// `GET`: the console's check of the address.
pub(crate) async fn check(At(site): At, Query(signed): Query<Signed>) -> Response {
    if is_signed(&site, &signed) {
        text(signed.echostr)
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}

/// `POST`: a message or an event.
pub(crate) async fn receive(At(site): At, Query(signed): Query<Signed>, body: Bytes) -> Response {
    let org_no = site.org_no().as_str();
    match take(&site, &signed, &body).await {
        Ok(answer) => answer,
        Err(error) => {
            if let CallbackError::Store(error) = &error {
                tracing::error!(org_no, %error, "a callback of WeChat was not taken down");
            } else {
                tracing::info!(org_no, %error, "a callback of WeChat was refused");
            }
            error.answer()
        }
    }
}

async fn take(site: &Site, signed: &Signed, body: &[u8]) -> Result<Response, CallbackError> {
    let Some(hospital) = site.hospital() else { return Err(CallbackError::Signature) };
    let crypt = hospital.callback.aes_key.clone().map(|key| {
        let token = String::from_utf8_lossy(hospital.callback.token.reveal());
        MessageCrypt::new(token, key, site.institution.own_appid().as_str())
    });
    let encrypted = signed.encrypt_type == "aes" || !signed.msg_signature.is_empty();
    let crypt = crypt.filter(|_| encrypted);
    let incoming = match &crypt {
        Some(crypt) => {
            let stamp = Stamp { timestamp: &signed.timestamp, nonce: &signed.nonce };
            let plain = crypt.open_post(body, stamp, &signed.msg_signature)?;
            Incoming::read(plain.as_bytes())?
        }
        None if !is_signed(site, signed) => return Err(CallbackError::Signature),
        None if hospital.callback.only_encrypted => return Err(CallbackError::NotEncrypted),
        None => Incoming::read(body)?,
    };
    let reply = answer_once(site, &incoming).await?;
    tracing::info!(
        org_no = site.org_no().as_str(),
        kind = incoming.kind(),
        answered = reply.is_some(),
        "WeChat told the account's server"
    );
    let seconds = site.clock.now().as_ms() / 1000;
    let document = reply.map(|words| incoming.reply(words, seconds).write());
    Ok(match (document, crypt) {
        (None, _) => text(SUCCESS.to_owned()),
        (Some(document), None) => xml(document),
        (Some(document), Some(crypt)) => {
            let mut random = [0; 16];
            site.entropy.fill(&mut random);
            let (timestamp, nonce) = (seconds.to_string(), site.entropy.nonce());
            let stamp = Stamp { timestamp: &timestamp, nonce: &nonce };
            xml(crypt.seal_answer(&document, stamp, random))
        }
    })
}

/// What is answered: the first time with its effect, the next times the same without.
async fn answer_once(site: &Site, incoming: &Incoming) -> Result<Option<String>, StoreError> {
    let now = site.clock.now();
    let (reply, effect) = answers::to(site, incoming);
    let openid_digest = session::openid_digest(site, &incoming.from);
    let (org_no, key) = (site.org_no().clone(), incoming.dedupe_key());
    site.store
        .write("answer WeChat", move |tx| {
            let (org_no, key, reply) = (org_no.clone(), key.clone(), reply.clone());
            let (openid_digest, effect) = (openid_digest.clone(), effect.clone());
            Box::pin(async move {
                let forgotten = now.plus_seconds(-REMEMBERED_SECONDS);
                rows::forget_callbacks(tx, &org_no, forgotten).await?;
                if !rows::insert_callback(tx, &org_no, &key, reply.as_deref(), now).await? {
                    return rows::callback_reply(tx, &org_no, &key).await;
                }
                if let Some(Effect { follows, channel }) = effect {
                    let channel = channel.as_ref();
                    rows::remember_following(tx, &org_no, &openid_digest, follows, channel, now)
                        .await?;
                }
                Ok(reply)
            })
        })
        .await
}

fn is_signed(site: &Site, signed: &Signed) -> bool {
    site.hospital().is_some_and(|hospital| {
        let token = String::from_utf8_lossy(hospital.callback.token.reveal());
        is_from_account(&token, &signed.timestamp, &signed.nonce, &signed.signature)
    })
}

fn text(body: String) -> Response {
    // What WeChat sent comes back as it is, so it must never be taken for a page.
    let headers =
        [(CONTENT_TYPE, "text/plain; charset=utf-8"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, body).into_response()
}

fn xml(body: String) -> Response {
    ([(CONTENT_TYPE, "application/xml; charset=utf-8")], body).into_response()
}
