//! The documents' tables as data: which fields an interface has, in the document's order. Decoding
//! goes by these tables, and so do the documentation, `medpay call` and the tests of every rule.

use crate::fields::{FieldFault, Fields};
use crate::request_content::RequestContent;
use crate::value::{Flag, FromField, HttpUrl, Lines, Problem, Text, Yuan, longer_than};
use medpay_domain::{CardType, Day, Fen, IdDigest, Timestamp};
use std::net::Ipv4Addr;

/// One interface of `/payinsurance/*`.
#[derive(Debug, Clone, Copy)]
pub struct Interface {
    /// The last part of the path, which is also the module's name: `unifiedorder`.
    pub name: &'static str,
    /// `/payinsurance/…`; configuration may name another.
    pub path: &'static str,
    /// The document's title.
    pub title: &'static str,
    /// The request's fields in the document's order, without `sign`.
    pub fields: &'static [FieldSpec],
    /// The fields of a successful answer, without the envelope's (PROTOCOL 1.2).
    pub reply: &'static [FieldSpec],
    /// Whether answers carry `nonce_str` and `sign` (trap 18).
    pub signed_reply: bool,
    /// Whether the request carries `appid` and `mch_id`; if not, the key is found through the
    /// access_token (trap 17).
    pub carries_merchant: bool,
}

/// One line of a table.
#[derive(Debug, Clone, Copy)]
pub struct FieldSpec {
    /// 字段名.
    pub name: &'static str,
    /// 中文解释.
    pub label: &'static str,
    /// 是否必填.
    pub required: Required,
    /// The most characters.
    pub max: usize,
    /// 类型.
    pub kind: Kind,
}

/// 是否必填.
#[derive(Debug, Clone, Copy)]
pub enum Required {
    /// Y.
    Yes,
    /// N.
    No,
    /// 二选一: one of these must be there. The first names the fault.
    OneOf(&'static [&'static str]),
    /// Only when; the words say when.
    When(&'static str, fn(&Fields) -> bool),
}

/// 类型.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Text on one line.
    Text,
    /// Text that may have several lines.
    Lines,
    /// `request_content`: anything, 64 KiB.
    Content,
    /// Uint64, fen.
    Uint64,
    /// Uint64, fen, more than 0.
    Positive,
    /// Uint32.
    Uint32,
    /// 0 or 1.
    Flag,
    /// `yyyyMMddHHmmss`.
    Time,
    /// `yyyyMMdd`.
    Day,
    /// One of the seven document types.
    CardType,
    /// MD5 of a document number.
    Digest,
    /// An http(s) address.
    Url,
    /// An IPv4 address.
    Ip,
    /// An amount in yuan.
    Yuan,
    /// One of these words.
    Word(&'static [&'static str]),
}

impl Kind {
    fn check(self, text: &str) -> Result<(), Problem> {
        /// Wide enough for every table; the tables' own lengths are checked before.
        const WIDE: usize = 4096;
        match self {
            Self::Text => Text::<WIDE>::from_field(text).map(|_| ()),
            Self::Lines => Lines::<WIDE>::from_field(text).map(|_| ()),
            Self::Content => RequestContent::from_field(text).map(|_| ()),
            Self::Uint64 => Fen::from_field(text).map(|_| ()),
            Self::Positive => match Fen::from_field(text)? {
                Fen::ZERO => Err(Problem::Invalid),
                _ => Ok(()),
            },
            Self::Uint32 => u32::from_field(text).map(|_| ()),
            Self::Flag => Flag::from_field(text).map(|_| ()),
            Self::Time => Timestamp::from_field(text).map(|_| ()),
            Self::Day => Day::from_field(text).map(|_| ()),
            Self::CardType => CardType::from_field(text).map(|_| ()),
            Self::Digest => IdDigest::from_field(text).map(|_| ()),
            Self::Url => HttpUrl::<WIDE>::from_field(text).map(|_| ()),
            Self::Ip => Ipv4Addr::from_field(text).map(|_| ()),
            Self::Yuan => Yuan::from_field(text).map(|_| ()),
            Self::Word(words) if words.contains(&text) => Ok(()),
            Self::Word(_) => Err(Problem::Invalid),
        }
    }
}

impl FieldSpec {
    /// Whether these fields need this one and lack it.
    fn lacks(&self, fields: &Fields) -> bool {
        match self.required {
            Required::Yes => true,
            Required::No => false,
            Required::OneOf(names) => {
                names.first() == Some(&self.name) && !names.iter().any(|name| fields.has(name))
            }
            Required::When(_, when) => when(fields),
        }
    }

    fn check(&self, fields: &Fields) -> Result<(), FieldFault> {
        let problem = match fields.value(self.name) {
            None if self.lacks(fields) => Problem::Needed,
            None => return Ok(()),
            // A content's bound is in bytes, and its own.
            Some(text) if !matches!(self.kind, Kind::Content) && longer_than(text, self.max) => {
                Problem::TooLong
            }
            Some(text) => match self.kind.check(text) {
                Ok(()) => return Ok(()),
                Err(problem) => problem,
            },
        };
        Err(FieldFault { field: self.name, problem })
    }
}

/// Checks fields by a table, in its order, so that the first faulty one is named.
pub(crate) fn check(table: &[FieldSpec], fields: &Fields) -> Result<(), FieldFault> {
    table.iter().try_for_each(|spec| spec.check(fields))
}

impl Interface {
    /// Checks a request's fields, in the document's order.
    pub fn check_request(&self, fields: &Fields) -> Result<(), FieldFault> {
        check(self.fields, fields)
    }

    /// Checks the fields of a successful answer.
    pub fn check_reply(&self, fields: &Fields) -> Result<(), FieldFault> {
        check(self.reply, fields)
    }

    /// The line of a request's field.
    pub fn field(&self, name: &str) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|spec| spec.name == name)
    }
}

/// A line of a table: a field that must be there.
pub(crate) const fn req(
    name: &'static str,
    label: &'static str,
    max: usize,
    kind: Kind,
) -> FieldSpec {
    FieldSpec { name, label, required: Required::Yes, max, kind }
}

/// A line of a table: a field that may be absent.
pub(crate) const fn opt(
    name: &'static str,
    label: &'static str,
    max: usize,
    kind: Kind,
) -> FieldSpec {
    FieldSpec { name, label, required: Required::No, max, kind }
}

impl FieldSpec {
    /// The same line, with another rule of presence.
    pub(crate) const fn rule(mut self, required: Required) -> Self {
        self.required = required;
        self
    }
}
