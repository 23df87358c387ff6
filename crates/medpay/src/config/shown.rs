//! A configuration printed: as TOML with what is in force, and as documentation.

use super::keys::{Declaration, Key, Preset};
use super::values::{Value, Values};
use std::fmt::Write as _;

/// What is in force, as TOML. A secret shows as the reference to it, never as itself; it was never
/// fetched for this.
pub fn to_toml(values: &Values) -> String {
    let mut text = String::new();
    let declaration = values.declaration();
    let mut table = String::new();
    let mut top = String::new();
    for key in declaration.keys().filter(|key| !key.path.contains("[]")) {
        let Some(value) = values.effective(key, key.path) else { continue };
        match key.path.rsplit_once('.') {
            None => {
                let _ = writeln!(top, "{} = {}", key.path, shown(&value));
            }
            Some((of, name)) => {
                if table != of {
                    let _ = writeln!(text, "\n[{of}]");
                    of.clone_into(&mut table);
                }
                let _ = writeln!(text, "{name} = {}", shown(&value));
            }
        }
    }
    lists(values, declaration, &mut text);
    top + &text
}

fn lists(values: &Values, declaration: Declaration, text: &mut String) {
    let mut lists: Vec<&str> =
        declaration.keys().filter_map(|key| Some(key.path.split_once("[].")?.0)).collect();
    lists.dedup();
    for list in lists {
        for index in 0..values.lists.get(list).copied().unwrap_or(0) {
            let _ = writeln!(text, "\n[[{list}]]");
            let declared = format!("{list}[].");
            for key in declaration.keys() {
                let Some(name) = key.path.strip_prefix(&declared) else { continue };
                let real = format!("{list}[{index}].{name}");
                if let Some(value) = values.effective(key, &real) {
                    let _ = writeln!(text, "{name} = {}", shown(&value));
                }
            }
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Whole(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Texts(texts) => {
            format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
        }
        Value::Wholes(numbers) => {
            format!("[{}]", numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(", "))
        }
        Value::Secret(reference) => quoted(&reference.to_string()),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The table of a service's keys in `docs/configuration.md`.
pub fn documentation(declaration: Declaration) -> String {
    let mut text = String::from("| key | type | default | meaning |\n|---|---|---|---|\n");
    for key in declaration.keys() {
        let Key { path, kind, preset, meaning } = key;
        let preset = match preset {
            Preset::Needed => "needed".to_owned(),
            Preset::Nothing => "–".to_owned(),
            Preset::Is(text) => format!("`{text}`"),
        };
        let _ = writeln!(text, "| `{path}` | {} | {preset} | {meaning} |", kind.name());
    }
    text
}
