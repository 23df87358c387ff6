//! Mutations of a JSON tree.

use super::Chance;
use super::values::any;
use serde_json::{Value, json};

/// `None` if `input` is no JSON.
pub(super) fn mutate(input: &[u8], chance: &mut Chance) -> Option<Vec<u8>> {
    let mut tree: Value = serde_json::from_slice(input).ok()?;
    for _ in 0..=chance.below(2) {
        let mut at = chance.below(nodes(&tree));
        change(&mut tree, &mut at, chance);
    }
    let mut text = tree.to_string();
    if chance.one_in(8) {
        repeat_a_name(&mut text, chance);
    }
    if chance.one_in(16) {
        // JSON in a string, as one bureau writes it.
        text = Value::String(text).to_string();
    }
    Some(text.into_bytes())
}

fn nodes(tree: &Value) -> usize {
    1 + match tree {
        Value::Array(items) => items.iter().map(nodes).sum(),
        Value::Object(members) => members.values().map(nodes).sum(),
        _ => 0,
    }
}

/// Changes the node that `at` counts down to; true when done.
fn change(node: &mut Value, at: &mut usize, chance: &mut Chance) -> bool {
    if *at == 0 {
        edit(node, chance);
        return true;
    }
    *at -= 1;
    match node {
        Value::Array(items) => items.iter_mut().any(|item| change(item, at, chance)),
        Value::Object(members) => members.values_mut().any(|member| change(member, at, chance)),
        _ => false,
    }
}

fn edit(node: &mut Value, chance: &mut Chance) {
    let key = |members: &serde_json::Map<String, Value>, chance: &mut Chance| {
        members.keys().nth(chance.below(members.len())).cloned().unwrap_or_default()
    };
    match (&mut *node, chance.below(6)) {
        (Value::Object(members), 0) => {
            let name = key(members, chance);
            members.remove(&name);
        }
        (Value::Object(members), 1) => {
            members.insert(any(chance), json!(any(chance)));
        }
        (Value::Object(members), 2) => {
            let name = key(members, chance);
            if let Some(value) = members.remove(&name) {
                members.insert(any(chance), value);
            }
        }
        (Value::Array(items), 0..3) => match items.first().cloned() {
            Some(item) if items.len() < 64 => items.push(item),
            _ => items.clear(),
        },
        (Value::String(text), 0..2) => text.push_str(&any(chance)),
        _ => *node = scalar(chance),
    }
}

fn scalar(chance: &mut Chance) -> Value {
    match chance.below(10) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(i64::MAX),
        5 => json!(u64::MAX),
        6 => serde_json::from_str("1.5e300").unwrap_or_default(),
        7 => json!([]),
        8 => json!({}),
        _ => json!(any(chance)),
    }
}

/// Two members of one name: two readers would see two values.
fn repeat_a_name(text: &mut String, chance: &mut Chance) {
    let members: Vec<&str> = text.split(['{', ',']).filter(|part| part.starts_with('"')).collect();
    let Some(member) = chance.of(&members) else { return };
    let again = format!("{{{member},");
    if let Some(at) = text.find('{') {
        text.replace_range(at..=at, &again);
    }
}
