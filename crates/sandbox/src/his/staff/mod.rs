//! What people do in the HIS: a doctor, a window, and whoever looks at its overview.

mod doctor;
mod window;

use super::His;
use super::books;
use super::desk::No;
use super::papers::{
    BillPaper, BookingPaper, PatientPaper, PaymentPaper, PrescriptionPaper, RefundPaper,
    ReportPaper, ScanPaper,
};
use crate::books::BookError;
use medpay_domain::Timestamp;
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bookings::Booking;

pub(crate) use window::Scan;

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

#[expect(clippy::unnecessary_wraps, reason = "what commands answer")]
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
}
