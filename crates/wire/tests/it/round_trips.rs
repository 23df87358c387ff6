//! What is decoded can be encoded, and is then decoded as the same; for documents drawn at random
//! from the tables, in both directions.

use crate::samples::verified;
use medpay_wire::{FieldSpec, Fields, Kind, Required};
use proptest::prelude::*;
use proptest::string::string_regex;
use std::net::Ipv4Addr;

/// Values of a field, by its line in the table.
fn values(spec: &FieldSpec) -> BoxedStrategy<String> {
    let max = spec.max.min(12);
    match spec.kind {
        Kind::Text => {
            let one = "[^\\p{Cc}\u{FFFE}\u{FFFF}]";
            string_regex(&format!("{one}{{1,{max}}}")).expect("a pattern").boxed()
        }
        Kind::Lines => "[a-z医<&\\]>\r\n\t ]{1,12}".boxed(),
        Kind::Content => r#"[{}"a-z医\]>< \r\n]{1,60}"#.boxed(),
        Kind::Uint64 => (0..=i64::MAX).prop_map(|n| n.to_string()).boxed(),
        Kind::Positive => (1..=i64::MAX).prop_map(|n| n.to_string()).boxed(),
        Kind::Uint32 => any::<u32>().prop_map(|n| n.to_string()).boxed(),
        Kind::Flag => "[01]".boxed(),
        Kind::Time => (0..4_000_000_000_000_i64)
            .prop_map(|ms| medpay_domain::Timestamp::from_ms(ms).wire())
            .boxed(),
        Kind::Day => (0..4_000_000_000_000_i64)
            .prop_map(|ms| medpay_domain::Timestamp::from_ms(ms).day().wire())
            .boxed(),
        Kind::CardType => "[1456789]".boxed(),
        Kind::Digest => "[0-9a-f]{32}".boxed(),
        Kind::Url => "https?://[a-z]{1,8}\\.example(:[1-9][0-9]{0,3})?(/[a-z医]{0,5})?".boxed(),
        Kind::Ip => any::<[u8; 4]>().prop_map(|ip| Ipv4Addr::from(ip).to_string()).boxed(),
        Kind::Yuan => "(0|[1-9][0-9]{0,5})(\\.[0-9]{1,2})?".boxed(),
        Kind::Word(words) => prop::sample::select(words).prop_map(str::to_owned).boxed(),
    }
}

/// Documents by a table: every field that may be absent is there or not.
fn documents(table: &'static [FieldSpec]) -> BoxedStrategy<Fields> {
    let fields: Vec<_> = table
        .iter()
        .map(|spec| {
            let value = values(spec);
            let value = match spec.required {
                Required::No => prop::option::of(value).boxed(),
                Required::Yes | Required::OneOf(_) | Required::When(..) => {
                    value.prop_map(Some).boxed()
                }
            };
            (Just(spec.name), value)
        })
        .collect();
    fields
        .prop_map(|fields| {
            fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
        })
        .boxed()
}

macro_rules! round_trips {
    ($($module:ident)*) => {$(
        mod $module {
            use super::*;
            use medpay_wire::$module::{Reply, Request, SPEC};

            proptest! {
                #![proptest_config(ProptestConfig::with_cases(64))]

                #[test]
                fn a_request_is_decoded_encoded_and_decoded_as_the_same(
                    fields in documents(SPEC.fields)
                ) {
                    let request = Request::decode(&verified(fields.clone())).expect("a request");
                    let again = request.encode();
                    // What comes out stood in the document, or is a default written down.
                    for (name, value) in again.iter() {
                        let default = matches!(
                            (name, value),
                            ("cash_add_fee" | "cash_reduced_fee", "0") | ("bill_type", "ALL")
                        ) || name == "refund_desc";
                        prop_assert!(fields.get(name) == Some(value) || default, "{}", name);
                    }
                    let again = Request::decode(&verified(again)).expect("a request");
                    prop_assert_eq!(again, request);
                }

                #[test]
                fn an_answer_is_decoded_encoded_and_decoded_as_the_same(
                    mut fields in documents(SPEC.reply)
                ) {
                    fields.set("nonce_str", "n");
                    let reply = Reply::decode(&fields).expect("an answer");
                    let again = reply.encode();
                    for (name, value) in again.iter() {
                        prop_assert_eq!(fields.get(name), Some(value));
                    }
                    prop_assert_eq!(Reply::decode(&again).expect("an answer"), reply);
                }
            }
        }
    )*};
}

round_trips!(getmedinfo getbindurl preregister qrcodepreregister sendmsg qrcodegetmedinfo
    unifiedorder qrcodeunifiedorder orderquery closeorder refund refundquery);

mod downloadbill {
    use super::*;
    use medpay_wire::downloadbill::{Request, SPEC};

    proptest! {
        #[test]
        fn a_request_is_decoded_encoded_and_decoded_as_the_same(fields in documents(SPEC.fields)) {
            let request = Request::decode(&verified(fields)).expect("a request");
            let again = Request::decode(&verified(request.encode())).expect("a request");
            prop_assert_eq!(again, request);
        }
    }
}

mod notification {
    use super::*;
    use crate::samples::key;
    use medpay_wire::notification::{Acknowledgement, FIELDS, Notification};
    use medpay_wire::{Received, Seal, SignType, success_reply};

    proptest! {
        #[test]
        fn a_notification_is_sent_and_read_as_the_same(fields in documents(FIELDS)) {
            let notification = Notification::decode(&verified(fields)).expect("a notification");
            let seal = Seal { key: &key(), nonce_str: "n", sign_type: SignType::Md5 };
            let body = success_reply(notification.encode(), Some(seal));
            let received = Received::read(body.as_bytes()).expect("well-formed");
            let verified = received.verify_from_platform(&key()).expect("signed");
            prop_assert_eq!(Notification::decode(&verified).expect("a notification"), notification);
        }

        #[test]
        fn a_refused_acknowledgement_is_read_as_the_same(why in "[^\\p{Cc}]{0,128}") {
            let refused = Acknowledgement::Refused(why);
            prop_assert_eq!(Acknowledgement::read(refused.to_xml().as_bytes()), Ok(refused));
        }
    }

    #[test]
    fn only_success_accepts() {
        let accepted =
            |body: &str| Acknowledgement::read(body.as_bytes()) == Ok(Acknowledgement::Accepted);
        assert!(accepted(&Acknowledgement::Accepted.to_xml()));
        assert!(accepted("<xml>\n<return_code>SUCCESS</return_code></xml>"));
        for other in [
            "",
            "success",
            "SUCCESS",
            "<xml><return_code>success</return_code></xml>",
            "<xml></xml>",
        ] {
            assert!(!accepted(other), "{other}");
        }
    }
}

/// Found by fuzzing: a pay code and its token, and the bureau's words, stood in `Debug`.
#[test]
fn debug_shows_neither_codes_nor_the_bureaus_words() {
    use crate::samples::{reply, request};
    use medpay_wire::{notification, orderquery, qrcodegetmedinfo, qrcodeunifiedorder};
    let shown = [
        format!("{:?}", qrcodegetmedinfo::Request::decode(&verified(request("qrcodegetmedinfo")))),
        format!("{:?}", qrcodegetmedinfo::Reply::decode(&reply("qrcodegetmedinfo"))),
        format!(
            "{:?}",
            qrcodeunifiedorder::Request::decode(&verified(request("qrcodeunifiedorder")))
        ),
        format!("{:?}", orderquery::Reply::decode(&reply("orderquery"))),
        format!("{:?}", notification::Notification::decode(&verified(reply("notification")))),
    ];
    for shown in shown {
        assert!(shown.starts_with("Ok("), "{shown}");
        for secret in ["134650000000000001", "T0001", "1.50", "oTest", "6000000001"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

/// Found by fuzzing: a moment after the year 9999 was read as another one.
#[test]
fn a_moment_that_cannot_be_written_down_is_refused() {
    use medpay_wire::contracts::clock::Change;
    let set = |ms: i64| serde_json::from_str::<Change>(&format!(r#"{{"do":"set","to":{ms}}}"#));
    let most = medpay_domain::Timestamp::MAX;
    assert_eq!(set(most.as_ms()).expect("a change"), Change::Set { to: most });
    for ms in [-1, most.as_ms() + 1, i64::MAX] {
        assert!(set(ms).is_err(), "{ms}");
    }
}

#[test]
fn the_misspelt_cash_refund_status_is_read() {
    let mut fields = crate::samples::reply("refundquery");
    fields.remove("cash_refund_status");
    fields.set("cash_refund_stauts", "SUCCESS");
    let reply = medpay_wire::refundquery::Reply::decode(&fields).expect("an answer");
    assert_eq!(reply.cash_refund_status, Some(medpay_wire::states::RefundState::Success));
    assert_eq!(reply.encode().get("cash_refund_status"), Some("SUCCESS"));
}
