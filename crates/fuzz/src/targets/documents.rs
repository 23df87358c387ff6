//! What holds of a document's table in both directions.

use super::key;
use crate::reference::tables;
use medpay_wire::xml::{MAX_BODY, MAX_FIELDS};
use medpay_wire::{FieldFault, FieldSpec, Fields, Received, Verified, sign};
use std::fmt::Debug;

/// The fields of an input that is a document, and can be one with a signature.
pub(super) fn fields_of(input: &[u8]) -> Option<Fields> {
    let mut fields = Fields::from_xml(input).ok()?;
    fields.remove("sign");
    let fits = fields.len() < MAX_FIELDS && fields.to_xml().len() + 128 < MAX_BODY;
    fits.then_some(fields)
}

/// The document, signed, sent and checked; nothing is lost on the way, unknown fields included.
pub(super) fn verified(fields: &Fields) -> Verified {
    let mut signed = fields.clone();
    sign::sign_into(&mut signed, &key());
    let received = Received::read(signed.to_xml().as_bytes()).expect("what we write is a document");
    let verified = received.verify(&key(), true).expect("what we sign is signed");
    assert_eq!(*verified.fields(), signed, "fields were lost");
    verified
}

/// Decoding does what the table says, names the first faulty field and nothing else, and what was
/// decoded is encoded and decoded as the same. `besides` are the fields that are read though no
/// table has them.
pub(super) fn hold<T: PartialEq + Debug>(
    table: &[FieldSpec],
    fields: &Fields,
    besides: &[&str],
    decode: impl Fn(&Fields) -> Result<T, FieldFault>,
    encode: impl Fn(&T) -> Fields,
) {
    let expected = tables::fault(table, fields);
    let read = match decode(fields) {
        Ok(read) => read,
        Err(fault) if besides.contains(&fault.field) && expected.is_none() => return,
        Err(fault) => {
            assert_eq!(Some(fault.to_string()), expected, "the fault is another");
            return;
        }
    };
    assert_eq!(expected, None, "a faulty document was taken");
    let written = encode(&read);
    let again = decode(&written).expect("what we encode we decode");
    assert_eq!(again, read, "decoded as another");
    assert!(encode(&again).iter().eq(written.iter()), "encoded in two ways");
    masked(&format!("{read:?}"), fields, &PERSONAL_FIELDS);
}

/// Fields whose values tell who somebody is, or are as good as a key.
const PERSONAL_FIELDS: [&str; 13] = [
    "auth_code",
    "idcard_md5",
    "medical_card_id",
    "medical_card_no",
    "medical_comp_no",
    "name",
    "openid",
    "request_content",
    "response_content",
    "sub_openid",
    "token",
    "user_card_no",
    "user_name",
];

/// `shown`, a `Debug`, holds no value of the fields `personal`, unless another field has it too.
pub(super) fn masked(shown: &str, fields: &Fields, personal: &[&str]) {
    let of = |wanted: bool| fields.iter().filter(move |(n, _)| personal.contains(n) == wanted);
    for (name, value) in of(true) {
        for word in value.split(|c: char| !c.is_alphanumeric()).filter(|word| tells(word)) {
            let elsewhere = of(false).any(|(_, other)| other.contains(word));
            assert!(elsewhere || !shown.contains(word), "`Debug` shows {name}: {shown}");
        }
    }
}

/// Whether a word is one that cannot be there by accident.
fn tells(word: &str) -> bool {
    let chinese = word.chars().filter(|c| ('\u{4E00}'..'\u{A000}').contains(c)).count();
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    chinese >= 2 || (word.len() >= 10 && digits >= 3 && digits < word.len())
}
