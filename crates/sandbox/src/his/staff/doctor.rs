//! A doctor's doings: prescriptions, bills taken back, reports.

use super::{SHOWN, Told, no};
use crate::books::BookError;
use crate::his::His;
use crate::his::books;
use crate::his::desk::No;
use crate::his::papers::{BillPaper, PatientPaper, PrescriptionPaper};
use medpay_domain::Timestamp;
use medpay_wire::his::bills::{BillClass, BillState};
use medpay_wire::his::bookings::BookingState;
use medpay_wire::his::events::{PrescriptionIssued, ResultReady};

impl His {
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
}
