//! Patients and what is theirs.

use super::caller::{Caller, Fault, ensure};
use medpay_domain::PersonName;
use medpay_wire::his::RefusalCode;
use medpay_wire::his::patients::{FindPatient, FindPatients};
use medpay_wire::his::results::{FindResult, ListResults};

pub(super) async fn a_visit_card_is_made_once(caller: &Caller) -> Result<(), Fault> {
    let (first, second) = (caller.patient().await?, caller.patient().await?);
    ensure(first.patient_id == second.patient_id, || {
        "create_visit_card made a second patient of the same name and document".into()
    })?;
    let found = caller.ask(&FindPatient { patient_id: first.patient_id.clone() }).await?;
    ensure(found == first, || "find_patient answers another patient than was made".into())
}

fn find(caller: &Caller) -> FindPatients {
    let patient = &caller.target().patient;
    FindPatients {
        name: patient.name.clone(),
        card_type: patient.card_type,
        id_digest: patient.id_digest.clone(),
        visit_card_no: None,
    }
}

pub(super) async fn a_patient_is_found_by_name_and_document(caller: &Caller) -> Result<(), Fault> {
    let patient = caller.patient().await?;
    let found = caller.ask(&find(caller)).await?.patients;
    ensure(found.contains(&patient), || {
        "find_patients does not find the patient by name and document".into()
    })
}

pub(super) async fn another_name_finds_nobody(caller: &Caller) -> Result<(), Fault> {
    let ask = FindPatients { name: PersonName::new("无此人"), ..find(caller) };
    let found = caller.ask(&ask).await?.patients;
    ensure(found.is_empty(), || {
        "find_patients answers a patient to the right document with another name".into()
    })
}

pub(super) async fn a_patient_of_nobody_is_not_found(caller: &Caller) -> Result<(), Fault> {
    let ask = FindPatient { patient_id: caller.number() };
    caller.try_command("", &ask).await?.refused(RefusalCode::NotFound).map(|_| ())
}

pub(super) async fn anothers_result_is_not_found(caller: &Caller) -> Result<(), Fault> {
    let patient_id = caller.patient().await?.patient_id;
    let results = caller.ask(&ListResults { patient_id: patient_id.clone() }).await?.results;
    let known = results.into_iter().next().map(|result| result.result_no);
    let ask = match known {
        Some(result_no) => FindResult { result_no, patient_id: caller.number() },
        None => FindResult { result_no: caller.number(), patient_id },
    };
    caller.try_command("", &ask).await?.refused(RefusalCode::NotFound).map(|_| ())
}
