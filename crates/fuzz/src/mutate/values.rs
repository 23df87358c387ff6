//! Values that readers trip over, and values that a field's line in the table allows or just not.

use super::Chance;
use crate::silence::PERSONAL;
use medpay_wire::Kind;

/// Pieces of the languages that are read, and values at their borders.
pub(super) const PIECES: [&str; 72] = [
    "",
    " ",
    "\r\n",
    "\r",
    "\t",
    "0",
    "1",
    "-1",
    "+1",
    "007",
    "1.5",
    "0.01",
    "0.010",
    "0.001",
    "1e2",
    ".5",
    "5.",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "92233720368547758.07",
    "92233720368547758.08",
    "20180601101112",
    "20180230000000",
    "19700101000000",
    "19700101080000",
    "99981231235959",
    "99991231235959",
    "20180601",
    "2018-06-01 10:11:12",
    "440300900101123",
    "SUCCESS",
    "FAIL",
    "HMAC-SHA256",
    "MD5",
    "https://hospital.example.org/notify",
    "http://u@a.example.org:80/",
    "http://127.0.0.1:8080",
    "http://0x7f.1/",
    "http://[::1]/",
    "://",
    "10.193.0.1",
    "010.1.1.1",
    "256.1.1.1",
    "\u{FEFF}",
    "\u{85}",
    "\u{2028}",
    "\u{FFFD}",
    "\u{FFFE}",
    "\u{0}",
    "医",
    "𠀀",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>",
    "<!DOCTYPE x [<!ENTITY a \"b\">]>",
    "<xml>",
    "</xml>",
    "<a>",
    "<a/>",
    "&amp;",
    "&#x4e2d;",
    "&#0;",
    "{{first.DATA}}",
    "`,`",
    ",`0.01",
    "null",
    "\\u0000",
];

/// Any value at all.
pub(super) fn any(chance: &mut Chance) -> String {
    match chance.below(8) {
        0 => PERSONAL[chance.below(PERSONAL.len())].to_owned(),
        1 => "医".repeat(chance.below(140)),
        2 => "9".repeat(chance.below(40)),
        3 => format!("{}{}", piece(chance), piece(chance)),
        _ => piece(chance).to_owned(),
    }
}

pub(super) fn piece(chance: &mut Chance) -> &'static str {
    PIECES[chance.below(PIECES.len())]
}

/// A value for a field of `kind` of at most `max` characters; mostly right.
pub(super) fn of(kind: Kind, max: usize, chance: &mut Chance) -> String {
    match chance.below(10) {
        0 => return any(chance),
        1 => return "医".repeat(if max > 4096 { max / 3 + chance.below(2) } else { max }),
        2 => return "1".repeat(max + 1),
        3 => return "a".repeat(max),
        _ => {}
    }
    let one = |all: &[&str], chance: &mut Chance| all[chance.below(all.len())].to_owned();
    match kind {
        Kind::Text | Kind::Lines => one(&["张三", "a&b=c", "<医>", " x ", "#"], chance),
        Kind::Content => one(&["{}", "{\"a\":1.50}", "[", "\r\n"], chance),
        Kind::Uint64 | Kind::Positive => one(&["1", "0", "00100", "9223372036854775807"], chance),
        Kind::Uint32 => one(&["0", "7200", "4294967295"], chance),
        Kind::Flag => one(&["0", "1", "01", "001"], chance),
        Kind::Time => one(&["20180601101112", "20240229235959", "99981231235959"], chance),
        Kind::Day => one(&["20180601", "20240229", "99981231", "19700101"], chance),
        Kind::CardType => one(&["1", "9", "8", "5", "4", "6", "7", "001", "2"], chance),
        Kind::Digest => one(&[PERSONAL[2], "d8197c7e2bf09b64b1f0a4a22f2c2ee8"], chance),
        Kind::Url => one(&["https://a.example.org/x?y#z", "http://[::1]:80/", "HTTP://A"], chance),
        Kind::Ip => one(&["10.193.0.1", "0.0.0.0", "255.255.255.255"], chance),
        Kind::Yuan => one(&["30", "200.50", "0.010", "1.2"], chance),
        Kind::Word(words) => words[chance.below(words.len())].to_owned(),
    }
}
