//! Answers as the client reads them, and refusals as we write them.

use super::key;
use crate::reference::xml::{Read, read};
use crate::silence::names_nobody;
use medpay_wire::notification::Acknowledgement;
use medpay_wire::{
    ErrCode, Failure, Fields, GatewayError, Refused, Reply, Seal, SignType, Signed, downloadbill,
    failure_reply, read_reply, sign,
};

const REQUIRED: Signed = Signed::Required(SignType::Md5);

/// Bytes that come back from the platform, or from whatever answers in its place.
pub(super) fn run(input: &[u8]) {
    for signed in [REQUIRED, Signed::Required(SignType::HmacSha256), Signed::NotSent] {
        match read_reply(input, &key(), signed) {
            Ok(Reply::Success(fields)) => succeeded(&fields, signed),
            Ok(Reply::Refused(Refused::Gateway(error))) => assert_ne!(error.errcode, 0),
            Ok(Reply::Refused(_)) => {}
            Err(fault) => names_nobody(&fault.to_string()),
        }
    }
    signed(input);
    let is_bill = !matches!(input.trim_ascii_start().first(), Some(b'<' | b'{'));
    match downloadbill::read_reply(input, &key()) {
        Ok(downloadbill::Reply::Bill(bill)) => assert!(is_bill && bill == input),
        Ok(downloadbill::Reply::Refused(_)) => assert!(!is_bill),
        Err(fault) => names_nobody(&fault.to_string()),
    }
    acknowledged(input);
}

fn succeeded(fields: &Fields, signed: Signed) {
    assert_eq!(fields.get("return_code"), Some("SUCCESS"));
    assert_eq!(fields.get("result_code"), Some("SUCCESS"));
    let given = fields.get("sign").unwrap_or_default().to_ascii_uppercase();
    match signed {
        Signed::Required(kind) => assert_eq!(given, sign::digest(fields, &key(), kind)),
        Signed::NotSent => assert!(given.is_empty() || given == sign::md5(fields, &key())),
    }
}

/// The same document, signed by us: its codes decide, and nothing else.
fn signed(input: &[u8]) {
    let Some(mut fields) = super::documents::fields_of(input) else { return };
    sign::sign_with(&mut fields, &key(), SignType::Md5);
    let code = |name| fields.get(name).unwrap_or_default();
    let expected = (code("return_code"), code("result_code"));
    match (read_reply(fields.to_xml().as_bytes(), &key(), REQUIRED), expected) {
        (Ok(Reply::Success(read)), ("SUCCESS", "SUCCESS")) => assert!(read == fields),
        (Ok(Reply::Refused(Refused::Business { err_code, .. })), ("SUCCESS", "FAIL")) => {
            assert_eq!(err_code, code("err_code"));
        }
        (Ok(Reply::Refused(Refused::Transport { .. })), ("FAIL", _)) | (Err(_), _) => {
            assert!(!matches!(expected, ("SUCCESS", "SUCCESS" | "FAIL")));
        }
        (reply, _) => panic!("{expected:?} was read as {reply:?}"),
    }
}

/// Only `return_code` SUCCESS in a document acknowledges; a notice is money.
fn acknowledged(input: &[u8]) {
    let accepted = match read(input) {
        Read::Fields(fields) => fields.get("return_code").is_some_and(|code| code == "SUCCESS"),
        Read::Refused(_) => false,
    };
    let read = Acknowledgement::read(input);
    assert_eq!(read == Ok(Acknowledgement::Accepted), accepted);
    if let Ok(read) = read {
        let written = Acknowledgement::read(read.to_xml().as_bytes()).expect("a document");
        assert_eq!(written == Acknowledgement::Accepted, accepted);
    }
}

/// A refusal with any words: it is a document, is read as that refusal, and fits String128 with its
/// rid behind the words.
pub(super) fn refusal(input: &[u8]) {
    const RID: &str = "6550793e-00000000-00000000";
    let words = String::from_utf8_lossy(input).into_owned();
    let seal = Seal { key: &key(), nonce_str: "n", sign_type: SignType::Md5 };
    let business = Failure::Business { code: ErrCode::InvalidRequest, des: words.clone() };
    for (failure, place) in
        [(business, "err_code_des"), (Failure::Transport(words.clone()), "return_msg")]
    {
        let body = failure_reply(&failure, RID, Some(seal));
        let fields = Fields::from_xml(body.as_bytes()).expect("a document");
        let told = fields.get(place).expect("words");
        assert!(told.chars().count() <= 128 && told.ends_with(RID), "{place} of {words:?}");
        let read = read_reply(body.as_bytes(), &key(), REQUIRED).expect("an answer");
        assert!(matches!(read, Reply::Refused(_)), "a refusal is none any more");
    }
    let json = GatewayError::new(40001, &words, RID).to_json();
    let expected = Reply::Refused(Refused::Gateway(GatewayError::new(40001, &words, RID)));
    assert_eq!(read_reply(json.as_bytes(), &key(), REQUIRED), Ok(expected));
}
