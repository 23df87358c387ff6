//! A window's doings: registrations, and pay codes that are scanned.

use super::{Told, no, told};
use crate::books::BookError;
use crate::his::His;
use crate::his::books;
use crate::his::papers::{BillPaper, BookingPaper, ScanPaper};
use medpay_domain::{SerialNo, Timestamp};
use medpay_wire::his::bills::{BillKind, BillState, PayWith};
use medpay_wire::his::bookings::BookingState;
use medpay_wire::his::events::{CodeScanned, RegistrationMade, ScanState};

/// A pay code that a window has scanned.
pub(crate) struct Scan<'a> {
    pub(crate) bill_no: &'a str,
    pub(crate) auth_code: &'a str,
    pub(crate) pay_with: PayWith,
    /// Report the patient's registration of today before.
    pub(crate) with_registration: bool,
    pub(crate) window: &'a str,
}

impl His {
    /// Registers somebody at the window for today or later; at the till, if it is paid there. The
    /// gateway is to be told of a paid one of today.
    pub(crate) fn register(
        &self,
        patient_id: &str,
        doctor_id: &str,
        days: i32,
        at_till: bool,
        now: Timestamp,
    ) -> Told<Option<RegistrationMade>> {
        self.at_desk(now, |desk| {
            if let Some(told) = told(desk.patient(patient_id))?.err() {
                return Ok(Err(told));
            }
            let day = desk.today().plus_days(days);
            let Some(mut booking) = desk.book_somewhere(patient_id, doctor_id, day, "window")?
            else {
                return no("该医生当日没有号源，或已有预约");
            };
            let Some(mut bill) = desk.bill_of(&booking)?.filter(|_| at_till) else {
                return Ok(Ok(None));
            };
            bill.bill.state = BillState::Paid;
            bill.at_till = true;
            books::put(desk.book, &bill)?;
            if day == desk.today() {
                desk.queue(&mut booking)?;
            }
            let person = desk.person_of(patient_id)?;
            Ok(Ok(Some(RegistrationMade {
                patient_id: patient_id.to_owned(),
                booking_no: booking.booking_no.clone(),
                serial_no: SerialNo::new(&booking.serial_no),
                visit_day: booking.day,
                request_content: desk.request_content(&bill, person),
            })))
        })
    }

    /// Writes a scan down; what the gateway is to be asked.
    pub(crate) fn scan(&self, scan: &Scan<'_>, now: Timestamp) -> Told<CodeScanned> {
        self.at_desk(now, |desk| {
            let Some(paper) = books::get::<BillPaper>(desk.book, scan.bill_no)? else {
                return no("没有这张账单");
            };
            if paper.bill.state != BillState::Pending {
                return no("账单不在待缴费状态");
            }
            let scan_no = desk.number('W')?;
            let patient_id = paper.bill.patient_id.clone();
            books::put(
                desk.book,
                &ScanPaper {
                    scan_no: scan_no.clone(),
                    bill_no: scan.bill_no.to_owned(),
                    patient_id: patient_id.clone(),
                    state: None,
                    unanswered: String::new(),
                    at: now,
                },
            )?;
            let person = desk.person_of(&patient_id)?;
            let registered = books::of_day::<BookingPaper>(desk.book, desk.today())?;
            let mut own = registered
                .into_iter()
                .filter(|it| it.patient_id == patient_id && it.state != BookingState::Cancelled);
            let registration = match own.next().filter(|_| scan.with_registration) {
                None => None,
                Some(booking) => desk.bill_of(&booking)?.map(|bill| RegistrationMade {
                    patient_id: patient_id.clone(),
                    booking_no: booking.booking_no.clone(),
                    serial_no: SerialNo::new(&booking.serial_no),
                    visit_day: booking.day,
                    request_content: desk.request_content(&bill, person),
                }),
            };
            Ok(Ok(CodeScanned {
                scan_no,
                auth_code: scan.auth_code.to_owned(),
                bill_no: paper.bill.bill_no.clone(),
                pay_with: scan.pay_with,
                registration: registration.filter(|_| paper.bill.kind == BillKind::Outpatient),
                window: scan.window.to_owned(),
            }))
        })
    }

    /// Writes down what the gateway said of a scan.
    pub(crate) fn scan_told(
        &self,
        scan_no: &str,
        outcome: Result<ScanState, String>,
    ) -> Result<Option<ScanPaper>, BookError> {
        self.book.write(|book| {
            let Some(mut paper) = books::get::<ScanPaper>(book, scan_no)? else { return Ok(None) };
            match outcome {
                Ok(state) => (paper.state, paper.unanswered) = (Some(state), String::new()),
                Err(why) => paper.unanswered = why,
            }
            books::put(book, &paper)?;
            Ok(Some(paper))
        })
    }
}
