//! The steps of a scan up to its order: qrcodegetmedinfo, qrcodepreregister, and the payment. Each
//! is asked only once what it needs is committed, and may be asked again: the platform answers the
//! same code, and the same number, the same.

use super::platform::call;
use super::rows::Scan;
use super::scan::{Event, State, Why};
use crate::bills::offer;
use crate::channels::Channel;
use crate::gateway::Site;
use crate::payments::{self, Begin, BeginError, Payer};
use medpay_domain::Timestamp;
use medpay_wire::caller_fields::Patient;
use medpay_wire::his::bills::{FindBill, PayWith};
use medpay_wire::his::patients::FindPatient;
use medpay_wire::his::{Call, RefusalCode};
use medpay_wire::request_content::RequestContent;
use medpay_wire::scan_fields;
use medpay_wire::value::Text;
use medpay_wire::{qrcodegetmedinfo, qrcodepreregister};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// How long a code on the phone can be good, in seconds: as long as its token (PROTOCOL 3.9).
const CODE_SECONDS: i64 = 300;

/// What a step came to: an event; none where nobody answered, so that it is asked again.
pub(super) type Outcome = Option<Event>;

/// Takes the next step of `scan`, and fills in what it has learnt.
pub(super) async fn take(site: &Arc<Site>, scan: &mut Scan) -> Outcome {
    let outcome = match scan.state {
        State::Asking => identify(site, scan).await,
        State::Registering => register(site, scan).await,
        State::Ordering => order(site, scan).await,
        State::Ordered(_) | State::Failed(_) => None,
    };
    outcome.or_else(|| too_late(scan, site.clock.now()).then_some(Event::Ended(Why::NoAnswer)))
}

fn too_late(scan: &Scan, now: Timestamp) -> bool {
    !scan.state.has_ended() && now >= scan.created_at.plus_seconds(CODE_SECONDS)
}

#[expect(clippy::unnecessary_wraps, reason = "what steps answer")]
fn ended(why: Why) -> Outcome {
    Some(Event::Ended(why))
}

/// Who showed the code, and who is treated: for insurance the same.
async fn identify(site: &Site, scan: &mut Scan) -> Outcome {
    let (shown, token) = match ask_platform_who(site, scan).await? {
        Ok(shown) => shown,
        Err(why) => return ended(why),
    };
    let (patient_id, patient) = match find_patient(site, scan).await? {
        Ok(found) => found,
        Err(why) => return ended(why),
    };
    if scan.pay_with == PayWith::Insurance && !same_person(&shown, &patient) {
        return ended(Why::AnotherPerson);
    }
    // The bureau is told of a registration only where it takes part.
    let registration = scan.registration.take().filter(|_| scan.pay_with == PayWith::Insurance);
    if let Some(registration) = &registration {
        let today = site.clock.now().day();
        if registration.patient_id != patient_id || registration.visit_day != today {
            return ended(Why::OtherRegistration);
        }
    }
    let registers = registration.is_some();
    scan.registration = registration;
    scan.token = Some(token);
    scan.patient = Some(patient);
    scan.patient_id = Some(patient_id);
    Some(Event::Identified { registers })
}

async fn ask_platform_who(site: &Site, scan: &Scan) -> Option<Result<(Patient, String), Why>> {
    let Some(request) = who_request(site, scan) else { return Some(Err(Why::CodeInvalid)) };
    let fields = match call(site, &qrcodegetmedinfo::SPEC, request.encode()).await? {
        Ok(fields) => fields,
        Err(refused) => return Some(Err(refused.why())),
    };
    match qrcodegetmedinfo::Reply::decode(&fields) {
        Ok(reply) => Some(Ok((reply.patient, reply.token.as_str().to_owned()))),
        Err(fault) => {
            tracing::warn!(%fault, "qrcodegetmedinfo was answered otherwise");
            None
        }
    }
}

/// None if the code is none that the interface takes.
fn who_request(site: &Site, scan: &Scan) -> Option<qrcodegetmedinfo::Request> {
    Some(qrcodegetmedinfo::Request {
        merchant: site.institution.merchant(),
        auth_code: Text::new(scan.auth_code.as_deref()?).ok()?,
        org_no: Some(site.org_no().clone()),
        spbill_create_ip: None,
        nonce_str: Text::new(site.entropy.nonce()).ok()?,
    })
}

/// The bill's patient, in the HIS's and in the interfaces' words.
async fn find_patient(site: &Site, scan: &Scan) -> Option<Result<(String, Patient), Why>> {
    let bill = match ask_his(site, &FindBill { bill_no: scan.bill_no.clone() }).await? {
        Ok(bill) => bill,
        Err(why) => return Some(Err(why)),
    };
    // For a person on the phone the payment looks at this; here nobody chose by a page.
    let not_insured = offer::by_itself(&bill, site.clock.now().day());
    if let (PayWith::Insurance, Some(not)) = (scan.pay_with, not_insured) {
        return Some(Err(Why::NotBegun(not.words().to_owned())));
    }
    let patient_id = bill.patient_id;
    Some(ask_his(site, &FindPatient { patient_id: patient_id.clone() }).await?.map(|found| {
        let patient =
            Patient { card_type: found.card_type, id_digest: found.id_digest, name: found.name };
        (patient_id, patient)
    }))
}

fn same_person(shown: &Patient, patient: &Patient) -> bool {
    let (shown_digest, digest) = (shown.id_digest.reveal(), patient.id_digest.reveal());
    shown.name == patient.name && shown_digest.eq_ignore_ascii_case(digest)
}

async fn ask_his<C: Call>(site: &Site, ask: &C) -> Option<Result<C::Answer, Why>> {
    match site.doors.his.ask(ask).await {
        Ok(Ok(answer)) => Some(Ok(answer)),
        Ok(Err(refusal)) if refusal.code == RefusalCode::NotFound => Some(Err(Why::NoSuchBill)),
        Ok(Err(refusal)) => Some(Err(Why::HisRefused(refusal.message))),
        Err(error) => {
            tracing::warn!(%error, call = C::NAME, "the HIS did not answer for a window");
            None
        }
    }
}

/// The registration that the bureau does not know of yet (选用接口 §1.4).
async fn register(site: &Site, scan: &Scan) -> Outcome {
    let Some(request) = register_request(site, scan) else {
        return ended(Why::OtherRegistration);
    };
    match call(site, &qrcodepreregister::SPEC, request.encode()).await? {
        Ok(_) => Some(Event::Reported),
        Err(refused) => ended(match refused.why() {
            Why::PlatformRefused(said) => Why::RegistrationRefused(said),
            why => why,
        }),
    }
}

/// None if something does not fit into its field. The same again but for the nonce.
fn register_request(site: &Site, scan: &Scan) -> Option<qrcodepreregister::Request> {
    let institution = &site.institution;
    let registration = scan.registration.as_ref()?;
    Some(qrcodepreregister::Request {
        merchant: institution.merchant(),
        scan: scanned(scan)?,
        visit: qrcodepreregister::VisitFields {
            hosp_out_trade_no: scan.register_no.clone(),
            hospital_name: Text::new(&institution.name).ok()?,
            // A window is no user's end: it is we who ask.
            spbill_create_ip: Ipv4Addr::LOCALHOST,
            body: Text::new("挂号报备").ok()?,
            city_id: Some(institution.city.id.clone()),
            patient: scan.patient.clone()?,
            serial_no: registration.serial_no.clone(),
            org_no: institution.org_no.clone(),
            gmt_out_create: scan.created_at,
            request_content: RequestContent::new(&registration.request_content).ok()?,
            extends: None,
        },
        nonce_str: Text::new(site.entropy.nonce()).ok()?,
    })
}

fn scanned(scan: &Scan) -> Option<scan_fields::Scan> {
    let auth_code = Text::new(scan.auth_code.as_deref()?).ok()?;
    Some(scan_fields::Scan { auth_code, token: Text::new(scan.token.as_deref()?).ok()? })
}

/// Begins the payment; the same code leads to the same order.
async fn order(site: &Arc<Site>, scan: &Scan) -> Outcome {
    let Some(wanted) = wanted(scan) else { return ended(Why::CodeInvalid) };
    let why = match payments::begin(site, wanted).await {
        Ok(begun) => return Some(Event::Begun(begun.hosp_out_trade_no)),
        Err(error) => why_not_begun(&error)?,
    };
    // It may be our own order that is paid: then an earlier answer of ours was lost.
    match payments::of_bill(site, &scan.bill_no).await {
        Ok(Some(payment)) if is_of(&payment.payer, scan) => {
            Some(Event::Begun(payment.hosp_out_trade_no))
        }
        Ok(_) => ended(why),
        Err(error) => {
            tracing::warn!(%error, "the order of a scan could not be looked up");
            None
        }
    }
}

/// Whether it was begun with this scan's code.
pub(super) fn is_of(payer: &Payer, scan: &Scan) -> bool {
    match payer {
        Payer::Scan(of) => scan.auth_code.as_deref() == Some(of.auth_code.as_str()),
        Payer::Follower(_) => false,
    }
}

fn wanted(scan: &Scan) -> Option<Begin> {
    let named = Channel::parse(&format!("{}:{}", Channel::window(), scan.window));
    Some(Begin {
        payer: Payer::Scan(scanned(scan)?),
        patient: scan.patient.clone()?,
        patient_id: scan.patient_id.clone()?,
        bill_no: scan.bill_no.clone(),
        pay_with: scan.pay_with,
        channel: named.unwrap_or_else(Channel::window),
        by_qr: false,
        client_ip: Ipv4Addr::LOCALHOST,
    })
}

/// Why an order was not begun; none where it is to be tried again.
fn why_not_begun(error: &BeginError) -> Option<Why> {
    match error {
        BeginError::HisSilent(_) | BeginError::InsuranceUnknown | BeginError::Store(_) => {
            tracing::warn!(%error, "the order of a scan was not begun");
            None
        }
        BeginError::HisRefused(_) | BeginError::NoSuchBill => Some(Why::NoSuchBill),
        BeginError::HeldByAnother => Some(Why::HeldByAnother),
        BeginError::PaidAlready
        | BeginError::Voided
        | BeginError::NotChargeable(_)
        | BeginError::NotInsured(_) => Some(Why::NotBegun(error.words().to_owned())),
    }
}
