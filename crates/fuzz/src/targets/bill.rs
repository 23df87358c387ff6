//! A day's bill: what was read adds up, and is written and read as the same.

use crate::reference::tables::{fen, is_time};
use crate::silence::names_nobody;
use medpay_domain::Fen;
use medpay_wire::bill::{Bill, COLUMNS, Event, TOTAL_COLUMNS};

/// The columns of a row that hold amounts, from 订单总金额 to 现金优惠金额 and the three refunds.
const AMOUNTS: [usize; 8] = [18, 19, 20, 21, 22, 26, 27, 28];

pub(super) fn run(input: &[u8]) {
    let bill = match Bill::read(input) {
        Ok(bill) => bill,
        Err(fault) => return names_nobody(&fault.to_string()),
    };
    let text = std::str::from_utf8(input).expect("a bill is UTF-8");
    lines(&bill, text.strip_prefix('\u{FEFF}').unwrap_or(text));
    assert_eq!(bill.adds_up(), sums(&bill) == Some(totals(&bill)), "adds_up against exact sums");
    let written = bill.to_text();
    let again = Bill::read(written.as_bytes()).expect("what we write we read");
    assert_eq!(again.to_text(), written, "written in two ways");
    assert_eq!((again.rows.len(), again.totals), (bill.rows.len(), bill.totals));
    let fresh = Bill::new(again.rows);
    let read = Bill::read(fresh.to_text().as_bytes()).expect("what we write we read");
    assert_eq!(read, fresh, "a bill of ours is read as another");
    assert_eq!(fresh.adds_up(), sums(&fresh).is_some_and(|sums| sums == totals(&fresh)));
}

/// Every value of the text is the one that was read, and one that its column may have.
fn lines(bill: &Bill, text: &str) {
    let mut given = text.lines();
    assert_eq!(given.next(), Some(COLUMNS.join(",").as_str()));
    let written = bill.to_text();
    let mut ours = written.lines().skip(1);
    for _ in &bill.rows {
        let (given, ours) = (values(given.next()), values(ours.next()));
        assert_eq!((given.len(), ours.len()), (COLUMNS.len(), COLUMNS.len()));
        let paid = given[17] == "SUCCESS";
        for (column, (given, ours)) in given.iter().zip(&ours).enumerate() {
            // A payment has nothing in the refund's columns and a refund nothing in its own.
            let other = if paid { 23..32 } else { 18..23 };
            if column == 0 {
                let digits: String = given.chars().filter(char::is_ascii_digit).collect();
                assert!(given == ours && is_time(&digits), "a time: {given}");
            } else if AMOUNTS.contains(&column) && !other.contains(&column) {
                assert_eq!(fen(given), fen(ours), "an amount: {given}");
            } else if !other.contains(&column) {
                assert_eq!(clean(given), *ours, "{}", COLUMNS[column]);
            }
        }
    }
    assert_eq!(given.next(), Some(TOTAL_COLUMNS.join(",").as_str()));
    let (total, ours) = (values(given.next()), values(ours.nth(1)));
    assert_eq!(given.next(), None, "something stands behind the totals");
    for (column, (given, ours)) in total.iter().zip(&ours).enumerate() {
        let count = column % 4 == 0;
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        assert!(if count { digits(given) } else { fen(given) == fen(ours) }, "a total: {given}");
    }
}

fn values(line: Option<&str>) -> Vec<&str> {
    let line = line.expect("a line");
    line.strip_prefix('`').expect("a backtick before the first value").split(",`").collect()
}

fn clean(value: &str) -> String {
    value.chars().map(|c| if c == '`' { '\'' } else { c }).map(space).collect()
}

fn space(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// The exact sums of the rows, in the order of the totals; `None` if one cannot be written down.
fn sums(bill: &Bill) -> Option<[i128; 8]> {
    let mut sums = [0_i128; 8];
    for row in &bill.rows {
        let of = |fee: Fen| i128::from(fee.get());
        let (first, values) = match &row.event {
            Event::Payment(paid) => {
                (0, [1, of(paid.total_fee), of(paid.cash_fee), of(paid.insurance_fee)])
            }
            Event::Refund(back) => {
                let (cash, insurance) = (of(back.cash_refund_fee), of(back.insurance_refund_fee));
                (4, [1, cash + insurance, cash, insurance])
            }
        };
        for (sum, value) in sums[first..].iter_mut().zip(values) {
            *sum += value;
        }
    }
    sums.iter().all(|sum| *sum <= i128::from(i64::MAX)).then_some(sums)
}

fn totals(bill: &Bill) -> [i128; 8] {
    let totals = &bill.totals;
    let of = |fee: Fen| i128::from(fee.get());
    [
        totals.payments.into(),
        of(totals.total_fee),
        of(totals.cash_fee),
        of(totals.insurance_fee),
        totals.refunds.into(),
        of(totals.total_refund_fee),
        of(totals.cash_refund_fee),
        of(totals.insurance_refund_fee),
    ]
}
