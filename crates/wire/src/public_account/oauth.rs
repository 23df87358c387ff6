//! OAuth2: the authorization page's address and `/sns/oauth2/access_token` (PROTOCOL 7.3).

use serde::{Deserialize, Serialize};
use std::fmt;

/// `grant_type` of [`OauthTokenQuery`].
pub const AUTHORIZATION_CODE: &str = "authorization_code";

/// The query of `GET /sns/oauth2/access_token`, in the order that old clients insist on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OauthTokenQuery {
    /// The account.
    #[serde(default)]
    pub appid: String,
    /// Its secret.
    #[serde(default)]
    pub secret: String,
    /// What the authorization page gave: once, five minutes.
    #[serde(default)]
    pub code: String,
    /// [`AUTHORIZATION_CODE`].
    #[serde(default)]
    pub grant_type: String,
}

/// The answer to [`OauthTokenQuery`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OauthToken {
    /// For the person's own data; another one than the account's.
    pub access_token: String,
    /// In seconds.
    pub expires_in: u32,
    /// Renews it.
    pub refresh_token: String,
    /// Who it is, under this account.
    pub openid: String,
    /// What the person agreed to.
    pub scope: String,
}

impl fmt::Debug for OauthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OauthToken(***, {} s, {})", self.expires_in, self.scope)
    }
}

/// The address of the authorization page, in the documents' order of parameters; it comes back to
/// `redirect_uri` with `code` and `state`.
pub fn authorize_url(open_url: &str, appid: &str, redirect_uri: &str, state: &str) -> String {
    format!(
        "{}/connect/oauth2/authorize?appid={}&redirect_uri={}&response_type=code\
         &scope=snsapi_base&state={}#wechat_redirect",
        open_url.trim_end_matches('/'),
        encode_component(appid),
        encode_component(redirect_uri),
        encode_component(state),
    )
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
pub fn encode_component(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex::encode_upper([byte]));
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authorization_page_has_the_documents_order_of_parameters() {
        let back = "https://pay.example.org/bind/1?a=b&c=医";
        assert_eq!(
            authorize_url("https://open.example.org/", "wx01", back, "s1"),
            "https://open.example.org/connect/oauth2/authorize?appid=wx01\
             &redirect_uri=https%3A%2F%2Fpay.example.org%2Fbind%2F1%3Fa%3Db%26c%3D%E5%8C%BB\
             &response_type=code&scope=snsapi_base&state=s1#wechat_redirect"
        );
    }
}
