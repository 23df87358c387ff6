//! The table `channel_visits`.

use super::Channel;
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
