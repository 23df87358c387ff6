//! Each call, and the capability that does what it asks.

use super::member::{self, within};
use super::once::once;
use super::receive::{Answered, CallError, Received};
use crate::gateway::Site;
use crate::{prescriptions, registrations};
use medpay_wire::his::Call;
use medpay_wire::his::events::{
    AskScan, BillVoided, CancelScan, CodeScanned, MakePrescriptionQr, Noted, PrescriptionIssued,
    PrescriptionNoted, PrescriptionQr, RegistrationMade, ResultReady, ScanState,
};
use serde::Serialize;
use std::future::Future;
use std::sync::Arc;

/// The longest number that a HIS gives a patient, a booking, a result or a scan, in characters.
const MAX_NUMBER: usize = 64;
/// The longest title or reason, in characters.
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
    Ok(PrescriptionNoted { qr_url: prescriptions::token::url(&site, &ask.patient_id) })
}

async fn prescription_qr(
    site: Arc<Site>,
    ask: MakePrescriptionQr,
) -> Result<PrescriptionQr, CallError> {
    within("patient_id", &ask.patient_id, MAX_NUMBER)?;
    let url = prescriptions::token::url(&site, &ask.patient_id);
    let svg = prescriptions::qr::svg(&url).ok_or(CallError::Unwritten)?;
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
    within("serial_no", ask.serial_no.as_str(), 20)?;
    Ok(())
}
