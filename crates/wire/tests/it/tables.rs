//! Decoding keeps to the tables: every field of every interface, missing, too long and wrong.

use crate::samples::{request, verified};
use medpay_wire::{
    FieldFault, FieldSpec, Fields, Interface, Kind, Problem, Required, Verified, interfaces,
};

fn decode(name: &str, document: &Verified) -> Result<(), FieldFault> {
    macro_rules! by_name {
        ($($module:ident)*) => {
            match name {
                $(stringify!($module) =>
                    medpay_wire::$module::Request::decode(document).map(|_| ()),)*
                _ => panic!("no interface {name}"),
            }
        };
    }
    by_name!(getmedinfo getbindurl preregister qrcodepreregister sendmsg qrcodegetmedinfo
        unifiedorder qrcodeunifiedorder orderquery closeorder refund refundquery downloadbill)
}

fn fault(interface: &Interface, fields: Fields) -> Option<String> {
    decode(interface.name, &verified(fields)).err().map(|fault| fault.to_string())
}

/// A sample in which `spec`'s field counts: sendmsg's fields depend on the type.
fn sample(interface: &Interface, spec: &FieldSpec) -> Fields {
    let mut fields = request(interface.name);
    if let Required::When(when, _) = spec.required
        && let Some(types) = when.strip_prefix("msg_type is ")
    {
        fields.set("msg_type", &types[..1]);
    }
    fields
}

/// A value that is too long, where a kind can have one.
fn too_long(spec: &FieldSpec) -> String {
    match spec.kind {
        // Three bytes each: the bound is in bytes.
        Kind::Content => "医".repeat(spec.max / 3 + 1),
        // Counted in characters.
        Kind::Text | Kind::Lines => "医".repeat(spec.max + 1),
        _ => "1".repeat(spec.max + 1),
    }
}

/// Values of another type, or that the field cannot have.
fn wrong(spec: &FieldSpec) -> &'static [&'static str] {
    match spec.kind {
        Kind::Text => &["a\tb", "a\u{7f}"],
        // A control character is no XML, so it never gets here.
        Kind::Lines => &["a\u{85}b"],
        Kind::Content => &[],
        Kind::Uint64 => &["-1", "+1", "1.5", "0x1", " 1", "1 ", "9223372036854775808", "一"],
        Kind::Positive => &["0", "00", "-1", "1.5"],
        Kind::Uint32 => &["-1", "4294967296"],
        Kind::Flag => &["2", "-1", "y"],
        Kind::Time => &["20160501", "20160230000000", "2016-05-01 16:", "20160501256060"],
        Kind::Day => &["20180230", "2018061", "2018-6-1"],
        Kind::CardType => &["2", "3", "0", "10", "A"],
        Kind::Digest => &[
            "09EB26E839FF3A2E3980352AE45EF09E",
            "09eb26e839ff3a2e3980352ae45ef09",
            "09eb26e839ff3a2e3980352ae45ef09g",
        ],
        Kind::Url => &[
            "ftp://a.example.org",
            "javascript:1",
            "//a.example.org",
            "https://",
            "http://a b.example.org/",
            "https://u@a.example.org/",
            "http://a.example.org:x/",
            "http://a.example.org\\b",
            "http://.example.org",
            "http://a..example.org",
            "http://example.org./",
            "http://2130706433/",
            "http://127.1/",
            "http://0x7f000001/",
            "http://127.0.0.0x1/",
            "http://0177.0.0.1/",
        ],
        Kind::Ip => &["::1", "10.193.0", "10.193.0.256", "a.example.org"],
        Kind::Yuan => &["30元", "-1", "1.234", "1e2"],
        Kind::Word(_) => &["0", "success", "X"],
    }
}

#[test]
fn the_samples_have_every_field_and_are_taken() {
    for interface in interfaces::ALL {
        let fields = request(interface.name);
        for spec in interface.fields {
            assert!(fields.has(spec.name), "{} {}", interface.name, spec.name);
        }
        assert_eq!(fields.len(), interface.fields.len(), "{}", interface.name);
        assert_eq!(fault(interface, fields), None, "{}", interface.name);
    }
}

#[test]
fn a_missing_field_is_named_and_empty_is_missing() {
    for interface in interfaces::ALL {
        for spec in interface.fields {
            let needed = Some(format!("{} is needed", spec.name));
            for empty in [true, false] {
                let mut fields = sample(interface, spec);
                let mut drop = |name: &str| {
                    fields.remove(name);
                    if empty {
                        fields.set(name, "");
                    }
                };
                drop(spec.name);
                let expected = match spec.required {
                    Required::No => None,
                    Required::When(..) if spec.name == "sub_appid" => None,
                    Required::OneOf(names) => {
                        for name in names {
                            drop(name);
                        }
                        Some(format!("{} is needed", names[0]))
                    }
                    Required::Yes | Required::When(..) => needed.clone(),
                };
                assert_eq!(fault(interface, fields), expected, "{} {}", interface.name, spec.name);
            }
        }
    }
}

#[test]
fn a_field_that_is_too_long_is_named() {
    for interface in interfaces::ALL {
        for spec in interface.fields {
            let mut fields = sample(interface, spec);
            fields.set(spec.name, too_long(spec));
            let expected = Some(format!("{} is too long", spec.name));
            assert_eq!(fault(interface, fields), expected, "{}", interface.name);
        }
    }
}

#[test]
fn a_text_may_be_as_long_as_the_document_says() {
    for interface in interfaces::ALL {
        for spec in interface.fields {
            if matches!(spec.kind, Kind::Text | Kind::Lines | Kind::Content) {
                let mut fields = sample(interface, spec);
                let one = if matches!(spec.kind, Kind::Content) { "a" } else { "医" };
                fields.set(spec.name, one.repeat(spec.max));
                assert_eq!(fault(interface, fields), None, "{} {}", interface.name, spec.name);
            }
        }
    }
}

#[test]
fn a_field_of_another_type_is_named() {
    for interface in interfaces::ALL {
        for spec in interface.fields {
            for value in wrong(spec) {
                let mut fields = sample(interface, spec);
                fields.set(spec.name, *value);
                let expected = Some(format!("{} is invalid", spec.name));
                let found = fault(interface, fields);
                // Some wrong values are too long for their field as well, which is said first.
                if value.chars().count() <= spec.max {
                    assert_eq!(found, expected, "{} {value:?}", interface.name);
                } else {
                    assert!(found.is_some());
                }
            }
        }
    }
}

#[test]
fn of_several_faults_the_first_in_the_documents_order_is_named() {
    for interface in interfaces::ALL {
        let mut fields = request(interface.name);
        for spec in interface.fields.iter().rev() {
            if matches!(spec.kind, Kind::Content) {
                continue;
            }
            fields.set(spec.name, too_long(spec));
            let expected = Some(format!("{} is too long", spec.name));
            assert_eq!(fault(interface, fields.clone()), expected, "{}", interface.name);
        }
    }
}

#[test]
fn unknown_fields_are_signed_and_ignored() {
    for interface in interfaces::ALL {
        let mut fields = request(interface.name);
        fields.set("unheard_of", "1").set("sign_type", "MD5");
        assert_eq!(fault(interface, fields), None, "{}", interface.name);
    }
}

#[test]
fn a_table_names_no_field_twice_and_the_path_is_the_name() {
    for interface in interfaces::ALL {
        assert_eq!(interface.path, format!("/payinsurance/{}", interface.name));
        assert!(interfaces::named(interface.name).is_some());
        for table in [interface.fields, interface.reply] {
            for (n, spec) in table.iter().enumerate() {
                assert!(table[..n].iter().all(|other| other.name != spec.name), "{}", spec.name);
            }
        }
        let has_merchant = interface.field("mch_id").is_some();
        assert_eq!(interface.carries_merchant, has_merchant, "{}", interface.name);
    }
}

#[test]
fn either_openid_will_do_and_sub_openid_counts_beside_sub_appid() {
    use medpay_wire::caller_fields::Payer;
    let payer = |fields: Fields| {
        medpay_wire::unifiedorder::Request::decode(&verified(fields)).map(|request| request.payer)
    };
    let without = |names: &[&str]| {
        let mut fields = request("unifiedorder");
        for name in names {
            fields.remove(name);
        }
        fields
    };
    assert!(matches!(payer(without(&[])), Ok(Payer::SubOpenid { .. })));
    assert!(matches!(payer(without(&["openid"])), Ok(Payer::SubOpenid { .. })));
    assert!(matches!(payer(without(&["sub_openid"])), Ok(Payer::Openid(_))));
    assert!(matches!(payer(without(&["sub_appid"])), Ok(Payer::Openid(_))));
    assert_eq!(
        payer(without(&["openid", "sub_appid"])),
        Err(FieldFault { field: "sub_appid", problem: Problem::Needed })
    );
}

#[test]
fn a_cash_order_may_lack_request_content() {
    let mut fields = request("unifiedorder");
    fields.remove("request_content");
    assert_eq!(
        decode("unifiedorder", &verified(fields.clone())),
        Err(FieldFault::needed("request_content"))
    );
    fields.set("pay_type", "1");
    assert_eq!(decode("unifiedorder", &verified(fields)), Ok(()));
}

#[test]
fn a_message_needs_the_fields_of_its_type_and_no_others() {
    let all = ["discount", "real_fee", "doctor", "department", "hospital", "visit_time"];
    let all = [&all[..], &["register_no", "pre_register_item", "pre_register_time"]].concat();
    let needs = |msg_type: &str| -> Vec<&str> {
        let mut fields = request("sendmsg");
        fields.set("msg_type", msg_type);
        let needed = |name: &&str| {
            let mut fields = fields.clone();
            fields.remove(name);
            decode("sendmsg", &verified(fields)).is_err()
        };
        all.iter().copied().filter(needed).collect()
    };
    assert_eq!(needs("1"), Vec::<&str>::new());
    assert_eq!(needs("2"), ["discount", "real_fee"]);
    assert_eq!(needs("3"), ["doctor", "department", "hospital", "visit_time", "register_no"]);
    assert_eq!(needs("4"), ["register_no", "pre_register_item", "pre_register_time"]);
}

#[test]
fn if_both_numbers_name_an_order_the_platforms_counts() {
    use medpay_wire::caller_fields::OrderRef;
    let order = medpay_wire::orderquery::Request::decode(&verified(request("orderquery")));
    assert!(matches!(order.expect("a request").order, OrderRef::MedTransId(_)));
}

#[test]
fn an_address_tells_scheme_host_and_port() {
    use medpay_wire::HttpUrl;
    let url = |text: &str| {
        let url = HttpUrl::<128>::new(text).expect("an address");
        (url.is_https(), url.host(), url.port())
    };
    assert_eq!(
        url("HTTPS://Pay.Example.org:8443/a?b#c"),
        (true, "pay.example.org".into(), Some(8443))
    );
    assert_eq!(url("http://127.0.0.1?x"), (false, "127.0.0.1".into(), None));
    assert_eq!(url("http://[::1]:80/医"), (false, "::1".into(), Some(80)));
    assert!(HttpUrl::<128>::new("http://[::1/").is_err());
    assert!(HttpUrl::<128>::new("http://a:99999/").is_err());
}
