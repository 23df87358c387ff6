//! What shows that a text was written here.

use hmac::{Hmac, KeyInit, Mac};
use medpay_domain::Secret;
use sha2::Sha256;

/// 32 hex characters over `purpose` and `parts`, none of which has a NUL character.
pub(super) fn mac(key: &Secret, purpose: &str, parts: &[&str]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.reveal()) else {
        unreachable!("HMAC takes a key of any length")
    };
    for part in std::iter::once(&purpose).chain(parts) {
        mac.update(part.as_bytes());
        mac.update(&[0]);
    }
    let bytes: [u8; 32] = mac.finalize().into_bytes().into();
    hex::encode(&bytes[..16])
}
