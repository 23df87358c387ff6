//! Every other `/cgi-bin/*` and `/sns/*` call: passed on to WeChat after our own check, the answer
//! unchanged.
//!
//! `/cgi-bin/*` needs our access_token, which is taken out: it means nothing behind this door, and
//! the header `x-medpay-appid` names its account instead. `/sns/oauth2/access_token` needs appid
//! and secret. The rest of `/sns/*` carries tokens that WeChat's page issued, so WeChat judges
//! them.

use super::busy;
use super::caller::{query_value, read_body};
use super::endpoint::{Gate, is_overload, json, new_rid};
use super::token::{self, NoAccount};
use crate::doors::wechat::{Answer, Call};
use crate::requests::RequestLine;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Uri};
use medpay_client::Unanswered;
use medpay_domain::Appid;
use medpay_store::StoreError;
use medpay_wire::err_code::TokenFault;
use medpay_wire::public_account::{AccountError, encode_component};

/// The largest body passed on, such as a picture for a message.
const LARGEST: usize = 2 * 1024 * 1024;

/// Why a call is not passed on, or has no answer.
#[derive(Debug, thiserror::Error)]
pub enum PassOnError {
    /// The access_token is missing, wrong or too old.
    #[error("the access_token is {0:?}")]
    Token(TokenFault),
    /// No appid.
    #[error("appid is missing")]
    NoAppid,
    /// No secret.
    #[error("secret is missing")]
    NoSecret,
    /// Not an account, or not its secret.
    #[error(transparent)]
    Account(#[from] NoAccount),
    /// Over [`LARGEST`].
    #[error("the body is too large")]
    TooLarge,
    /// Ours.
    #[error("the token could not be looked up")]
    Store(#[from] StoreError),
    /// WeChat's.
    #[error("WeChat did not answer")]
    Unanswered(#[from] Unanswered),
}

impl PassOnError {
    fn refusal(&self) -> AccountError {
        match self {
            Self::Token(TokenFault::Missing) => AccountError::AccessTokenMissing,
            Self::Token(TokenFault::Invalid) => AccountError::InvalidCredential,
            Self::Token(TokenFault::Expired) => AccountError::AccessTokenExpired,
            Self::NoAppid => AccountError::AppidMissing,
            Self::NoSecret => AccountError::SecretMissing,
            Self::Account(error) => error.refusal(),
            Self::TooLarge => AccountError::DataFormat,
            Self::Store(_) | Self::Unanswered(_) => AccountError::Busy,
        }
    }
}

/// Any method, any path under `/cgi-bin` and `/sns` that is not the platform's own.
pub async fn pass_on(State(gate): State<Gate>, request: Request) -> Response {
    let started = gate.app.clock.elapsed();
    let rid = new_rid(gate.app.entropy.as_ref());
    let line = RequestLine { rid: &rid, interface: "pass_on", institution: "" };
    match serve(&gate, request).await {
        Ok(answer) => {
            line.write(&gate, started, "PASSED_ON");
            let mut headers = HeaderMap::new();
            if let Some(content_type) = answer.content_type {
                headers.insert(CONTENT_TYPE, content_type);
            }
            (answer.status, headers, answer.body).into_response()
        }
        Err(error) => {
            let refusal = error.refusal();
            line.write(&gate, started, &refusal.errcode().to_string());
            if refusal == AccountError::Busy {
                let error: &dyn std::error::Error = &error;
                tracing::error!(rid, error, "a call could not be passed on");
            }
            if is_overload(&error) {
                return busy::account(&rid);
            }
            json(refusal.reply(&rid).to_json())
        }
    }
}

async fn serve(gate: &Gate, request: Request) -> Result<Answer, PassOnError> {
    let path = request.uri().path();
    let (appid, path_and_query) = if path.starts_with("/cgi-bin/") {
        let token = query_value(request.uri(), "access_token");
        let appid =
            token::account_of(&gate.app, token.as_deref()).await?.map_err(PassOnError::Token)?;
        (Some(appid), without_token(request.uri()))
    } else {
        let whole = request.uri().path_and_query().map_or(path, |whole| whole.as_str());
        (oauth_account(gate, request.uri())?, whole.to_owned())
    };
    let method = request.method().clone();
    let content_type = request.headers().get(CONTENT_TYPE).cloned();
    let body = read_body(request.into_body(), LARGEST).await.map_err(|_| PassOnError::TooLarge)?;
    let call = Call { method, path_and_query, content_type, appid, body };
    Ok(gate.app.doors.wechat.pass_on(call).await?)
}

/// The account of an OAuth code's exchange, once its secret is checked; none for other calls.
fn oauth_account(gate: &Gate, uri: &Uri) -> Result<Option<Appid>, PassOnError> {
    if uri.path() != "/sns/oauth2/access_token" {
        return Ok(None);
    }
    let appid = query_value(uri, "appid").ok_or(PassOnError::NoAppid)?;
    let secret = query_value(uri, "secret").ok_or(PassOnError::NoSecret)?;
    let account = token::authenticate(&gate.app.settings, &appid, &secret)?;
    Ok(Some(account.appid.clone()))
}

fn without_token(uri: &Uri) -> String {
    let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(uri) else {
        return uri.path().to_owned();
    };
    let mut text = uri.path().to_owned();
    let others = pairs.iter().filter(|(name, _)| name != "access_token");
    for (index, (name, value)) in others.enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        text.push_str(&encode_component(name));
        text.push('=');
        text.push_str(&encode_component(value));
    }
    text
}
