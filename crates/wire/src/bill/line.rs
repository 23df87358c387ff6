//! One line of a bill: backticks, commas, and the faults that a reader may find.

use medpay_domain::{Fen, Timestamp};

/// Why a text is not a bill.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BillReadFault {
    /// Not UTF-8.
    #[error("the bill is not UTF-8")]
    NotUtf8,
    /// The first line, or that above the totals, has other columns.
    #[error("line {line} of the bill is not the expected header")]
    Header {
        /// Counted from 1.
        line: usize,
    },
    /// A line with more or fewer values than columns.
    #[error("line {line} of the bill has {found} values")]
    Width {
        /// Counted from 1.
        line: usize,
        /// How many.
        found: usize,
    },
    /// Something stands behind the totals.
    #[error("line {line} stands behind the totals of the bill")]
    Trailing {
        /// Counted from 1.
        line: usize,
    },
    /// A value that its column cannot have.
    #[error("line {line} of the bill: {column} is invalid")]
    Value {
        /// Counted from 1.
        line: usize,
        /// The column's name.
        column: &'static str,
    },
    /// The text ends before the totals.
    #[error("the bill ends without totals")]
    NoTotals,
}

/// A value as it can stand in a row.
fn clean(value: &str) -> String {
    value
        .chars()
        .map(|c| match c {
            '`' => '\'',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect()
}

/// `yyyy-MM-dd HH:mm:ss`.
pub(super) fn time_text(time: Timestamp) -> String {
    time.to_string().split('.').next().unwrap_or_default().to_owned()
}

pub(super) fn push_line<'a>(text: &mut String, values: impl IntoIterator<Item = &'a str>) {
    for (n, value) in values.into_iter().enumerate() {
        text.push_str(if n == 0 { "`" } else { ",`" });
        text.push_str(&clean(value));
    }
    text.push('\n');
}

/// A line's values, split.
pub(super) struct Line<'a> {
    number: usize,
    columns: &'static [&'static str],
    values: Vec<&'a str>,
}

impl<'a> Line<'a> {
    pub(super) fn split(
        number: usize,
        text: &'a str,
        columns: &'static [&'static str],
    ) -> Result<Self, BillReadFault> {
        let first = text.strip_prefix('`').ok_or(BillReadFault::Header { line: number })?;
        let values: Vec<&str> = first.split(",`").collect();
        if values.len() == columns.len() {
            Ok(Self { number, columns, values })
        } else {
            Err(BillReadFault::Width { line: number, found: values.len() })
        }
    }

    pub(super) fn fault(&self, column: usize) -> BillReadFault {
        let column = self.columns.get(column).copied().unwrap_or_default();
        BillReadFault::Value { line: self.number, column }
    }

    pub(super) fn text(&self, column: usize) -> &'a str {
        self.values.get(column).copied().unwrap_or_default()
    }

    pub(super) fn optional(&self, column: usize) -> Option<&'a str> {
        Some(self.text(column)).filter(|text| !text.is_empty())
    }

    pub(super) fn some(&self, column: usize) -> Result<&'a str, BillReadFault> {
        self.optional(column).ok_or_else(|| self.fault(column))
    }

    pub(super) fn parsed<T>(
        &self,
        column: usize,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, BillReadFault> {
        parse(self.text(column)).ok_or_else(|| self.fault(column))
    }

    pub(super) fn yuan(&self, column: usize) -> Result<Fen, BillReadFault> {
        self.parsed(column, |text| Fen::from_yuan(text).ok())
    }

    /// `yyyy-MM-dd HH:mm:ss`, as V2 prints it.
    pub(super) fn time(&self, column: usize) -> Result<Timestamp, BillReadFault> {
        self.parsed(column, |text| {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            Timestamp::from_wire(&digits).filter(|time| time_text(*time) == text)
        })
    }
}
