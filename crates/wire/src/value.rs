//! The types of the documents' tables: String*N*, Uint64, times, addresses, and the words that a
//! field may hold. A length is counted in characters.

use medpay_domain::{
    Appid, BillNo, CardNo, CardType, CashOrderId, ChannelNo, CityId, Day, Fen, HospOutRefundNo,
    HospOutTradeNo, IdDigest, InsuranceOrderId, MchId, MedRefundId, MedTransId, MedicalUserId,
    Openid, OrgNo, PersonName, SerialNo, Timestamp,
};
use std::fmt;
use std::net::Ipv4Addr;

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Absent or empty, and must not be.
    #[error("is needed")]
    Needed,
    /// More characters than the document allows.
    #[error("is too long")]
    TooLong,
    /// Of another type, or none of the values that it may have.
    #[error("is invalid")]
    Invalid,
}

/// A value that a field can hold. `text` is never empty.
pub trait FromField: Sized {
    /// Reads it.
    fn from_field(text: &str) -> Result<Self, Problem>;
}

/// Whether `text` has more than `max` characters.
pub(crate) fn longer_than(text: &str, max: usize) -> bool {
    text.len() > max && text.chars().count() > max
}

fn check_text(text: &str, max: usize, lines: bool) -> Result<(), Problem> {
    if text.is_empty() {
        return Err(Problem::Needed);
    }
    if longer_than(text, max) {
        return Err(Problem::TooLong);
    }
    let fits = |c: char| !c.is_control() || (lines && matches!(c, '\n' | '\r' | '\t'));
    if text.chars().all(fits) { Ok(()) } else { Err(Problem::Invalid) }
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident, $lines:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name<const MAX: usize>(String);

        impl<const MAX: usize> $name<MAX> {
            /// Takes `text` if it fits.
            pub fn new(text: impl Into<String>) -> Result<Self, Problem> {
                let text = text.into();
                check_text(&text, MAX, $lines)?;
                Ok(Self(text))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, moved out.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl<const MAX: usize> FromField for $name<MAX> {
            fn from_field(text: &str) -> Result<Self, Problem> {
                Self::new(text)
            }
        }

        impl<const MAX: usize> From<$name<MAX>> for String {
            fn from(text: $name<MAX>) -> Self {
                text.0
            }
        }

        impl<const MAX: usize> From<&$name<MAX>> for String {
            fn from(text: &$name<MAX>) -> Self {
                text.0.clone()
            }
        }

        impl<const MAX: usize> fmt::Display for $name<MAX> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

texts! {
    /// String*MAX* of the documents: not empty, at most `MAX` characters, on one line.
    Text, false;
    /// A [`Text`] that may have several lines.
    Lines, true;
}

macro_rules! named {
    ($($name:ident, $max:literal;)*) => {$(
        impl FromField for $name {
            fn from_field(text: &str) -> Result<Self, Problem> {
                check_text(text, $max, false)?;
                Ok(Self::new(text))
            }
        }
    )*};
}

// The widest length that a document gives each (PROTOCOL 1.6); a narrower one stands in the
// interface's table.
named! {
    Appid, 32;
    MchId, 32;
    HospOutTradeNo, 64;
    HospOutRefundNo, 64;
    MedTransId, 32;
    MedRefundId, 32;
    SerialNo, 20;
    BillNo, 20;
    OrgNo, 32;
    CityId, 32;
    ChannelNo, 32;
    MedicalUserId, 64;
    CashOrderId, 32;
    InsuranceOrderId, 32;
    Openid, 128;
    PersonName, 32;
    CardNo, 32;
}

/// Any text, several lines too. For answers, whose lengths bind the one who writes them.
impl FromField for String {
    fn from_field(text: &str) -> Result<Self, Problem> {
        Ok(text.to_owned())
    }
}

/// An MD5 in 32 lower-case hex characters, as the documents print it; upper case is refused, since
/// it would never equal the digest of the card.
impl FromField for IdDigest {
    fn from_field(text: &str) -> Result<Self, Problem> {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if longer_than(text, 64) {
            Err(Problem::TooLong)
        } else if text.len() == 32 && text.bytes().all(hex) {
            Ok(Self::new(text))
        } else {
            Err(Problem::Invalid)
        }
    }
}

fn digits(text: &str, max: usize) -> Result<u64, Problem> {
    if longer_than(text, max) {
        return Err(Problem::TooLong);
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Problem::Invalid);
    }
    text.parse().map_err(|_| Problem::Invalid)
}

/// Uint64 in fen; more than an `i64` is invalid.
impl FromField for Fen {
    fn from_field(text: &str) -> Result<Self, Problem> {
        let fen = i64::try_from(digits(text, 20)?).map_err(|_| Problem::Invalid)?;
        Self::new(fen).ok_or(Problem::Invalid)
    }
}

/// Uint32.
impl FromField for u32 {
    fn from_field(text: &str) -> Result<Self, Problem> {
        digits(text, 10)?.try_into().map_err(|_| Problem::Invalid)
    }
}

/// Uint64, as a count.
impl FromField for u64 {
    fn from_field(text: &str) -> Result<Self, Problem> {
        digits(text, 20)
    }
}

/// 0 or 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flag(pub bool);

impl Flag {
    /// As the wire writes it.
    pub const fn as_str(self) -> &'static str {
        if self.0 { "1" } else { "0" }
    }
}

impl FromField for Flag {
    fn from_field(text: &str) -> Result<Self, Problem> {
        match digits(text, 3)? {
            0 => Ok(Self(false)),
            1 => Ok(Self(true)),
            _ => Err(Problem::Invalid),
        }
    }
}

/// `yyyyMMddHHmmss`.
impl FromField for Timestamp {
    fn from_field(text: &str) -> Result<Self, Problem> {
        if longer_than(text, 14) {
            return Err(Problem::TooLong);
        }
        Self::from_wire(text).ok_or(Problem::Invalid)
    }
}

/// `yyyyMMdd`.
impl FromField for Day {
    fn from_field(text: &str) -> Result<Self, Problem> {
        if longer_than(text, 8) {
            return Err(Problem::TooLong);
        }
        Self::from_wire(text).ok_or(Problem::Invalid)
    }
}

/// One of the seven (trap 15).
impl FromField for CardType {
    fn from_field(text: &str) -> Result<Self, Problem> {
        let code = u8::try_from(digits(text, 3)?).map_err(|_| Problem::Invalid)?;
        Self::from_code(code).ok_or(Problem::Invalid)
    }
}

/// An amount in yuan, kept as the caller wrote it (`discount` and `real_fee` of sendmsg).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Yuan(String);

impl Yuan {
    /// Takes `text` if it is an amount in yuan of at most 16 characters.
    pub fn new(text: impl Into<String>) -> Result<Self, Problem> {
        let text = text.into();
        check_text(&text, 16, false)?;
        Fen::from_yuan(&text).map_err(|_| Problem::Invalid)?;
        Ok(Self(text))
    }

    /// As the caller wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromField for Yuan {
    fn from_field(text: &str) -> Result<Self, Problem> {
        Self::new(text)
    }
}

/// `spbill_create_ip`: IPv4 only (String16 has no room for more, trap 11); any range (trap 40).
impl FromField for Ipv4Addr {
    fn from_field(text: &str) -> Result<Self, Problem> {
        if longer_than(text, 16) {
            return Err(Problem::TooLong);
        }
        text.parse().map_err(|_| Problem::Invalid)
    }
}

/// An http or https address of at most `MAX` characters, kept as it was sent.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct HttpUrl<const MAX: usize>(String);

impl<const MAX: usize> HttpUrl<MAX> {
    /// Takes `text` if it is an http(s) address with a host, without white space, and without a
    /// user name, behind which another host could hide.
    pub fn new(text: impl Into<String>) -> Result<Self, Problem> {
        let text = text.into();
        check_text(&text, MAX, false)?;
        let plain = !text.contains(|c: char| c.is_whitespace() || c == '\\');
        let (_, rest) = scheme(&text).ok_or(Problem::Invalid)?;
        let authority = authority(rest);
        if plain && !authority.contains('@') && host_and_port(authority).is_some() {
            Ok(Self(text))
        } else {
            Err(Problem::Invalid)
        }
    }

    /// The address, as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is https.
    pub fn is_https(&self) -> bool {
        scheme(&self.0).is_some_and(|(secure, _)| secure)
    }

    /// The host in lower case, without port; an IPv6 address without its brackets.
    pub fn host(&self) -> String {
        let host = scheme(&self.0).and_then(|(_, rest)| host_and_port(authority(rest)));
        host.map_or_else(String::new, |(host, _)| host.to_ascii_lowercase())
    }

    /// The port, if one is written.
    pub fn port(&self) -> Option<u16> {
        scheme(&self.0).and_then(|(_, rest)| host_and_port(authority(rest)))?.1
    }
}

impl<const MAX: usize> FromField for HttpUrl<MAX> {
    fn from_field(text: &str) -> Result<Self, Problem> {
        Self::new(text)
    }
}

impl<const MAX: usize> fmt::Display for HttpUrl<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn scheme(url: &str) -> Option<(bool, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    match scheme {
        _ if scheme.eq_ignore_ascii_case("https") => Some((true, rest)),
        _ if scheme.eq_ignore_ascii_case("http") => Some((false, rest)),
        _ => None,
    }
}

fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// A name or an IPv4 address. What ends like a number must be an address in its plain form, since
/// `2130706433` and `127.1` would reach a host that no list of private addresses finds.
fn is_host(host: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let mut labels = host.split('.');
    let last = host.rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|b| b.is_ascii_digit())
        || last.starts_with("0x")
        || last.starts_with("0X");
    labels.all(|label| !label.is_empty() && label.bytes().all(known))
        && (!numeric || host.parse::<Ipv4Addr>().is_ok())
}

fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
    } else {
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        if !is_host(host) {
            return None;
        }
        (host, port)
    };
    match port {
        None => Some((host, None)),
        Some(port) => Some((host, Some(u16::try_from(digits(port, 5).ok()?).ok()?))),
    }
}
