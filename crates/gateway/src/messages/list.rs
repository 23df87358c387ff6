//! What became of the messages, for staff: without a word of them, and without a person.

use super::rows::{self, Listed};
use crate::gateway::Site;
use medpay_store::StoreError;

/// The newest messages of the hospital, `limit` at most.
pub async fn list(site: &Site, limit: u32) -> Result<Vec<Listed>, StoreError> {
    let org_no = site.org_no().clone();
    site.store
        .read("list messages", move |tx| {
            let org_no = org_no.clone();
            Box::pin(async move { rows::list(tx, &org_no, limit).await })
        })
        .await
}
