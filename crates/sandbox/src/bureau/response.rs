//! The bureau's words to the hospital (`response_content`): JSON in the shape of the samples of
//! PROTOCOL 4.1, amounts in yuan as numbers.
//!
//! Which `zfxm` code stands for which fund is not public: here 02 is 个账 and 03 统筹.

use crate::persons::Person;
use medpay_domain::{CardNo, Fen, InsuranceOrderId, Timestamp};
use medpay_wire::contracts::bureau::{Claim, RegisterVisit, Split};
use serde_json::Value;

/// What the bureau returns for a registration that was reported.
pub(super) fn of_visit(person: &Person, visit: &RegisterVisit, now: Timestamp) -> String {
    let total = registration_total(&visit.request_content).unwrap_or_default();
    format!(
        r#"{{"registration_order_pay":{{{},"mzllsh":{},"mzghdj":[{}]}}}}"#,
        who(person),
        text(visit.serial_no.as_str()),
        payment("02", total, now),
    )
}

/// What the bureau returns for a settlement.
pub(super) fn of_settlement(
    person: &Person,
    claim: &Claim,
    split: &Split,
    insurance_order_id: &InsuranceOrderId,
    now: Timestamp,
) -> String {
    let payments = [("02", split.self_fee), ("03", split.fund_fee)]
        .into_iter()
        .filter(|(_, fee)| !fee.is_zero())
        .map(|(code, fee)| payment(code, fee, now))
        .collect::<Vec<_>>()
        .join(",");
    if claim.order_type == "RegPay" {
        return format!(
            r#"{{"registration_order_pay":{{{},"mzllsh":{},"jslsh":{},"mzghdj":[{payments}]}}}}"#,
            who(person),
            text(claim.serial_no.as_str()),
            text(insurance_order_id.as_str()),
        );
    }
    let bill_no = claim.bill_no.as_ref().map_or("", |bill_no| bill_no.as_str());
    format!(
        concat!(
            r#"{{"outpatient_order_pay":{{{},"mzlsh":{},"djh":{},"jslsh":{},"#,
            r#""je":{},"xjhj":{},"jzhj":{},"mzzf":[{}]}}}}"#,
        ),
        who(person),
        text(claim.serial_no.as_str()),
        text(bill_no),
        text(insurance_order_id.as_str()),
        yuan(claim.total_fee),
        yuan(split.cash_fee),
        yuan(split.insurance_fee),
        payments,
    )
}

/// 医疗证号, 电脑号, 病人类型, 参保类型.
fn who(person: &Person) -> String {
    let (insured_as, patient_as) = match person.medical_insurance_type {
        Some(1) => ("一档", "医疗保险"),
        Some(2) => ("二档", "医疗保险"),
        Some(3) => ("特殊", "离休"),
        Some(4) => ("三档", "医疗保险"),
        Some(5) => ("二档少儿", "少儿医保"),
        Some(6) => ("统筹", "家属统筹"),
        Some(_) | None => ("", ""),
    };
    format!(
        r#""ylzh":{},"dnh":{},"brlx":{},"cblx":{}"#,
        text(person.medical_card_id.reveal()),
        text(person.medical_comp_no.as_ref().map_or("", CardNo::reveal)),
        text(patient_as),
        text(insured_as),
    )
}

fn payment(code: &str, fee: Fen, now: Timestamp) -> String {
    let moment = now.to_string();
    let moment = moment.get(..19).unwrap_or(&moment);
    format!(r#"{{"je":{},"jssj":"{moment}","zfxm":"{code}"}}"#, yuan(fee))
}

fn text(value: &str) -> String {
    Value::from(value).to_string()
}

/// Yuan as a JSON number, exactly, without decimals that say nothing: `86`, `86.5`.
fn yuan(fee: Fen) -> String {
    fee.yuan().trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `ghhj` of a `request_content` in Shenzhen's dialect; the bureau takes any other as it is.
fn registration_total(request_content: &str) -> Option<Fen> {
    let content: Value = serde_json::from_str(request_content).ok()?;
    let order = content.get("registration_order_pay")?;
    let registration = order.get("mzghdj").or_else(|| order.get("mzgghdj"))?;
    Fen::from_yuan(registration.get("ghhj")?.as_str()?).ok()
}
