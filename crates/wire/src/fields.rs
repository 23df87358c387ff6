//! A document's fields, in the stages of trust: [`Received`] → [`Verified`] → an interface's types.

use crate::sign::{self, ApiKey, SignFault, SignType};
use crate::value::{FromField, Problem};
use crate::xml::{self, XmlFault};
use std::collections::BTreeMap;
use std::fmt;

/// The fields of a document: names and decoded values, in byte order of the names, which is the
/// order of the signature.
///
/// Values may be personal, so `Debug` shows the names only.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// No fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a field; an empty value is kept, and means the same as no field.
    ///
    /// A character that XML cannot hold becomes U+FFFD here, before it is signed.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) -> &mut Self {
        let mut value = value.into();
        if !value.chars().all(xml::is_xml_char) {
            value = value.replace(|c| !xml::is_xml_char(c), "\u{FFFD}");
        }
        self.0.insert(name.into(), value);
        self
    }

    /// Sets a field if there is a value.
    pub fn set_opt(
        &mut self,
        name: impl Into<String>,
        value: Option<impl Into<String>>,
    ) -> &mut Self {
        if let Some(value) = value {
            self.set(name, value);
        }
        self
    }

    /// Takes a field away.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// The value as it was sent, empty or not.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value, unless it is empty, which means absent.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Whether the field is there and not empty.
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// A value that must be there.
    pub fn required<T: FromField>(&self, name: &'static str) -> Result<T, FieldFault> {
        self.optional(name)?.ok_or_else(|| FieldFault::needed(name))
    }

    /// A value that may be absent or empty.
    pub fn optional<T: FromField>(&self, name: &'static str) -> Result<Option<T>, FieldFault> {
        self.value(name)
            .map(|text| T::from_field(text).map_err(|problem| FieldFault { field: name, problem }))
            .transpose()
    }

    /// All of them, in byte order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As a document, with each value in CDATA.
    pub fn to_xml(&self) -> String {
        xml::write(self)
    }

    /// Reads a document whose signature nobody will check: a person's own text (`medpay sign`), an
    /// answer that carries none.
    pub fn from_xml(body: &[u8]) -> Result<Self, XmlFault> {
        xml::read(body)
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut fields = Self::new();
        for (name, value) in pairs {
            fields.set(name, value);
        }
        fields
    }
}

/// A fault of one field; `Display` is what stands behind 参数格式校验错误 (PROTOCOL 1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct FieldFault {
    /// The field's name.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: Problem,
}

impl FieldFault {
    /// `field` is absent or empty, and must not be.
    pub const fn needed(field: &'static str) -> Self {
        Self { field, problem: Problem::Needed }
    }

    /// `field` has a value that it cannot have.
    pub const fn invalid(field: &'static str) -> Self {
        Self { field, problem: Problem::Invalid }
    }
}

/// A document as it came: well-formed, but perhaps not from whom it says.
#[derive(Debug, Clone)]
pub struct Received(Fields);

impl Received {
    /// Reads a body through the guard.
    pub fn read(body: &[u8]) -> Result<Self, XmlFault> {
        xml::read(body).map(Self)
    }

    /// One of the fields that find the key, and so must be read before the signature is checked:
    /// `appid`, `mch_id`, `sub_appid`, `sub_mch_id`, no other.
    pub fn key_field<T: FromField>(&self, name: &'static str) -> Result<Option<T>, FieldFault> {
        debug_assert!(["appid", "mch_id", "sub_appid", "sub_mch_id"].contains(&name), "{name}");
        self.0.optional(name)
    }

    /// Checks a request's signature: exactly, lower case is refused.
    ///
    /// HMAC-SHA256 counts if `allow_hmac` and `sign_type` asks for it; else `sign_type` is a field
    /// like any other.
    pub fn verify(self, key: &ApiKey, allow_hmac: bool) -> Result<Verified, SignFault> {
        let sign_type = if allow_hmac { sign::named(&self.0) } else { SignType::Md5 };
        sign::check(&self.0, key, sign_type)?;
        Ok(Verified { fields: self.0, sign_type })
    }

    /// Checks the signature of what the platform sent, an answer or a notification: MD5 in either
    /// case of letters (PROTOCOL 1.3).
    pub fn verify_from_platform(self, key: &ApiKey) -> Result<Verified, SignFault> {
        sign::check_any_case(&self.0, key, SignType::Md5)?;
        Ok(Verified { fields: self.0, sign_type: SignType::Md5 })
    }
}

/// The fields of a document whose signature was checked. Only [`Received`] makes one, so code that
/// reads a `Verified` cannot be handed an unchecked body.
#[derive(Debug, Clone)]
pub struct Verified {
    fields: Fields,
    sign_type: SignType,
}

impl Verified {
    /// A value that must be there.
    pub fn required<T: FromField>(&self, name: &'static str) -> Result<T, FieldFault> {
        self.fields.required(name)
    }

    /// A value that may be absent or empty.
    pub fn optional<T: FromField>(&self, name: &'static str) -> Result<Option<T>, FieldFault> {
        self.fields.optional(name)
    }

    /// All fields, unknown ones too.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// How it was signed, and so how its answer is.
    pub fn sign_type(&self) -> SignType {
        self.sign_type
    }
}
