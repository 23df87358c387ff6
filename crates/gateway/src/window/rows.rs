//! The table `window_scans`.

use super::scan::{State, Why};
use medpay_domain::{BillNo, CardType, HospOutTradeNo, IdDigest, OrgNo, PersonName, Timestamp};
use medpay_store::{Row, StoreError, Tx, Vault, args};
use medpay_wire::caller_fields::Patient;
use medpay_wire::his::bills::PayWith;
use medpay_wire::his::events::RegistrationMade;

/// A scan.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    /// The HIS's number of it.
    pub(super) number: String,
    pub(super) sent_digest: String,
    pub(super) bill_no: BillNo,
    pub(super) pay_with: PayWith,
    pub(super) window: String,
    pub(super) registration: Option<RegistrationMade>,
    pub(super) register_no: HospOutTradeNo,
    /// What the scanner read; forgotten at the end.
    pub(super) auth_code: Option<String>,
    /// What the platform gave for it; forgotten at the end.
    pub(super) token: Option<String>,
    /// Who is treated, once known; forgotten at the end.
    pub(super) patient: Option<Patient>,
    pub(super) patient_id: Option<String>,
    pub(super) state: State,
    pub(super) created_at: Timestamp,
    pub(super) version: i64,
}

/// Writes a new scan down; false if its number is there already.
pub(super) async fn insert(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    scan: &Scan,
) -> Result<bool, StoreError> {
    let registration = scan.registration.as_ref().and_then(|it| serde_json::to_string(it).ok());
    let inserted = tx
        .exec(
            "INSERT INTO window_scans (org_no, scan_no, sent_digest, bill_no, pay_with,
                    window_name, registration, register_no, auth_code, state, created_at_ms,
                    changed_at_ms, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, 1)
             ON CONFLICT (org_no, scan_no) DO NOTHING",
            args![
                org_no,
                scan.number,
                scan.sent_digest,
                scan.bill_no,
                pay_with_code(scan.pay_with),
                scan.window,
                registration.map(|text| vault.seal(&text)),
                scan.register_no,
                scan.auth_code.as_ref().map(|code| vault.seal(code)),
                scan.state.code(),
                scan.created_at
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// The scan of this number.
pub(super) async fn find(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    scan_no: &str,
) -> Result<Option<Scan>, StoreError> {
    let row = tx
        .opt(
            "SELECT scan_no, sent_digest, bill_no, pay_with, window_name, registration,
                    register_no, auth_code, token, patient, patient_id, state,
                    hosp_out_trade_no, why, said, created_at_ms, version
               FROM window_scans WHERE org_no = $1 AND scan_no = $2",
            args![org_no, scan_no],
        )
        .await?;
    row.map(|row| read(&row, vault)).transpose()
}

/// Writes how a scan stands now, if nobody has changed it since it was read. What names a person
/// is forgotten once the scan has ended.
pub(super) async fn save(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    scan: &Scan,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let keeps = !scan.state.has_ended();
    let sealed = |text: Option<String>| text.filter(|_| keeps).map(|text| vault.seal(&text));
    let (order, why) = match &scan.state {
        State::Ordered(order) => (Some(order), None),
        State::Failed(why) => (None, Some(why.parts())),
        State::Asking | State::Registering | State::Ordering => (None, None),
    };
    let said = why.and_then(|(_, said)| said).map(|said| vault.seal(said));
    let registration = scan.registration.as_ref().and_then(|it| serde_json::to_string(it).ok());
    let changed = tx
        .exec(
            "UPDATE window_scans SET registration = $1, auth_code = $2, token = $3, patient = $4,
                    patient_id = $5, state = $6, hosp_out_trade_no = $7, why = $8, said = $9,
                    changed_at_ms = $10, version = version + 1
              WHERE org_no = $11 AND scan_no = $12 AND version = $13",
            args![
                sealed(registration),
                sealed(scan.auth_code.clone()),
                sealed(scan.token.clone()),
                sealed(scan.patient.as_ref().map(write_patient)),
                scan.patient_id,
                scan.state.code(),
                order,
                why.map(|(code, _)| code),
                said,
                now,
                org_no,
                scan.number,
                scan.version
            ],
        )
        .await?;
    Ok(changed == 1)
}

fn read(row: &Row, vault: &Vault) -> Result<Scan, StoreError> {
    let number: String = row.get(0)?;
    let corrupt =
        |column| StoreError::Corrupt { table: "window_scans", column, key: number.clone() };
    let open = |at: usize, column: &'static str| -> Result<Option<String>, StoreError> {
        let stored: Option<String> = row.get(at)?;
        stored.map(|text| vault.open(&text)).transpose().map_err(|_| corrupt(column))
    };
    let registration = open(5, "registration")?
        .map(|text| serde_json::from_str(&text).map_err(|_| corrupt("registration")))
        .transpose()?;
    let patient = open(9, "patient")?
        .map(|text| read_patient(&text).ok_or_else(|| corrupt("patient")))
        .transpose()?;
    let (code, why): (String, Option<String>) = (row.get(11)?, row.get(13)?);
    let state = match (code.as_str(), row.get::<Option<HospOutTradeNo>>(12)?, why) {
        ("asking", ..) => Some(State::Asking),
        ("registering", ..) => Some(State::Registering),
        ("ordering", ..) => Some(State::Ordering),
        ("ordered", Some(order), _) => Some(State::Ordered(order)),
        ("failed", _, Some(why)) => Why::parse(&why, open(14, "said")?).map(State::Failed),
        _ => None,
    };
    let pay_with: String = row.get(3)?;
    Ok(Scan {
        sent_digest: row.get(1)?,
        bill_no: row.get(2)?,
        pay_with: pay_with_from(&pay_with).ok_or_else(|| corrupt("pay_with"))?,
        window: row.get(4)?,
        registration,
        register_no: row.get(6)?,
        auth_code: open(7, "auth_code")?,
        token: open(8, "token")?,
        patient,
        patient_id: row.get(10)?,
        state: state.ok_or_else(|| corrupt("state"))?,
        created_at: row.get(15)?,
        version: row.get(16)?,
        number,
    })
}

const fn pay_with_code(pay_with: PayWith) -> &'static str {
    match pay_with {
        PayWith::Insurance => "insurance",
        PayWith::Cash => "cash",
    }
}

fn pay_with_from(code: &str) -> Option<PayWith> {
    match code {
        "insurance" => Some(PayWith::Insurance),
        "cash" => Some(PayWith::Cash),
        _ => None,
    }
}

fn write_patient(patient: &Patient) -> String {
    let parts = (patient.card_type.code(), patient.id_digest.reveal(), patient.name.reveal());
    serde_json::to_string(&parts).unwrap_or_default()
}

fn read_patient(text: &str) -> Option<Patient> {
    let (code, digest, name): (u8, String, String) = serde_json::from_str(text).ok()?;
    Some(Patient {
        card_type: CardType::from_code(code)?,
        id_digest: IdDigest::new(digest),
        name: PersonName::new(name),
    })
}
