//! The table `bind_reminders`.

use medpay_domain::hospital::reminder::bind::{BindReminder, State};
use medpay_domain::{Openid, OrgNo, Timestamp};
use medpay_store::{Row, StoreError, Tx, Vault, args};

/// A follower's bind reminder as it is stored.
#[derive(Clone, Debug)]
pub(in super::super) struct Stored {
    pub(in super::super) reminder: BindReminder,
    pub(in super::super) reminder_id: String,
    pub(in super::super) openid: Openid,
    version: i64,
}

impl Stored {
    /// The same follower's, moved on.
    pub(in super::super) fn with(self, reminder: BindReminder) -> Self {
        Self { reminder, ..self }
    }
}

const COLUMNS: &str = "reminder_id, openid, state, looks, resting_since_ms, reminded_at_ms, times,
                       version";

/// Whose a new one is.
pub(in super::super) struct Whose<'a> {
    pub(in super::super) openid_digest: &'a str,
    pub(in super::super) openid: &'a Openid,
    pub(in super::super) reminder_id: &'a str,
}

/// Begins a follower's; false if there is one.
pub(in super::super) async fn insert(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    whose: &Whose<'_>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let inserted = tx
        .exec(
            "INSERT INTO bind_reminders (org_no, openid_digest, openid, reminder_id, state, looks,
                                         times, created_at_ms, version)
             VALUES ($1, $2, $3, $4, 'looking', 0, 0, $5, 1) ON CONFLICT DO NOTHING",
            args![
                org_no.as_str(),
                whose.openid_digest,
                vault.seal(whose.openid.reveal()),
                whose.reminder_id,
                now
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// The one of a follower.
pub(in super::super) async fn of(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    openid_digest: &str,
) -> Result<Option<Stored>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM bind_reminders WHERE org_no = $1 AND openid_digest = $2");
    let row = tx.opt(&sql, args![org_no.as_str(), openid_digest]).await?;
    row.map(|row| read(&row, vault)).transpose()
}

/// The one of this id.
pub(in super::super) async fn load(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    reminder_id: &str,
) -> Result<Option<Stored>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM bind_reminders WHERE org_no = $1 AND reminder_id = $2");
    let row = tx.opt(&sql, args![org_no.as_str(), reminder_id]).await?;
    row.map(|row| read(&row, vault)).transpose()
}

/// Those who have rested since `until` or longer and were reminded fewer than `times` times, the
/// longest first.
pub(in super::super) async fn rested(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    (until, times): (Timestamp, u8),
    limit: u32,
) -> Result<Vec<Stored>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM bind_reminders
          WHERE org_no = $1 AND state = 'resting' AND resting_since_ms <= $2 AND times < $3
          ORDER BY resting_since_ms, reminder_id LIMIT $4"
    );
    let rows = tx.all(&sql, args![org_no.as_str(), until, u32::from(times), limit]).await?;
    rows.iter().map(|row| read(row, vault)).collect()
}

/// Writes where it stands now, if the row still has the version that was read.
pub(in super::super) async fn save(
    tx: &mut Tx,
    org_no: &OrgNo,
    stored: &Stored,
) -> Result<bool, StoreError> {
    let (state, looks, since) = match stored.reminder.state {
        State::Looking { looks } => ("looking", u32::from(looks), None),
        State::Resting { since } => ("resting", 0, Some(since)),
    };
    let changed = tx
        .exec(
            "UPDATE bind_reminders SET state = $1, looks = $2, resting_since_ms = $3,
                    reminded_at_ms = $4, times = $5, version = version + 1
              WHERE org_no = $6 AND reminder_id = $7 AND version = $8",
            args![
                state,
                looks,
                since,
                stored.reminder.reminded_at,
                u32::from(stored.reminder.times),
                org_no.as_str(),
                stored.reminder_id,
                stored.version
            ],
        )
        .await?;
    Ok(changed == 1)
}

fn read(row: &Row, vault: &Vault) -> Result<Stored, StoreError> {
    let reminder_id: String = row.get(0)?;
    let corrupt =
        |column| StoreError::Corrupt { table: "bind_reminders", column, key: reminder_id.clone() };
    let openid = vault.open(&row.get::<String>(1)?).map_err(|_| corrupt("openid"))?;
    let small = |of: u32, column| u8::try_from(of).map_err(|_| corrupt(column));
    let state = match (row.get::<String>(2)?.as_str(), row.get::<Option<Timestamp>>(4)?) {
        ("looking", _) => State::Looking { looks: small(row.get(3)?, "looks")? },
        ("resting", Some(since)) => State::Resting { since },
        _ => return Err(corrupt("state")),
    };
    let times = small(row.get(6)?, "times")?;
    Ok(Stored {
        reminder: BindReminder { state, reminded_at: row.get(5)?, times },
        openid: Openid::new(openid),
        version: row.get(7)?,
        reminder_id,
    })
}
