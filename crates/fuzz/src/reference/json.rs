//! Shenzhen's `request_content` (选用接口 §1.3, PROTOCOL 4.1), read off a JSON tree.

use super::tables::fen;
use serde_json::Value;

/// What must be found in a content that was taken; `None` if the tree has another structure.
pub(crate) struct Registration {
    /// `yljgbm`, `ylzh`, `czybm`, `czyxm`, `brlx`, 门诊流水号, `ksbm`, `ksmc`, `ghlb`.
    pub(crate) texts: [String; 9],
    /// `ghf`, `zjzj`, `ghhj`, `ssj`, `zsj`; `None` where the amount is a number and no text, so
    /// that the tree does not hold its digits.
    pub(crate) amounts: [Option<i64>; 5],
}

fn one<'v>(object: &'v Value, spellings: &[&str]) -> Option<&'v Value> {
    let mut found = spellings.iter().filter_map(|name| object.get(name));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Reads it.
pub(crate) fn registration(json: &str) -> Option<Registration> {
    let tree: Value = serde_json::from_str(json).ok()?;
    let top = tree.get("registration_order_pay")?;
    let visit = one(top, &["mzghdj", "mzgghdj"])?;
    let text = |object: &Value, spellings: &[&str]| match one(object, spellings)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) => Some(String::new()),
        _ => None,
    };
    let amount = |name: &str| match visit.get(name)? {
        Value::String(text) => fen(text).map(Some),
        Value::Number(_) => Some(None),
        _ => None,
    };
    Some(Registration {
        texts: [
            text(top, &["yljgbm"])?,
            text(top, &["ylzh"])?,
            text(top, &["czybm"])?,
            text(top, &["czyxm"])?,
            text(visit, &["brlx"])?,
            text(visit, &["mzllsh", "mzlsj", "mzlsh"])?,
            text(visit, &["ksbm"])?,
            text(visit, &["ksmc"])?,
            text(visit, &["ghlb"])?,
        ],
        amounts: [amount("ghf")?, amount("zjzj")?, amount("ghhj")?, amount("ssj")?, amount("zsj")?],
    })
}
