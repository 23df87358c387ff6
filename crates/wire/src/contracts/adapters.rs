//! How domain values, which know no serde, are written in JSON: money as an integer of fen, moments
//! as milliseconds since 1970, days as `yyyyMMdd`, names and numbers as text.

use medpay_domain::{
    Appid, BillNo, CardNo, CardType, CashOrderId, CityId, Day, Fen, HospOutRefundNo,
    HospOutTradeNo, IdDigest, InsuranceOrderId, MedTransId, MedicalUserId, Openid, OrgNo,
    PersonName, PhoneNo, SerialNo, Timestamp,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A value that JSON writes in one plain form.
pub trait Plain: Sized {
    /// The form: a string or a number.
    type Form: Serialize + for<'de> Deserialize<'de>;

    /// Into the form.
    fn to_form(&self) -> Self::Form;

    /// Out of the form; `None` if it is no such value.
    fn from_form(form: Self::Form) -> Option<Self>;
}

/// Writes a [`Plain`] value; for `#[serde(with = "…::plain")]`.
pub mod plain {
    use super::{Deserialize, Deserializer, Error, Plain, Serialize, Serializer};

    /// Writes `value` in its form.
    pub fn serialize<T: Plain, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        value.to_form().serialize(to)
    }

    /// Reads a value from its form.
    pub fn deserialize<'de, T: Plain, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        T::from_form(T::Form::deserialize(from)?).ok_or_else(|| D::Error::custom("no such value"))
    }
}

/// Writes an `Option` of a [`Plain`] value; for `#[serde(with = "…::option")]`, with `default`.
pub mod option {
    use super::{Deserialize, Deserializer, Error, Plain, Serialize, Serializer};

    /// Writes `value` in its form, or null.
    pub fn serialize<T: Plain, S: Serializer>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
        value.as_ref().map(Plain::to_form).serialize(to)
    }

    /// Reads a value, or null.
    pub fn deserialize<'de, T: Plain, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<T>, D::Error> {
        Option::<T::Form>::deserialize(from)?
            .map(|form| T::from_form(form).ok_or_else(|| D::Error::custom("no such value")))
            .transpose()
    }
}

macro_rules! plain_text {
    ($read:ident: $($name:ident),* $(,)?) => {$(
        impl Plain for $name {
            type Form = String;

            fn to_form(&self) -> String {
                self.$read().to_owned()
            }

            fn from_form(form: String) -> Option<Self> {
                Some(Self::new(form))
            }
        }
    )*};
}

plain_text!(as_str: Appid, BillNo, CashOrderId, CityId, InsuranceOrderId, MedicalUserId);
plain_text!(as_str: HospOutRefundNo, HospOutTradeNo, MedTransId, OrgNo, SerialNo);
plain_text!(reveal: CardNo, IdDigest, Openid, PersonName, PhoneNo);

impl Plain for Fen {
    type Form = i64;

    fn to_form(&self) -> i64 {
        self.get()
    }

    fn from_form(form: i64) -> Option<Self> {
        Self::new(form)
    }
}

impl Plain for Timestamp {
    type Form = i64;

    fn to_form(&self) -> i64 {
        self.as_ms()
    }

    fn from_form(form: i64) -> Option<Self> {
        // `from_ms` would make another moment of one that cannot be written down.
        (0..=Self::MAX.as_ms()).contains(&form).then(|| Self::from_ms(form))
    }
}

impl Plain for Day {
    type Form = String;

    fn to_form(&self) -> String {
        self.wire()
    }

    fn from_form(form: String) -> Option<Self> {
        Self::from_wire(&form)
    }
}

impl Plain for CardType {
    type Form = u8;

    fn to_form(&self) -> u8 {
        self.code()
    }

    fn from_form(form: u8) -> Option<Self> {
        Self::from_code(form)
    }
}
