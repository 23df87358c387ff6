//! What the gateway serves and the HIS calls: `POST <gateway>/his/<site>/v1/<name>`.

use crate::contracts::adapters::{option, plain};
use crate::his::{call, shape};
use medpay_domain::{BillNo, Day, Fen, HospOutTradeNo, MedTransId, SerialNo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Taken note of.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Noted {}

/// A doctor has prescribed: the patient is reminded to pay (guide §4.1.4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PrescriptionIssued {
    /// Whose.
    pub patient_id: String,
    /// Its bill.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text20")]
    pub bill_no: BillNo,
}
call!(PrescriptionIssued, "prescription_issued", writes, PrescriptionNoted);

/// The answer to [`PrescriptionIssued`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PrescriptionNoted {
    /// What its QR code says: print it on the prescription.
    pub qr_url: String,
}

/// The QR code of a patient's pending list (guide §4.1.7).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MakePrescriptionQr {
    /// Whose list.
    pub patient_id: String,
}
call!(MakePrescriptionQr, "prescription_qr", reads, PrescriptionQr);

/// The answer to [`MakePrescriptionQr`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PrescriptionQr {
    /// What the code says.
    pub url: String,
    /// The code as an SVG document, ready to print.
    pub svg: String,
}

/// A doctor took a bill back: an open order of it is closed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BillVoided {
    /// Which.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text20")]
    pub bill_no: BillNo,
    /// Why; may be empty.
    #[serde(default)]
    pub reason: String,
}
call!(BillVoided, "bill_voided", writes, Noted);

/// A report is ready.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ResultReady {
    /// Whose.
    pub patient_id: String,
    /// Which.
    pub result_no: String,
    /// 血常规, 胸部CT ….
    pub title: String,
}
call!(ResultReady, "result_ready", writes, Noted);

/// A registration that was not paid through us: reported by preregister on the day of the visit, so
/// that its bills can be settled (选用接口 §1.3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RegistrationMade {
    /// For whom.
    pub patient_id: String,
    /// The HIS's number of the registration.
    pub booking_no: String,
    /// 业务流水号 of the visit.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text20")]
    pub serial_no: SerialNo,
    /// The day of the visit.
    #[serde(with = "plain")]
    #[schemars(with = "shape::DayText")]
    pub visit_day: Day,
    /// 医保结构体, passed on byte for byte.
    pub request_content: String,
}
call!(RegistrationMade, "registration_made", writes, Noted);

/// A patient showed the pay code at a window (选用接口 §1.3 to 1.5).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CodeScanned {
    /// The HIS's number of this try; a repeat is answered with what became of it.
    pub scan_no: String,
    /// What the scanner read: the code on the phone.
    pub auth_code: String,
    /// The bill to pay.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text20")]
    pub bill_no: BillNo,
    /// How.
    pub pay_with: crate::his::bills::PayWith,
    /// The registration to report before, if the bureau does not know of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationMade>,
    /// The window, for the statistics: `3号窗口`.
    #[serde(default)]
    pub window: String,
}
call!(CodeScanned, "code_scanned", writes, ScanState);

/// What became of a scan?
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AskScan {
    /// Which.
    pub scan_no: String,
}
call!(AskScan, "scan_state", reads, ScanState);

/// Gives a scan up: its order is closed if it is not paid.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CancelScan {
    /// Which.
    pub scan_no: String,
}
call!(CancelScan, "cancel_scan", writes, ScanState);

/// Where a scan stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ScanState {
    /// Which.
    pub scan_no: String,
    /// Where it stands.
    pub step: ScanStep,
    /// The order, once there is one.
    #[serde(with = "option", default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shape::Text64>")]
    pub hosp_out_trade_no: Option<HospOutTradeNo>,
    /// The platform's number, once there is one.
    #[serde(with = "option", default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shape::Text32>")]
    pub med_trans_id: Option<MedTransId>,
    /// What the wallet pays, once known.
    #[serde(with = "option", default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shape::Money>")]
    pub cash_fen: Option<Fen>,
    /// What insurance pays, once known.
    #[serde(with = "option", default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shape::Money>")]
    pub insurance_fen: Option<Fen>,
    /// For the member of staff at the window, in Chinese.
    pub message: String,
}

/// How far a scan has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScanStep {
    /// The code, the card, the registration are being asked about.
    Asking,
    /// The patient is to type the password on the phone.
    WaitingForPassword,
    /// Paid; the HIS is being told.
    Paid,
    /// Paid and confirmed in the HIS.
    Confirmed,
    /// Came to nothing; the message says why.
    Failed,
}
