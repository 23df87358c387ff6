//! What goes into a statement and what comes out of a row: integers, text and bytes, nothing else.

use medpay_domain::{
    Appid, BillNo, CardNo, CashOrderId, ChannelNo, CityId, Day, Elapsed, Fen, HospOutRefundNo,
    HospOutTradeNo, IdDigest, InsuranceOrderId, MchId, MedRefundId, MedTransId, MedicalUserId,
    Openid, OrgNo, PersonName, SerialNo, Timestamp,
};

/// A parameter of a statement.
#[derive(Clone, PartialEq, Eq)]
pub enum Arg {
    /// SQL's NULL.
    Null,
    /// A BIGINT; amounts in fen, times in milliseconds since 1970, true as 1.
    Int(i64),
    /// A TEXT, without NUL characters.
    Text(String),
    /// Bytes: `{{blob}}` in a migration.
    Blob(Vec<u8>),
}

/// A value of a row.
#[derive(Clone, PartialEq, Eq)]
pub enum Cell {
    /// SQL's NULL.
    Null,
    /// An integer, or a truth value as 0 or 1.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Cell {
    /// The kind of value, for error texts, which never show the value itself.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Int(_) => "an integer",
            Self::Text(_) => "a text",
            Self::Blob(_) => "bytes",
        }
    }
}

/// Prints the kind only: values may be personal.
impl std::fmt::Debug for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind())
    }
}

/// Prints the kind only: values may be personal.
impl std::fmt::Debug for Arg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Null => "NULL",
            Self::Int(_) => "an integer",
            Self::Text(_) => "a text",
            Self::Blob(_) => "bytes",
        })
    }
}

/// What can be a parameter.
pub trait ToArg {
    /// The parameter.
    fn to_arg(&self) -> Arg;
}

/// What can be read from a column.
pub trait FromCell: Sized {
    /// The name of the kind, for error texts.
    const WANTED: &'static str;

    /// The value, or `None` if the cell holds another kind.
    fn from_cell(cell: &Cell) -> Option<Self>;
}

impl ToArg for Arg {
    fn to_arg(&self) -> Arg {
        self.clone()
    }
}

impl<T: ToArg + ?Sized> ToArg for &T {
    fn to_arg(&self) -> Arg {
        (**self).to_arg()
    }
}

impl<T: ToArg> ToArg for Option<T> {
    fn to_arg(&self) -> Arg {
        self.as_ref().map_or(Arg::Null, ToArg::to_arg)
    }
}

impl<T: FromCell> FromCell for Option<T> {
    const WANTED: &'static str = T::WANTED;

    fn from_cell(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}

/// Gives each type its two directions through the kind that holds it.
macro_rules! held_as {
    ($kind:ident $wanted:literal: $($type:ty, $to:expr, $from:expr;)+) => {$(
        impl ToArg for $type {
            fn to_arg(&self) -> Arg {
                let to: fn(&$type) -> _ = $to;
                Arg::$kind(to(self))
            }
        }

        impl FromCell for $type {
            const WANTED: &'static str = $wanted;

            fn from_cell(cell: &Cell) -> Option<Self> {
                let from: fn(&_) -> Option<$type> = $from;
                match cell {
                    Cell::$kind(value) => from(value),
                    _ => None,
                }
            }
        }
    )+};
}

held_as! {
    Int "an integer of its range":
    i64, |v| *v, |v| Some(*v);
    u32, |v| i64::from(*v), |v| u32::try_from(*v).ok();
    u8, |v| i64::from(*v), |v| u8::try_from(*v).ok();
    bool, |v| i64::from(*v), |v| match v { 0 => Some(false), 1 => Some(true), _ => None };
    Fen, |v| v.get(), |v| Fen::new(*v);
    Timestamp, |v| v.as_ms(), |v| Some(Timestamp::from_ms(*v));
    Elapsed, |v| v.0, |v| Some(Elapsed(*v));
}

held_as! {
    Text "a text of its form":
    String, Clone::clone, |v: &String| Some(v.clone());
    Day, |v| v.wire(), |v: &String| Day::from_wire(v);
}

held_as! {
    Blob "bytes":
    Vec<u8>, Clone::clone, |v: &Vec<u8>| Some(v.clone());
}

impl ToArg for str {
    fn to_arg(&self) -> Arg {
        Arg::Text(self.to_owned())
    }
}

impl ToArg for [u8] {
    fn to_arg(&self) -> Arg {
        Arg::Blob(self.to_vec())
    }
}

/// The identifiers and personal values of the domain are texts.
macro_rules! held_as_text {
    ($read:ident: $($type:ident),+ $(,)?) => {$(
        impl ToArg for $type {
            fn to_arg(&self) -> Arg {
                self.$read().to_arg()
            }
        }

        impl FromCell for $type {
            const WANTED: &'static str = "a text";

            fn from_cell(cell: &Cell) -> Option<Self> {
                String::from_cell(cell).map($type::new)
            }
        }
    )+};
}

held_as_text! {
    as_str: Appid, MchId, HospOutTradeNo, HospOutRefundNo, MedTransId, MedRefundId, SerialNo,
    BillNo, OrgNo, CityId, ChannelNo, MedicalUserId, CashOrderId, InsuranceOrderId,
}
held_as_text! { reveal: Openid, PersonName, IdDigest, CardNo }

/// The parameters of a statement, by number: the first is `$1`.
///
/// Takes whatever is [`ToArg`], by reference; nothing is moved.
#[macro_export]
macro_rules! args {
    () => { ::std::vec::Vec::<$crate::Arg>::new() };
    ($($value:expr),+ $(,)?) => { ::std::vec![$($crate::ToArg::to_arg(&$value)),+] };
}
