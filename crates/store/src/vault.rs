//! How personal data lies in the database: through this one type, so that encryption can be put
//! under it without touching a query, with a keyed digest beside what must be searched.

use hmac::{Hmac, KeyInit, Mac};
use medpay_domain::Secret;
use sha2::Sha256;

/// Seals personal values for storage and opens them again.
#[derive(Debug, Clone)]
pub struct Vault {
    digest_key: Secret,
}

/// A stored value that was not written by a [`Vault`].
#[derive(Debug, thiserror::Error)]
#[error("a stored personal value has no known seal")]
pub struct BadSeal;

/// Marks how a value is sealed; `0` is in clear.
const CLEAR: &str = "0:";

impl Vault {
    /// A vault whose search digests depend on `digest_key`.
    pub fn new(digest_key: Secret) -> Self {
        Self { digest_key }
    }

    /// The stored form of `value`.
    pub fn seal(&self, value: &str) -> String {
        format!("{CLEAR}{value}")
    }

    /// The value of a stored form.
    pub fn open(&self, stored: &str) -> Result<String, BadSeal> {
        stored.strip_prefix(CLEAR).map(str::to_owned).ok_or(BadSeal)
    }

    /// What to search `value` by: the same for the same value and `scope` (such as an appid), and
    /// of no use without the key. 64 hex characters.
    pub fn digest(&self, scope: &str, value: &str) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(self.digest_key.reveal());
        let Ok(mut mac) = mac else { unreachable!("HMAC takes a key of any length") };
        mac.update(scope.as_bytes());
        mac.update(&[0]);
        mac.update(value.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
}
