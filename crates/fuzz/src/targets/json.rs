//! The JSON contracts: what is read is what stood there, and is written and read as the same.

use crate::silence::names_nobody;
use medpay_domain::Timestamp;
use medpay_wire::contracts::{bureau, clock, notices, phone, wallet};
use medpay_wire::his::qr::{QrFault, QrToken};
use medpay_wire::his::signature::{HisSecret, SignatureFault, Signed};
use medpay_wire::his::{Refusal, bills, bookings, events, patients, refunds, results, writes_nul};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads the input as a `T`, if it is one.
fn holds<T: Serialize + DeserializeOwned>(input: &[u8], tree: &Value) {
    let Ok(read) = serde_json::from_slice::<T>(input) else { return };
    let written = serde_json::to_vec(&read).expect("what we read we write");
    let again: T = serde_json::from_slice(&written).expect("what we write we read");
    assert_eq!(serde_json::to_vec(&again).ok().as_ref(), Some(&written), "written in two ways");
    let written: Value = serde_json::from_slice(&written).expect("JSON");
    from_the_input(&written, tree, std::any::type_name::<T>());
}

/// What is written stood in the input, or says that nothing stood there.
fn from_the_input(written: &Value, input: &Value, place: &str) {
    match (written, input) {
        (Value::Object(ours), Value::Object(given)) => {
            for (name, value) in ours {
                match given.get(name) {
                    Some(given) => from_the_input(value, given, name),
                    None => assert!(says_nothing(value), "{place}.{name} comes from nowhere"),
                }
            }
        }
        (Value::Array(ours), Value::Array(given)) => {
            assert_eq!(ours.len(), given.len(), "{place} has another length");
            for (ours, given) in ours.iter().zip(given) {
                from_the_input(ours, given, place);
            }
        }
        // A struct may stand as a list in serde's JSON; `member::read` refuses that at the top.
        (Value::Object(_), Value::Array(_)) => {}
        // A code of a newer version.
        (Value::String(ours), Value::String(_)) if ours == "unknown" => {}
        _ => assert_eq!(written, input, "{place} was altered"),
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(says_nothing),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

macro_rules! hold {
    ($input:ident: $($type:ty),* $(,)?) => {{
        let Ok(tree) = serde_json::from_slice::<Value>($input) else { return };
        assert!(writes_nul($input) || !holds_nul(&tree), "U+0000 was not seen");
        $(holds::<$type>($input, &tree);)*
    }};
}

fn holds_nul(tree: &Value) -> bool {
    match tree {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(members) => {
            members.iter().any(|(name, value)| name.contains('\0') || holds_nul(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// What is asked over the HIS contract, in both directions.
pub(super) fn his_calls(input: &[u8]) {
    hold!(input:
        bills::ListBills, bills::FindBill, bills::LockBill, bills::ReleaseBill, bills::ConfirmBill,
        bills::ListDay, bills::FindInvoice, bookings::ListDoctors, bookings::ListSchedules,
        bookings::Book, bookings::CancelBooking, bookings::TakeNumber, bookings::FindBooking,
        bookings::ListBookings, patients::FindPatients, patients::FindPatient,
        patients::CreateVisitCard, refunds::GrantRefund, refunds::ConfirmRefund,
        results::ListPrescriptions, results::ListResults, results::FindResult,
        events::PrescriptionIssued, events::MakePrescriptionQr, events::BillVoided,
        events::ResultReady, events::RegistrationMade, events::CodeScanned, events::AskScan,
        events::CancelScan,
    );
}

/// What is answered over the HIS contract, in both directions.
pub(super) fn his_answers(input: &[u8]) {
    hold!(input:
        bills::Bills, bills::Bill, bills::Confirmed, bills::DayList, bills::Invoice,
        bookings::Departments, bookings::Doctors, bookings::Schedules, bookings::Booking,
        patients::Patients, patients::Patient, refunds::Granted, results::Prescriptions,
        results::Results, results::Report, events::PrescriptionNoted, events::PrescriptionQr,
        events::ScanState, Refusal,
    );
}

/// What the parts of the town tell each other.
pub(super) fn contracts(input: &[u8]) {
    hold!(input:
        bureau::FindInsured, bureau::FoundInsured, bureau::CheckCard, bureau::CheckedCard,
        bureau::RegisterVisit, bureau::VisitRegistered, bureau::PreSettle, bureau::PreSettled,
        bureau::Settle, bureau::Reverse, bureau::Query, bureau::Outcome, bureau::ListDay,
        bureau::DayList, wallet::IdentifyByCode, wallet::IdentifyByAuthCode, wallet::Identified,
        wallet::Confirm, wallet::Confirmed, wallet::Present, wallet::Presented, wallet::Capture,
        wallet::Refund, wallet::Query, wallet::Outcome, wallet::ListDay, wallet::DayList,
        clock::Reading, clock::Change, phone::Bind, phone::Pay, phone::Outcome,
        phone::ShowAuthCode, phone::AuthCode, phone::ReadInbox, phone::Inbox,
        notices::Notices,
    );
}

const SECRET: &str = "his-example-secret-0123456789abcd";

/// A call's signature: right for itself, wrong after any change.
pub(super) fn his_signature(input: &[u8]) {
    let secret = HisSecret::new(SECRET).expect("long enough");
    let (head, body) = input.split_at(input.len().min(20));
    let text = String::from_utf8_lossy(head).into_owned();
    let now = Timestamp::from_ms(1_800_000_000_000);
    let as_sent = Signed { method: "POST", path: "/v1/a", time: &text, key: &text, body };
    let told = as_sent.check(&as_sent.signature(&secret), &secret, now);
    let seconds = text.parse::<i64>();
    let near = seconds.as_ref().is_ok_and(|at| at.abs_diff(1_800_000_000) <= 300);
    assert_eq!(told.is_ok(), near, "the time {text:?}");
    assert!(told != Err(SignatureFault::Wrong));

    let signed = Signed { method: "POST", path: "/v1/a", time: "1800000000", key: &text, body };
    let signature = signed.signature(&secret);
    let check = |other: Signed<'_>| other.check(&signature, &secret, now);
    assert_eq!(check(signed), Ok(()));
    let longer = [body, b" "].concat();
    let key = format!("{text}x");
    for other in [
        Signed { body: &longer, ..signed },
        Signed { key: &key, ..signed },
        Signed { path: "/v1/b", ..signed },
        Signed { time: "1800000001", ..signed },
    ] {
        assert_eq!(check(other), Err(SignatureFault::Wrong));
    }
    assert!(signed.check(&text, &secret, now).is_err(), "signed by a text of the input");
}

/// A prescription's token: only ours is taken, and any patient's number makes one.
pub(super) fn qr_token(input: &[u8]) {
    const SITE: &str = "H44030000001";
    let secret = HisSecret::new(SECRET).expect("long enough");
    let text = String::from_utf8_lossy(input).into_owned();
    let now = Timestamp::from_ms(1_800_000_000_000);
    let read = |token: &str| QrToken::read(token, &secret, SITE, now);
    match read(&text) {
        // The seed is one of ours.
        Ok(token) => assert_eq!(token.write(&secret, SITE), text, "two tokens of one meaning"),
        Err(fault) => names_nobody(&fault.to_string()),
    }
    let ours = QrToken { patient_id: text.clone(), expires_at: 1_800_000_001 };
    let written = ours.write(&secret, SITE);
    let fits = (1..=64).contains(&text.chars().count());
    assert_eq!(read(&written), if fits { Ok(ours) } else { Err(QrFault::Altered) });
    let elsewhere = QrToken::read(&written, &secret, "H44030000002", now);
    assert_eq!(elsewhere, Err(QrFault::Altered));
}
