//! (to be written)

use crate::gateway::Branch;
use medpay_domain::Timestamp;
use medpay_store::StoreError;

/// Works off what is due at `now`; answers when the next thing is.
pub async fn run_once(_: &Branch, _: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    Ok(None)
}
