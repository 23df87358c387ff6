//! The table `channel_visits`.

use super::Channel;
use crate::gateway::Site;
use medpay_domain::{Day, OrgNo};
use medpay_store::{StoreError, Tx, args};

/// Counts one more visit of the day by this channel.
pub(crate) async fn count_visit(
    tx: &mut Tx,
    org_no: &OrgNo,
    day: Day,
    channel: &Channel,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO channel_visits (org_no, day, channel, visits) VALUES ($1, $2, $3, 1)
         ON CONFLICT (org_no, day, channel) DO UPDATE SET visits = channel_visits.visits + 1",
        args![org_no, day, channel.as_str()],
    )
    .await?;
    Ok(())
}

/// The visits of some days: day, channel, number.
pub(super) async fn visits(
    site: &Site,
    from: Day,
    to: Day,
) -> Result<Vec<(Day, String, i64)>, StoreError> {
    let org_no = site.org_no().clone();
    let rows = site
        .store
        .read("visits by channel", move |tx| {
            let org_no = org_no.clone();
            Box::pin(async move {
                tx.all(
                    "SELECT day, channel, visits FROM channel_visits
                      WHERE org_no = $1 AND day >= $2 AND day <= $3",
                    args![org_no, from, to],
                )
                .await
            })
        })
        .await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
}
