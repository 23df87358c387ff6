//! Amounts of money.

use std::fmt;

/// An amount in fen (分, a hundredth of a yuan): the unit of the wire and of the database.
///
/// Never negative, so that a refund is an amount of its own and not a negative payment. Yuan exist
/// only as text ([`Fen::yuan`], [`Fen::from_yuan`]); no float is ever involved.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fen(i64);

/// Why a text is not an amount in yuan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotYuan {
    /// Not digits with at most one point.
    #[error("not a decimal number")]
    NotDecimal,
    /// A third decimal that is not zero: less than a fen.
    #[error("finer than a fen")]
    TooFine,
    /// More than an `i64` of fen.
    #[error("too large")]
    TooLarge,
}

impl Fen {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of `fen`; `None` if negative.
    pub const fn new(fen: i64) -> Option<Self> {
        if fen < 0 { None } else { Some(Self(fen)) }
    }

    /// The number of fen.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether this is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, unless it is too large to be written down.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference, unless it would be negative.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        if self.0 >= other.0 { Some(Self(self.0 - other.0)) } else { None }
    }

    /// The amount in yuan with exactly two decimals, as bills and messages print it: `230.50`.
    pub fn yuan(self) -> String {
        format!("{}.{:02}", self.0 / 100, self.0 % 100)
    }

    /// Reads an amount in yuan, exactly: `230.5`, `0.01`, `9`. Zeros after the second decimal are
    /// allowed, anything else there is not.
    pub fn from_yuan(text: &str) -> Result<Self, NotYuan> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) {
            return Err(NotYuan::NotDecimal);
        }
        if decimals.bytes().skip(2).any(|b| b != b'0') {
            return Err(NotYuan::TooFine);
        }
        let hundredths = decimals.bytes().chain(*b"00").take(2);
        whole
            .bytes()
            .chain(hundredths)
            .try_fold(0_i64, |sum, b| sum.checked_mul(10)?.checked_add(i64::from(b - b'0')))
            .map(Self)
            .ok_or(NotYuan::TooLarge)
    }
}

impl fmt::Debug for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} fen", self.0)
    }
}

/// Prints the number of fen, as the wire writes it.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn yuan_are_read_exactly() {
        let fen = |text| Fen::from_yuan(text).map(Fen::get);
        assert_eq!(fen("230.50"), Ok(23050));
        assert_eq!(fen("230.5"), Ok(23050));
        assert_eq!(fen("30"), Ok(3000));
        assert_eq!(fen("0.01"), Ok(1));
        assert_eq!(fen("1.2300"), Ok(123));
        assert_eq!(fen("1.234"), Err(NotYuan::TooFine));
        assert_eq!(fen(""), Err(NotYuan::NotDecimal));
        assert_eq!(fen("1."), Err(NotYuan::NotDecimal));
        assert_eq!(fen("-1"), Err(NotYuan::NotDecimal));
        assert_eq!(fen("1.2.3"), Err(NotYuan::NotDecimal));
        assert_eq!(fen("92233720368547758.07"), Ok(i64::MAX));
        assert_eq!(fen("92233720368547758.08"), Err(NotYuan::TooLarge));
    }

    proptest! {
        #[test]
        fn printed_yuan_are_read_back(fen in 0..=i64::MAX) {
            let amount = Fen::new(fen).expect("not negative");
            prop_assert_eq!(Fen::from_yuan(&amount.yuan()), Ok(amount));
        }
    }
}
