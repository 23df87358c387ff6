//! The public-account platform (公众号) as far as medical payment touches it: access tokens, template
//! messages, OAuth2, the server callback's signature (PROTOCOL 7.1–7.4). JSON, with the documents'
//! exact names.
//!
//! A parameter that is missing is read as empty, so that the documents' own code can be answered.

use crate::envelope::GatewayError;
use crate::message::TemplateData;
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};
use std::collections::BTreeMap;
use std::fmt;
use subtle::ConstantTimeEq;

/// `grant_type` of both token calls.
pub const CLIENT_CREDENTIAL: &str = "client_credential";
/// `grant_type` of [`OauthTokenQuery`].
pub const AUTHORIZATION_CODE: &str = "authorization_code";

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

/// The body of `POST /cgi-bin/message/template/send`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateMessage {
    /// The follower, under the sending account.
    pub touser: String,
    /// The account's own id of the template.
    pub template_id: String,
    /// Where a tap leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The mini-program that a tap opens; wins over `url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub miniprogram: Option<MiniProgram>,
    /// The sender's own number, against sending twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<String>,
    /// The values of the template's places.
    pub data: BTreeMap<String, TemplateValue>,
}

impl fmt::Debug for TemplateMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemplateMessage")
            .field("template_id", &self.template_id)
            .field("client_msg_id", &self.client_msg_id)
            .finish_non_exhaustive()
    }
}

/// A page of a mini-program.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MiniProgram {
    /// The mini-program.
    pub appid: String,
    /// The page there; its first one if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagepath: Option<String>,
}

/// The value of one place.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateValue {
    /// The text.
    pub value: String,
    /// Its colour, as `#173177`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

impl TemplateMessage {
    /// A message to `touser` that leads nowhere yet.
    pub fn new(
        touser: impl Into<String>,
        template_id: impl Into<String>,
        data: TemplateData,
    ) -> Self {
        let value = |value| TemplateValue { value, color: None };
        Self {
            touser: touser.into(),
            template_id: template_id.into(),
            url: None,
            miniprogram: None,
            client_msg_id: None,
            data: data.into_iter().map(|(name, text)| (name, value(text))).collect(),
        }
    }

    /// The values, without their colours.
    pub fn values(&self) -> TemplateData {
        self.data.iter().map(|(name, value)| (name.clone(), value.value.clone())).collect()
    }
}

/// The answer to [`TemplateMessage`]; `errcode` 0 means it was taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TemplateSent {
    /// 0, or a code of [`AccountError`].
    pub errcode: i64,
    /// `ok`, or the reason.
    #[serde(default)]
    pub errmsg: String,
    /// The message's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msgid: Option<i64>,
}

macro_rules! account_errors {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $message:literal;)*) => {
        /// The codes of the public-account platform that occur here.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum AccountError { $($(#[$doc])* $variant,)* }

        impl AccountError {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// `errcode`.
            pub const fn errcode(self) -> i64 {
                match self { $(Self::$variant => $code,)* }
            }

            /// `errmsg`, without the rid.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)* }
            }

            /// The one of a code.
            pub fn from_errcode(errcode: i64) -> Option<Self> {
                Self::ALL.iter().copied().find(|error| error.errcode() == errcode)
            }
        }
    };
}

account_errors! {
    /// 系统繁忙: try again.
    Busy = -1, "system error";
    /// Wrong secret, or a token that is unknown or not the latest.
    InvalidCredential = 40001, "invalid credential, access_token is invalid or not latest";
    /// Another grant_type than the documents'.
    InvalidGrantType = 40002, "invalid grant_type";
    /// Not a follower, or of another account.
    InvalidOpenid = 40003, "invalid openid";
    /// No such account.
    InvalidAppid = 40013, "invalid appid";
    /// No token at all.
    InvalidAccessToken = 40014, "invalid access_token";
    /// No such code.
    InvalidCode = 40029, "invalid code";
    /// No such template of this account.
    InvalidTemplateId = 40037, "invalid template_id";
    /// Wrong secret.
    InvalidSecret = 40125, "invalid appsecret";
    /// The code was used before.
    CodeUsed = 40163, "code been used";
    /// The caller's address is not on the account's list.
    InvalidIp = 40164, "invalid ip, not in whitelist";
    /// No access_token.
    AccessTokenMissing = 41001, "access_token missing";
    /// No appid.
    AppidMissing = 41002, "appid missing";
    /// No secret.
    SecretMissing = 41004, "appsecret missing";
    /// No code.
    CodeMissing = 41008, "missing code";
    /// The token is too old.
    AccessTokenExpired = 42001, "access_token expired";
    /// The code is too old.
    CodeExpired = 42003, "code expired";
    /// Needs POST.
    RequirePost = 43002, "require POST method";
    /// The person does not follow the account.
    RequireSubscribe = 43004, "require subscribe";
    /// The body is empty.
    EmptyBody = 44002, "empty post data";
    /// Too many calls.
    QuotaReached = 45009, "reach max api daily quota limit";
    /// The body is no JSON, or other JSON.
    DataFormat = 47001, "data format error";
    /// The account may not do this.
    Unauthorized = 48001, "api unauthorized";
}

impl AccountError {
    /// As an answer, with the rid at the end of the words.
    pub fn reply(self, rid: &str) -> GatewayError {
        GatewayError::new(self.errcode(), self.message(), rid)
    }
}

/// The signature of the server callback's URL check and of its posts: lower-case hex SHA-1 of the
/// three, sorted and joined. (The encrypted mode signs four: [`signature_of`].)
pub fn callback_signature(token: &str, timestamp: &str, nonce: &str) -> String {
    signature_of(&mut [token, timestamp, nonce])
}

/// Lower-case hex SHA-1 of the parts, sorted and joined.
pub fn signature_of(parts: &mut [&str]) -> String {
    parts.sort_unstable();
    let mut digest = Sha1::new();
    for part in parts {
        digest.update(part.as_bytes());
    }
    hex::encode(digest.finalize())
}

/// Whether a callback comes from one who knows the token; in constant time.
pub fn is_from_account(token: &str, timestamp: &str, nonce: &str, signature: &str) -> bool {
    let right = callback_signature(token, timestamp, nonce);
    signature.as_bytes().ct_eq(right.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_callback_vector_holds() {
        let signature = "899cf89e464efb63f54ddac96b0a0a235f53aa78";
        assert_eq!(callback_signature("AAAAA", "1714037059", "486452656"), signature);
        assert!(is_from_account("AAAAA", "1714037059", "486452656", signature));
        assert!(!is_from_account("AAAAA", "1714037059", "486452657", signature));
        assert!(!is_from_account("AAAAA", "1714037059", "486452656", &signature.to_uppercase()));
    }

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

    #[test]
    fn a_template_message_is_written_with_the_documents_names() {
        let data = TemplateData::from([("first".to_owned(), "您好".to_owned())]);
        let mut message = TemplateMessage::new("oTest01", "T1", data.clone());
        message.url = Some("https://h.example.org/".to_owned());
        message.miniprogram = Some(MiniProgram { appid: "wx02".to_owned(), pagepath: None });
        assert_eq!(message.values(), data);
        assert!(!format!("{message:?}").contains("您好"));
        let json = serde_json::to_string(&message).expect("JSON");
        let expected = [
            r#"{"touser":"oTest01","template_id":"T1","url":"https://h.example.org/","#,
            r#""miniprogram":{"appid":"wx02"},"data":{"first":{"value":"您好"}}}"#,
        ];
        assert_eq!(json, expected.concat());
        let read: TemplateMessage = serde_json::from_str(&json).expect("a message");
        assert_eq!(read, message);
    }

    #[test]
    fn a_missing_parameter_is_empty_and_force_refresh_is_off() {
        let request: StableTokenRequest =
            serde_json::from_str(r#"{"appid":"wx01"}"#).expect("a request");
        assert!(request.secret.is_empty() && request.grant_type.is_empty());
        assert!(!request.force_refresh);
    }

    #[test]
    fn an_error_ends_in_the_rid() {
        let json = AccountError::CodeUsed.reply("00000001-00000002-00000003").to_json();
        assert_eq!(
            json,
            r#"{"errcode":40163,"errmsg":"code been used rid: 00000001-00000002-00000003"}"#
        );
        for &error in AccountError::ALL {
            assert_eq!(AccountError::from_errcode(error.errcode()), Some(error));
        }
    }
}
