//! Signatures: what is signed is verified, and whatever is changed is not.

use super::documents::fields_of;
use super::key;
use crate::silence::names_nobody;
use medpay_wire::sign::{base_string, hmac_sha256, md5, sign_into};
use medpay_wire::{ApiKey, Fields, Received, SignFault, SignType, sign_causes};

fn sent(fields: &Fields) -> Received {
    Received::read(fields.to_xml().as_bytes()).expect("what we write is a document")
}

fn check(fields: &Fields, allow_hmac: bool) -> Result<SignType, SignFault> {
    sent(fields).verify(&key(), allow_hmac).map(|verified| verified.sign_type())
}

/// Any fields: signing, verifying, and one change after another.
pub(super) fn run(input: &[u8]) {
    if let (Ok(received), Ok(fields)) = (Received::read(input), Fields::from_xml(input)) {
        let told = received.verify(&key(), false);
        let right = fields.get("sign") == Some(&md5(&fields, &key()));
        assert_eq!(told.is_ok(), right, "the sender's own signature");
    }
    let Some(mut fields) = fields_of(input) else { return };
    assert_eq!(check(&fields, false), Err(SignFault::Missing));
    let asks_for_hmac = fields.get("sign_type") == Some("HMAC-SHA256");
    sign_into(&mut fields, &key());
    let digest = if asks_for_hmac { hmac_sha256 } else { md5 };
    assert_eq!(fields.get("sign"), Some(digest(&fields, &key()).as_str()));
    let expected = if asks_for_hmac { SignType::HmacSha256 } else { SignType::Md5 };
    assert_eq!(check(&fields, true), Ok(expected));
    assert_eq!(check(&fields, false).is_ok(), !asks_for_hmac);
    if asks_for_hmac {
        fields.set("sign", md5(&fields, &key()));
    }
    changes(&fields, input.len());
}

/// One change of a document that is signed with MD5; `at` chooses the field.
fn changes(signed: &Fields, at: usize) {
    let refused = |fields: &Fields| assert_eq!(check(fields, false), Err(SignFault::Wrong));
    let sign = signed.get("sign").expect("it is signed").to_owned();
    let names: Vec<&str> =
        signed.iter().filter(|(n, v)| *n != "sign" && !v.is_empty()).map(|(n, _)| n).collect();
    let mut lower = signed.clone();
    lower.set("sign", sign.to_lowercase());
    assert_eq!(check(&lower, false).is_ok(), lower.get("sign") == Some(sign.as_str()));
    assert!(sent(&lower).verify_from_platform(&key()).is_ok(), "a client takes either case");
    let other = ApiKey::new("0123456789abcdef0123456789abcdeg").expect("32 characters");
    assert_eq!(sent(signed).verify(&other, false).map(|_| ()), Err(SignFault::Wrong));
    let mut more = signed.clone();
    if more.get("zz").is_none() {
        refused(more.set("zz", "0"));
        // Empty means absent.
        assert!(check(more.set("zz", ""), false).is_ok());
    }
    let Some(&name) = names.get(at % names.len().max(1)) else { return };
    let mut less = signed.clone();
    let value = less.remove(name).expect("it is there");
    refused(&less);
    refused(less.set(name, format!("{value}0")));
    refused(less.set(name, format!(" {value}")));
}

/// A sample that was signed and then changed on the way: if it still verifies, what was signed is
/// the same text. (V2's rule joins by `&` and `=`, so that text is all that a signature holds.)
pub(super) fn tampered(input: &[u8]) {
    let mut fields: Fields = SAMPLE.into_iter().collect();
    sign_into(&mut fields, &key());
    let mut body = fields.to_xml().into_bytes();
    // The input is edits: where (two bytes), how many bytes go, how many come, these.
    let mut edits = input;
    while let Some(([high, low, gone, come], rest)) = edits.split_first_chunk::<4>() {
        let (piece, rest) = rest.split_at(usize::from(come % 32).min(rest.len()));
        let at = usize::from(u16::from_be_bytes([*high, *low])) % (body.len() + 1);
        let end = (at + usize::from(gone % 32)).min(body.len());
        body.splice(at..end, piece.iter().copied());
        edits = rest;
    }
    let Ok(received) = Received::read(&body) else { return };
    let Ok(verified) = received.verify(&key(), true) else { return };
    assert_eq!(base_string(verified.fields()), base_string(&fields), "a forgery");
}

const SAMPLE: [(&str, &str); 9] = [
    ("appid", "wx0000000000000001"),
    ("body", "挂号费 <1> & \"2\""),
    ("cash_fee", "0"),
    ("hosp_out_trade_no", "H20180601000001"),
    ("mch_id", "1900000001"),
    ("nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"),
    ("request_content", "{\"a\":\r\n1.50}"),
    ("sub_appid", ""),
    ("total_fee", "100"),
];

/// The explanations of a wrong signature: found, few and silent about values.
pub(super) fn causes(input: &[u8]) {
    let Ok(fields) = Fields::from_xml(input) else { return };
    // Pairs of slips are tried, so the work grows with the square of the fields.
    if fields.len() > 12 || input.len() > 4096 {
        return;
    }
    let document = std::str::from_utf8(input).ok();
    let causes = sign_causes::causes(&fields, document, &key());
    let words: Vec<String> = causes.into_iter().flat_map(|cause| cause.0).collect();
    // The words name fields, whose names are the sender's.
    let names: String = fields.iter().map(|(name, _)| name).collect();
    if !names.contains("oTest") {
        names_nobody(&words.join("\n"));
    }
    let right = fields.get("sign") == Some(&md5(&fields, &key()));
    assert!(!right || words.is_empty(), "a right signature has no cause");
}
