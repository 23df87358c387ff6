//! `GET /cgi-bin/token` and `POST /cgi-bin/stable_token` (PROTOCOL 7.1): buying a token with appid
//! and secret. Answers and refusals are the public-account gateway's JSON, always with status 200.

use super::busy;
use super::caller::{query_value, read_body};
use super::endpoint::{Gate, is_overload, json, new_rid};
use super::token::{self, NoAccount, NoToken, Token};
use crate::requests::RequestLine;
use crate::settings::Account;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{Method, Uri};
use medpay_domain::Elapsed;
use medpay_store::StoreError;
use medpay_wire::public_account::{
    AccessToken, AccountError, CLIENT_CREDENTIAL, StableTokenRequest, TokenQuery,
};
use medpay_wire::xml::MAX_BODY;

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
    /// The gateway's refusal.
    fn refusal(&self) -> AccountError {
        match self {
            Self::Method => AccountError::RequirePost,
            Self::Empty => AccountError::EmptyBody,
            Self::NotJson => AccountError::DataFormat,
            Self::GrantType => AccountError::InvalidGrantType,
            Self::NoAppid => AccountError::AppidMissing,
            Self::NoSecret => AccountError::SecretMissing,
            Self::Account(error) => error.refusal(),
            Self::Stable(NoToken::TooOften | NoToken::TooSoon) => AccountError::QuotaReached,
            Self::Stable(NoToken::Store(_)) | Self::Store(_) => AccountError::Busy,
        }
    }
}

/// `GET /cgi-bin/token`.
pub async fn token(State(gate): State<Gate>, uri: Uri) -> Response {
    let started = gate.app.clock.elapsed();
    let field = |name| query_value(&uri, name).unwrap_or_default();
    let asked = TokenQuery {
        grant_type: field("grant_type"),
        appid: field("appid"),
        secret: field("secret"),
    };
    let sold = match account(&gate, &asked) {
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
    let asked: StableTokenRequest =
        serde_json::from_slice(&body).map_err(|_| TokenError::NotJson)?;
    let StableTokenRequest { grant_type, appid, secret, force_refresh } = asked;
    let account = account(gate, &TokenQuery { grant_type, appid, secret })?;
    Ok(token::issue_stable(&gate.app, &account.appid, force_refresh).await?)
}

fn account<'a>(gate: &'a Gate, asked: &TokenQuery) -> Result<&'a Account, TokenError> {
    if asked.grant_type != CLIENT_CREDENTIAL {
        return Err(TokenError::GrantType);
    }
    if asked.appid.is_empty() {
        return Err(TokenError::NoAppid);
    }
    if asked.secret.is_empty() {
        return Err(TokenError::NoSecret);
    }
    Ok(token::authenticate(&gate.app.settings, &asked.appid, &asked.secret)?)
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
            let document = AccessToken {
                access_token: token.access_token,
                expires_in: u32::try_from(token.expires_in_seconds).unwrap_or(0),
            };
            json(serde_json::to_string(&document).unwrap_or_default())
        }
        Err(error) => {
            let refusal = error.refusal();
            line.write(gate, started, &refusal.errcode().to_string());
            if refusal == AccountError::Busy {
                let error: &dyn std::error::Error = &error;
                tracing::error!(rid, error, "no token could be issued");
            }
            if is_overload(&error) {
                return busy::account(&rid);
            }
            json(refusal.reply(&rid).to_json())
        }
    }
}
