//! The signature of PROTOCOL 1.3, which is WeChat Pay's V2 rule (6.1).
//!
//! What is signed is every field with a value, unknown ones too, but `sign`: `name=value` in byte
//! order of the names, joined by `&`, then `&key=` and the key. `0` is a value; empty is not.

use crate::fields::Fields;
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha2::Sha256;
use std::fmt;
use subtle::ConstantTimeEq;

/// A merchant's API key (V2): 32 printable ASCII characters. Its `Debug` masks it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// `None` unless `text` is 32 printable ASCII characters.
    pub fn new(text: &str) -> Option<Self> {
        let fits = text.len() == 32 && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    /// The key itself, for the one who was given it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
}

/// Which digest signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SignType {
    /// The 1.0 interfaces' own: `sign` is String32.
    #[default]
    Md5,
    /// Only where the institution's configuration allows it and the request's `sign_type` asks.
    HmacSha256,
}

impl SignType {
    /// The value of `sign_type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::HmacSha256 => "HMAC-SHA256",
        }
    }
}

/// Why a signature was not accepted. For the caller they are all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("签名失败")]
pub enum SignFault {
    /// No `sign`, or an empty one.
    Missing,
    /// Another one than these fields and this key give.
    Wrong,
}

/// What signs an answer.
#[derive(Clone, Copy, Debug)]
pub struct Seal<'a> {
    /// The caller's key.
    pub key: &'a ApiKey,
    /// A fresh one, or the request's where the document says 原样返回.
    pub nonce_str: &'a str,
    /// As the request was signed.
    pub sign_type: SignType,
}

fn signed(fields: &Fields) -> impl Iterator<Item = (&str, &str)> {
    fields.iter().filter(|(name, value)| *name != "sign" && !value.is_empty())
}

fn feed(fields: &Fields, key: &ApiKey, mut take: impl FnMut(&[u8])) {
    for (name, value) in signed(fields) {
        take(name.as_bytes());
        take(b"=");
        take(value.as_bytes());
        take(b"&");
    }
    take(b"key=");
    take(key.0.as_bytes());
}

/// What is signed, without `&key=` and the key.
pub fn base_string(fields: &Fields) -> String {
    let mut base = String::new();
    for (name, value) in signed(fields) {
        if !base.is_empty() {
            base.push('&');
        }
        base.push_str(name);
        base.push('=');
        base.push_str(value);
    }
    base
}

/// The MD5 signature: 32 upper-case hex characters.
pub fn md5(fields: &Fields, key: &ApiKey) -> String {
    let mut digest = Md5::new();
    feed(fields, key, |bytes| digest.update(bytes));
    hex::encode_upper(digest.finalize())
}

/// The HMAC-SHA256 signature: 64 upper-case hex characters.
pub fn hmac_sha256(fields: &Fields, key: &ApiKey) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.0.as_bytes()).expect("HMAC takes a key of any length");
    feed(fields, key, |bytes| mac.update(bytes));
    hex::encode_upper(mac.finalize().into_bytes())
}

/// The signature of `fields` by `sign_type`.
pub fn digest(fields: &Fields, key: &ApiKey, sign_type: SignType) -> String {
    match sign_type {
        SignType::Md5 => md5(fields, key),
        SignType::HmacSha256 => hmac_sha256(fields, key),
    }
}

/// Sets `sign`, by the digest that the fields' own `sign_type` names; MD5 if none.
pub fn sign_into(fields: &mut Fields, key: &ApiKey) {
    let sign_type = named(fields);
    sign_with(fields, key, sign_type);
}

/// Sets `sign`, by `sign_type`, which is not written down: an answer's is the request's.
pub fn sign_with(fields: &mut Fields, key: &ApiKey, sign_type: SignType) {
    let sign = digest(fields, key, sign_type);
    fields.set("sign", sign);
}

/// The digest that `sign_type` names. Any other value of it is an unknown field's: no matter.
pub(crate) fn named(fields: &Fields) -> SignType {
    match fields.get("sign_type") {
        Some("HMAC-SHA256") => SignType::HmacSha256,
        _ => SignType::Md5,
    }
}

/// Checks a request as the server does: exactly, so a lower-case signature is refused.
pub(crate) fn check(fields: &Fields, key: &ApiKey, sign_type: SignType) -> Result<(), SignFault> {
    let given = fields.value("sign").ok_or(SignFault::Missing)?;
    same(given, &digest(fields, key, sign_type))
}

/// Checks an answer or a notification as the client does: in either case of letters.
pub(crate) fn check_any_case(
    fields: &Fields,
    key: &ApiKey,
    sign_type: SignType,
) -> Result<(), SignFault> {
    let given = fields.value("sign").ok_or(SignFault::Missing)?;
    same(&given.to_ascii_uppercase(), &digest(fields, key, sign_type))
}

fn same(given: &str, right: &str) -> Result<(), SignFault> {
    if bool::from(given.as_bytes().ct_eq(right.as_bytes())) {
        Ok(())
    } else {
        Err(SignFault::Wrong)
    }
}
