//! Message encryption of the server callback (PROTOCOL 7.4, 兼容 and 安全模式).
//!
//! AES-256-CBC with the first 16 bytes of the key as IV; padding in the manner of PKCS#7, but to
//! blocks of 32; inside, 16 random bytes, the message's length, the message, the appid. What is
//! sent is signed over token, timestamp, nonce and the encrypted text, and nothing is decrypted
//! before that signature was checked. Randomness is handed in.

use super::callback::signature_of;
use crate::fields::{FieldFault, Fields};
use crate::value::Text;
use crate::xml::XmlFault;
use aes::Aes256;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::fmt;
use subtle::ConstantTimeEq;

/// Random bytes in front of a message.
const RANDOM: usize = 16;
/// Bytes of the message's length.
const LENGTH: usize = 4;
/// What is padded to; AES's own block is half of it.
const BLOCK: usize = 32;

/// Reads a key. Its 43 characters hold 258 bits, and the console draws the last character like any
/// other, so the two bits too many are ignored.
const KEY_TEXT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// `EncodingAESKey` of an account: 43 letters and digits.
#[derive(Clone)]
pub struct EncodingAesKey([u8; 32]);

impl EncodingAesKey {
    /// The key, if `text` is one.
    pub fn new(text: &str) -> Option<Self> {
        let plain = text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let bytes = plain.then(|| KEY_TEXT.decode(text).ok()).flatten()?;
        Some(Self(bytes.try_into().ok()?))
    }

    fn iv(&self) -> &[u8; 16] {
        self.0.first_chunk().expect("a key of 32 bytes")
    }
}

impl fmt::Debug for EncodingAesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncodingAesKey(***)")
    }
}

/// Why an encrypted message is refused. A receiver does not tell the sender which it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CryptFault {
    /// The envelope is no document.
    #[error("the envelope: {0}")]
    Xml(#[from] XmlFault),
    /// The envelope lacks a field.
    #[error("the envelope: {0}")]
    Field(#[from] FieldFault),
    /// Not signed by one who knows the token.
    #[error("msg_signature is wrong")]
    Signature,
    /// The encrypted text is no Base64, or no whole number of blocks.
    #[error("the encrypted text is cut or altered")]
    Blocks,
    /// Another key, or altered: the padding is none.
    #[error("the padding is wrong")]
    Padding,
    /// The length does not fit what is there.
    #[error("the message's length is wrong")]
    Length,
    /// It was written for another account.
    #[error("the appid behind the message is another one")]
    Appid,
    /// The message is not UTF-8.
    #[error("the message is not UTF-8")]
    Text,
}

/// What one account encrypts and decrypts with.
#[derive(Clone)]
pub struct MessageCrypt {
    token: String,
    key: EncodingAesKey,
    appid: String,
}

impl fmt::Debug for MessageCrypt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageCrypt").field("appid", &self.appid).finish_non_exhaustive()
    }
}

/// The numbers that every signed message carries: `timestamp` and `nonce`.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    /// Seconds since 1970.
    pub timestamp: &'a str,
    /// Not repeated.
    pub nonce: &'a str,
}

/// An encrypted post: its body, and the `msg_signature` of its address.
#[derive(Clone, Debug)]
pub struct SealedPost {
    /// `<xml>` with `ToUserName` and `Encrypt`.
    pub body: String,
    /// `msg_signature` of the query.
    pub msg_signature: String,
}

impl MessageCrypt {
    /// The account's callback token, its key and its appid.
    pub fn new(token: impl Into<String>, key: EncodingAesKey, appid: impl Into<String>) -> Self {
        Self { token: token.into(), key, appid: appid.into() }
    }

    /// Encrypts a message: the text of `Encrypt`.
    pub fn encrypt(&self, message: &str, random: [u8; RANDOM]) -> String {
        let length = u32::try_from(message.len()).expect("a message far below 4 GiB");
        let mut bytes = Vec::with_capacity(RANDOM + LENGTH + message.len() + 2 * BLOCK);
        bytes.extend_from_slice(&random);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(message.as_bytes());
        bytes.extend_from_slice(self.appid.as_bytes());
        let padding = BLOCK - bytes.len() % BLOCK;
        let filler = u8::try_from(padding).expect("at most 32");
        bytes.resize(bytes.len() + padding, filler);
        let size = bytes.len();
        let cipher = cbc::Encryptor::<Aes256>::new((&self.key.0).into(), self.key.iv().into());
        let encrypted =
            cipher.encrypt_padded::<NoPadding>(&mut bytes, size).expect("a whole number of blocks");
        BASE64.encode(encrypted)
    }

    /// Decrypts the text of `Encrypt`, whose signature was checked.
    pub fn decrypt(&self, encrypted: &str) -> Result<String, CryptFault> {
        let mut bytes = BASE64.decode(encrypted.trim()).map_err(|_| CryptFault::Blocks)?;
        if bytes.is_empty() || bytes.len() % BLOCK != 0 {
            return Err(CryptFault::Blocks);
        }
        let cipher = cbc::Decryptor::<Aes256>::new((&self.key.0).into(), self.key.iv().into());
        let plain =
            cipher.decrypt_padded::<NoPadding>(&mut bytes).map_err(|_| CryptFault::Blocks)?;
        let plain = without_padding(plain).ok_or(CryptFault::Padding)?;
        let (_, plain) = plain.split_at_checked(RANDOM).ok_or(CryptFault::Length)?;
        let (length, plain) = plain.split_first_chunk::<LENGTH>().ok_or(CryptFault::Length)?;
        let length =
            usize::try_from(u32::from_be_bytes(*length)).map_err(|_| CryptFault::Length)?;
        let (message, appid) = plain.split_at_checked(length).ok_or(CryptFault::Length)?;
        if !bool::from(appid.ct_eq(self.appid.as_bytes())) {
            return Err(CryptFault::Appid);
        }
        String::from_utf8(message.to_vec()).map_err(|_| CryptFault::Text)
    }

    /// `msg_signature`: over token, timestamp, nonce and the encrypted text.
    pub fn signature(&self, stamp: Stamp<'_>, encrypted: &str) -> String {
        signature_of(&mut [&self.token, stamp.timestamp, stamp.nonce, encrypted])
    }

    fn check(
        &self,
        stamp: Stamp<'_>,
        encrypted: &str,
        msg_signature: &str,
    ) -> Result<(), CryptFault> {
        let right = self.signature(stamp, encrypted);
        let same: bool = msg_signature.as_bytes().ct_eq(right.as_bytes()).into();
        same.then_some(()).ok_or(CryptFault::Signature)
    }

    /// The platform's side: a message to the account's own server. `to` is the account's own id.
    pub fn seal_post(
        &self,
        to: &str,
        message: &str,
        stamp: Stamp<'_>,
        random: [u8; RANDOM],
    ) -> SealedPost {
        let encrypted = self.encrypt(message, random);
        let msg_signature = self.signature(stamp, &encrypted);
        let mut fields = Fields::new();
        fields.set("ToUserName", to).set("Encrypt", encrypted);
        SealedPost { body: fields.to_xml(), msg_signature }
    }

    /// The server's side: checks and decrypts what was posted. In 兼容模式 the plain fields beside
    /// `Encrypt` are ignored, since nothing protects them.
    pub fn open_post(
        &self,
        body: &[u8],
        stamp: Stamp<'_>,
        msg_signature: &str,
    ) -> Result<String, CryptFault> {
        let fields = Fields::from_xml(body)?;
        let encrypted = fields.value("Encrypt").ok_or(FieldFault::needed("Encrypt"))?;
        self.check(stamp, encrypted, msg_signature)?;
        self.decrypt(encrypted)
    }

    /// The server's side: an encrypted answer.
    pub fn seal_answer(&self, message: &str, stamp: Stamp<'_>, random: [u8; RANDOM]) -> String {
        let encrypted = self.encrypt(message, random);
        let mut fields = Fields::new();
        fields.set("MsgSignature", self.signature(stamp, &encrypted));
        fields.set("TimeStamp", stamp.timestamp).set("Nonce", stamp.nonce);
        fields.set("Encrypt", encrypted);
        fields.to_xml()
    }

    /// The platform's side: checks and decrypts an answer.
    pub fn open_answer(&self, body: &[u8]) -> Result<String, CryptFault> {
        let fields = Fields::from_xml(body)?;
        let encrypted = fields.value("Encrypt").ok_or(FieldFault::needed("Encrypt"))?;
        let timestamp = fields.required::<Text<32>>("TimeStamp")?;
        let nonce = fields.required::<Text<128>>("Nonce")?;
        let stamp = Stamp { timestamp: timestamp.as_str(), nonce: nonce.as_str() };
        let signature = fields.value("MsgSignature").ok_or(FieldFault::needed("MsgSignature"))?;
        self.check(stamp, encrypted, signature)?;
        self.decrypt(encrypted)
    }
}

/// `plain` without its 1 to 32 bytes of padding, each of which is their number.
fn without_padding(plain: &[u8]) -> Option<&[u8]> {
    let count = usize::from(*plain.last()?);
    if !(1..=BLOCK).contains(&count) {
        return None;
    }
    let (content, padding) = plain.split_at_checked(plain.len().checked_sub(count)?)?;
    padding.iter().all(|&byte| usize::from(byte) == count).then_some(content)
}

#[cfg(test)]
mod tests;
