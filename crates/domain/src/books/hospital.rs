//! Book 2: the HIS has confirmed a bill exactly when its order is paid and not wholly refunded; one
//! bill is never paid twice.
//!
//! What the HIS has been asked or told and has not answered may stand in its book or not: it is
//! compared as a bound.

use super::{Book, Bound, Difference, Kind};
use crate::fen::Fen;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A paid order, as the gateway knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Paid {
    /// 医院订单号.
    pub hosp_out_trade_no: String,
    /// Its bill.
    pub bill_no: String,
    /// 总金额.
    pub total: Fen,
    /// 现金金额.
    pub cash: Fen,
    /// 医保金额.
    pub insurance: Fen,
    /// What the HIS has said to it.
    pub confirmed: Confirmed,
    /// Of the cash part, what the HIS knows to be back.
    pub cash_back: Bound,
    /// Of the insurance part, what the HIS knows to be back.
    pub insurance_back: Bound,
    /// Whether all of it is back.
    pub wholly_back: bool,
}

/// Whether an order stands in the HIS's book.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Confirmed {
    /// The HIS said so.
    Yes,
    /// It was asked or a person is to decide, so it may.
    Perhaps,
}

/// A line of the HIS's own day list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// 医院订单号.
    pub hosp_out_trade_no: String,
    /// The bill.
    pub bill_no: String,
    /// 总金额.
    pub total: Fen,
    /// 现金金额.
    pub cash: Fen,
    /// 医保金额.
    pub insurance: Fen,
    /// Of the cash part, what has gone back.
    pub cash_back: Fen,
    /// Of the insurance part, what has gone back.
    pub insurance_back: Fen,
    /// Whether the bill counts as refunded.
    pub refunded: bool,
}

impl Paid {
    /// Whether the HIS knows all that there is to know.
    fn is_exact(&self) -> bool {
        self.cash_back.is_exact() && self.insurance_back.is_exact()
    }
}

/// Compares the paid orders of some days with what the HIS lists of the same days.
///
/// `ours` are the orders paid on those days and all that are listed; `elsewhere` is what the HIS
/// lists of other days, on which an order may have been confirmed.
pub fn compare(ours: &[Paid], theirs: &[Listed], elsewhere: &[Listed]) -> Vec<Difference> {
    let mut differences = vec![];
    let mut difference = |kind, number: &str, ours: String, theirs: String| {
        let number = number.to_owned();
        differences.push(Difference {
            book: Book::Hospital,
            kind,
            party: None,
            number,
            ours,
            theirs,
        });
    };
    let mut listed: BTreeMap<&str, &Listed> = BTreeMap::new();
    for line in theirs {
        if listed.insert(&line.hosp_out_trade_no, line).is_some() {
            let ours = String::new();
            difference(Kind::ListedTwice, &line.hosp_out_trade_no, ours, line.to_string());
        }
    }
    let known: BTreeSet<&str> = ours.iter().map(|paid| paid.hosp_out_trade_no.as_str()).collect();
    for (number, line) in &listed {
        if !known.contains(number) {
            let ours = "not paid".to_owned();
            difference(Kind::ConfirmedUnpaid, number, ours, line.to_string());
        }
    }
    for line in elsewhere {
        listed.entry(&line.hosp_out_trade_no).or_insert(line);
    }
    for paid in ours {
        let number = paid.hosp_out_trade_no.as_str();
        match listed.get(number) {
            Some(line) => {
                for kind in disagreements(paid, line) {
                    difference(kind, number, paid.to_string(), line.to_string());
                }
            }
            None if paid.confirmed == Confirmed::Yes => {
                let theirs = "not listed".to_owned();
                difference(Kind::NotConfirmed, number, paid.to_string(), theirs);
            }
            None => {}
        }
    }
    let standing = ours.iter().filter(|paid| !paid.wholly_back);
    for (bill_no, orders) in
        repeated(standing.map(|paid| (paid.bill_no.as_str(), paid.hosp_out_trade_no.as_str())))
    {
        difference(Kind::BillPaidTwice, bill_no, orders, String::new());
    }
    let standing = listed.values().filter(|line| !line.refunded);
    for (bill_no, orders) in
        repeated(standing.map(|line| (line.bill_no.as_str(), line.hosp_out_trade_no.as_str())))
    {
        difference(Kind::BillPaidTwice, bill_no, String::new(), orders);
    }
    differences
}

/// In what an order and the HIS's line of it disagree.
fn disagreements(paid: &Paid, line: &Listed) -> Vec<Kind> {
    let mut kinds = vec![];
    if paid.bill_no != line.bill_no {
        kinds.push(Kind::BillDiffers);
    }
    if (paid.total, paid.cash, paid.insurance) != (line.total, line.cash, line.insurance) {
        kinds.push(Kind::AmountDiffers);
    }
    let amounts = paid.cash_back.holds(line.cash_back.get())
        && paid.insurance_back.holds(line.insurance_back.get());
    let whole = !paid.is_exact() || paid.wholly_back == line.refunded;
    if !amounts || !whole {
        kinds.push(Kind::RefundDiffers);
    }
    kinds
}

/// The bills that more than one order has, with these.
fn repeated<'a>(
    lines: impl Iterator<Item = (&'a str, &'a str)>,
) -> impl Iterator<Item = (&'a str, String)> {
    let mut orders: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (bill_no, number) in lines {
        orders.entry(bill_no).or_default().insert(number);
    }
    let twice = orders.into_iter().filter(|(_, orders)| orders.len() > 1);
    twice.map(|(bill_no, orders)| {
        (bill_no, format!("paid by {}", orders.into_iter().collect::<Vec<_>>().join(", ")))
    })
}

/// For a reader: `bill B1, 905 = 100 + 805 fen, back 0 + 0`.
impl fmt::Display for Paid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bill_no, total, cash, insurance, cash_back, insurance_back, .. } = self;
        write!(f, "bill {bill_no}, {total} = {cash} + {insurance} fen, back ")?;
        write!(f, "{cash_back} + {insurance_back}")?;
        f.write_str(if self.wholly_back { ", refunded" } else { "" })
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bill_no, total, cash, insurance, cash_back, insurance_back, refunded, .. } =
            self;
        write!(f, "bill {bill_no}, {total} = {cash} + {insurance} fen, back ")?;
        write!(f, "{cash_back} + {insurance_back}")?;
        f.write_str(if *refunded { ", refunded" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fen(amount: i64) -> Fen {
        Fen::new(amount).expect("not negative")
    }

    const fn exactly(amount: i64) -> Bound {
        Bound { low: amount, high: amount }
    }

    fn paid() -> Paid {
        Paid {
            hosp_out_trade_no: "O1".to_owned(),
            bill_no: "B1".to_owned(),
            total: fen(905),
            cash: fen(100),
            insurance: fen(805),
            confirmed: Confirmed::Yes,
            cash_back: exactly(0),
            insurance_back: exactly(0),
            wholly_back: false,
        }
    }

    fn listed() -> Listed {
        Listed {
            hosp_out_trade_no: "O1".to_owned(),
            bill_no: "B1".to_owned(),
            total: fen(905),
            cash: fen(100),
            insurance: fen(805),
            cash_back: fen(0),
            insurance_back: fen(0),
            refunded: false,
        }
    }

    fn refunded() -> (Paid, Listed) {
        let (cash_back, insurance_back) = (exactly(100), exactly(805));
        let paid = Paid { cash_back, insurance_back, wholly_back: true, ..paid() };
        let (cash_back, insurance_back) = (fen(100), fen(805));
        (paid, Listed { cash_back, insurance_back, refunded: true, ..listed() })
    }

    fn kinds(ours: &[Paid], theirs: &[Listed]) -> Vec<Kind> {
        compare(ours, theirs, &[]).into_iter().map(|one| one.kind).collect()
    }

    #[test]
    fn equal_books_have_no_difference() {
        assert_eq!(kinds(&[paid()], &[listed()]), []);
        let (back, line) = refunded();
        assert_eq!(kinds(std::slice::from_ref(&back), &[line]), []);
        // Given back before the HIS had ever confirmed it.
        assert_eq!(kinds(&[Paid { confirmed: Confirmed::Perhaps, ..back }], &[]), []);
        // Confirmed on another day.
        assert_eq!(compare(&[paid()], &[], &[listed()]), []);
    }

    #[test]
    fn each_difference_is_named() {
        let (back, line) = refunded();
        assert_eq!(kinds(&[paid()], &[]), [Kind::NotConfirmed]);
        assert_eq!(kinds(&[], &[listed()]), [Kind::ConfirmedUnpaid]);
        assert_eq!(kinds(&[paid()], &[listed(), listed()]), [Kind::ListedTwice]);
        let other = Listed { total: fen(906), ..listed() };
        assert_eq!(kinds(&[paid()], &[other]), [Kind::AmountDiffers]);
        let other = Listed { bill_no: "B2".to_owned(), ..listed() };
        assert_eq!(kinds(&[paid()], &[other]), [Kind::BillDiffers]);
        assert_eq!(kinds(&[paid()], std::slice::from_ref(&line)), [Kind::RefundDiffers]);
        assert_eq!(kinds(std::slice::from_ref(&back), &[listed()]), [Kind::RefundDiffers]);
        let half = Listed { refunded: false, ..line };
        assert_eq!(kinds(&[back], &[half]), [Kind::RefundDiffers]);
    }

    #[test]
    fn a_bill_is_paid_once() {
        let second = Paid { hosp_out_trade_no: "O2".to_owned(), ..paid() };
        let line = Listed { hosp_out_trade_no: "O2".to_owned(), ..listed() };
        let both = kinds(&[paid(), second.clone()], &[listed(), line]);
        assert_eq!(both, [Kind::BillPaidTwice, Kind::BillPaidTwice]);
        let (first, listed) = refunded();
        let line = Listed { hosp_out_trade_no: "O2".to_owned(), ..self::listed() };
        assert_eq!(kinds(&[first, second], &[listed, line]), []);
    }

    #[test]
    fn what_the_his_has_not_answered_is_a_bound() {
        let asked = Paid { confirmed: Confirmed::Perhaps, ..paid() };
        assert_eq!(kinds(std::slice::from_ref(&asked), &[]), []);
        assert_eq!(kinds(std::slice::from_ref(&asked), &[listed()]), []);
        let other = Listed { cash: fen(101), ..listed() };
        assert_eq!(kinds(&[asked], &[other]), [Kind::AmountDiffers]);
        let (back, line) = refunded();
        let (cash_back, insurance_back) =
            (Bound { low: 0, high: 100 }, Bound { low: 0, high: 805 });
        let untold = Paid { cash_back, insurance_back, ..back };
        assert_eq!(kinds(std::slice::from_ref(&untold), &[listed()]), []);
        assert_eq!(kinds(std::slice::from_ref(&untold), std::slice::from_ref(&line)), []);
        let more = Listed { cash_back: fen(101), ..line };
        assert_eq!(kinds(&[untold], &[more]), [Kind::RefundDiffers]);
    }
}
