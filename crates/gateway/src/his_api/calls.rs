//! Each call, and the capability that does what it asks.

use super::member::{self, within};
use super::once::once;
use super::receive::{Answered, CallError, Received};
use crate::gateway::Site;
use crate::window::ScanError;
use crate::{payments, prescriptions, registrations, reminders, window};
use medpay_wire::his::events::{
    AskScan, BillVoided, CancelScan, CodeScanned, MakePrescriptionQr, Noted, PrescriptionIssued,
    PrescriptionNoted, PrescriptionQr, RegistrationMade, ResultReady, ScanState,
};
use medpay_wire::his::{Call, RefusalCode};
use serde::Serialize;
use std::future::Future;
use std::sync::Arc;

/// The longest number that a HIS gives a patient, a booking, a result or a scan, in characters.
const MAX_NUMBER: usize = 64;
/// The longest 业务单据号 or 业务流水号 that the interfaces take, in characters.
const MAX_BILL_NO: usize = 20;
/// The longest title, pay code or window's name, in characters.
const MAX_WORDS: usize = 128;

/// The call of this name, if the contract has it.
pub(super) fn known(name: &str) -> Option<&'static str> {
    const ALL: [&str; 8] = [
        PrescriptionIssued::NAME,
        MakePrescriptionQr::NAME,
        BillVoided::NAME,
        ResultReady::NAME,
        RegistrationMade::NAME,
        CodeScanned::NAME,
        AskScan::NAME,
        CancelScan::NAME,
    ];
    ALL.into_iter().find(|known| *known == name)
}

/// Does what a believed call asks.
pub(super) async fn carry_out(
    site: &Arc<Site>,
    name: &'static str,
    received: &Received<'_>,
) -> Result<Answered, CallError> {
    match name {
        PrescriptionIssued::NAME => run(site, received, prescription_issued).await,
        MakePrescriptionQr::NAME => run(site, received, prescription_qr).await,
        RegistrationMade::NAME => run(site, received, registration_made).await,
        BillVoided::NAME => run(site, received, bill_voided).await,
        ResultReady::NAME => run(site, received, result_ready).await,
        CodeScanned::NAME => run(site, received, code_scanned).await,
        AskScan::NAME => run(site, received, scan_state).await,
        CancelScan::NAME => run(site, received, cancel_scan).await,
        _ => Err(CallError::UnknownCall),
    }
}

async fn run<C, F>(
    site: &Arc<Site>,
    received: &Received<'_>,
    work: impl FnOnce(Arc<Site>, C) -> F,
) -> Result<Answered, CallError>
where
    C: Call,
    F: Future<Output = Result<C::Answer, CallError>>,
{
    let ask: C = member::read(received.body)?;
    let work = || async { answered(&work(Arc::clone(site), ask).await?) };
    if C::WRITES {
        once(site, received.key, C::NAME, received.body, work).await
    } else {
        work().await
    }
}

fn answered(answer: &impl Serialize) -> Result<Answered, CallError> {
    let body = serde_json::to_string(answer).map_err(|_| CallError::Unwritten)?;
    Ok(Answered { status: 200, body })
}

async fn prescription_issued(
    site: Arc<Site>,
    ask: PrescriptionIssued,
) -> Result<PrescriptionNoted, CallError> {
    within("patient_id", &ask.patient_id, MAX_NUMBER)?;
    within("bill_no", ask.bill_no.as_str(), MAX_BILL_NO)?;
    reminders::prescription_issued(&site, &ask).await?;
    Ok(PrescriptionNoted { qr_url: prescriptions::token::url(&site, &ask.patient_id) })
}

async fn prescription_qr(
    site: Arc<Site>,
    ask: MakePrescriptionQr,
) -> Result<PrescriptionQr, CallError> {
    within("patient_id", &ask.patient_id, MAX_NUMBER)?;
    let url = prescriptions::token::url(&site, &ask.patient_id);
    let svg = prescriptions::qr::sheet(&site, &url).ok_or(CallError::Unwritten)?;
    Ok(PrescriptionQr { url, svg })
}

async fn registration_made(site: Arc<Site>, ask: RegistrationMade) -> Result<Noted, CallError> {
    registration(&ask)?;
    registrations::report::registration_made(&site, &ask).await?;
    Ok(Noted {})
}

fn registration(ask: &RegistrationMade) -> Result<(), CallError> {
    within("patient_id", &ask.patient_id, MAX_NUMBER)?;
    within("booking_no", &ask.booking_no, MAX_NUMBER)?;
    within("serial_no", ask.serial_no.as_str(), MAX_BILL_NO)?;
    Ok(())
}

async fn bill_voided(site: Arc<Site>, ask: BillVoided) -> Result<Noted, CallError> {
    within("bill_no", ask.bill_no.as_str(), MAX_BILL_NO)?;
    payments::bill_voided(&site, &ask.bill_no).await?;
    Ok(Noted {})
}

async fn result_ready(site: Arc<Site>, ask: ResultReady) -> Result<Noted, CallError> {
    within("patient_id", &ask.patient_id, MAX_NUMBER)?;
    within("result_no", &ask.result_no, MAX_NUMBER)?;
    within("title", &ask.title, MAX_WORDS)?;
    reminders::result_ready(&site, &ask).await?;
    Ok(Noted {})
}

async fn code_scanned(site: Arc<Site>, ask: CodeScanned) -> Result<ScanState, CallError> {
    within("scan_no", &ask.scan_no, MAX_NUMBER)?;
    within("auth_code", &ask.auth_code, MAX_WORDS)?;
    within("bill_no", ask.bill_no.as_str(), MAX_BILL_NO)?;
    if !ask.window.is_empty() {
        within("window", &ask.window, MAX_WORDS)?;
    }
    if let Some(made) = &ask.registration {
        registration(made)?;
    }
    window::scanned(&site, ask).await.map_err(of_scan)
}

async fn scan_state(site: Arc<Site>, ask: AskScan) -> Result<ScanState, CallError> {
    window::state(&site, &ask.scan_no).await.map_err(of_scan)
}

async fn cancel_scan(site: Arc<Site>, ask: CancelScan) -> Result<ScanState, CallError> {
    window::cancel(&site, &ask.scan_no).await.map_err(of_scan)
}

fn of_scan(error: ScanError) -> CallError {
    match error {
        ScanError::NoSuchScan => CallError::Refused(RefusalCode::NotFound, "no such scan"),
        ScanError::NumberReused => {
            CallError::Refused(RefusalCode::KeyReused, "scan_no was used for another scan")
        }
        ScanError::Store(error) => error.into(),
    }
}
