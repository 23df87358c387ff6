use super::*;
use proptest::prelude::*;

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const STAMP: Stamp<'static> = Stamp { timestamp: "1714112445", nonce: "415670741" };

/// Made with OpenSSL (`enc -aes-256-cbc -nopad`).
const OPENSSL: &str = concat!(
    "Q3stYC6hdFzMh9T8HCvyDGyqx4mrhxN92naiLNaZ9M0i",
    "UAQyodaVPKdmkdntJxHwJNpHs85mXumOQAjBCiBbEA==",
);

fn crypt_of(key: &str, appid: &str) -> MessageCrypt {
    MessageCrypt::new("AAAAA", EncodingAesKey::new(key).expect("a key"), appid)
}

fn crypt() -> MessageCrypt {
    crypt_of(KEY, "wxtest000000000001")
}

proptest! {
    #[test]
    fn what_is_encrypted_is_decrypted(message in "\\PC{0,200}", random: [u8; 16]) {
        let encrypted = crypt().encrypt(&message, random);
        prop_assert_eq!(crypt().decrypt(&encrypted), Ok(message.clone()));
        let post = crypt().seal_post("gh_1", &message, STAMP, random);
        let opened = crypt().open_post(post.body.as_bytes(), STAMP, &post.msg_signature);
        prop_assert_eq!(opened, Ok(message.clone()));
        let answer = crypt().seal_answer(&message, STAMP, random);
        prop_assert_eq!(crypt().open_answer(answer.as_bytes()), Ok(message));
    }

    #[test]
    fn whatever_is_handed_in_nothing_panics(text in "[A-Za-z0-9+/=]{0,200}", bytes: Vec<u8>) {
        let _ = crypt().decrypt(&text);
        let _ = crypt().decrypt(&BASE64.encode(&bytes));
        let _ = crypt().open_answer(&bytes);
    }

    #[test]
    fn an_altered_byte_is_never_the_same_message(at in 0_usize..96, to in 1_u8..) {
        let message = "<xml><Content>请问怎么绑卡</Content></xml>";
        let mut bytes = BASE64.decode(crypt().encrypt(message, [9; 16])).expect("Base64");
        let at = at % bytes.len();
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= to;
        }
        let opened = crypt().decrypt(&BASE64.encode(bytes));
        // The first block is random, and nothing but the signature protects it.
        prop_assert!(at < 16 || opened != Ok(message.to_owned()));
    }
}

/// Encrypts bytes as they are, to build what no honest sender would.
fn raw(bytes: &[u8]) -> String {
    let crypt = crypt();
    let cipher = cbc::Encryptor::<Aes256>::new((&crypt.key.0).into(), crypt.key.iv().into());
    let mut bytes = bytes.to_vec();
    let size = bytes.len();
    let encrypted = cipher.encrypt_padded::<NoPadding>(&mut bytes, size).expect("whole blocks");
    BASE64.encode(encrypted)
}

#[test]
fn another_implementations_text_is_the_same() {
    let encrypted = crypt().encrypt("hello", *b"0123456789abcdef");
    assert_eq!(encrypted, OPENSSL);
    assert_eq!(crypt().decrypt(OPENSSL).as_deref(), Ok("hello"));
}

#[test]
fn a_wrong_key_or_appid_is_refused() {
    let encrypted = crypt().encrypt("hello", [1; 16]);
    let other_key = crypt_of("ABCDEFGhijklmnopqrstuvwxyz0123456789ABCDEFG", "wxtest000000000001");
    assert_eq!(other_key.decrypt(&encrypted), Err(CryptFault::Padding));
    assert_eq!(crypt_of(KEY, "wxtest000000000002").decrypt(&encrypted), Err(CryptFault::Appid));
}

#[test]
fn a_cut_text_is_refused() {
    let encrypted = crypt().encrypt(&"医".repeat(100), [1; 16]);
    let bytes = BASE64.decode(&encrypted).expect("Base64");
    let (half, _) = bytes.split_at(bytes.len() / 2 / BLOCK * BLOCK);
    let (odd, _) = bytes.split_at(bytes.len() - 16);
    assert_eq!(crypt().decrypt(&BASE64.encode(half)), Err(CryptFault::Padding));
    assert_eq!(crypt().decrypt(&BASE64.encode(odd)), Err(CryptFault::Blocks));
    assert_eq!(crypt().decrypt(""), Err(CryptFault::Blocks));
    assert_eq!(crypt().decrypt("*"), Err(CryptFault::Blocks));
}

#[test]
fn bad_padding_and_bad_lengths_are_refused() {
    let plain = |length: u32, last: &[u8]| {
        let mut bytes = [7_u8; BLOCK];
        if let Some(place) = bytes.get_mut(RANDOM..RANDOM + LENGTH) {
            place.copy_from_slice(&length.to_be_bytes());
        }
        let start = BLOCK - last.len();
        if let Some(place) = bytes.get_mut(start..) {
            place.copy_from_slice(last);
        }
        crypt().decrypt(&raw(&bytes))
    };
    assert_eq!(plain(0, &[0]), Err(CryptFault::Padding));
    assert_eq!(plain(0, &[33]), Err(CryptFault::Padding));
    assert_eq!(plain(0, &[1, 2]), Err(CryptFault::Padding));
    assert_eq!(plain(100, &[1]), Err(CryptFault::Length));
    assert_eq!(plain(u32::MAX, &[1]), Err(CryptFault::Length));
    // All padding: too short to hold a length.
    assert_eq!(crypt().decrypt(&raw(&[32; BLOCK])), Err(CryptFault::Length));
}

#[test]
fn a_wrong_signature_is_refused_before_anything_is_decrypted() {
    let post = crypt().seal_post("gh_1", "hello", STAMP, [1; 16]);
    let body = post.body.as_bytes();
    let later = Stamp { timestamp: "1714112446", ..STAMP };
    assert_eq!(crypt().open_post(body, later, &post.msg_signature), Err(CryptFault::Signature));
    assert_eq!(crypt().open_post(body, STAMP, ""), Err(CryptFault::Signature));
    let garbage = "<xml><Encrypt>AAAA</Encrypt></xml>";
    assert_eq!(crypt().open_post(garbage.as_bytes(), STAMP, "x"), Err(CryptFault::Signature));
    let answer = crypt().seal_answer("hello", STAMP, [1; 16]).replace("415670741", "415670742");
    assert_eq!(crypt().open_answer(answer.as_bytes()), Err(CryptFault::Signature));
    let bare = crypt().open_answer(b"<xml></xml>");
    assert_eq!(bare, Err(CryptFault::Field(FieldFault::needed("Encrypt"))));
}

#[test]
fn a_key_has_43_letters_and_digits_and_hides() {
    assert!(EncodingAesKey::new(KEY).is_some());
    assert!(EncodingAesKey::new(KEY.split_at(42).0).is_none());
    assert!(EncodingAesKey::new(&format!("{}=", KEY.split_at(42).0)).is_none());
    assert!(EncodingAesKey::new(&"医".repeat(15)).is_none());
    // The last character's two bits too many are ignored: H and G differ only there.
    let odd = KEY.replace('G', "H");
    let (one, other) = (EncodingAesKey::new(KEY), EncodingAesKey::new(&odd));
    assert_eq!(one.map(|key| key.0), other.map(|key| key.0));
    assert!(!format!("{:?}", crypt()).contains("AAAAA"));
}
