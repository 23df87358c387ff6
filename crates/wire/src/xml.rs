//! The XML guard: what of XML a document of `/payinsurance/*` may use, and nothing else.
//!
//! A document is `<xml>` with one element per field (PROTOCOL 1.1). quick-xml's borrowed reader
//! splits it; this module refuses what it would let pass: DTD, entities other than the five, a
//! processing instruction other than the declaration, nesting, repetition, attributes, comments
//! inside a value, a second root, characters that XML forbids. So a value has one reading only.
//!
//! Decisions: a UTF-8 byte order mark is tolerated; white space around a value belongs to it; line
//! ends stay as sent (XML would make `\r\n` one `\n`, but the sender signed what it had); comments
//! between fields are skipped.

use crate::fields::Fields;
use quick_xml::Reader;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use std::fmt::Write as _;

/// The largest body, in bytes (PROTOCOL 1.2).
pub const MAX_BODY: usize = 256 * 1024;
/// The most fields of one document; the longest of ours has about 45.
pub const MAX_FIELDS: usize = 100;
/// The longest name of a field, in characters.
pub const MAX_NAME: usize = 64;

/// Why a body is not a document; `Display` is the `return_msg` of PROTOCOL 1.2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlFault {
    /// Nothing, or only white space.
    #[error("POST_DATA_EMPTY")]
    Empty,
    /// Bytes that are not UTF-8, or a declaration that names another encoding.
    #[error("NOT_UTF8")]
    NotUtf8,
    /// More than [`MAX_BODY`].
    #[error("XML_FORMAT_ERROR body is too large")]
    TooLarge,
    /// Not well-formed, or more of XML than a document may use.
    #[error("XML_FORMAT_ERROR")]
    Malformed,
    /// Two fields of one name.
    #[error("XML_FORMAT_ERROR {0} is repeated")]
    Repeated(String),
}

/// Whether XML 1.0 allows `c` in a document.
pub(crate) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Whether `name` can be the name of a field.
pub fn is_field_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= MAX_NAME
        && bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// Reads a document's fields. Never panics, whatever the bytes.
pub(crate) fn read(body: &[u8]) -> Result<Fields, XmlFault> {
    if body.trim_ascii().is_empty() {
        return Err(XmlFault::Empty);
    }
    if body.len() > MAX_BODY {
        return Err(XmlFault::TooLarge);
    }
    let text = std::str::from_utf8(body).map_err(|_| XmlFault::NotUtf8)?;
    if !text.chars().all(is_xml_char) {
        return Err(XmlFault::Malformed);
    }
    Guard::default().read(text)
}

/// Where in the document the reader stands.
#[derive(Default)]
enum Place {
    #[default]
    Start,
    BeforeRoot,
    InRoot,
    InField(String, String),
    AfterRoot,
}

#[derive(Default)]
struct Guard {
    place: Place,
    fields: Fields,
    repeated: Option<String>,
}

impl Guard {
    fn read(mut self, text: &str) -> Result<Fields, XmlFault> {
        // It takes one byte order mark off, so nobody else does.
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        loop {
            let event = reader.read_event().map_err(|_| XmlFault::Malformed)?;
            if matches!(event, Event::Eof) {
                break;
            }
            self.take(event)?;
        }
        match (self.place, self.repeated) {
            (Place::AfterRoot, None) => Ok(self.fields),
            // Named only where everything else is well-formed.
            (Place::AfterRoot, Some(name)) => Err(XmlFault::Repeated(name)),
            _ => Err(XmlFault::Malformed),
        }
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), XmlFault> {
        if matches!(self.place, Place::Start) {
            self.place = Place::BeforeRoot;
            if let Event::Decl(declaration) = event {
                return check_declaration(&declaration);
            }
        }
        match event {
            Event::Start(tag) => self.open(&tag),
            Event::Empty(tag) => {
                self.open(&tag)?;
                self.close()
            }
            // The reader has checked that the name is that of the open element.
            Event::End(_) => self.close(),
            Event::Text(text) => {
                let text = text.decode().map_err(|_| XmlFault::Malformed)?;
                if text.contains("]]>") {
                    return Err(XmlFault::Malformed);
                }
                self.text(&text)
            }
            Event::CData(text) => match &mut self.place {
                Place::InField(_, value) => {
                    value.push_str(&text.decode().map_err(|_| XmlFault::Malformed)?);
                    Ok(())
                }
                _ => Err(XmlFault::Malformed),
            },
            Event::GeneralRef(reference) => match &mut self.place {
                Place::InField(_, value) => {
                    value.push(resolve(&reference).ok_or(XmlFault::Malformed)?);
                    Ok(())
                }
                _ => Err(XmlFault::Malformed),
            },
            // Inside a value it would be read in two ways: "1<!-- -->2" as 12 or as 1.
            Event::Comment(_) if !matches!(self.place, Place::InField(..)) => Ok(()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Eof => {
                Err(XmlFault::Malformed)
            }
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), XmlFault> {
        let name = tag.name();
        let name = std::str::from_utf8(name.as_ref()).map_err(|_| XmlFault::Malformed)?;
        if !is_field_name(name) || !tag.attributes_raw().trim_ascii().is_empty() {
            return Err(XmlFault::Malformed);
        }
        self.place = match self.place {
            Place::BeforeRoot if name == "xml" => Place::InRoot,
            Place::InRoot => Place::InField(name.to_owned(), String::new()),
            _ => return Err(XmlFault::Malformed),
        };
        Ok(())
    }

    fn close(&mut self) -> Result<(), XmlFault> {
        match std::mem::replace(&mut self.place, Place::InRoot) {
            Place::InField(name, value) => {
                if self.fields.get(&name).is_some() {
                    self.repeated.get_or_insert(name);
                } else if self.fields.len() == MAX_FIELDS {
                    return Err(XmlFault::Malformed);
                } else {
                    self.fields.set(name, value);
                }
                Ok(())
            }
            Place::InRoot => {
                self.place = Place::AfterRoot;
                Ok(())
            }
            Place::Start | Place::BeforeRoot | Place::AfterRoot => Err(XmlFault::Malformed),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), XmlFault> {
        match &mut self.place {
            Place::InField(_, value) => {
                value.push_str(text);
                Ok(())
            }
            _ if text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')) => Ok(()),
            _ => Err(XmlFault::Malformed),
        }
    }
}

/// Only the encoding matters; but what XML does not allow here (no version, a second encoding) is
/// read in two ways by two readers.
fn check_declaration(declaration: &BytesDecl<'_>) -> Result<(), XmlFault> {
    let text = std::str::from_utf8(declaration).map_err(|_| XmlFault::Malformed)?;
    let rest = text.strip_prefix("xml").ok_or(XmlFault::Malformed)?;
    let (version, rest) = pseudo_attribute(rest, "version");
    let minor = version.and_then(|version| version.strip_prefix("1."));
    let (encoding, rest) = pseudo_attribute(rest, "encoding");
    let (standalone, rest) = pseudo_attribute(rest, "standalone");
    let sound = minor
        .is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit()))
        && encoding.is_none_or(is_encoding_name)
        && standalone.is_none_or(|alone| matches!(alone, "yes" | "no"))
        && rest.trim_ascii().is_empty();
    match encoding {
        _ if !sound => Err(XmlFault::Malformed),
        Some(name) if !name.eq_ignore_ascii_case("utf-8") => Err(XmlFault::NotUtf8),
        _ => Ok(()),
    }
}

fn is_encoding_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// The value of `name="…"` behind white space, and what follows; all of `text` if it is not there.
fn pseudo_attribute<'t>(text: &'t str, name: &str) -> (Option<&'t str>, &'t str) {
    let read = || {
        let after = text.trim_ascii_start();
        let after = if after.len() < text.len() { after.strip_prefix(name)? } else { return None };
        let after = after.trim_ascii_start().strip_prefix('=')?.trim_ascii_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        after.get(1..)?.split_once(quote)
    };
    read().map_or((None, text), |(value, rest)| (Some(value), rest))
}

/// The character behind `&…;`: one of the five, or a number that XML allows.
fn resolve(reference: &BytesRef<'_>) -> Option<char> {
    let name = std::str::from_utf8(reference).ok()?;
    let number = |digits: &str, radix| {
        // `from_str_radix` would take a sign.
        let plain = digits.bytes().all(|b| b.is_ascii_hexdigit());
        let code = plain.then(|| u32::from_str_radix(digits, radix).ok())??;
        char::from_u32(code).filter(|&c| is_xml_char(c))
    };
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match name.strip_prefix("#x") {
            Some(digits) => number(digits, 16),
            None => number(name.strip_prefix('#')?, 10),
        },
    }
}

/// Writes fields as a document, each value in CDATA.
pub(crate) fn write(fields: &Fields) -> String {
    let size: usize = fields.iter().map(|(name, value)| 2 * name.len() + value.len() + 17).sum();
    let mut xml = String::with_capacity(size + 11);
    xml.push_str("<xml>");
    for (name, value) in fields.iter() {
        let _ = write!(xml, "<{name}>");
        write_value(&mut xml, value);
        let _ = write!(xml, "</{name}>");
    }
    xml.push_str("</xml>");
    xml
}

fn write_value(xml: &mut String, value: &str) {
    if value.contains('\r') {
        // A reader that follows XML to the letter turns a bare \r into \n, and then the signature
        // is wrong; only a character reference keeps it, and CDATA has none.
        for c in value.chars() {
            match c {
                '&' => xml.push_str("&amp;"),
                '<' => xml.push_str("&lt;"),
                '>' => xml.push_str("&gt;"),
                '\r' => xml.push_str("&#13;"),
                c => xml.push(c),
            }
        }
    } else {
        xml.push_str("<![CDATA[");
        let mut parts = value.split("]]>");
        xml.push_str(parts.next().unwrap_or_default());
        for part in parts {
            xml.push_str("]]]]><![CDATA[>");
            xml.push_str(part);
        }
        xml.push_str("]]>");
    }
}
