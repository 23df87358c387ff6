//! The table of registrations.

use crate::cards::rows::{environment_code, environment_from_code};
use crate::settings::Environment;
use medpay_domain::platform::registration::State;
use medpay_domain::{CardNo, CityId, HospOutTradeNo, OrgNo, SerialNo, Timestamp};
use medpay_store::Vault;
use medpay_store::{Row, StoreError, Tx, args};

/// A registration as it is stored.
#[derive(Clone)]
pub(crate) struct Registration {
    pub merchant: String,
    pub hosp_out_trade_no: HospOutTradeNo,
    pub report_key: String,
    pub request_digest: String,
    pub environment: Environment,
    pub city_id: CityId,
    pub org_no: OrgNo,
    pub serial_no: SerialNo,
    pub medical_card_id: CardNo,
    pub request_content: String,
    pub state: State,
    pub version: i64,
}

/// The registration of this number.
pub(crate) async fn find(
    tx: &mut Tx,
    vault: &Vault,
    merchant: &str,
    hosp_out_trade_no: &str,
) -> Result<Option<Registration>, StoreError> {
    let row = tx
        .opt(
            "SELECT merchant, hosp_out_trade_no, report_key, request_digest, environment, city_id,
                    org_no, serial_no, medical_card_id, request_content, state, response_content,
                    refusal, version
               FROM registrations WHERE merchant = $1 AND hosp_out_trade_no = $2",
            args![merchant, hosp_out_trade_no],
        )
        .await?;
    row.map(|row| read(&row, vault)).transpose()
}

fn read(row: &Row, vault: &Vault) -> Result<Registration, StoreError> {
    let key: String = row.get(2)?;
    let corrupt = |column| StoreError::Corrupt { table: "registrations", column, key: key.clone() };
    let open = |index, column| vault.open(&row.get::<String>(index)?).map_err(|_| corrupt(column));
    let state = match row.get::<String>(10)?.as_str() {
        "pending" => State::Pending,
        "registered" => State::Registered { response_content: open(11, "response_content")? },
        "refused" => State::Refused { reason: row.get(12)? },
        _ => return Err(corrupt("state")),
    };
    Ok(Registration {
        merchant: row.get(0)?,
        hosp_out_trade_no: row.get(1)?,
        request_digest: row.get(3)?,
        environment: environment_from_code(&row.get::<String>(4)?)
            .ok_or_else(|| corrupt("environment"))?,
        city_id: row.get(5)?,
        org_no: row.get(6)?,
        serial_no: row.get(7)?,
        medical_card_id: CardNo::new(open(8, "medical_card_id")?),
        request_content: open(9, "request_content")?,
        state,
        version: row.get(13)?,
        report_key: key.clone(),
    })
}

/// Keeps a pending registration; false if its number is taken.
pub(crate) async fn insert(
    tx: &mut Tx,
    vault: &Vault,
    registration: &Registration,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let inserted = tx
        .exec(
            "INSERT INTO registrations (merchant, hosp_out_trade_no, report_key, request_digest,
                    environment, city_id, org_no, serial_no, medical_card_id, request_content,
                    state, version, created_at_ms, changed_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
             ON CONFLICT (merchant, hosp_out_trade_no) DO NOTHING",
            args![
                registration.merchant,
                registration.hosp_out_trade_no,
                registration.report_key,
                registration.request_digest,
                environment_code(registration.environment),
                registration.city_id,
                registration.org_no,
                registration.serial_no,
                vault.seal(registration.medical_card_id.reveal()),
                vault.seal(&registration.request_content),
                registration.state.code(),
                registration.version,
                now
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Writes the new state, if nobody changed the registration since it was read.
pub(crate) async fn save(
    tx: &mut Tx,
    vault: &Vault,
    registration: &Registration,
    state: &State,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (response_content, refusal) = match state {
        State::Pending => (None, None),
        State::Registered { response_content } => (Some(vault.seal(response_content)), None),
        State::Refused { reason } => (None, Some(reason)),
    };
    let changed = tx
        .exec(
            "UPDATE registrations
                SET state = $1, response_content = $2, refusal = $3, version = version + 1,
                    changed_at_ms = $4
              WHERE merchant = $5 AND hosp_out_trade_no = $6 AND version = $7",
            args![
                state.code(),
                response_content,
                refusal,
                now,
                registration.merchant,
                registration.hosp_out_trade_no,
                registration.version
            ],
        )
        .await?;
    if changed == 1 {
        Ok(())
    } else {
        // Somebody keeps the same answer at the same moment: this one can be asked for again.
        Err(StoreError::Contended("the registration moved meanwhile".to_owned()))
    }
}
