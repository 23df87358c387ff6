//! Book 4: a day's bill adds up to that day's events, to the fen.

use super::{Book, Difference, Kind};
use crate::fen::Fen;
use std::collections::BTreeMap;

/// What a row of a bill tells of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RowKind {
    /// A payment, by `med_trans_id`.
    Payment,
    /// A refund the hospital asked for, by `med_refund_id`.
    Refund,
    /// Cash given back because the bureau refused (SYS_REFUNDED), by `med_trans_id`.
    SystemRefund,
}

/// A row of a bill, or an event that must be one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BillRow {
    /// What it tells of.
    pub kind: RowKind,
    /// Its number.
    pub number: String,
    /// The cash part.
    pub cash: Fen,
    /// The insurance part.
    pub insurance: Fen,
}

/// Sums over a bill.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BillSums {
    /// 总交易单数.
    pub payments: u64,
    /// 现金总金额.
    pub cash: i64,
    /// 医保总金额.
    pub insurance: i64,
    /// 总退款笔数.
    pub refunds: u64,
    /// 现金退款总金额.
    pub cash_back: i64,
    /// 医保退款总金额.
    pub insurance_back: i64,
}

impl BillSums {
    /// The sums of `rows`.
    pub fn of(rows: &[BillRow]) -> Self {
        let mut sums = Self::default();
        for row in rows {
            let (count, cash, insurance) = match row.kind {
                RowKind::Payment => (&mut sums.payments, &mut sums.cash, &mut sums.insurance),
                RowKind::Refund | RowKind::SystemRefund => {
                    (&mut sums.refunds, &mut sums.cash_back, &mut sums.insurance_back)
                }
            };
            *count += 1;
            *cash = cash.saturating_add(row.cash.get());
            *insurance = insurance.saturating_add(row.insurance.get());
        }
        sums
    }
}

/// Compares a bill (its rows and its own line of totals) with the events of its day; `name` says
/// which bill.
pub fn compare(
    name: &str,
    events: &[BillRow],
    rows: &[BillRow],
    totals: BillSums,
) -> Vec<Difference> {
    let mut differences = vec![];
    let mut difference = |kind, number: &str, ours: String, theirs: String| {
        let number = format!("{name} {number}");
        let book = Book::Bill;
        differences.push(Difference { book, kind, party: None, number, ours, theirs });
    };
    let mut billed: BTreeMap<(RowKind, &str), Vec<&BillRow>> = BTreeMap::new();
    for row in rows {
        billed.entry((row.kind, &row.number)).or_default().push(row);
    }
    for event in events {
        let same = billed.get_mut(&(event.kind, event.number.as_str()));
        match same.and_then(Vec::pop) {
            None => difference(
                Kind::MissingInBill,
                &event.number,
                event.to_string(),
                "no row".to_owned(),
            ),
            Some(row) if (row.cash, row.insurance) != (event.cash, event.insurance) => {
                difference(Kind::AmountDiffers, &event.number, event.to_string(), row.to_string());
            }
            Some(_) => {}
        }
    }
    for row in billed.into_values().flatten() {
        difference(Kind::NotAnEvent, &row.number, "no event".to_owned(), row.to_string());
    }
    let sums = BillSums::of(rows);
    if sums != totals {
        let (rows, totals) = (format!("{sums:?}"), format!("{totals:?}"));
        difference(Kind::TotalsDiffer, "totals", rows, totals);
    }
    differences
}

/// For a reader: `Payment of 100 fen cash and 805 fen insurance`.
impl std::fmt::Display for BillRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} of {} fen cash and {} fen insurance", self.kind, self.cash, self.insurance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: RowKind, number: &str, cash: i64, insurance: i64) -> BillRow {
        let fen = |amount| Fen::new(amount).expect("not negative");
        BillRow { kind, number: number.to_owned(), cash: fen(cash), insurance: fen(insurance) }
    }

    fn kinds(events: &[BillRow], rows: &[BillRow], totals: BillSums) -> Vec<Kind> {
        compare("20180620", events, rows, totals).into_iter().map(|d| d.kind).collect()
    }

    #[test]
    fn a_right_bill_has_no_difference_and_each_wrong_one_is_named() {
        let events = [row(RowKind::Payment, "M1", 100, 805), row(RowKind::Refund, "R1", 100, 0)];
        let sums = BillSums::of(&events);
        assert_eq!((sums.payments, sums.cash, sums.insurance), (1, 100, 805));
        assert_eq!((sums.refunds, sums.cash_back, sums.insurance_back), (1, 100, 0));
        assert_eq!(kinds(&events, &events, sums), []);
        assert_eq!(kinds(&events, &events[..1], BillSums::of(&events[..1])), [Kind::MissingInBill]);
        assert_eq!(kinds(&events[..1], &events, sums), [Kind::NotAnEvent]);
        let wrong = [row(RowKind::Payment, "M1", 101, 805), events[1].clone()];
        assert_eq!(kinds(&events, &wrong, BillSums::of(&wrong)), [Kind::AmountDiffers]);
        assert_eq!(kinds(&events, &events, BillSums { cash: 99, ..sums }), [Kind::TotalsDiffer]);
    }

    #[test]
    fn the_same_row_twice_is_found() {
        let event = [row(RowKind::Payment, "M1", 100, 0)];
        let twice = [event[0].clone(), event[0].clone()];
        assert_eq!(kinds(&event, &twice, BillSums::of(&twice)), [Kind::NotAnEvent]);
    }
}
