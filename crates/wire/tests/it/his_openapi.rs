//! `docs/contracts/his.openapi.json` is what the gateway serves, and says what the types do.

use medpay_wire::his::{openapi, patients, signature};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

fn document() -> Value {
    serde_json::from_str(&openapi::document()).expect("JSON")
}

#[test]
fn the_document_in_docs_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let kept = std::fs::read_to_string(root.join("docs/contracts/his.openapi.json"));
    if kept.is_ok_and(|kept| kept == openapi::document()) {
        return;
    }
    let current = root.join("target/his.openapi.json");
    std::fs::write(&current, openapi::document()).expect("target/ can be written");
    panic!("docs/contracts/his.openapi.json is not current: target/his.openapi.json is");
}

#[test]
fn every_reference_leads_somewhere() {
    fn look(document: &Value, at: &Value) {
        match at {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    let pointer = reference.strip_prefix('#').expect("a reference within");
                    assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
                }
                members.values().for_each(|member| look(document, member));
            }
            Value::Array(items) => items.iter().for_each(|item| look(document, item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = document();
    look(&document, &document);
}

#[test]
fn every_call_and_member_is_described() {
    let document = document();
    let paths = document.get("paths").and_then(Value::as_object).expect("paths");
    assert_eq!(paths.len(), 31);
    for (path, item) in paths {
        let text = item.pointer("/post/description").and_then(Value::as_str).unwrap_or_default();
        assert!(text.len() > 4, "{path} is not described");
        assert!(!text.contains("[`"), "{path} has a link of rustdoc");
    }
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    for (name, schema) in schemas.expect("schemas") {
        let members = schema.get("properties").and_then(Value::as_object);
        for (member, shape) in members.into_iter().flatten() {
            assert!(shape.get("description").is_some(), "{name}.{member} is not described");
        }
    }
}

#[test]
fn a_schema_asks_for_what_the_type_asks_for() {
    let document = document();
    let required = document.pointer("/components/schemas/Patient/required").expect("a list");
    let required: BTreeSet<&str> =
        required.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let mut patient = serde_json::json!({
        "patient_id": "P1", "visit_card_no": "V1", "name": "张三", "card_type": 1,
        "id_digest": "09eb26e839ff3a2e3980352ae45ef09e",
    });
    let members: Vec<String> = patient.as_object().expect("an object").keys().cloned().collect();
    assert_eq!(required, members.iter().map(String::as_str).collect());
    assert!(serde_json::from_value::<patients::Patient>(patient.clone()).is_ok());
    for member in &members {
        let whole = patient.clone();
        patient.as_object_mut().expect("an object").remove(member);
        assert!(serde_json::from_value::<patients::Patient>(patient).is_err(), "{member}");
        patient = whole;
    }
}

#[test]
fn the_headers_are_those_of_the_signature() {
    let document = document();
    for (parameter, header) in [
        ("Time", signature::TIME_HEADER),
        ("Signature", signature::SIGNATURE_HEADER),
        ("Key", signature::KEY_HEADER),
    ] {
        let name = document.pointer(&format!("/components/parameters/{parameter}/name"));
        assert_eq!(name.and_then(Value::as_str), Some(header));
    }
}
