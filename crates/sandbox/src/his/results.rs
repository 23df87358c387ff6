//! Prescriptions and reports.

use super::books;
use super::data::ReportForm;
use super::desk::{Desk, No};
use super::papers::{BillPaper, PrescriptionPaper, ReportPaper};
use crate::books::BookError;
use medpay_wire::his::results::{
    FindResult, ListPrescriptions, ListResults, Prescription, Prescriptions, Report, ResultSummary,
    Results,
};

impl Desk<'_> {
    /// Writes the prescription of a bill.
    pub(super) fn prescribe_for(&self, bill: &BillPaper) -> Result<PrescriptionPaper, BookError> {
        let paper = PrescriptionPaper {
            prescription: Prescription {
                prescription_no: self.number('F')?,
                bill_no: bill.bill.bill_no.clone(),
                department: bill.bill.department.clone(),
                doctor: bill.bill.doctor.clone(),
                issued_at: self.now,
                items: bill.bill.items.clone(),
            },
            patient_id: bill.bill.patient_id.clone(),
            qr_url: String::new(),
            untold: String::new(),
        };
        books::put(self.book, &paper)?;
        Ok(paper)
    }

    /// Makes a report ready.
    pub(super) fn new_report(
        &self,
        patient_id: &str,
        form: &ReportForm,
    ) -> Result<ReportPaper, BookError> {
        let report = Report {
            summary: ResultSummary {
                result_no: self.number('L')?,
                title: form.title.clone(),
                department: form.department.clone(),
                ready_at: self.now,
            },
            values: form.values.clone(),
            findings: form.findings.clone(),
            conclusion: form.conclusion.clone(),
            doctor: form.doctor.clone(),
        };
        let paper = ReportPaper { report, patient_id: patient_id.to_owned() };
        books::put(self.book, &paper)?;
        Ok(paper)
    }

    pub(super) fn list_prescriptions(&self, ask: &ListPrescriptions) -> Result<Prescriptions, No> {
        self.patient(&ask.patient_id)?;
        let own: Vec<PrescriptionPaper> = books::of_patient(self.book, &ask.patient_id)?;
        Ok(Prescriptions { prescriptions: own.into_iter().map(|it| it.prescription).collect() })
    }

    pub(super) fn list_results(&self, ask: &ListResults) -> Result<Results, No> {
        self.patient(&ask.patient_id)?;
        let own: Vec<ReportPaper> = books::of_patient(self.book, &ask.patient_id)?;
        Ok(Results { results: own.into_iter().map(|it| it.report.summary).collect() })
    }

    pub(super) fn find_result(&self, ask: &FindResult) -> Result<Report, No> {
        let paper: Option<ReportPaper> = books::get(self.book, &ask.result_no)?;
        let own = paper.filter(|paper| paper.patient_id == ask.patient_id);
        own.map(|paper| paper.report).ok_or_else(|| No::unknown("no such result of this patient"))
    }
}
