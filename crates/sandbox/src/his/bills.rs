//! Bills: written, listed, held for an order, let go of.

use super::books;
use super::data::{Data, Doctor, ItemKind};
use super::desk::{Desk, No};
use super::papers::{BillPaper, BookingPaper};
use crate::books::BookError;
use medpay_domain::{BillNo, Fen, HospOutTradeNo, SerialNo};
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bills::{
    Bill, BillClass, BillItem, BillKind, BillState, Bills, FindBill, ListBills, LockBill, PayWith,
    ReleaseBill,
};
use medpay_wire::his::bookings::BookingState;

/// What a bill's lines come to.
struct Lines {
    items: Vec<BillItem>,
    total: Fen,
    insured: Fen,
}

fn sum(amounts: impl Iterator<Item = Fen>) -> Fen {
    amounts.fold(Fen::ZERO, |sum, amount| sum.checked_add(amount).unwrap_or(sum))
}

impl Data {
    fn lines(&self, wanted: &[(String, u32)]) -> Lines {
        let found = wanted.iter().filter_map(|(code, count)| Some((self.item(code)?, *count)));
        let mut lines = Lines { items: Vec::new(), total: Fen::ZERO, insured: Fen::ZERO };
        for (item, count) in found {
            let amount = item.price().get().saturating_mul(i64::from(count));
            let insured = amount.saturating_mul(i64::from(item.insured_percent)) / 100;
            let (amount, insured) = (super::data::fen(amount), super::data::fen(insured));
            lines.total = sum([lines.total, amount].into_iter());
            lines.insured = sum([lines.insured, insured].into_iter());
            lines.items.push(BillItem {
                name: item.name.clone(),
                spec: item.spec.clone(),
                quantity: format!("{count} {}", item.unit),
                amount_fen: amount,
            });
        }
        lines
    }

    /// Whether a prescription is what asks for these.
    pub(super) fn items_are_medicine(&self, wanted: &[(String, u32)]) -> bool {
        let medicine = |code: &str| self.item(code).is_some_and(|it| it.kind == ItemKind::Medicine);
        wanted.iter().any(|(code, _)| medicine(code))
    }
}

impl Desk<'_> {
    /// Writes an outpatient's bill for items of the fixed list.
    pub(super) fn new_bill(
        &self,
        patient_id: &str,
        title: &str,
        class: BillClass,
        doctor_id: &str,
        wanted: &[(String, u32)],
    ) -> Result<BillPaper, BookError> {
        let lines = self.data.lines(wanted);
        let doctor = self.data.doctor(doctor_id);
        let insured = (class == BillClass::Ordinary).then_some(lines.insured);
        let bill = Bill {
            bill_no: BillNo::new(self.number('B')?),
            serial_no: SerialNo::new(self.number('S')?),
            patient_id: patient_id.to_owned(),
            kind: BillKind::Outpatient,
            class,
            title: title.to_owned(),
            department: doctor.map(|it| self.department_name(it)).unwrap_or_default(),
            doctor: doctor.map(|it| it.name.clone()).unwrap_or_default(),
            issued_at: self.now,
            visit_day: self.today(),
            items: lines.items,
            total_fen: lines.total,
            insurance: None,
            state: BillState::Pending,
            hosp_out_trade_no: None,
        };
        self.keep_bill(bill, insured, None)
    }

    /// Writes the bill of a registration: 挂号费 and 诊金.
    pub(super) fn new_registration_bill(
        &self,
        booking: &BookingPaper,
        doctor: &Doctor,
    ) -> Result<BillPaper, BookError> {
        let item = |name: &str, amount_fen| BillItem {
            name: name.to_owned(),
            spec: String::new(),
            quantity: "1 次".to_owned(),
            amount_fen,
        };
        let bill = Bill {
            bill_no: BillNo::new(self.number('B')?),
            serial_no: SerialNo::new(&booking.serial_no),
            patient_id: booking.patient_id.clone(),
            kind: BillKind::Registration,
            class: BillClass::Ordinary,
            title: "挂号费".to_owned(),
            department: self.department_name(doctor),
            doctor: doctor.name.clone(),
            issued_at: self.now,
            visit_day: booking.day,
            items: vec![
                item("挂号费", doctor.registration_fee()),
                item("诊金", doctor.expert_fee()),
            ],
            total_fen: doctor.fee(),
            insurance: None,
            state: BillState::Pending,
            hosp_out_trade_no: None,
        };
        self.keep_bill(bill, Some(doctor.insured()), Some(booking.booking_no.clone()))
    }

    fn keep_bill(
        &self,
        bill: Bill,
        insured: Option<Fen>,
        booking_no: Option<String>,
    ) -> Result<BillPaper, BookError> {
        let paper =
            BillPaper { bill, insured, pay_with: None, booking_no, done: false, at_till: false };
        books::put(self.book, &paper)?;
        Ok(paper)
    }

    fn department_name(&self, doctor: &Doctor) -> String {
        let department = self.data.department(&doctor.department);
        department.map(|it| it.name.clone()).unwrap_or_default()
    }

    /// A bill as the contract tells it: while nobody holds it, divided as the bureau would now.
    pub(super) fn shown_bill(&self, paper: &BillPaper) -> Result<Bill, BookError> {
        let mut bill = paper.bill.clone();
        if bill.state == BillState::Pending {
            bill.insurance = self.insurance_part(paper)?;
        }
        Ok(bill)
    }

    /// The bill of this number.
    pub(super) fn bill(&self, bill_no: &BillNo) -> Result<BillPaper, No> {
        books::get(self.book, bill_no.as_str())?.ok_or_else(|| No::unknown("no such bill"))
    }

    pub(super) fn list_bills(&self, ask: &ListBills) -> Result<Bills, No> {
        self.patient(&ask.patient_id)?;
        let mut open: Vec<BillPaper> = books::of_patient(self.book, &ask.patient_id)?;
        open.retain(|it| matches!(it.bill.state, BillState::Pending | BillState::Locked));
        let bills = open.iter().map(|it| self.shown_bill(it)).collect::<Result<_, _>>()?;
        Ok(Bills { bills })
    }

    pub(super) fn find_bill(&self, ask: &FindBill) -> Result<Bill, No> {
        Ok(self.shown_bill(&self.bill(&ask.bill_no)?)?)
    }

    pub(super) fn lock_bill(&self, ask: &LockBill) -> Result<Bill, No> {
        let mut paper = self.bill(&ask.bill_no)?;
        let order = &ask.hosp_out_trade_no;
        match paper.bill.state {
            BillState::Pending => {}
            BillState::Locked if holds(&paper, order) && paper.pay_with == Some(ask.pay_with) => {
                return Ok(self.shown_bill(&paper)?);
            }
            _ => check_free(&paper, order)?,
        }
        paper.bill.insurance = match ask.pay_with {
            PayWith::Cash => None,
            PayWith::Insurance => Some(self.part_for_today(&paper)?),
        };
        paper.bill.state = BillState::Locked;
        paper.bill.hosp_out_trade_no = Some(order.clone());
        paper.pay_with = Some(ask.pay_with);
        books::put(self.book, &paper)?;
        Ok(self.shown_bill(&paper)?)
    }

    pub(super) fn release_bill(&self, ask: &ReleaseBill) -> Result<Bill, No> {
        let mut paper = self.bill(&ask.bill_no)?;
        match paper.bill.state {
            BillState::Locked => check_free(&paper, &ask.hosp_out_trade_no)?,
            BillState::Paid => {
                return Err(No::new(RefusalCode::PaidAlready, "the bill is paid"));
            }
            BillState::Pending | BillState::Refunded | BillState::Voided => {
                return Ok(self.shown_bill(&paper)?);
            }
        }
        self.free(&mut paper)?;
        Ok(self.shown_bill(&paper)?)
    }

    /// Lets anybody pay a bill that was held; a registration whose day is over is given up.
    pub(super) fn free(&self, paper: &mut BillPaper) -> Result<(), BookError> {
        paper.bill.state = BillState::Pending;
        paper.bill.hosp_out_trade_no = None;
        paper.bill.insurance = None;
        paper.pay_with = None;
        if paper.bill.visit_day < self.today()
            && let Some(mut booking) = self.booking_of(paper)?
        {
            paper.bill.state = BillState::Voided;
            if booking.state == BookingState::Booked {
                booking.state = BookingState::Missed;
                books::put(self.book, &booking)?;
            }
        }
        books::put(self.book, paper)
    }
}

/// Whether this order holds the bill, or paid it.
pub(super) fn holds(paper: &BillPaper, order: &HospOutTradeNo) -> bool {
    paper.bill.hosp_out_trade_no.as_ref() == Some(order)
}

/// Refuses what is not to be paid by `order`.
pub(super) fn check_free(paper: &BillPaper, order: &HospOutTradeNo) -> Result<(), No> {
    match paper.bill.state {
        BillState::Pending => Ok(()),
        BillState::Locked if holds(paper, order) => Ok(()),
        BillState::Locked => {
            Err(No::new(RefusalCode::LockedByAnother, "the bill is locked for another order"))
        }
        BillState::Paid => Err(No::new(RefusalCode::PaidAlready, "the bill is paid")),
        BillState::Refunded => {
            Err(No::new(RefusalCode::WrongState, "the bill was paid and given back"))
        }
        BillState::Voided => {
            Err(No::new(RefusalCode::Voided, "the bill was voided, or has lapsed"))
        }
    }
}
