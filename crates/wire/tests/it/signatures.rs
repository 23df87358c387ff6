//! The vectors of PROTOCOL 1.3 and 6.1, and what is signed.

use crate::samples::key;
use medpay_wire::{ApiKey, Fields, Received, SignFault, sign};
use proptest::prelude::*;

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().copied().collect()
}

fn signed_as(fields: &Fields, sign: &str) -> Received {
    let mut fields = fields.clone();
    fields.set("sign", sign);
    Received::read(fields.to_xml().as_bytes()).expect("well-formed")
}

#[test]
fn the_vector_with_a_chinese_name_holds() {
    let fields = fields(&[
        ("openid", "oTestOpenid0000000000000001"),
        ("name", "张三"),
        ("idcard_md5", "09eb26e839ff3a2e3980352ae45ef09e"),
        ("nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"),
    ]);
    assert_eq!(
        sign::base_string(&fields),
        "idcard_md5=09eb26e839ff3a2e3980352ae45ef09e&name=张三\
         &nonce_str=5K8264ILTKCH16CQ2502SI8ZNMTM67VS&openid=oTestOpenid0000000000000001"
    );
    assert_eq!(sign::md5(&fields, &key()), "A212D9544089CE3BCEB991F2A41B89A2");
}

fn order() -> Fields {
    fields(&[
        ("appid", "wx0000000000000001"),
        ("cash_fee", "0"),
        ("hosp_out_trade_no", "H20180601000001"),
        ("insurance_fee", "100"),
        ("mch_id", "1900000001"),
        ("nonce_str", "abc123"),
        ("sub_appid", ""),
        ("total_fee", "100"),
    ])
}

#[test]
fn zero_is_signed_and_empty_is_not() {
    assert_eq!(sign::md5(&order(), &key()), "F81DD402D89ABD01898357CDE968C680");
    let verify = |sign| signed_as(&order(), sign).verify(&key(), false).map(|_| ());
    assert_eq!(verify("F81DD402D89ABD01898357CDE968C680"), Ok(()));
    // Without cash_fee=0, and with sub_appid=.
    assert_eq!(verify("C179AC8C19C44CED7D2EB2DA06A74519"), Err(SignFault::Wrong));
    assert_eq!(verify("A73479883DAFD1FE3EB17B3EFE3BEFC9"), Err(SignFault::Wrong));
}

#[test]
fn the_official_vector_of_v2_holds_in_both_digests() {
    let key = ApiKey::new("192006250b4c09247ec02edce69f6a2d").expect("32 characters");
    let fields = fields(&[
        ("appid", "wxd930ea5d5a258f4f"),
        ("body", "test"),
        ("device_info", "1000"),
        ("mch_id", "10000100"),
        ("nonce_str", "ibuaiVcKdpRxkhJA"),
    ]);
    assert_eq!(sign::md5(&fields, &key), "9A0A8659F005D6984697E2CA0A9CF3B7");
    assert_eq!(
        sign::hmac_sha256(&fields, &key),
        "6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6"
    );
}

#[test]
fn the_server_refuses_lower_case_and_the_client_does_not() {
    let right = sign::md5(&order(), &key());
    let lower = right.to_lowercase();
    let server = |sign: &str| signed_as(&order(), sign).verify(&key(), false).map(|_| ());
    let client = |sign: &str| signed_as(&order(), sign).verify_from_platform(&key()).map(|_| ());
    assert_eq!(server(&right), Ok(()));
    assert_eq!(server(&lower), Err(SignFault::Wrong));
    assert_eq!(client(&right), Ok(()));
    assert_eq!(client(&lower), Ok(()));
    for wrong in ["", " "] {
        assert!(server(wrong).is_err() && client(wrong).is_err());
    }
    assert_eq!(server(""), Err(SignFault::Missing));
    assert_eq!(server(&format!("{right} ")), Err(SignFault::Wrong));
}

#[test]
fn hmac_counts_only_where_it_is_allowed_and_asked_for() {
    let mut asked = order();
    asked.set("sign_type", "HMAC-SHA256");
    let hmac = sign::hmac_sha256(&asked, &key());
    let md5 = sign::md5(&asked, &key());
    let verify = |fields: &Fields, sign: &str, allowed| {
        signed_as(fields, sign).verify(&key(), allowed).map(|verified| verified.sign_type())
    };
    assert_eq!(verify(&asked, &hmac, true), Ok(medpay_wire::SignType::HmacSha256));
    assert_eq!(verify(&asked, &md5, true), Err(SignFault::Wrong));
    // Elsewhere sign_type is an unknown field: signed and ignored.
    assert_eq!(verify(&asked, &hmac, false), Err(SignFault::Wrong));
    assert_eq!(verify(&asked, &md5, false), Ok(medpay_wire::SignType::Md5));
    let unasked = order();
    let hmac = sign::hmac_sha256(&unasked, &key());
    assert_eq!(verify(&unasked, &hmac, true), Err(SignFault::Wrong));
}

#[test]
fn the_decoded_text_is_what_is_signed() {
    let key = key();
    let mut fields = Fields::new();
    fields.set("body", "<西药> & \"糖浆\"");
    let sign = sign::md5(&fields, &key);
    for body in [
        format!("<xml><body><![CDATA[<西药> & \"糖浆\"]]></body><sign>{sign}</sign></xml>"),
        format!("<xml><sign>{sign}</sign><body>&lt;西药> &amp; &quot;糖浆\"</body></xml>"),
        format!(
            "<xml><body>&#60;&#x897f;药> &#38;<![CDATA[ \"糖浆\"]]></body><sign>{sign}</sign></xml>"
        ),
    ] {
        let received = Received::read(body.as_bytes()).expect("well-formed");
        assert!(received.verify(&key, false).is_ok(), "{body}");
    }
}

#[test]
fn a_key_has_32_characters_and_is_never_shown() {
    assert_eq!(ApiKey::new("0123456789abcdef0123456789abcde"), None);
    assert_eq!(ApiKey::new("0123456789abcdef0123456789abcdef0"), None);
    assert_eq!(ApiKey::new("0123456789abcdef 123456789abcdef"), None);
    assert_eq!(format!("{:?}", key()), "ApiKey(***)");
}

#[test]
fn debug_shows_the_names_of_fields_and_no_value() {
    assert_eq!(format!("{:?}", fields(&[("name", "张三")])), "{\"name\"}");
}

proptest! {
    #[test]
    fn what_is_signed_is_verified_and_any_change_is_not(
        pairs in prop::collection::btree_map("[a-z_]{1,12}", ".{0,30}", 1..12),
        extra in "[A-Z]{1,8}",
    ) {
        let mut fields: Fields = pairs.into_iter().collect();
        fields.remove("sign");
        fields.set("a", "0");
        let sign = sign::md5(&fields, &key());
        prop_assert!(signed_as(&fields, &sign).verify(&key(), false).is_ok());

        let mut more = fields.clone();
        more.set(extra.clone(), "1");
        prop_assert!(signed_as(&more, &sign).verify(&key(), false).is_err());
        let mut less = fields.clone();
        less.remove("a");
        prop_assert!(signed_as(&less, &sign).verify(&key(), false).is_err());
        let mut empty = fields.clone();
        empty.set(extra, "");
        prop_assert!(signed_as(&empty, &sign).verify(&key(), false).is_ok());
    }
}
