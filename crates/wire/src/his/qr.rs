//! The QR code of a prescription (guide §4.1.7): what it says, so that a HIS can make it by itself.
//!
//! ```text
//! url     = <gateway>/h/<site>/p/<token>
//! token   = base64url(payload) "." base64url(first 16 bytes of HMAC-SHA256(key, payload))
//! payload = "1." <expiry, seconds since 1970> "." <patient_id>
//! key     = HMAC-SHA256(<the secret of the HIS contract>, "medpay-qr-1\n" <site>)
//! ```
//!
//! base64url is without padding. The code is its own permission: whoever has it sees what this one
//! patient has to pay, with the name masked, and nothing else.

use super::signature::HisSecret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use medpay_domain::Timestamp;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// How many bytes of the digest are sent: the code stays small enough to print.
const TAG_BYTES: usize = 16;
/// Longer than any token of a patient number of 64 characters.
const MAX_TOKEN: usize = 512;

/// What a token says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QrToken {
    /// Whose list.
    pub patient_id: String,
    /// Good until then, in seconds since 1970.
    pub expires_at: i64,
}

/// Why a token is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum QrFault {
    /// Not of this form, or not made with the secret of this site.
    #[error("the token is not of this hospital")]
    Altered,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
}

impl QrToken {
    /// The token as it stands in the address.
    pub fn write(&self, secret: &HisSecret, site: &str) -> String {
        let payload = format!("1.{}.{}", self.expires_at, self.patient_id);
        let tag = tag(secret, site, payload.as_bytes());
        format!("{}.{}", URL_SAFE_NO_PAD.encode(payload), URL_SAFE_NO_PAD.encode(tag))
    }

    /// Reads a token at the moment `now`. The digest is compared before anything is looked at.
    pub fn read(
        token: &str,
        secret: &HisSecret,
        site: &str,
        now: Timestamp,
    ) -> Result<Self, QrFault> {
        let read = Self::open(token, secret, site).ok_or(QrFault::Altered)?;
        if now.as_ms() / 1000 >= read.expires_at { Err(QrFault::Expired) } else { Ok(read) }
    }

    fn open(token: &str, secret: &HisSecret, site: &str) -> Option<Self> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let (payload, sent) = token.split_once('.')?;
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let sent = URL_SAFE_NO_PAD.decode(sent).ok()?;
        if !bool::from(tag(secret, site, &payload).ct_eq(&sent)) {
            return None;
        }
        let payload = String::from_utf8(payload).ok()?;
        let (expires_at, patient_id) = payload.strip_prefix("1.")?.split_once('.')?;
        let expires_at = expires_at.parse().ok()?;
        let sound = (1..=64).contains(&patient_id.chars().count());
        sound.then(|| Self { patient_id: patient_id.to_owned(), expires_at })
    }
}

fn tag(secret: &HisSecret, site: &str, payload: &[u8]) -> Vec<u8> {
    let key = hmac(secret.reveal().as_bytes(), format!("medpay-qr-1\n{site}").as_bytes());
    let mut tag = hmac(&key, payload);
    tag.truncate(TAG_BYTES);
    tag
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes a key of any length")
    };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = "H44030000001";
    const TOKEN: &str = "MS4xODAwNjA0ODAwLlAwMDAxMjM.tQdFAm2RSRt3WCc9UrkCnA";

    fn secret(text: &str) -> HisSecret {
        HisSecret::new(text).expect("at least 32 characters")
    }

    fn ours() -> HisSecret {
        secret("his-example-secret-0123456789abcd")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_ms(seconds * 1000)
    }

    fn example() -> QrToken {
        QrToken { patient_id: "P000123".to_owned(), expires_at: 1_800_604_800 }
    }

    /// The example that `docs/contracts/his.md` prints, computed by hand.
    #[test]
    fn the_published_example() {
        assert_eq!(example().write(&ours(), SITE), TOKEN);
        assert_eq!(QrToken::read(TOKEN, &ours(), SITE, at(1_800_000_000)), Ok(example()));
    }

    #[test]
    fn a_token_ends_with_its_time() {
        assert!(QrToken::read(TOKEN, &ours(), SITE, at(1_800_604_799)).is_ok());
        let late = QrToken::read(TOKEN, &ours(), SITE, at(1_800_604_800));
        assert_eq!(late, Err(QrFault::Expired));
    }

    #[test]
    fn a_token_is_good_for_its_own_hospital_only() {
        let now = at(1_800_000_000);
        let other = secret("his-another-secret-0123456789abcd");
        assert_eq!(QrToken::read(TOKEN, &other, SITE, now), Err(QrFault::Altered));
        let elsewhere = QrToken::read(TOKEN, &ours(), "H44030000002", now);
        assert_eq!(elsewhere, Err(QrFault::Altered));
    }

    #[test]
    fn whatever_is_changed_is_altered() {
        let now = at(1_800_000_000);
        for place in 0..TOKEN.len() {
            let mut changed = TOKEN.as_bytes().to_vec();
            let byte = changed.get_mut(place).expect("within the token");
            *byte = if *byte == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("letters");
            let told = QrToken::read(&changed, &ours(), SITE, now);
            assert_eq!(told, Err(QrFault::Altered), "{changed}");
        }
        let other_patient = URL_SAFE_NO_PAD.encode("1.1800604800.P000124");
        let (_, tag) = TOKEN.split_once('.').expect("two parts");
        let spliced = format!("{other_patient}.{tag}");
        for token in
            [&spliced, "", ".", "a.b.c", &TOKEN[1..], &format!("{TOKEN}A"), &"A".repeat(600)]
        {
            let told = QrToken::read(token, &ours(), SITE, now);
            assert_eq!(told, Err(QrFault::Altered), "{token}");
        }
    }

    #[test]
    fn a_patient_number_may_hold_points_and_chinese() {
        for patient_id in ["a.b.1", "门诊-17", &"9".repeat(64)] {
            let token = QrToken { patient_id: patient_id.to_owned(), ..example() };
            let text = token.write(&ours(), SITE);
            assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)));
            assert_eq!(QrToken::read(&text, &ours(), SITE, at(1_800_000_000)), Ok(token));
        }
    }
}
