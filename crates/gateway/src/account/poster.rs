//! Posters: a QR code of the account whose scene is a channel. Who follows by it, or scans it as a
//! follower, is counted as come by that channel.

use crate::channels::Channel;
use crate::gateway::Site;
use medpay_client::Unanswered;
use medpay_wire::envelope::GatewayError;
use medpay_wire::public_account::qrcode::{Qrcode, QrcodeRequest};

/// Makes the code of a poster, for ever. WeChat gives the same code for the same channel again.
pub async fn make(
    site: &Site,
    channel: &Channel,
) -> Result<Result<Qrcode, GatewayError>, Unanswered> {
    let ask = QrcodeRequest::lasting(channel.as_str());
    site.doors.public_account.create_qrcode(&ask).await
}
