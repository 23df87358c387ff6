//! Single values: document numbers, times, days, amounts, texts, addresses, templates.

use crate::reference::tables::{fen, is_day, is_time};
use medpay_domain::{CardType, Day, Fen, Timestamp};
use medpay_wire::message::{TemplateData, render};
use medpay_wire::public_account::crypto::EncodingAesKey;
use medpay_wire::{ApiKey, HttpUrl, Lines, Problem, Text, Yuan, id_card};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Each line of the input is a value.
pub(super) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    for value in text.split('\n') {
        times(value);
        amounts(value);
        texts(value);
        documents(value);
        keys(value);
    }
    templates(text);
}

fn times(value: &str) {
    let moment = Timestamp::from_wire(value);
    assert_eq!(moment.is_some(), is_time(value), "a moment: {value}");
    if let Some(moment) = moment {
        assert_eq!(moment.wire(), value);
        assert_eq!(moment.day().wire(), value[..8]);
        assert_eq!(Timestamp::from_civil(moment.civil()), Some(moment));
    }
    let day = Day::from_wire(value);
    assert_eq!(day.is_some(), is_day(value), "a day: {value}");
    if let Some(day) = day {
        assert_eq!(day.wire(), value);
        assert!(day.start() < day.end() && day.end() == day.next().start());
        assert_eq!((day.start().day(), day.end().plus_ms(-1).day()), (day, day));
    }
}

fn amounts(value: &str) {
    let amount = Fen::from_yuan(value).ok();
    assert_eq!(amount.map(Fen::get), fen(value), "an amount: {value}");
    if let Some(amount) = amount {
        assert_eq!(Fen::from_yuan(&amount.yuan()), Ok(amount));
    }
    let fits = amount.is_some() && value.len() <= 16;
    assert_eq!(Yuan::new(value).is_ok(), fits, "yuan: {value}");
}

fn texts(value: &str) {
    let (length, control) = (value.chars().count(), value.chars().any(char::is_control));
    let expected = match length {
        0 => Err(Problem::Needed),
        1..=32 if control => Err(Problem::Invalid),
        1..=32 => Ok(value.to_owned()),
        _ => Err(Problem::TooLong),
    };
    assert_eq!(Text::<32>::new(value).map(Text::into_string), expected);
    if expected.is_ok() {
        assert_eq!(Lines::<32>::new(value).map(Lines::into_string), expected);
    }
}

fn documents(value: &str) {
    for kind in CardType::ALL {
        assert_eq!(CardType::from_code(kind.code()), Some(kind));
        let number = id_card::normalise(kind, value);
        let again = id_card::normalise(kind, number.reveal());
        assert_eq!(again, number, "a number is normalised in two ways");
        let digest = id_card::digest(kind, value);
        let hex = digest.reveal().bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        assert!(digest.reveal().len() == 32 && hex);
        assert_eq!(id_card::digest(kind, number.reveal()), digest);
        assert_eq!(format!("{number:?} {digest:?}"), "CardNo(***) IdDigest(***)");
        if kind != CardType::IdCard {
            assert_eq!(number.reveal(), value.trim());
        }
    }
    let old = value.trim();
    if old.len() == 15 && old.bytes().all(|b| b.is_ascii_digit()) {
        let long = id_card::normalise(CardType::IdCard, value);
        let long = long.reveal();
        assert_eq!((&long[..6], &long[6..8], &long[8..17]), (&old[..6], "19", &old[6..]));
        // GB 11643 in its other form: with the check digit the sum is 1 modulo 11.
        let digits = long.bytes().map(|b| if b == b'X' { 10 } else { u32::from(b - b'0') });
        let weights = (0..18_u32).map(|place| 2_u32.pow(17 - place) % 11);
        let sum: u32 = digits.zip(weights).map(|(digit, weight)| digit * weight).sum();
        assert_eq!(sum % 11, 1, "a check digit");
    }
}

fn keys(value: &str) {
    if let Some(key) = ApiKey::new(value) {
        assert!(key.reveal() == value && value.len() == 32);
        assert_eq!(format!("{key:?}"), "ApiKey(***)");
    }
    if let Some(key) = EncodingAesKey::new(value) {
        assert_eq!((value.len(), format!("{key:?}").as_str()), (43, "EncodingAesKey(***)"));
    }
}

/// A template of any text, with values that look like places.
fn templates(template: &str) {
    let data = TemplateData::from([("first".to_owned(), "{{remark.DATA}}".to_owned())]);
    let places = template.matches("{{").count();
    let shown = render(template, &data);
    assert!(shown.len() <= template.len() + places * 15, "more than its places can bring");
    if places == 0 {
        assert_eq!(shown, template);
    }
}

/// An address that is accepted leads to the host that we believe it does, by the reader that the
/// HTTP client uses.
pub(super) fn address(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    for line in text.lines() {
        let Ok(ours) = HttpUrl::<512>::new(line) else { continue };
        assert_eq!(ours.as_str(), line, "kept as it was sent");
        // Not every name is one to the other reader (a wrong xn--…): then nothing is sent there.
        let Ok(theirs) = url::Url::parse(line) else { continue };
        assert_eq!(theirs.scheme() == "https", ours.is_https());
        assert!(matches!(theirs.scheme(), "http" | "https"));
        assert!(theirs.username().is_empty() && theirs.password().is_none());
        let host = ours.host();
        match theirs.host() {
            Some(url::Host::Domain(name)) => assert_eq!(name, host),
            Some(url::Host::Ipv4(ip)) => assert_eq!(host.parse::<Ipv4Addr>(), Ok(ip)),
            Some(url::Host::Ipv6(ip)) => assert_eq!(host.parse::<Ipv6Addr>(), Ok(ip)),
            None => panic!("an address without a host was taken: {line}"),
        }
        let usual = if ours.is_https() { 443 } else { 80 };
        assert_eq!(theirs.port_or_known_default(), Some(ours.port().unwrap_or(usual)));
    }
}
