//! The table `reminders`.

#[cfg(test)]
use crate::reminders::subject::Kind;
use crate::reminders::subject::{Detail, Subject};
use medpay_domain::Timestamp;
use medpay_store::{StoreError, Tx, Vault, args};

/// A reminder that waits.
#[derive(Clone, Debug)]
pub(in super::super) struct Stored {
    pub(in super::super) detail: Detail,
    pub(in super::super) tries: u32,
    version: i64,
}

/// What became of a try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) enum Became {
    /// It was told.
    Told,
    /// It was dropped, and why.
    Dropped(&'static str),
    /// The HIS is asked again.
    Waits,
}

/// Begins one; false if there is one of this subject.
pub(in super::super) async fn insert(
    tx: &mut Tx,
    vault: &Vault,
    subject: &Subject,
    detail: &Detail,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let detail = serde_json::to_string(detail)
        .map_err(|_| StoreError::Misuse("a reminder cannot be written".into()))?;
    let inserted = tx
        .exec(
            "INSERT INTO reminders (org_no, kind, subject, detail, state, reason, tries,
                                    created_at_ms, version)
             VALUES ($1, $2, $3, $4, 'waiting', '', 0, $5, 1) ON CONFLICT DO NOTHING",
            args![subject.org_no, subject.kind.word(), subject.number, vault.seal(&detail), now],
        )
        .await?;
    Ok(inserted == 1)
}

/// The one of this subject, if it waits.
pub(in super::super) async fn waiting(
    tx: &mut Tx,
    vault: &Vault,
    subject: &Subject,
) -> Result<Option<Stored>, StoreError> {
    let row = tx
        .opt(
            "SELECT detail, tries, version FROM reminders
              WHERE org_no = $1 AND kind = $2 AND subject = $3 AND state = 'waiting'",
            args![subject.org_no, subject.kind.word(), subject.number],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let corrupt = || StoreError::Corrupt {
        table: "reminders",
        column: "detail",
        key: subject.number.clone(),
    };
    let opened = vault.open(&row.get::<String>(0)?).map_err(|_| corrupt())?;
    let detail = serde_json::from_str(&opened).map_err(|_| corrupt())?;
    Ok(Some(Stored { detail, tries: row.get(1)?, version: row.get(2)? }))
}

/// Writes what became of it, if the row still has the version that was read.
pub(in super::super) async fn save(
    tx: &mut Tx,
    subject: &Subject,
    stored: &Stored,
    became: Became,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (state, reason, finished) = match became {
        Became::Told => ("told", "", Some(now)),
        Became::Dropped(reason) => ("dropped", reason, Some(now)),
        Became::Waits => ("waiting", "", None),
    };
    let changed = tx
        .exec(
            "UPDATE reminders SET state = $1, reason = $2, tries = $3, finished_at_ms = $4,
                    version = version + 1
              WHERE org_no = $5 AND kind = $6 AND subject = $7 AND version = $8",
            args![
                state,
                reason,
                stored.tries,
                finished,
                subject.org_no,
                subject.kind.word(),
                subject.number,
                stored.version
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// A kept word of each reminder of a kind: its subject, state and reason. For tests.
#[cfg(test)]
pub(in super::super) async fn list(
    tx: &mut Tx,
    kind: Kind,
) -> Result<Vec<(String, String, String)>, StoreError> {
    let rows = tx
        .all(
            "SELECT subject, state, reason FROM reminders WHERE kind = $1 ORDER BY subject",
            args![kind.word()],
        )
        .await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
}
