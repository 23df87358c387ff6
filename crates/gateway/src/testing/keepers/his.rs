//! The HIS, with one patient, the bills and the bookings of that one.

use super::lock;
use medpay_domain::{
    BillNo, CardNo, CardType, Clock as _, Fen, HospOutTradeNo, IdDigest, PersonName, SerialNo,
};
use medpay_store::testing::TestClock;
use medpay_wire::his::bills::{
    Bill, BillClass, BillKind, BillState, ConfirmBill, Confirmed, DayList, DayPayment, FindBill,
    InsurancePart, ListDay, LockBill, ReleaseBill,
};
use medpay_wire::his::bookings::{
    Book, Booking, BookingState, Bookings, CancelBooking, Department, Departments, Doctor, Doctors,
    FindBooking, ListBookings, ListDepartments, ListDoctors, ListSchedules, Schedule, Schedules,
    TakeNumber,
};
use medpay_wire::his::patients::{FindPatient, FindPatients, Patient, Patients};
use medpay_wire::his::refunds::{
    ConfirmRefund, GrantRefund, Granted, RefundConfirmed, RefundOutcome,
};
use medpay_wire::his::{Call, Refusal, RefusalCode};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// The patient's name.
pub(crate) const NAME: &str = "云小杉";
/// The digest of the patient's 身份证号.
pub(crate) const DIGEST: &str = "0123456789abcdef0123456789abcdef";
/// The patient's number in the HIS.
pub(crate) const PATIENT: &str = "P1";

type Answer = Result<Vec<u8>, Refusal>;

/// Its books.
pub(crate) struct KeepingHis {
    clock: Arc<TestClock>,
    book: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    bills: BTreeMap<String, Bill>,
    bookings: BTreeMap<String, Booking>,
    paid: Vec<DayPayment>,
    /// By idempotency key: the call, its words and the first answer.
    answers: BTreeMap<String, (String, Vec<u8>, Answer)>,
    numbers: u32,
}

fn no(code: RefusalCode) -> Refusal {
    Refusal { code, message: "不行".to_owned() }
}

fn fen(amount: i64) -> Fen {
    Fen::new(amount).expect("not negative")
}

impl KeepingHis {
    /// Empty books.
    pub(crate) fn new(clock: Arc<TestClock>) -> Self {
        Self { clock, book: Mutex::default() }
    }

    /// Writes a bill of the patient; `insurance` is none where it is not insured.
    pub(crate) fn writes_bill(&self, bill_no: &str, cash: i64, insurance: Option<i64>) {
        let bill = self.bill(bill_no, BillKind::Outpatient, cash, insurance);
        lock(&self.book).bills.insert(bill_no.to_owned(), bill);
    }

    fn bill(&self, bill_no: &str, kind: BillKind, cash: i64, insurance: Option<i64>) -> Bill {
        let now = self.clock.now();
        Bill {
            bill_no: BillNo::new(bill_no),
            serial_no: SerialNo::new(format!("S-{bill_no}")),
            patient_id: PATIENT.into(),
            kind,
            class: BillClass::Ordinary,
            title: "门诊缴费".into(),
            department: "呼吸内科".into(),
            doctor: "林医生".into(),
            issued_at: now,
            visit_day: now.day(),
            items: vec![],
            total_fen: fen(cash + insurance.unwrap_or(0)),
            insurance: insurance.map(|insurance| InsurancePart {
                insurance_fen: fen(insurance),
                cash_fen: fen(cash),
                request_content: "{}".into(),
            }),
            state: BillState::Pending,
            hosp_out_trade_no: None,
        }
    }

    /// The doctor takes a bill back.
    pub(crate) fn voids(&self, bill_no: &str) {
        if let Some(bill) = lock(&self.book).bills.get_mut(bill_no) {
            bill.state = BillState::Voided;
        }
    }

    /// How a bill stands, and how many orders have paid it and have not gone back.
    pub(crate) fn stands(&self, bill_no: &str) -> String {
        let book = lock(&self.book);
        let bill = &book.bills[bill_no];
        let paid = book.paid.iter().filter(|paid| paid.bill_no == bill.bill_no && !paid.refunded);
        format!("{:?} {}", bill.state, paid.count())
    }

    /// How the bookings stand.
    pub(crate) fn bookings(&self) -> String {
        let book = lock(&self.book);
        let states: Vec<_> = book.bookings.values().map(|booking| booking.state).collect();
        format!("{states:?} numbers {}", book.numbers)
    }

    /// Answers a call; `refuses` it once, without remembering that under its key where a person
    /// there would put it right.
    pub(crate) fn answer(&self, name: &str, key: &str, body: &[u8], refuses: bool) -> Answer {
        let mut book = lock(&self.book);
        if refuses && (key.is_empty() || name == ConfirmRefund::NAME) {
            return Err(no(RefusalCode::Refused));
        }
        if key.is_empty() {
            return self.act(&mut book, name, body);
        }
        if let Some((first, words, answer)) = book.answers.get(key) {
            let same = first == name && words == body;
            return if same { answer.clone() } else { Err(no(RefusalCode::KeyReused)) };
        }
        let answer =
            if refuses { Err(no(RefusalCode::Refused)) } else { self.act(&mut book, name, body) };
        let first = (name.to_owned(), body.to_vec(), answer.clone());
        book.answers.insert(key.to_owned(), first);
        answer
    }

    fn act(&self, book: &mut Books, name: &str, body: &[u8]) -> Answer {
        match name {
            FindPatients::NAME => told::<FindPatients>(Ok(Patients { patients: vec![patient()] })),
            FindPatient::NAME => told::<FindPatient>(Ok(patient())),
            FindBill::NAME => told::<FindBill>(find_bill(book, &asked(body))),
            LockBill::NAME => told::<LockBill>(lock_bill(book, asked(body))),
            ReleaseBill::NAME => told::<ReleaseBill>(release_bill(book, &asked(body))),
            ConfirmBill::NAME => told::<ConfirmBill>(self.confirm_bill(book, asked(body))),
            ListDay::NAME => {
                let ask: ListDay = asked(body);
                let of_day = book.paid.iter().filter(|paid| paid.confirmed_at.day() == ask.day);
                told::<ListDay>(Ok(DayList { payments: of_day.cloned().collect() }))
            }
            GrantRefund::NAME => told::<GrantRefund>(grant_refund(book, &asked(body))),
            ConfirmRefund::NAME => told::<ConfirmRefund>(Ok(confirm_refund(book, &asked(body)))),
            ListDepartments::NAME => {
                told::<ListDepartments>(Ok(Departments { departments: vec![department()] }))
            }
            ListDoctors::NAME => told::<ListDoctors>(Ok(Doctors { doctors: vec![doctor()] })),
            ListSchedules::NAME => {
                told::<ListSchedules>(Ok(Schedules { schedules: vec![self.schedule()] }))
            }
            Book::NAME => told::<Book>(self.take_place(book, &asked(body))),
            CancelBooking::NAME => {
                let ask: CancelBooking = asked(body);
                told::<CancelBooking>(move_booking(book, &ask.booking_no, BookingState::Cancelled))
            }
            TakeNumber::NAME => {
                let ask: TakeNumber = asked(body);
                told::<TakeNumber>(move_booking(book, &ask.booking_no, BookingState::NumberTaken))
            }
            FindBooking::NAME => {
                let ask: FindBooking = asked(body);
                let found = book.bookings.get(&ask.booking_no).cloned();
                told::<FindBooking>(found.ok_or_else(|| no(RefusalCode::NotFound)))
            }
            ListBookings::NAME => {
                let bookings = book.bookings.values().cloned().collect();
                told::<ListBookings>(Ok(Bookings { bookings }))
            }
            other => panic!("{other} was not expected"),
        }
    }

    fn confirm_bill(&self, book: &mut Books, ask: ConfirmBill) -> Result<Confirmed, Refusal> {
        let bill = bill_of(book, &ask.bill_no)?;
        let own = bill.hosp_out_trade_no.as_ref() == Some(&ask.hosp_out_trade_no);
        match bill.state {
            BillState::Locked if own => {}
            BillState::Pending => {}
            BillState::Locked => return Err(no(RefusalCode::LockedByAnother)),
            BillState::Paid | BillState::Refunded => return Err(no(RefusalCode::PaidAlready)),
            BillState::Voided => return Err(no(RefusalCode::Voided)),
        }
        bill.state = BillState::Paid;
        bill.hosp_out_trade_no = Some(ask.hosp_out_trade_no.clone());
        let receipt_no = format!("R-{}", ask.hosp_out_trade_no);
        book.paid.push(DayPayment {
            hosp_out_trade_no: ask.hosp_out_trade_no,
            bill_no: ask.bill_no,
            total_fen: ask.total_fen,
            cash_fen: ask.cash_fen,
            insurance_fen: ask.insurance_fen,
            confirmed_at: self.clock.now(),
            cash_refunded_fen: Fen::ZERO,
            insurance_refunded_fen: Fen::ZERO,
            refunded: false,
        });
        Ok(Confirmed { receipt_no, queue_no: None, guide: "请到2楼药房取药".into() })
    }

    fn schedule(&self) -> Schedule {
        Schedule {
            schedule_id: "T1".into(),
            doctor_id: doctor().doctor_id,
            day: self.clock.now().day(),
            time: "16:00-16:30".into(),
            fee_fen: Fen::ZERO,
            left: 3,
        }
    }

    fn take_place(&self, book: &mut Books, ask: &Book) -> Result<Booking, Refusal> {
        let stands = |booking: &&Booking| booking.state == BookingState::Booked;
        if book.bookings.values().any(|booking| stands(&booking)) {
            return Err(no(RefusalCode::BookedAlready));
        }
        let schedule = self.schedule();
        let booking = Booking {
            booking_no: format!("B{}", book.bookings.len() + 1),
            patient_id: ask.patient_id.clone(),
            department: department().name,
            doctor: doctor().name,
            place: String::new(),
            day: schedule.day,
            time: schedule.time,
            source: "medpay".into(),
            state: BookingState::Booked,
            queue_no: None,
            bill: None,
            keeps_until: None,
        };
        book.bookings.insert(booking.booking_no.clone(), booking.clone());
        Ok(booking)
    }
}

fn asked<C: Call>(body: &[u8]) -> C {
    serde_json::from_slice(body).expect("what the contract says")
}

fn told<C: Call>(answer: Result<C::Answer, Refusal>) -> Answer {
    answer.map(|answer| serde_json::to_vec(&answer).expect("JSON"))
}

fn patient() -> Patient {
    Patient {
        patient_id: PATIENT.into(),
        visit_card_no: CardNo::new("00010001"),
        name: PersonName::new(NAME),
        card_type: CardType::IdCard,
        id_digest: IdDigest::new(DIGEST),
    }
}

fn department() -> Department {
    Department {
        department_id: "D1".into(),
        name: "呼吸内科".into(),
        intro: String::new(),
        place: String::new(),
    }
}

fn doctor() -> Doctor {
    let (doctor_id, name) = ("Z1".to_owned(), "顾言".to_owned());
    Doctor { doctor_id, name, title: String::new(), intro: String::new() }
}

fn bill_of<'a>(book: &'a mut Books, bill_no: &BillNo) -> Result<&'a mut Bill, Refusal> {
    book.bills.get_mut(bill_no.as_str()).ok_or_else(|| no(RefusalCode::NotFound))
}

fn find_bill(book: &mut Books, ask: &FindBill) -> Result<Bill, Refusal> {
    bill_of(book, &ask.bill_no).cloned()
}

fn lock_bill(book: &mut Books, ask: LockBill) -> Result<Bill, Refusal> {
    let bill = bill_of(book, &ask.bill_no)?;
    let own = bill.hosp_out_trade_no.as_ref() == Some(&ask.hosp_out_trade_no);
    match bill.state {
        BillState::Locked if !own => return Err(no(RefusalCode::LockedByAnother)),
        BillState::Pending | BillState::Locked => {}
        BillState::Paid | BillState::Refunded => return Err(no(RefusalCode::PaidAlready)),
        BillState::Voided => return Err(no(RefusalCode::Voided)),
    }
    bill.state = BillState::Locked;
    bill.hosp_out_trade_no = Some(ask.hosp_out_trade_no);
    Ok(bill.clone())
}

fn release_bill(book: &mut Books, ask: &ReleaseBill) -> Result<Bill, Refusal> {
    let bill = bill_of(book, &ask.bill_no)?;
    let own = bill.hosp_out_trade_no.as_ref() == Some(&ask.hosp_out_trade_no);
    if bill.state != BillState::Locked || !own {
        return Err(no(RefusalCode::WrongState));
    }
    bill.state = BillState::Pending;
    bill.hosp_out_trade_no = None;
    Ok(bill.clone())
}

fn grant_refund(book: &mut Books, ask: &GrantRefund) -> Result<Granted, Refusal> {
    let bill = bill_of(book, &ask.bill_no)?;
    let own = bill.hosp_out_trade_no.as_ref() == Some(&ask.hosp_out_trade_no);
    if !own {
        return Err(no(RefusalCode::NotRefundable));
    }
    Ok(Granted { cancel_bill_no: "CB1".into(), cancel_serial_no: "CS1".into() })
}

fn of_order<'a>(book: &'a mut Books, number: &HospOutTradeNo) -> Option<&'a mut DayPayment> {
    book.paid.iter_mut().find(|paid| paid.hosp_out_trade_no == *number)
}

fn confirm_refund(book: &mut Books, ask: &ConfirmRefund) -> RefundConfirmed {
    if ask.outcome == RefundOutcome::Failed {
        return RefundConfirmed {};
    }
    let bill_no = match of_order(book, &ask.hosp_out_trade_no) {
        Some(paid) => {
            let sum = |one: Fen, other| one.checked_add(other).expect("small");
            paid.cash_refunded_fen = sum(paid.cash_refunded_fen, ask.cash_fen);
            paid.insurance_refunded_fen = sum(paid.insurance_refunded_fen, ask.insurance_fen);
            assert!(paid.cash_refunded_fen <= paid.cash_fen, "more than was paid");
            assert!(paid.insurance_refunded_fen <= paid.insurance_fen, "more than was paid");
            paid.refunded =
                sum(paid.cash_refunded_fen, paid.insurance_refunded_fen) == paid.total_fen;
            paid.refunded.then(|| paid.bill_no.clone())
        }
        None => None,
    };
    let number = Some(&ask.hosp_out_trade_no);
    let bill = book.bills.values_mut().find(|bill| bill.hosp_out_trade_no.as_ref() == number);
    match (bill, bill_no) {
        (Some(bill), Some(_)) => bill.state = BillState::Refunded,
        // It was never written down as paid, so that it can be paid anew.
        (Some(bill), None) if bill.state == BillState::Locked => {
            bill.state = BillState::Pending;
            bill.hosp_out_trade_no = None;
        }
        _ => {}
    }
    RefundConfirmed {}
}

fn move_booking(book: &mut Books, number: &str, to: BookingState) -> Result<Booking, Refusal> {
    let Books { bookings, numbers, .. } = book;
    let booking = bookings.get_mut(number).ok_or_else(|| no(RefusalCode::NotFound))?;
    if booking.state != BookingState::Booked {
        return Err(no(RefusalCode::WrongState));
    }
    booking.state = to;
    if to == BookingState::NumberTaken {
        *numbers += 1;
        booking.queue_no = Some(format!("A{numbers:03}"));
    }
    Ok(booking.clone())
}
