//! What holds of every call: signature, members, keys.

use super::caller::{Caller, Fault, Spoilt, ensure};
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bookings::{Departments, ListDepartments};
use serde_json::{Value, json};

async fn spoilt(caller: &Caller, spoilt: Spoilt) -> Result<(), Fault> {
    let answer = caller.post("list_departments", "", &json!({}), spoilt).await?;
    answer.refused(RefusalCode::NotSigned).map(|_| ())
}

pub(super) async fn an_unsigned_call_is_refused(caller: &Caller) -> Result<(), Fault> {
    spoilt(caller, Spoilt { unsigned: true, ..Spoilt::default() }).await
}

pub(super) async fn a_call_signed_with_another_secret_is_refused(
    caller: &Caller,
) -> Result<(), Fault> {
    spoilt(caller, Spoilt { other_secret: true, ..Spoilt::default() }).await
}

pub(super) async fn a_call_signed_too_long_ago_is_refused(caller: &Caller) -> Result<(), Fault> {
    spoilt(caller, Spoilt { seconds_ago: 400, ..Spoilt::default() }).await
}

pub(super) async fn a_body_that_was_altered_is_refused(caller: &Caller) -> Result<(), Fault> {
    spoilt(caller, Spoilt { altered_afterwards: true, ..Spoilt::default() }).await
}

pub(super) async fn a_call_that_does_not_exist_is_not_found(caller: &Caller) -> Result<(), Fault> {
    let answer = caller.post("no_such_call", "", &json!({}), Spoilt::default()).await?;
    answer.refused(RefusalCode::NotFound).map(|_| ())
}

pub(super) async fn a_missing_member_is_named(caller: &Caller) -> Result<(), Fault> {
    let answer = caller.post("list_bills", "", &json!({}), Spoilt::default()).await?;
    let message = answer.refused(RefusalCode::BadRequest)?;
    ensure(message.contains("patient_id"), || {
        format!("the refusal should name the missing member patient_id, but says {message:?}")
    })
}

pub(super) async fn unknown_members_are_ignored(caller: &Caller) -> Result<(), Fault> {
    let body = json!({ "a_member_of_a_later_version": [1, { "x": Value::Null }] });
    let answer = caller.post("list_departments", "", &body, Spoilt::default()).await?;
    let _: Departments = answer.answer::<ListDepartments>()?;
    Ok(())
}

pub(super) async fn a_command_without_a_key_is_refused(caller: &Caller) -> Result<(), Fault> {
    let (schedule_id, patient_id) = match caller.free_places().await?.first() {
        Some(place) => (place.schedule_id.clone(), caller.patient().await?.patient_id),
        None => (caller.number(), caller.number()),
    };
    let body = json!({ "schedule_id": schedule_id, "patient_id": patient_id });
    let answer = caller.post("book", "", &body, Spoilt::default()).await?;
    let message = answer.refused(RefusalCode::BadRequest)?;
    ensure(message.to_ascii_lowercase().contains("idempotency-key"), || {
        format!("the refusal should name the header Idempotency-Key, but says {message:?}")
    })
}
