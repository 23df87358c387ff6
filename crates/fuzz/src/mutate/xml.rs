//! Mutations of a document, field by field; what comes out is mostly well-formed.

use super::values::{any, of};
use super::{Chance, bytes};
use medpay_wire::{FieldSpec, Fields};
use std::fmt::Write as _;

type Pairs = Vec<(String, String)>;

/// `None` if `input` is no document.
pub(super) fn mutate(
    tables: &[&[FieldSpec]],
    input: &[u8],
    chance: &mut Chance,
) -> Option<Vec<u8>> {
    let fields = Fields::from_xml(input).ok()?;
    let mut pairs: Pairs =
        fields.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    for _ in 0..=chance.below(3) {
        once(tables, &mut pairs, chance);
    }
    Some(write(&pairs, chance))
}

fn once(tables: &[&[FieldSpec]], pairs: &mut Pairs, chance: &mut Chance) {
    let table = chance.of(tables).copied().unwrap_or_default();
    let at = chance.below(pairs.len());
    match (chance.below(10), chance.of(table)) {
        (0..5, Some(spec)) => {
            let value = of(spec.kind, spec.max, chance);
            match pairs.iter_mut().find(|(name, _)| name == spec.name) {
                Some((_, old)) => *old = value,
                None => pairs.push((spec.name.to_owned(), value)),
            }
        }
        (5, _) if !pairs.is_empty() => drop(pairs.remove(at)),
        (6, _) if !pairs.is_empty() => {
            let pair = pairs[at].clone();
            pairs.push(pair);
        }
        (7, _) => {
            let name = ["unheard_of", "sign_type", "sign", "_", "a-b.c", "reason"];
            let name = name[chance.below(name.len())].to_owned();
            pairs.insert(at.min(pairs.len()), (name, any(chance)));
        }
        (8, _) if !pairs.is_empty() => {
            let from = chance.below(pairs.len());
            pairs[at].1 = pairs[from].1.clone();
        }
        _ => {
            if let Some((_, value)) = pairs.get_mut(at) {
                *value = if chance.one_in(2) {
                    any(chance)
                } else {
                    let changed = bytes::mutate(value.as_bytes(), b"", chance);
                    String::from_utf8_lossy(&changed).into_owned()
                };
            }
        }
    }
}

/// The document, each value in one of the ways that XML has.
fn write(pairs: &Pairs, chance: &mut Chance) -> Vec<u8> {
    let mut xml = String::new();
    if chance.one_in(8) {
        xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    }
    xml.push_str("<xml>");
    for (name, value) in pairs {
        if chance.one_in(16) {
            xml.push_str("\r\n<!-- c -->");
        }
        match chance.below(6) {
            0 if value.is_empty() => {
                let _ = write!(xml, "<{name} />");
            }
            0..4 if !value.contains("]]>") => {
                let _ = write!(xml, "<{name}><![CDATA[{value}]]></{name}>");
            }
            4 => {
                let _ = write!(xml, "<{name} >");
                for c in value.chars() {
                    let _ = write!(xml, "&#x{:X};", u32::from(c));
                }
                let _ = write!(xml, "</{name}\n>");
            }
            _ => {
                let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                let _ = write!(xml, "<{name}>{value}</{name}>");
            }
        }
    }
    xml.push_str("</xml>");
    xml.into_bytes()
}
