//! 挂号报备 (选用接口 §1.3).

use crate::gateway::Site;
use medpay_store::StoreError;
use medpay_wire::his::events::RegistrationMade;

/// The HIS has made a registration that was not paid through us: it is reported on the day of the
/// visit.
pub async fn registration_made(_: &Site, _: &RegistrationMade) -> Result<(), StoreError> {
    Ok(())
}
