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

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that `docs/contracts/his.md` prints, computed with `openssl dgst`.
    const SECRET: &str = "his-example-secret-0123456789abcd";
    const BODY: &[u8] = b"{\"bill_no\":\"B20260301001\",\
        \"hosp_out_trade_no\":\"20260301090000a1b2c3d4e5f6\",\"pay_with\":\"insurance\"}";
    const SIGNED: Signed<'static> = Signed {
        method: "POST",
        path: "/v1/lock_bill",
        time: "1800000000",
        key: "lock-20260301090000a1b2c3d4e5f6",
        body: BODY,
    };
    const SIGNATURE: &str = "d55be3a11192e70f342e292f8fb79d01eec4ebb243198f4fee0516dc4cc4fea9";

    fn secret(text: &str) -> HisSecret {
        HisSecret::new(text).expect("at least 32 characters")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_ms(seconds * 1000)
    }

    #[test]
    fn the_published_example() {
        assert_eq!(SIGNED.signature(&secret(SECRET)), SIGNATURE);
        assert_eq!(SIGNED.check(SIGNATURE, &secret(SECRET), at(1_800_000_000)), Ok(()));
    }

    #[test]
    fn without_a_key_its_line_is_empty() {
        let signed = Signed { path: "/v1/find_bill", key: "", body: b"{}", ..SIGNED };
        let signature = "a9e7e8bb2d5e7bb7650d9f3087680b01c29cbc80fc68ba1ce77d16be5a9d7676";
        assert_eq!(signed.signature(&secret(SECRET)), signature);
    }

    #[test]
    fn whatever_is_altered_is_wrong() {
        let altered = [
            Signed { method: "GET", ..SIGNED },
            Signed { path: "/v1/release_bill", ..SIGNED },
            Signed { time: "1800000001", ..SIGNED },
            Signed { key: "lock-2", ..SIGNED },
            Signed { key: "", ..SIGNED },
            Signed { body: b"{}", ..SIGNED },
        ];
        for signed in altered {
            let told = signed.check(SIGNATURE, &secret(SECRET), at(1_800_000_000));
            assert_eq!(told, Err(SignatureFault::Wrong), "{signed:?}");
        }
    }

    #[test]
    fn another_secret_or_no_signature_is_wrong() {
        let now = at(1_800_000_000);
        let other = secret("his-another-secret-0123456789abcd");
        assert_eq!(SIGNED.check(SIGNATURE, &other, now), Err(SignatureFault::Wrong));
        for forged in ["", "d5", &SIGNATURE.to_uppercase()] {
            let told = SIGNED.check(forged, &secret(SECRET), now);
            assert_eq!(told, Err(SignatureFault::Wrong));
        }
    }

    #[test]
    fn five_minutes_are_the_limit_both_ways() {
        let told = |seconds| SIGNED.check(SIGNATURE, &secret(SECRET), at(seconds));
        assert_eq!(told(1_800_000_300), Ok(()));
        assert_eq!(told(1_799_999_700), Ok(()));
        assert_eq!(told(1_800_000_301), Err(SignatureFault::Stale));
        assert_eq!(told(1_799_999_699), Err(SignatureFault::Stale));
    }

    #[test]
    fn a_time_that_is_no_number_is_named() {
        for time in ["", "now", "1800000000.5", "99999999999999999999"] {
            let signed = Signed { time, ..SIGNED };
            let told = signed.check(SIGNATURE, &secret(SECRET), at(1_800_000_000));
            assert_eq!(told, Err(SignatureFault::Missing(TIME_HEADER)));
        }
    }

    #[test]
    fn a_short_secret_is_none_and_a_secret_is_never_shown() {
        assert!(HisSecret::new("x".repeat(31)).is_none());
        assert_eq!(format!("{:?}", secret(SECRET)), "HisSecret(***)");
    }
}
