//! The table `registrations`, and in [`reports`] the table `registration_reports`.

pub(super) mod reports;

use medpay_domain::hospital::booking::State;
use medpay_domain::{Day, Fen, Openid, OrgNo, Timestamp};
use medpay_store::{StoreError, Tx, Vault, args};

/// A registration that was booked through us.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    pub booking_no: String,
    /// Who booked.
    pub openid: Openid,
    /// What that person is searched by.
    pub holder_digest: String,
    pub patient_id: String,
    pub visit_day: Day,
    pub fee: Fen,
    /// Where that person came from.
    pub channel: String,
    pub state: State,
}

/// Where a registration stands, and which writing of the row that is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stored {
    pub state: State,
    pub version: i64,
}

/// Keeps a registration; false if it is kept already.
pub(super) async fn insert(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    it: &Registration,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let inserted = tx
        .exec(
            "INSERT INTO registrations (org_no, booking_no, holder_digest, holder, patient_id,
                    visit_day, fee, channel, state, version, booked_at_ms, changed_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $10)
             ON CONFLICT (org_no, booking_no) DO NOTHING",
            args![
                org_no,
                it.booking_no,
                it.holder_digest,
                vault.seal(it.openid.reveal()),
                it.patient_id,
                it.visit_day,
                it.fee,
                it.channel,
                it.state.code(),
                now
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Where the registration stands; none if it was not booked through us.
pub(super) async fn find(
    tx: &mut Tx,
    org_no: &OrgNo,
    booking_no: &str,
) -> Result<Option<Stored>, StoreError> {
    let row = tx
        .opt(
            "SELECT state, version FROM registrations WHERE org_no = $1 AND booking_no = $2",
            args![org_no, booking_no],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let state = State::from_code(&row.get::<String>(0)?).ok_or_else(|| StoreError::Corrupt {
        table: "registrations",
        column: "state",
        key: booking_no.to_owned(),
    })?;
    Ok(Some(Stored { state, version: row.get(1)? }))
}

/// Writes the new state, unless somebody changed the row meanwhile; answers whether it did.
pub(super) async fn save(
    tx: &mut Tx,
    (org_no, booking_no): (&OrgNo, &str),
    was: Stored,
    state: State,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let saved = tx
        .exec(
            "UPDATE registrations SET state = $4, version = version + 1, changed_at_ms = $5
              WHERE org_no = $1 AND booking_no = $2 AND version = $3",
            args![org_no, booking_no, was.version, state.code(), now],
        )
        .await?;
    Ok(saved == 1)
}
