//! Access tokens: `/cgi-bin/token` and `/cgi-bin/stable_token` (PROTOCOL 7.1).

use serde::{Deserialize, Serialize};
use std::fmt;

/// `grant_type` of both token calls.
pub const CLIENT_CREDENTIAL: &str = "client_credential";

/// The query of `GET /cgi-bin/token`. A new token ends the old one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenQuery {
    /// [`CLIENT_CREDENTIAL`].
    #[serde(default)]
    pub grant_type: String,
    /// The account.
    #[serde(default)]
    pub appid: String,
    /// Its secret.
    #[serde(default)]
    pub secret: String,
}

/// The body of `POST /cgi-bin/stable_token`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StableTokenRequest {
    /// [`CLIENT_CREDENTIAL`].
    #[serde(default)]
    pub grant_type: String,
    /// The account.
    #[serde(default)]
    pub appid: String,
    /// Its secret.
    #[serde(default)]
    pub secret: String,
    /// A new token now: at most 20 a day, 30 seconds apart.
    #[serde(default)]
    pub force_refresh: bool,
}

/// A token, from either call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// The token; keep at least 512 characters for it.
    pub access_token: String,
    /// In seconds: 7200, or what is left of a stable one.
    pub expires_in: u32,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessToken(***, {} s)", self.expires_in)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_parameter_is_empty_and_force_refresh_is_off() {
        let request: StableTokenRequest =
            serde_json::from_str(r#"{"appid":"wx01"}"#).expect("a request");
        assert!(request.secret.is_empty() && request.grant_type.is_empty());
        assert!(!request.force_refresh);
    }
}
