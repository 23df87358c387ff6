//! What of XML a document may use (PROTOCOL 1.2, and the head of `wire`'s `xml.rs`), read by
//! descent over the characters.

use std::collections::BTreeMap;

/// What a body is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Read {
    /// Names and decoded values.
    Fields(BTreeMap<String, String>),
    /// Refused, with the documented words.
    Refused(String),
}

const MAX_BODY: usize = 256 * 1024;
const MAX_FIELDS: usize = 100;
const MAX_NAME: usize = 64;

struct Malformed;
type Step<T> = Result<T, Malformed>;

/// Reads a body.
pub(crate) fn read(body: &[u8]) -> Read {
    let refused = |words: &str| Read::Refused(words.to_owned());
    if body.iter().all(u8::is_ascii_whitespace) {
        return refused("POST_DATA_EMPTY");
    }
    if body.len() > MAX_BODY {
        return refused("XML_FORMAT_ERROR body is too large");
    }
    let Ok(text) = std::str::from_utf8(body) else { return refused("NOT_UTF8") };
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if !text.chars().all(is_char) {
        return refused("XML_FORMAT_ERROR");
    }
    let mut reader = Reader { rest: text, fields: BTreeMap::new(), repeated: None };
    match reader.document() {
        Ok(Encoding::Other) => refused("NOT_UTF8"),
        Ok(Encoding::Utf8) => match reader.repeated {
            Some(name) => Read::Refused(format!("XML_FORMAT_ERROR {name} is repeated")),
            None => Read::Fields(reader.fields),
        },
        Err(Malformed) => refused("XML_FORMAT_ERROR"),
    }
}

/// The characters of XML 1.0, production 2.
fn is_char(c: char) -> bool {
    let code = u32::from(c);
    matches!(code, 0x9 | 0xA | 0xD | 0x20..=0xD7FF | 0xE000..=0xFFFD | 0x1_0000..=0x10_FFFF)
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

enum Encoding {
    Utf8,
    Other,
}

struct Reader<'a> {
    rest: &'a str,
    fields: BTreeMap<String, String>,
    repeated: Option<String>,
}

impl<'a> Reader<'a> {
    fn eat(&mut self, token: &str) -> bool {
        let after = self.rest.strip_prefix(token);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn expect(&mut self, token: &str) -> Step<()> {
        if self.eat(token) { Ok(()) } else { Err(Malformed) }
    }

    fn until(&mut self, token: &str) -> Step<&'a str> {
        let (before, after) = self.rest.split_once(token).ok_or(Malformed)?;
        self.rest = after;
        Ok(before)
    }

    fn spaces(&mut self) -> bool {
        let after = self.rest.trim_start_matches(is_space);
        let some = after.len() < self.rest.len();
        self.rest = after;
        some
    }

    fn document(&mut self) -> Step<Encoding> {
        if let Encoding::Other = self.declaration()? {
            return Ok(Encoding::Other);
        }
        self.between()?;
        self.expect("<xml")?;
        self.spaces();
        if !self.eat("/>") {
            self.expect(">")?;
            self.between()?;
            while !self.eat("</") {
                self.field()?;
                self.between()?;
            }
            self.expect("xml")?;
            self.spaces();
            self.expect(">")?;
        }
        self.between()?;
        if self.rest.is_empty() { Ok(Encoding::Utf8) } else { Err(Malformed) }
    }

    /// `<?xml version='1.0' encoding='…' standalone='…'?>` and nothing else (production 23).
    fn declaration(&mut self) -> Step<Encoding> {
        let begins = self.rest.strip_prefix("<?xml").is_some_and(|r| r.starts_with(is_space));
        if !begins {
            return Ok(Encoding::Utf8);
        }
        self.expect("<?xml")?;
        self.spaces();
        let version = self.pseudo_attribute("version")?.ok_or(Malformed)?;
        let minor = version.strip_prefix("1.").ok_or(Malformed)?;
        if minor.is_empty() || !minor.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Malformed);
        }
        let mut spaced = self.spaces();
        let encoding = if spaced { self.pseudo_attribute("encoding")? } else { None };
        if encoding.is_some() {
            spaced = self.spaces();
        }
        if spaced && let Some(alone) = self.pseudo_attribute("standalone")? {
            if !matches!(alone, "yes" | "no") {
                return Err(Malformed);
            }
            self.spaces();
        }
        self.expect("?>")?;
        let Some(name) = encoding else { return Ok(Encoding::Utf8) };
        let mut bytes = name.bytes();
        let first = bytes.next().is_some_and(|b| b.is_ascii_alphabetic());
        let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if !first || !bytes.all(known) {
            return Err(Malformed);
        }
        Ok(if name.eq_ignore_ascii_case("utf-8") { Encoding::Utf8 } else { Encoding::Other })
    }

    fn pseudo_attribute(&mut self, name: &str) -> Step<Option<&'a str>> {
        if !self.eat(name) {
            return Ok(None);
        }
        self.spaces();
        self.expect("=")?;
        self.spaces();
        let quote = if self.eat("\"") { "\"" } else { "'" };
        if quote == "'" {
            self.expect("'")?;
        }
        let value = self.until(quote)?;
        if value.contains(['<', '&', '>', '?']) { Err(Malformed) } else { Ok(Some(value)) }
    }

    /// White space and comments between the fields.
    fn between(&mut self) -> Step<()> {
        loop {
            self.spaces();
            if !self.eat("<!--") {
                return Ok(());
            }
            let comment = self.until("--")?;
            debug_assert!(!comment.contains("--"));
            self.expect(">")?;
        }
    }

    fn name(&mut self) -> Step<&'a str> {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let end = self.rest.find(|c| !known(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !begins || name.len() > MAX_NAME {
            return Err(Malformed);
        }
        self.rest = rest;
        Ok(name)
    }

    fn field(&mut self) -> Step<()> {
        self.expect("<")?;
        let name = self.name()?;
        self.spaces();
        let mut value = String::new();
        if !self.eat("/>") {
            self.expect(">")?;
            self.value(&mut value)?;
            self.expect(name)?;
            self.spaces();
            self.expect(">")?;
        }
        if self.fields.contains_key(name) {
            self.repeated.get_or_insert(name.to_owned());
        } else if self.fields.len() == MAX_FIELDS {
            return Err(Malformed);
        } else {
            self.fields.insert(name.to_owned(), value);
        }
        Ok(())
    }

    /// Text, CDATA and references, up to and with `</`.
    fn value(&mut self, value: &mut String) -> Step<()> {
        loop {
            let end = self.rest.find(['<', '&']).ok_or(Malformed)?;
            let (text, rest) = self.rest.split_at(end);
            if text.contains("]]>") {
                return Err(Malformed);
            }
            value.push_str(text);
            self.rest = rest;
            if self.eat("</") {
                return Ok(());
            } else if self.eat("<![CDATA[") {
                value.push_str(self.until("]]>")?);
            } else {
                self.expect("&")?;
                value.push(character(self.until(";")?).ok_or(Malformed)?);
            }
        }
    }
}

/// The character that a reference stands for.
fn character(name: &str) -> Option<char> {
    let number = |digits: &str, radix: u32| {
        let mut code = (!digits.is_empty()).then_some(0_u32)?;
        for c in digits.chars() {
            code = code.checked_mul(radix)?.checked_add(c.to_digit(radix)?)?;
        }
        char::from_u32(code).filter(|&c| is_char(c))
    };
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => match name.strip_prefix("#x") {
            Some(digits) => number(digits, 16),
            None => number(name.strip_prefix('#')?, 10),
        },
    }
}
