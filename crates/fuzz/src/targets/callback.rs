//! What the public-account platform posts to an account's own server (PROTOCOL 7.4).

use super::documents::masked;
use crate::silence::names_nobody;
use medpay_wire::public_account::callback::{Answer, Incoming};
use medpay_wire::public_account::crypto::{EncodingAesKey, MessageCrypt, Stamp};
use medpay_wire::{FieldSpec, Fields, Kind, Required};

const fn field(name: &'static str, kind: Kind) -> FieldSpec {
    FieldSpec { name, label: "", required: Required::No, max: 64, kind }
}

/// The fields of messages and events, for the mutations.
pub(super) const FIELDS: &[FieldSpec] = &[
    field("ToUserName", Kind::Text),
    field("FromUserName", Kind::Text),
    field("CreateTime", Kind::Uint64),
    field("MsgType", Kind::Word(&["event", "text", "image", "location"])),
    field("MsgId", Kind::Uint64),
    field("Content", Kind::Lines),
    field(
        "Event",
        Kind::Word(&[
            "subscribe",
            "unsubscribe",
            "SCAN",
            "CLICK",
            "VIEW",
            "TEMPLATESENDJOBFINISH",
            "view_miniprogram",
        ]),
    ),
    field("EventKey", Kind::Word(&["qrscene_1", "qrscene_", "1", "BIND", "https://a.example/"])),
    field("Ticket", Kind::Text),
    field("MsgID", Kind::Uint64),
    field("Status", Kind::Word(&["success", "failed:user block", "failed: system failed"])),
];

/// A plain body, whose signature was checked.
pub(super) fn plain(input: &[u8]) {
    match Incoming::read(input) {
        Ok(incoming) => {
            let fields = Fields::from_xml(input).expect("a document");
            masked(&format!("{incoming:?}"), &fields, &["FromUserName", "Content"]);
            let written = incoming.write();
            let again = Incoming::read(written.as_bytes()).expect("what we write we read");
            assert!(again == incoming, "read as another");
            assert_eq!(again.write(), written, "written in two ways");
            assert_eq!(again.dedupe_key(), incoming.dedupe_key(), "a repeat is not known");
            assert!(incoming.dedupe_key().len() <= 48);
            let key = incoming.dedupe_key();
            masked(&key, &fields, &["FromUserName", "Content"]);
            let reply = incoming.reply("医保", 1).write();
            assert!(matches!(Answer::read(reply.as_bytes()), Ok(Answer::Text(_))), "our answer");
        }
        Err(fault) => quiet(&fault.to_string()),
    }
    match Answer::read(input) {
        Ok(Answer::Text(reply)) => {
            let again = Answer::read(reply.write().as_bytes());
            assert_eq!(again, Ok(Answer::Text(reply)), "an answer is read as another");
        }
        Ok(Answer::Nothing) => assert!(matches!(input.trim_ascii(), b"" | b"success")),
        Err(fault) => quiet(&fault.to_string()),
    }
}

/// A repeated field's name is the sender's; every other word is ours.
fn quiet(fault: &str) {
    if !fault.ends_with("is repeated") {
        names_nobody(fault);
    }
}

const STAMP: Stamp<'static> = Stamp { timestamp: "1714112445", nonce: "415670741" };

fn crypt(appid: &str) -> MessageCrypt {
    let key = EncodingAesKey::new("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").expect("a key");
    MessageCrypt::new("AAAAA", key, appid)
}

/// An encrypted body: only what we sealed is opened, and anything can be sealed.
pub(super) fn sealed(input: &[u8]) {
    let crypt = crypt("wxtest000000000001");
    // As it came: signed for another text, so nothing but that text is opened.
    let fixed = crypt.seal_post("gh_1", "<xml></xml>", STAMP, [7; 16]);
    if crypt.open_post(input, STAMP, &fixed.msg_signature).is_ok() {
        let of = |body: &[u8]| Fields::from_xml(body).ok()?.get("Encrypt").map(str::to_owned);
        assert_eq!(of(input), of(fixed.body.as_bytes()), "a forgery was opened");
    }
    // Signed by one who knows the token and not the key: garbage is refused in our own words.
    let text = String::from_utf8_lossy(input);
    if let Err(fault) = crypt.decrypt(&text) {
        names_nobody(&fault.to_string());
    }
    if let Err(fault) = crypt.open_answer(input) {
        quiet(&fault.to_string());
    }
    round_trip(&crypt, &text, input);
}

fn round_trip(ours: &MessageCrypt, message: &str, input: &[u8]) {
    let random = *input.first_chunk().unwrap_or(&[1; 16]);
    let post = ours.seal_post("gh_1", message, STAMP, random);
    let open = |body: &str| ours.open_post(body.as_bytes(), STAMP, &post.msg_signature);
    assert_eq!(open(&post.body).as_deref(), Ok(message), "sealed and opened as another");
    let answer = ours.seal_answer(message, STAMP, random);
    assert_eq!(ours.open_answer(answer.as_bytes()).as_deref(), Ok(message));
    let elsewhere = Stamp { nonce: "415670742", ..STAMP };
    assert!(ours.open_post(post.body.as_bytes(), elsewhere, &post.msg_signature).is_err());
    let others = crypt("wxtest000000000002");
    let opened = others.open_post(post.body.as_bytes(), STAMP, &post.msg_signature);
    assert!(opened.is_err(), "opened by another account");
    // One letter of the encrypted text changed.
    let begin = post.body.find("<Encrypt><![CDATA[").expect("an envelope") + 18;
    let at = begin + input.len() % 64;
    let letter = if post.body[at..].starts_with('A') { "B" } else { "A" };
    let mut changed = post.body.clone();
    changed.replace_range(at..=at, letter);
    assert!(open(&changed).is_err(), "altered, and opened");
}
