//! What the HIS keeps.

use super::books::Paper;
use medpay_domain::{Day, Fen, HospOutRefundNo, HospOutTradeNo, Timestamp};
use medpay_wire::contracts::adapters::{option, plain};
use medpay_wire::his::bills::{Bill, DayPayment, PayWith};
use medpay_wire::his::bookings::BookingState;
use medpay_wire::his::events::ScanState;
use medpay_wire::his::patients::Patient;
use medpay_wire::his::refunds::{AskedBy, RefundOutcome};
use medpay_wire::his::results::{Prescription, Report};
use serde::{Deserialize, Serialize};

/// A patient.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PatientPaper {
    pub(crate) patient: Patient,
    /// Who of the invented people it is; none of them for anybody else.
    pub(crate) person: Option<String>,
    #[serde(with = "plain")]
    pub(crate) since: Timestamp,
}

/// A booking. Its bill is a paper of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BookingPaper {
    pub(crate) booking_no: String,
    pub(crate) patient_id: String,
    pub(crate) schedule_id: String,
    pub(crate) doctor_id: String,
    #[serde(with = "plain")]
    pub(crate) day: Day,
    pub(crate) time: String,
    pub(crate) source: String,
    pub(crate) state: BookingState,
    pub(crate) queue_no: Option<String>,
    pub(crate) bill_no: Option<String>,
    pub(crate) serial_no: String,
}

/// A bill, with what the contract does not tell of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BillPaper {
    /// While nobody holds it, its insurance part is asked of the bureau anew.
    pub(crate) bill: Bill,
    /// What insurance bears at most by the list; none where the class is not insured.
    #[serde(with = "option", default)]
    pub(crate) insured: Option<Fen>,
    /// How it was locked.
    pub(crate) pay_with: Option<PayWith>,
    /// Its booking, if it is a registration's.
    pub(crate) booking_no: Option<String>,
    /// Medicine handed out, or patient seen: the hospital gives nothing back by itself.
    pub(crate) done: bool,
    /// Paid at the hospital's own till, not through us.
    pub(crate) at_till: bool,
}

/// An order that paid a bill.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PaymentPaper {
    pub(crate) entry: DayPayment,
    pub(crate) patient_id: String,
    pub(crate) pay_type: u8,
    pub(crate) med_trans_id: String,
    pub(crate) receipt_no: String,
    pub(crate) guide: String,
}

/// A refund.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RefundPaper {
    #[serde(with = "plain")]
    pub(crate) hosp_out_refund_no: HospOutRefundNo,
    #[serde(with = "plain")]
    pub(crate) hosp_out_trade_no: HospOutTradeNo,
    pub(crate) bill_no: String,
    pub(crate) patient_id: String,
    pub(crate) by: AskedBy,
    pub(crate) cancel_bill_no: String,
    pub(crate) cancel_serial_no: String,
    /// How it ended; none while it is open.
    pub(crate) outcome: Option<RefundOutcome>,
    #[serde(with = "plain")]
    pub(crate) granted_at: Timestamp,
}

/// A prescription, and whether the gateway knows of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PrescriptionPaper {
    pub(crate) prescription: Prescription,
    pub(crate) patient_id: String,
    /// What its QR code says, as the gateway answered; empty while it has not.
    pub(crate) qr_url: String,
    /// Why the gateway does not know of it; empty if it does.
    pub(crate) untold: String,
}

/// A report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ReportPaper {
    pub(crate) report: Report,
    pub(crate) patient_id: String,
}

/// A pay code that was scanned at a window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ScanPaper {
    pub(crate) scan_no: String,
    pub(crate) bill_no: String,
    pub(crate) patient_id: String,
    /// What the gateway last said; none if it never did.
    pub(crate) state: Option<ScanState>,
    /// Why it did not answer; empty if it did.
    pub(crate) unanswered: String,
    #[serde(with = "plain")]
    pub(crate) at: Timestamp,
}

impl Paper for PatientPaper {
    const KIND: &'static str = "patient";

    fn id(&self) -> String {
        self.patient.patient_id.clone()
    }

    fn patient_id(&self) -> String {
        self.id()
    }

    fn day(&self) -> Day {
        self.since.day()
    }
}

impl Paper for BookingPaper {
    const KIND: &'static str = "booking";

    fn id(&self) -> String {
        self.booking_no.clone()
    }

    fn patient_id(&self) -> String {
        self.patient_id.clone()
    }

    fn day(&self) -> Day {
        self.day
    }
}

impl Paper for BillPaper {
    const KIND: &'static str = "bill";

    fn id(&self) -> String {
        self.bill.bill_no.as_str().to_owned()
    }

    fn patient_id(&self) -> String {
        self.bill.patient_id.clone()
    }

    fn day(&self) -> Day {
        self.bill.visit_day
    }
}

impl Paper for PaymentPaper {
    const KIND: &'static str = "payment";

    fn id(&self) -> String {
        self.entry.hosp_out_trade_no.as_str().to_owned()
    }

    fn patient_id(&self) -> String {
        self.patient_id.clone()
    }

    /// The day on which it was confirmed.
    fn day(&self) -> Day {
        self.entry.confirmed_at.day()
    }
}

impl Paper for RefundPaper {
    const KIND: &'static str = "refund";

    fn id(&self) -> String {
        self.hosp_out_refund_no.as_str().to_owned()
    }

    fn patient_id(&self) -> String {
        self.patient_id.clone()
    }

    fn day(&self) -> Day {
        self.granted_at.day()
    }
}

impl Paper for PrescriptionPaper {
    const KIND: &'static str = "prescription";

    fn id(&self) -> String {
        self.prescription.prescription_no.clone()
    }

    fn patient_id(&self) -> String {
        self.patient_id.clone()
    }

    fn day(&self) -> Day {
        self.prescription.issued_at.day()
    }
}

impl Paper for ReportPaper {
    const KIND: &'static str = "report";

    fn id(&self) -> String {
        self.report.summary.result_no.clone()
    }

    fn patient_id(&self) -> String {
        self.patient_id.clone()
    }

    fn day(&self) -> Day {
        self.report.summary.ready_at.day()
    }
}

impl Paper for ScanPaper {
    const KIND: &'static str = "scan";

    fn id(&self) -> String {
        self.scan_no.clone()
    }

    fn patient_id(&self) -> String {
        self.patient_id.clone()
    }

    fn day(&self) -> Day {
        self.at.day()
    }
}
