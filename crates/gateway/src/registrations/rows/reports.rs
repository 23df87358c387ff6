//! The table `registration_reports`.

use medpay_domain::{
    CardType, Day, HospOutTradeNo, IdDigest, Openid, OrgNo, PersonName, SerialNo, Timestamp,
};
use medpay_store::{Row, StoreError, Tx, Vault, args};
use medpay_wire::caller_fields::Patient;

/// A registration to be reported.
#[derive(Clone)]
pub(in crate::registrations) struct Report {
    pub booking_no: String,
    pub patient_id: String,
    pub serial_no: SerialNo,
    pub visit_day: Day,
    /// 医保结构体, byte for byte.
    pub request_content: String,
    /// Our number of the report, the same in every try.
    pub hosp_out_trade_no: HospOutTradeNo,
    pub state: State,
}

/// Where a report stands.
#[derive(Clone)]
pub(in crate::registrations) enum State {
    /// Nobody was asked yet.
    Waiting,
    /// The platform was asked for this person. Its answer is unknown.
    Asked(Asked),
    /// The bureau has recorded the visit.
    Reported { response_content: String },
    /// The platform or the bureau said no.
    Refused { reason: String },
    /// The day ended, or the registration was cancelled.
    GivenUp { reason: String },
}

/// For whom, and when, it was asked first: a repeat says the same.
#[derive(Clone)]
pub(in crate::registrations) struct Asked {
    pub openid: Openid,
    pub patient: Patient,
    pub at: Timestamp,
}

impl State {
    /// Its name in the table.
    pub(in crate::registrations) const fn code(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Asked(_) => "asked",
            Self::Reported { .. } => "reported",
            Self::Refused { .. } => "refused",
            Self::GivenUp { .. } => "given_up",
        }
    }
}

/// Keeps a report that waits; false if the HIS told of the registration before.
pub(in crate::registrations) async fn insert(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    report: &Report,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let inserted = tx
        .exec(
            "INSERT INTO registration_reports (org_no, booking_no, patient_id, serial_no,
                    visit_day, request_content, hosp_out_trade_no, state, told_at_ms,
                    changed_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, $8)
             ON CONFLICT (org_no, booking_no) DO NOTHING",
            args![
                org_no,
                report.booking_no,
                report.patient_id,
                report.serial_no,
                report.visit_day,
                vault.seal(&report.request_content),
                report.hosp_out_trade_no,
                now
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// The report of this registration.
pub(in crate::registrations) async fn find(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    booking_no: &str,
) -> Result<Option<Report>, StoreError> {
    let row = tx
        .opt(
            "SELECT patient_id, serial_no, visit_day, request_content, hosp_out_trade_no, state,
                    holder, name, card_type, id_digest, asked_at_ms, response_content, reason
               FROM registration_reports WHERE org_no = $1 AND booking_no = $2",
            args![org_no, booking_no],
        )
        .await?;
    row.map(|row| read(&row, vault, booking_no)).transpose()
}

fn read(row: &Row, vault: &Vault, booking_no: &str) -> Result<Report, StoreError> {
    let corrupt = |column| StoreError::Corrupt {
        table: "registration_reports",
        column,
        key: booking_no.to_owned(),
    };
    let open = |index, column| vault.open(&row.get::<String>(index)?).map_err(|_| corrupt(column));
    let state = match row.get::<String>(5)?.as_str() {
        "waiting" => State::Waiting,
        "asked" => State::Asked(Asked {
            openid: Openid::new(open(6, "holder")?),
            patient: Patient {
                name: PersonName::new(open(7, "name")?),
                card_type: CardType::from_code(row.get(8)?).ok_or_else(|| corrupt("card_type"))?,
                id_digest: IdDigest::new(open(9, "id_digest")?),
            },
            at: row.get(10)?,
        }),
        "reported" => State::Reported { response_content: open(11, "response_content")? },
        "refused" => State::Refused { reason: row.get(12)? },
        "given_up" => State::GivenUp { reason: row.get(12)? },
        _ => return Err(corrupt("state")),
    };
    Ok(Report {
        booking_no: booking_no.to_owned(),
        patient_id: row.get(0)?,
        serial_no: row.get(1)?,
        visit_day: row.get(2)?,
        request_content: open(3, "request_content")?,
        hosp_out_trade_no: row.get(4)?,
        state,
    })
}

/// Writes the new state of a report that stands as `was`.
pub(in crate::registrations) async fn save(
    tx: &mut Tx,
    vault: &Vault,
    (org_no, booking_no): (&OrgNo, &str),
    was: &State,
    state: &State,
    now: Timestamp,
) -> Result<(), StoreError> {
    let asked = match state {
        State::Asked(asked) => Some(asked),
        _ => None,
    };
    let (response_content, reason) = match state {
        State::Waiting | State::Asked(_) => (None, None),
        State::Reported { response_content } => (Some(vault.seal(response_content)), None),
        State::Refused { reason } | State::GivenUp { reason } => (None, Some(reason)),
    };
    // Who was asked for stays as it was written down first.
    tx.exec(
        "UPDATE registration_reports
            SET state = $4, holder = COALESCE(holder, $5), name = COALESCE(name, $6),
                card_type = COALESCE(card_type, $7), id_digest = COALESCE(id_digest, $8),
                asked_at_ms = COALESCE(asked_at_ms, $9), response_content = $10, reason = $11,
                changed_at_ms = $12
          WHERE org_no = $1 AND booking_no = $2 AND state = $3",
        args![
            org_no,
            booking_no,
            was.code(),
            state.code(),
            asked.map(|it| vault.seal(it.openid.reveal())),
            asked.map(|it| vault.seal(it.patient.name.reveal())),
            asked.map(|it| it.patient.card_type.code()),
            asked.map(|it| vault.seal(it.patient.id_digest.reveal())),
            asked.map(|it| it.at),
            response_content,
            reason,
            now
        ],
    )
    .await?;
    Ok(())
}
