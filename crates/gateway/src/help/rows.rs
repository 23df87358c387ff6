//! The table `feedback`.

use super::feedback::Feedback;
use crate::gateway::Site;
use medpay_domain::{Openid, Timestamp};
use medpay_store::{BadSeal, Row, StoreError, Vault, args};

/// Keeps what `openid` wrote; false if there is too much of it today.
pub(super) async fn insert(
    site: &Site,
    openid: &Openid,
    feedback: Feedback,
    most_a_day: i64,
) -> Result<bool, StoreError> {
    let (org_no, vault) = (site.org_no().clone(), site.vault.clone());
    let openid_digest = vault.digest(site.institution.own_appid().as_str(), openid.reveal());
    let today = feedback.written_at.day().start();
    site.store
        .write("keep feedback", move |tx| {
            let (org_no, vault, feedback) = (org_no.clone(), vault.clone(), feedback.clone());
            let openid_digest = openid_digest.clone();
            Box::pin(async move {
                let written: i64 = tx
                    .one(
                        "SELECT COUNT(*) FROM feedback
                          WHERE org_no = $1 AND openid_digest = $2 AND written_at_ms >= $3",
                        args![org_no, openid_digest, today],
                    )
                    .await?
                    .get(0)?;
                if written >= most_a_day {
                    return Ok(false);
                }
                tx.exec(
                    "INSERT INTO feedback (org_no, feedback_no, openid_digest, category, content,
                                           contact, written_at_ms)
                     VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    args![
                        org_no,
                        feedback.feedback_no,
                        openid_digest,
                        feedback.category,
                        vault.seal(&feedback.content),
                        vault.seal(&feedback.contact),
                        feedback.written_at
                    ],
                )
                .await?;
                Ok(true)
            })
        })
        .await
}

/// What was written, the newest first.
pub(super) async fn list(site: &Site) -> Result<Vec<Feedback>, StoreError> {
    let org_no = site.org_no().clone();
    let rows = site
        .store
        .read("list feedback", move |tx| {
            let org_no = org_no.clone();
            Box::pin(async move {
                tx.all(
                    "SELECT feedback_no, written_at_ms, category, content, contact
                       FROM feedback WHERE org_no = $1
                      ORDER BY written_at_ms DESC, feedback_no LIMIT 1000",
                    args![org_no],
                )
                .await
            })
        })
        .await?;
    rows.iter().map(|row| feedback(&site.vault, row)).collect()
}

fn feedback(vault: &Vault, row: &Row) -> Result<Feedback, StoreError> {
    let open = |index| {
        let sealed: String = row.get(index)?;
        vault.open(&sealed).map_err(|BadSeal| StoreError::Misuse("feedback has no seal".into()))
    };
    let written_at: Timestamp = row.get(1)?;
    Ok(Feedback {
        feedback_no: row.get(0)?,
        written_at,
        category: row.get(2)?,
        content: open(3)?,
        contact: open(4)?,
    })
}
