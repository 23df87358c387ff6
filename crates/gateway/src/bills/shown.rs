//! A bill as a patient reads it.

use super::offer::{self, NotInsured};
use medpay_domain::{Day, Timestamp};
use medpay_wire::his::bills::{Bill, BillState};

/// The words and figures of a bill.
pub(super) struct Shown {
    pub(super) bill_no: String,
    pub(super) title: String,
    /// 科室 and 医生, or empty.
    pub(super) place: String,
    /// When it was written, to the minute.
    pub(super) issued_at: String,
    /// What kind of care it is.
    pub(super) class: &'static str,
    /// The total, in yuan.
    pub(super) total: String,
    pub(super) items: Vec<Item>,
    /// Why insurance does not pay; empty where it may.
    pub(super) not_insured: &'static str,
    /// Whether an order holds it.
    pub(super) held: bool,
}

/// A line of it.
pub(super) struct Item {
    pub(super) name: String,
    /// 规格 and how much.
    pub(super) quantity: String,
    pub(super) amount: String,
}

impl Shown {
    pub(super) fn of(bill: &Bill, today: Day) -> Self {
        let items = bill.items.iter().map(|item| Item {
            name: item.name.clone(),
            quantity: format!("{} {}", item.spec, item.quantity).trim().to_owned(),
            amount: item.amount_fen.yuan(),
        });
        Self {
            bill_no: bill.bill_no.as_str().to_owned(),
            title: bill.title.clone(),
            place: format!("{} {}", bill.department, bill.doctor).trim().to_owned(),
            issued_at: minute(bill.issued_at),
            class: offer::class(bill.class),
            total: bill.total_fen.yuan(),
            items: items.collect(),
            not_insured: offer::by_itself(bill, today).map_or("", NotInsured::words),
            held: bill.state == BillState::Locked,
        }
    }
}

/// `2026-06-01 10:15`.
pub(crate) fn minute(at: Timestamp) -> String {
    let at = at.civil();
    format!("{} {:02}:{:02}", at.date(), at.hour(), at.minute())
}
