//! What a doctor and a window do in the HIS, and what its overview shows.

use super::His;
use super::books;
use super::desk::No;
use super::papers::{
    BillPaper, BookingPaper, PatientPaper, PaymentPaper, PrescriptionPaper, RefundPaper,
    ReportPaper, ScanPaper,
};
use crate::books::BookError;
use medpay_domain::{SerialNo, Timestamp};
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bills::{BillClass, BillKind, BillState, PayWith};
use medpay_wire::his::bookings::{Booking, BookingState};
use medpay_wire::his::events::{
    CodeScanned, PrescriptionIssued, RegistrationMade, ResultReady, ScanState,
};

/// How much the overview shows of each.
const SHOWN: usize = 60;

/// What a member of staff is told, if it is not done; in Chinese.
pub(crate) type Told<T> = Result<Result<T, String>, BookError>;

/// What the overview shows, newest first.
pub(crate) struct Overview {
    pub(crate) patients: Vec<PatientPaper>,
    pub(crate) bills: Vec<BillPaper>,
    pub(crate) payments: Vec<PaymentPaper>,
    pub(crate) refunds: Vec<RefundPaper>,
    pub(crate) prescriptions: Vec<PrescriptionPaper>,
}

/// What a doctor or a window sees of a patient.
pub(crate) struct Chart {
    pub(crate) patient: PatientPaper,
    pub(crate) bills: Vec<BillPaper>,
    pub(crate) bookings: Vec<Booking>,
    pub(crate) prescriptions: Vec<PrescriptionPaper>,
    pub(crate) reports: Vec<ReportPaper>,
    pub(crate) scans: Vec<ScanPaper>,
}

/// A pay code that a window has scanned.
pub(crate) struct Scan<'a> {
    pub(crate) bill_no: &'a str,
    pub(crate) auth_code: &'a str,
    pub(crate) pay_with: PayWith,
    /// Report the patient's registration of today before.
    pub(crate) with_registration: bool,
    pub(crate) window: &'a str,
}

/// A refusal in words, or no answer at all.
fn told<T>(outcome: Result<T, No>) -> Told<T> {
    match outcome {
        Ok(done) => Ok(Ok(done)),
        Err(No::Refused(refusal)) => Ok(Err(words(refusal.code).to_owned())),
        Err(No::Book(fault)) => Err(fault),
    }
}

const fn words(code: RefusalCode) -> &'static str {
    match code {
        RefusalCode::NotFound => "没有这项记录",
        RefusalCode::NoPlaceLeft => "号源已满",
        RefusalCode::BookedAlready => "该时段已有预约",
        RefusalCode::PaidAlready => "账单已缴费",
        RefusalCode::Voided => "账单已作废",
        RefusalCode::NotCovered => "该账单不能使用医保",
        RefusalCode::LockedByAnother => "账单正在支付中",
        _ => "当前状态不能这样操作",
    }
}

fn no<T>(message: &str) -> Told<T> {
    Ok(Err(message.to_owned()))
}

impl His {
    /// Everything, newest first.
    pub(crate) fn overview(&self, now: Timestamp) -> Result<Overview, BookError> {
        self.at_desk(now, |desk| {
            Ok(Overview {
                patients: books::newest(desk.book, SHOWN)?,
                bills: books::newest(desk.book, SHOWN)?,
                payments: books::newest(desk.book, SHOWN)?,
                refunds: books::newest(desk.book, SHOWN)?,
                prescriptions: books::newest(desk.book, SHOWN)?,
            })
        })
    }

    /// What there is of a patient; none of an unknown one.
    pub(crate) fn chart(&self, id: &str, now: Timestamp) -> Result<Option<Chart>, BookError> {
        self.at_desk(now, |desk| {
            let Some(patient) = books::get::<PatientPaper>(desk.book, id)? else { return Ok(None) };
            let mut bills: Vec<BillPaper> = books::of_patient(desk.book, id)?;
            for paper in &mut bills {
                paper.bill = desk.shown_bill(paper)?;
            }
            let bookings: Vec<BookingPaper> = books::of_patient(desk.book, id)?;
            Ok(Some(Chart {
                patient,
                bills,
                bookings: bookings
                    .iter()
                    .map(|it| desk.shown_booking(it))
                    .collect::<Result<_, _>>()?,
                prescriptions: books::of_patient(desk.book, id)?,
                reports: books::of_patient(desk.book, id)?,
                scans: books::of_patient(desk.book, id)?,
            }))
        })
    }

    /// Prescribes: a bill and its prescription, of which the gateway is to be told.
    pub(crate) fn prescribe(
        &self,
        patient_id: &str,
        doctor_id: &str,
        class: BillClass,
        items: &[(String, u32)],
        now: Timestamp,
    ) -> Told<(PrescriptionPaper, PrescriptionIssued)> {
        let known = items.iter().all(|(code, _)| self.data().item(code).is_some());
        if items.is_empty() || !known || items.iter().any(|(_, count)| !(1..=99).contains(count)) {
            return no("请选择目录内的项目，数量1至99");
        }
        if self.data().doctor(doctor_id).is_none() {
            return no("没有这位医生");
        }
        self.at_desk(now, |desk| {
            if let Err(No::Book(fault)) = desk.patient(patient_id) {
                return Err(fault);
            }
            if books::get::<PatientPaper>(desk.book, patient_id)?.is_none() {
                return no("没有这位患者");
            }
            let title = match class {
                BillClass::Ordinary => "门诊缴费",
                BillClass::Vaccination => "预防接种",
                BillClass::Inpatient => "住院费用",
                BillClass::Maternity
                | BillClass::SeriousIllness
                | BillClass::SpecialDisease
                | BillClass::SpecialExamination => "门诊缴费（专项）",
            };
            let bill = desk.new_bill(patient_id, title, class, doctor_id, items)?;
            let prescription = desk.prescribe_for(&bill)?;
            let event = PrescriptionIssued {
                patient_id: patient_id.to_owned(),
                bill_no: bill.bill.bill_no.clone(),
            };
            Ok(Ok((prescription, event)))
        })
    }

    /// The prescription of this number, and what the gateway is to be told of it.
    pub(crate) fn prescription(
        &self,
        number: &str,
    ) -> Result<Option<(PrescriptionPaper, PrescriptionIssued)>, BookError> {
        let found: Option<PrescriptionPaper> = self.book.read(|book| books::get(book, number))?;
        Ok(found.map(|paper| {
            let event = PrescriptionIssued {
                patient_id: paper.patient_id.clone(),
                bill_no: paper.prescription.bill_no.clone(),
            };
            (paper, event)
        }))
    }

    /// Writes down what the gateway said of a prescription: its QR code, or why none.
    pub(crate) fn prescription_told(
        &self,
        number: &str,
        outcome: &Result<String, String>,
    ) -> Result<(), BookError> {
        self.book.write(|book| {
            let Some(mut paper) = books::get::<PrescriptionPaper>(book, number)? else {
                return Ok(());
            };
            match outcome {
                Ok(url) => (paper.qr_url, paper.untold) = (url.clone(), String::new()),
                Err(why) => paper.untold.clone_from(why),
            }
            books::put(book, &paper)
        })
    }

    /// The printed codes, newest first: of whom, and what they say.
    pub(crate) fn printed_codes(&self) -> Result<Vec<(String, String)>, BookError> {
        self.book.read(|book| {
            let papers: Vec<PrescriptionPaper> = books::newest(book, SHOWN)?;
            let mut codes = Vec::new();
            for paper in papers.into_iter().filter(|paper| !paper.qr_url.is_empty()) {
                let of = books::get::<PatientPaper>(book, &paper.patient_id)?;
                let name = of.map(|it| it.patient.name.reveal().to_owned()).unwrap_or_default();
                codes.push((name, paper.qr_url));
            }
            Ok(codes)
        })
    }

    /// Takes a bill back, even one that is being paid.
    pub(crate) fn void_bill(&self, bill_no: &str, now: Timestamp) -> Told<()> {
        self.at_desk(now, |desk| {
            let Some(mut paper) = books::get::<BillPaper>(desk.book, bill_no)? else {
                return no("没有这张账单");
            };
            if !matches!(paper.bill.state, BillState::Pending | BillState::Locked) {
                return no("账单已缴费或已作废");
            }
            paper.bill.state = BillState::Voided;
            books::put(desk.book, &paper)?;
            if let Some(mut booking) = desk.booking_of(&paper)? {
                booking.state = BookingState::Cancelled;
                books::put(desk.book, &booking)?;
            }
            Ok(Ok(()))
        })
    }

    /// The patient was seen, or the medicine handed out: nothing goes back on the patient's wish.
    pub(crate) fn mark_done(&self, bill_no: &str, now: Timestamp) -> Told<()> {
        self.at_desk(now, |desk| {
            let Some(mut paper) = books::get::<BillPaper>(desk.book, bill_no)? else {
                return no("没有这张账单");
            };
            if paper.bill.state != BillState::Paid {
                return no("账单尚未缴费");
            }
            paper.done = true;
            books::put(desk.book, &paper)?;
            if let Some(mut booking) = desk.booking_of(&paper)? {
                booking.state = BookingState::Seen;
                books::put(desk.book, &booking)?;
            }
            Ok(Ok(()))
        })
    }

    /// Makes a report ready, of which the gateway is to be told.
    pub(crate) fn make_report(
        &self,
        patient_id: &str,
        code: &str,
        now: Timestamp,
    ) -> Told<ResultReady> {
        self.at_desk(now, |desk| {
            let (patient, form) = (desk.patient(patient_id), self.data().report(code));
            let (Ok(_), Some(form)) = (patient, form) else {
                return no("没有这位患者或报告");
            };
            let summary = desk.new_report(patient_id, form)?.report.summary;
            Ok(Ok(ResultReady {
                patient_id: patient_id.to_owned(),
                result_no: summary.result_no,
                title: summary.title,
            }))
        })
    }

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
