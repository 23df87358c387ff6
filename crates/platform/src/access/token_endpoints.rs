//! `GET /cgi-bin/token` and `POST /cgi-bin/stable_token` (PROTOCOL 7.1): buying a token with appid
//! and secret. Answers and refusals are the public-account gateway's JSON, always with status 200.

use super::caller::{query_value, read_body};
use super::endpoint::{Gate, json, new_rid};
use super::token::{self, NoAccount, NoToken, Token};
use crate::requests::RequestLine;
use crate::settings::Account;
use axum::extract::{Request, State};
use axum::response::Response;
use http::Method;
use medpay_domain::Elapsed;
use medpay_store::StoreError;
use medpay_wire::envelope::GatewayError;
use medpay_wire::xml::MAX_BODY;
use serde::Deserialize;

/// Why no token is sold, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// stable_token wants POST.
    #[error("the method is not POST")]
    Method,
    /// stable_token wants a body.
    #[error("the body is empty")]
    Empty,
    /// stable_token wants JSON.
    #[error("the body is not JSON")]
    NotJson,
    /// Only client_credential.
    #[error("grant_type is not client_credential")]
    GrantType,
    /// No appid.
    #[error("appid is missing")]
    NoAppid,
    /// No secret.
    #[error("secret is missing")]
    NoSecret,
    /// Not an account, or not its secret.
    #[error(transparent)]
    Account(#[from] NoAccount),
    /// A stable token's renewal cannot be forced.
    #[error(transparent)]
    Stable(#[from] NoToken),
    /// Ours.
    #[error("the token could not be kept")]
    Store(#[from] StoreError),
}

impl TokenError {
    /// The gateway's code and words.
    fn refusal(&self) -> (i64, &'static str) {
        match self {
            Self::Method => (43002, "require POST method"),
            Self::Empty => (44002, "empty post data"),
            Self::NotJson => (47001, "data format error"),
            Self::GrantType => (40002, "invalid grant_type"),
            Self::NoAppid => (41002, "appid missing"),
            Self::NoSecret => (41004, "appsecret missing"),
            Self::Account(NoAccount::AppidUnknown) => (40013, "invalid appid"),
            Self::Account(NoAccount::SecretWrong) => (40125, "invalid appsecret"),
            Self::Stable(NoToken::TooOften) => (45009, "reach max api daily quota limit"),
            Self::Stable(NoToken::TooSoon) => (45011, "api minute-quota reach limit, retry later"),
            Self::Stable(NoToken::Store(_)) | Self::Store(_) => (-1, "system error"),
        }
    }

    /// The word of the log line.
    fn word(&self) -> &'static str {
        match self {
            Self::Method => "43002",
            Self::Empty => "44002",
            Self::NotJson => "47001",
            Self::GrantType => "40002",
            Self::NoAppid => "41002",
            Self::NoSecret => "41004",
            Self::Account(NoAccount::AppidUnknown) => "40013",
            Self::Account(NoAccount::SecretWrong) => "40125",
            Self::Stable(NoToken::TooOften) => "45009",
            Self::Stable(NoToken::TooSoon) => "45011",
            Self::Stable(NoToken::Store(_)) | Self::Store(_) => "-1",
        }
    }
}

/// `GET /cgi-bin/token`.
pub async fn token(State(gate): State<Gate>, request: Request) -> Response {
    let started = gate.app.clock.elapsed();
    let field = |name| query_value(request.uri(), name);
    let asked = Asked {
        grant_type: field("grant_type"),
        appid: field("appid"),
        secret: field("secret"),
        force_refresh: false,
    };
    let sold = match asked.account(&gate) {
        Ok(account) => token::issue(&gate.app, &account.appid).await.map_err(Into::into),
        Err(error) => Err(error),
    };
    answer(&gate, "token", started, sold)
}

/// `POST /cgi-bin/stable_token`.
pub async fn stable_token(State(gate): State<Gate>, request: Request) -> Response {
    let started = gate.app.clock.elapsed();
    let sold = sell_stable(&gate, request).await;
    answer(&gate, "stable_token", started, sold)
}

async fn sell_stable(gate: &Gate, request: Request) -> Result<Token, TokenError> {
    if request.method() != Method::POST {
        return Err(TokenError::Method);
    }
    let body = read_body(request.into_body(), MAX_BODY).await.map_err(|_| TokenError::NotJson)?;
    if body.is_empty() {
        return Err(TokenError::Empty);
    }
    let asked: Asked = serde_json::from_slice(&body).map_err(|_| TokenError::NotJson)?;
    let account = asked.account(gate)?;
    Ok(token::issue_stable(&gate.app, &account.appid, asked.force_refresh).await?)
}

/// What both are asked. It has no `Debug`: it holds the secret.
#[derive(Deserialize)]
struct Asked {
    grant_type: Option<String>,
    appid: Option<String>,
    secret: Option<String>,
    #[serde(default)]
    force_refresh: bool,
}

impl Asked {
    fn account<'a>(&self, gate: &'a Gate) -> Result<&'a Account, TokenError> {
        if self.grant_type.as_deref() != Some("client_credential") {
            return Err(TokenError::GrantType);
        }
        let appid = self.appid.as_deref().ok_or(TokenError::NoAppid)?;
        let secret = self.secret.as_deref().ok_or(TokenError::NoSecret)?;
        Ok(token::authenticate(&gate.app.settings, appid, secret)?)
    }
}

fn answer(
    gate: &Gate,
    interface: &'static str,
    started: Elapsed,
    sold: Result<Token, TokenError>,
) -> Response {
    let rid = new_rid(gate.app.entropy.as_ref());
    let line = RequestLine { rid: &rid, interface, institution: "" };
    match sold {
        Ok(token) => {
            line.write(gate, started, "SUCCESS");
            let document = serde_json::json!({
                "access_token": token.access_token,
                "expires_in": token.expires_in_seconds,
            });
            json(document.to_string())
        }
        Err(error) => {
            line.write(gate, started, error.word());
            let (code, words) = error.refusal();
            if code == -1 {
                tracing::error!(rid, %error, "no token could be issued");
            }
            json(GatewayError::new(code, words, &rid).to_json())
        }
    }
}
