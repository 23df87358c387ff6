//! How both sides of the HIS contract sign: HMAC-SHA256 over method, path, time, idempotency key
//! and the body's digest, with one secret per hospital.

use hmac::{Hmac, KeyInit, Mac};
use medpay_domain::Timestamp;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// The header of the signature: 64 lower-case hex characters.
pub const SIGNATURE_HEADER: &str = "medpay-signature";
/// The header of the time of signing: seconds since 1970.
pub const TIME_HEADER: &str = "medpay-time";
/// The header of the caller's key of this command; required where something is changed, 64
/// characters at most.
pub const KEY_HEADER: &str = "idempotency-key";
/// How far the time of signing may be off, in seconds.
pub const TOLERANCE_SECONDS: i64 = 300;

/// The secret that a HIS and its gateway share.
#[derive(Clone)]
pub struct HisSecret(String);

impl HisSecret {
    /// At least 32 characters.
    pub fn new(secret: impl Into<String>) -> Option<Self> {
        let secret = secret.into();
        (secret.chars().count() >= 32).then_some(Self(secret))
    }

    /// The secret, to derive another key from.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HisSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HisSecret(***)")
    }
}

/// What of a request is signed.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// `POST`.
    pub method: &'a str,
    /// The path of the address as the caller sends it, from its first slash: `/v1/lock_bill`.
    pub path: &'a str,
    /// Seconds since 1970, as in [`TIME_HEADER`].
    pub time: &'a str,
    /// As in [`KEY_HEADER`]; empty where it is not sent.
    pub key: &'a str,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

/// Why a request is not taken for the other side's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignatureFault {
    /// A header is missing or unreadable.
    #[error("{0} is missing or unreadable")]
    Missing(&'static str),
    /// Signed too long ago, or in the future.
    #[error("medpay-time is more than 300 seconds off")]
    Stale,
    /// Signed by somebody else, or altered.
    #[error("medpay-signature is wrong")]
    Wrong,
}

impl Signed<'_> {
    /// The signature, in lower-case hex.
    pub fn signature(&self, secret: &HisSecret) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.0.as_bytes()) else {
            unreachable!("HMAC takes a key of any length")
        };
        let digest = hex::encode(Sha256::digest(self.body));
        let text = [self.method, self.path, self.time, self.key, digest.as_str()].join("\n");
        mac.update(text.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    /// Checks `signature` at the moment `now`.
    pub fn check(
        &self,
        signature: &str,
        secret: &HisSecret,
        now: Timestamp,
    ) -> Result<(), SignatureFault> {
        let time: i64 = self.time.parse().map_err(|_| SignatureFault::Missing(TIME_HEADER))?;
        if (now.as_ms() / 1000).saturating_sub(time).saturating_abs() > TOLERANCE_SECONDS {
            return Err(SignatureFault::Stale);
        }
        let right = self.signature(secret);
        if bool::from(right.as_bytes().ct_eq(signature.as_bytes())) {
            Ok(())
        } else {
            Err(SignatureFault::Wrong)
        }
    }
}
