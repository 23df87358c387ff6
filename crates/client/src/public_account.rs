//! Access tokens of a public account (PROTOCOL 7.1). Who keeps a token, and when it is bought
//! anew, is the caller's decision: a new ordinary token ends the old one.

use crate::json::not_understood;
use crate::transport::{Transport, Unanswered};
use bytes::Bytes;
use medpay_wire::envelope::GatewayError;
use serde::Deserialize;

/// An access_token and how long it is good for.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct AccessToken {
    /// The token itself, at most 512 characters.
    pub access_token: String,
    /// In seconds.
    pub expires_in: i64,
}

/// Masks the token.
impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessToken").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// The answer to a question for a token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TokenReply {
    /// Here it is.
    Issued(AccessToken),
    /// No, with the account platform's code.
    Refused(GatewayError),
}

/// `GET /cgi-bin/token`: a new token, which ends the one before.
pub async fn token(
    transport: &dyn Transport,
    base_url: &str,
    appid: &str,
    secret: &str,
    timeout_ms: u64,
) -> Result<TokenReply, Unanswered> {
    let url = reqwest::Url::parse_with_params(
        &format!("{}/cgi-bin/token", base_url.trim_end_matches('/')),
        [("grant_type", "client_credential"), ("appid", appid), ("secret", secret)],
    )
    .map_err(|error| Unanswered::NotSent(format!("the address of token: {error}")))?;
    ask(transport, http::Request::get(url.as_str()), Bytes::new(), timeout_ms).await
}

/// `POST /cgi-bin/stable_token`: the same token until it nears its end, unless `force_refresh`.
pub async fn stable_token(
    transport: &dyn Transport,
    base_url: &str,
    appid: &str,
    secret: &str,
    force_refresh: bool,
    timeout_ms: u64,
) -> Result<TokenReply, Unanswered> {
    let body = serde_json::json!({
        "grant_type": "client_credential",
        "appid": appid,
        "secret": secret,
        "force_refresh": force_refresh,
    });
    let url = format!("{}/cgi-bin/stable_token", base_url.trim_end_matches('/'));
    let request = http::Request::post(url).header(http::header::CONTENT_TYPE, "application/json");
    ask(transport, request, Bytes::from(body.to_string()), timeout_ms).await
}

async fn ask(
    transport: &dyn Transport,
    request: http::request::Builder,
    body: Bytes,
    timeout_ms: u64,
) -> Result<TokenReply, Unanswered> {
    let request = request
        .body(body)
        .map_err(|error| Unanswered::NotSent(format!("the address of token: {error}")))?;
    let answer = transport.send(request, timeout_ms).await?;
    if answer.status() != http::StatusCode::OK {
        return Err(Unanswered::Unknown(format!("token answered status {}", answer.status())));
    }
    let body = answer.body();
    if let Ok(error) = serde_json::from_slice::<GatewayError>(body) {
        // The documents allow errcode 0 beside the token.
        if error.errcode != 0 {
            return Ok(TokenReply::Refused(error));
        }
    }
    serde_json::from_slice(body)
        .map(TokenReply::Issued)
        .map_err(|error| not_understood("token", &error))
}
