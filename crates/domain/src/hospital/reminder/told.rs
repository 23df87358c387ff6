//! A reminder that asks the HIS before it speaks: of a bill to pay (guide §4.1.4), or of a visit
//! that is today. What was true when it was asked for may be true no more.

use crate::time::{Day, Timestamp};

/// The waits after a silent HIS, in seconds: about three hours in all.
const WAITS: [i64; 6] = [60, 300, 600, 1800, 3600, 3600];

/// How a bill stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BillStands {
    /// To be paid.
    Open,
    /// Paid.
    Paid,
    /// Given back, or taken back by the doctor.
    Gone,
}

/// Who can pay a bill.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cover {
    /// Insurance takes part: ordinary outpatient care that the HIS has pre-settled.
    Insured,
    /// A class of care that insurance does not cover online (guide, FAQ 1).
    ClassNotCovered,
    /// Ordinary care, but the HIS has not pre-settled it.
    NotPreSettled,
}

/// How a booking stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BookingStands {
    /// A place is kept.
    Kept,
    /// The number is taken, or the patient was seen.
    Used,
    /// Given back, or missed.
    Gone,
}

/// What is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Words {
    /// 支持医保/自费在线缴费.
    PayByInsuranceOrCash,
    /// 自费 only, and why.
    PayByCash(Cover),
    /// 支付并取号.
    PayAndTakeNumber,
    /// 取号.
    TakeNumber,
    /// 报告已出.
    ReadReport,
}

/// What a reminder finds when it asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// A bill.
    Bill(BillStands, Cover),
    /// A booking for `day`, and how its bill stands; none of a free one.
    Booking {
        /// The day of the visit.
        day: Day,
        /// How it stands.
        stands: BookingStands,
        /// How its bill stands.
        bill: Option<BillStands>,
    },
    /// The HIS says that there is no such thing.
    Nothing,
    /// The HIS did not answer.
    Silent,
}

/// What comes of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// It is said.
    Say(Words),
    /// It is over without a word; the reason is for the list.
    Drop(&'static str),
    /// The HIS is asked again at this moment.
    Again(Timestamp),
    /// The visit was moved: it is asked about on that day.
    OnDay(Day),
}

/// What comes of a reminder that has asked, `tries` times in vain before.
pub fn next(found: Found, tries: u32, now: Timestamp) -> Next {
    match found {
        Found::Silent => {
            let wait = usize::try_from(tries).ok().and_then(|index| WAITS.get(index));
            wait.map_or(Next::Drop("his_silent"), |wait| Next::Again(now.plus_seconds(*wait)))
        }
        Found::Nothing => Next::Drop("not_found"),
        Found::Bill(BillStands::Paid, _) => Next::Drop("paid"),
        Found::Bill(BillStands::Gone, _) => Next::Drop("gone"),
        Found::Bill(BillStands::Open, Cover::Insured) => Next::Say(Words::PayByInsuranceOrCash),
        Found::Bill(BillStands::Open, cover) => Next::Say(Words::PayByCash(cover)),
        Found::Booking { day, stands, bill } => next_of_visit(day, stands, bill, now.day()),
    }
}

fn next_of_visit(day: Day, stands: BookingStands, bill: Option<BillStands>, today: Day) -> Next {
    match stands {
        BookingStands::Gone => Next::Drop("gone"),
        BookingStands::Used => Next::Drop("number_taken"),
        BookingStands::Kept if day < today => Next::Drop("past"),
        BookingStands::Kept if day > today => Next::OnDay(day),
        BookingStands::Kept => match bill {
            Some(BillStands::Open) => Next::Say(Words::PayAndTakeNumber),
            Some(BillStands::Paid) | None => Next::Say(Words::TakeNumber),
            Some(BillStands::Gone) => Next::Drop("gone"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    #[test]
    fn whatever_is_found_leads_to_one_thing() {
        let now = Timestamp::from_wire("20260605073000").expect("a moment");
        let bills = [BillStands::Open, BillStands::Paid, BillStands::Gone];
        let covers = [Cover::Insured, Cover::ClassNotCovered, Cover::NotPreSettled];
        let mut all = vec![Found::Nothing];
        for bill in bills {
            all.extend(covers.map(|cover| Found::Bill(bill, cover)));
        }
        for day in ["20260604", "20260605", "20260606"] {
            let day = Day::from_wire(day).expect("a day");
            for stands in [BookingStands::Kept, BookingStands::Used, BookingStands::Gone] {
                let booking = |bill| Found::Booking { day, stands, bill };
                all.push(booking(None));
                all.extend(bills.map(|bill| booking(Some(bill))));
            }
        }
        let mut table = String::new();
        for found in all {
            let _ = writeln!(table, "{found:?}\n  -> {:?}", next(found, 0, now));
        }
        for tries in 0..8 {
            let _ = writeln!(
                table,
                "Silent, {tries} in vain\n  -> {:?}",
                next(Found::Silent, tries, now)
            );
        }
        insta::assert_snapshot!(table);
    }
}
