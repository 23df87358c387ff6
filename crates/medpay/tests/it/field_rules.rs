//! The field rules of every interface over HTTP: each field missing, too long and of a wrong value
//! is refused with its name, in the document's order, and nothing is written.
//!
//! The requests are made from the interfaces' own tables, so that a field that is added to a table
//! is tested without another line here.

use crate::town::{Town, assert_unchanged, on_both_engines};
use medpay_wire::fields::Fields;
use medpay_wire::interface::{FieldSpec, Interface, Kind, Required};
use medpay_wire::interfaces;

/// A value that the kind accepts.
fn acceptable(town: &Town, spec: &FieldSpec) -> String {
    let institution = town.institution(0);
    let person = town.person("normal");
    let text = match spec.name {
        "appid" => &institution.appid,
        "mch_id" => &institution.mch_id,
        "openid" => &person.openid[&institution.appid],
        "name" | "user_name" => &person.name,
        "idcard_md5" | "user_card_no" => &person.idcard_md5,
        "org_no" => &institution.org_no,
        "city_id" => &institution.city_id,
        "cash_fee" | "insurance_fee" => "50",
        "pay_type" => "3",
        _ => match spec.kind {
            Kind::Text | Kind::Lines => "1234567890",
            Kind::Content => "{}",
            Kind::Uint64 | Kind::Positive | Kind::Uint32 => "100",
            Kind::Time => "20180620162834",
            Kind::Day => "20180620",
            Kind::Flag | Kind::CardType => "1",
            Kind::Digest => &person.idcard_md5,
            Kind::Url => "http://127.0.0.1:9/somewhere",
            Kind::Ip => "10.193.0.1",
            Kind::Yuan => "230.50",
            Kind::Word(words) => words[0],
        },
    };
    text.to_owned()
}

/// Values that the kind refuses although they are short enough.
fn unacceptable(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Text | Kind::Lines | Kind::Content => &[],
        Kind::Uint64 | Kind::Uint32 => &["-1", "1.5", "x", " 1", "+1"],
        Kind::Positive => &["0", "-1", "1.5"],
        Kind::Flag => &["2", "Y"],
        Kind::Time => &["20180230000000", "2018062016283"],
        Kind::Day => &["20180230", "2018-6-2"],
        Kind::CardType => &["2", "3", "0"],
        Kind::Digest => &["09EB26E839FF3A2E3980352AE45EF09E", "09eb26e8"],
        Kind::Url => &["ftp://example.org/", "example.org", "javascript:alert(1)"],
        Kind::Ip => &["10.193.0", "256.1.1.1"],
        Kind::Yuan => &["-1", "1.234", "x"],
        Kind::Word(_) => &["NEITHER"],
    }
}

/// Every field that the table needs, and no other.
fn complete(town: &Town, interface: &Interface) -> Fields {
    let mut fields = Fields::new();
    for spec in interface.fields {
        let first_of = |names: &[&str]| names.first() == Some(&spec.name);
        let needed = match spec.required {
            Required::Yes => true,
            Required::No => false,
            Required::OneOf(names) => first_of(names),
            Required::When(_, when) => when(&fields),
        };
        if needed {
            fields.set(spec.name, acceptable(town, spec));
        }
    }
    fields
}

/// The wrong requests that one line of a table gives, each with what must be said of it.
fn wrong(town: &Town, interface: &Interface, spec: &FieldSpec) -> Vec<(Fields, String)> {
    let complete = complete(town, interface);
    let mut cases = Vec::new();
    let mut case = |fields: Fields, problem: &str| {
        cases.push((fields, format!("参数格式校验错误 {} {problem}", spec.name)));
    };
    if complete.has(spec.name) {
        for empty in [false, true] {
            let mut fields = complete.clone();
            fields.remove(spec.name);
            if empty {
                fields.set(spec.name, "");
            }
            case(fields, "is needed");
        }
    }
    // The content's bound is 64 KiB, and a message type decides about the fields behind it.
    if !matches!(spec.kind, Kind::Content) && spec.name != "msg_type" {
        let mut fields = complete.clone();
        fields.set(spec.name, "1".repeat(spec.max + 1));
        case(fields, "is too long");
    }
    for value in unacceptable(spec.kind) {
        if value.chars().count() <= spec.max {
            let mut fields = complete.clone();
            fields.set(spec.name, *value);
            case(fields, "is invalid");
        }
    }
    cases
}

async fn each_wrong_field_is_named_and_changes_nothing(town: &Town) -> anyhow::Result<()> {
    let institution = town.institution(0);
    // Bought beforehand: the token is a row too.
    town.kept_token(institution).await?;
    let before = town.rows().await?;
    let mut cases = 0;
    for interface in interfaces::ALL {
        for spec in interface.fields {
            for (fields, expected) in wrong(town, interface, spec) {
                let reply = town.call(institution, interface.name, fields.clone()).await?;
                let said = reply.get("return_msg").unwrap_or_default();
                assert!(
                    said.starts_with(&expected),
                    "{} with {}={:?}: expected {expected:?}, not {reply}",
                    interface.name,
                    spec.name,
                    fields.get(spec.name),
                    reply = reply.to_xml()
                );
                assert_eq!(reply.get("return_code"), Some("FAIL"));
                assert_eq!(reply.get("result_code"), None, "nothing was tried");
                cases += 1;
            }
        }
    }
    assert_unchanged(&before, &town.rows().await?);
    assert!(cases > 300, "only {cases} cases: the tables were not walked");
    Ok(())
}

on_both_engines!(each_wrong_field_is_named_and_changes_nothing);
