//! The documents' rules for fields, read off the tables a second time (PROTOCOL 1.4): which field
//! is the first at fault, and what is wrong with it.

use medpay_wire::request_content::RequestContent;
use medpay_wire::value::HttpUrl;
use medpay_wire::{FieldSpec, Fields, Kind, Required};

/// The first fault in the document's order, in the words of PROTOCOL 1.2.
pub(crate) fn fault(table: &[FieldSpec], fields: &Fields) -> Option<String> {
    table.iter().find_map(|spec| {
        let problem = match fields.get(spec.name).unwrap_or_default() {
            "" => is_needed(spec, fields).then_some("is needed"),
            value => wrong(spec, value),
        };
        problem.map(|problem| format!("{} {problem}", spec.name))
    })
}

fn is_needed(spec: &FieldSpec, fields: &Fields) -> bool {
    let has = |name: &&str| fields.get(name).is_some_and(|value| !value.is_empty());
    match spec.required {
        Required::Yes => true,
        Required::No => false,
        // Told of the first of them only.
        Required::OneOf(names) => !names.iter().any(has) && names[0] == spec.name,
        Required::When(_, when) => when(fields),
    }
}

fn wrong(spec: &FieldSpec, value: &str) -> Option<&'static str> {
    const TOO_LONG: Option<&str> = Some("is too long");
    if matches!(spec.kind, Kind::Content) {
        // 64 KiB, in bytes (trap 13); anything may stand in it.
        return if value.len() > RequestContent::MAX_BYTES { TOO_LONG } else { None };
    }
    if value.chars().count() > spec.max {
        return TOO_LONG;
    }
    (!allowed(spec.kind, value)).then_some("is invalid")
}

fn number(value: &str) -> Option<u128> {
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| value.parse().ok()).flatten()
}

const MOST_FEN: u128 = i64::MAX as u128;

fn allowed(kind: Kind, value: &str) -> bool {
    let number = number(value);
    let up_to = |most: u128| number.is_some_and(|n| n <= most);
    match kind {
        Kind::Text => !value.chars().any(char::is_control),
        Kind::Lines => value.chars().all(|c| "\r\n\t".contains(c) || !c.is_control()),
        Kind::Content => true,
        Kind::Uint64 => up_to(MOST_FEN),
        Kind::Positive => up_to(MOST_FEN) && number != Some(0),
        Kind::Uint32 => up_to(u128::from(u32::MAX)),
        Kind::Flag => up_to(1),
        Kind::Time => is_time(value),
        Kind::Day => is_day(value),
        Kind::CardType => number.is_some_and(|n| [1, 9, 8, 5, 4, 6, 7].contains(&n)),
        Kind::Digest => {
            value.len() == 32 && value.bytes().all(|b| b"0123456789abcdef".contains(&b))
        }
        // What an address is is compared in `targets::values`.
        Kind::Url => HttpUrl::<4096>::new(value).is_ok(),
        Kind::Ip => is_ip(value),
        Kind::Yuan => fen(value).is_some(),
        Kind::Word(words) => words.contains(&value),
    }
}

/// `yyyyMMdd` of the years that can be written down.
pub(crate) fn is_day(value: &str) -> bool {
    let part = |from: usize, to: usize| value.get(from..to).and_then(number);
    let (Some(year), Some(month), Some(day)) = (part(0, 4), part(4, 6), part(6, 8)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    value.len() == 8 && (1970..9999).contains(&year) && (1..=days).contains(&day)
}

/// `yyyyMMddHHmmss` in Beijing, not before 1970 in UTC.
pub(crate) fn is_time(value: &str) -> bool {
    let part = |from: usize, to: usize| value.get(from..to).and_then(number);
    value.len() == 14
        && value.get(..8).is_some_and(is_day)
        && part(8, 10).is_some_and(|hour| hour < 24)
        && part(10, 12).is_some_and(|minute| minute < 60)
        && part(12, 14).is_some_and(|second| second < 60)
        && value >= "19700101080000"
}

fn is_ip(value: &str) -> bool {
    let part = |text: &str| {
        let short = text.len() == 1 || (text.len() <= 3 && !text.starts_with('0'));
        short && number(text).is_some_and(|n| n <= 255)
    };
    value.split('.').count() == 4 && value.split('.').all(part)
}

/// Yuan in text as fen: digits, and after a point more of them, from the third on zeros.
pub(crate) fn fen(value: &str) -> Option<i64> {
    let (whole, decimals) = match value.split_once('.') {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (value, None),
    };
    let decimals = decimals.unwrap_or("00");
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(decimals) {
        return None;
    }
    let (cents, finer) = decimals.split_at(decimals.len().min(2));
    if !finer.bytes().all(|b| b == b'0') {
        return None;
    }
    let mut cents = cents.to_owned();
    while cents.len() < 2 {
        cents.push('0');
    }
    let all = format!("{whole}{cents}");
    let all = all.trim_start_matches('0');
    if all.is_empty() { Some(0) } else { all.parse().ok() }
}
