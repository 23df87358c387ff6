//! Where a social-security card is bound (getbindurl, 选用接口 §1.2).

use crate::channels::Channel;
use crate::gateway::Site;
use medpay_domain::Openid;
use medpay_wire::envelope::Reply;
use medpay_wire::getbindurl::{self, Request};
use medpay_wire::value::{HttpUrl, Text};

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoBindUrl {
    /// The platform gives none, or none that a browser may open.
    #[error("getbindurl gives no link")]
    Refused,
    /// It did not answer.
    #[error("getbindurl was not answered")]
    Silent,
}

/// The bind page for `openid`, which leads back to our page `back` afterwards. Somebody who is
/// bound gets one too: it shows the card.
pub(crate) async fn ask(
    site: &Site,
    openid: &Openid,
    channel: &Channel,
    back: &str,
) -> Result<String, NoBindUrl> {
    let request = Request {
        openid: openid.clone(),
        url: HttpUrl::new(site.url(back)).map_err(|_| NoBindUrl::Refused)?,
        from: Text::new(channel.as_str()).ok(),
        city_id: Some(site.institution.city.id.clone()),
        nonce_str: Text::new(site.entropy.nonce()).map_err(|_| NoBindUrl::Silent)?,
    };
    match site.doors.platform.call(&getbindurl::SPEC, request.encode()).await {
        Ok(Reply::Success(fields)) => {
            let reply = getbindurl::Reply::decode(&fields).map_err(|_| NoBindUrl::Refused)?;
            let opens = ["https://", "http://"].iter().any(|it| reply.bind_url.starts_with(it));
            if opens { Ok(reply.bind_url) } else { Err(NoBindUrl::Refused) }
        }
        Ok(Reply::Refused(_)) => {
            tracing::warn!("getbindurl was refused");
            Err(NoBindUrl::Refused)
        }
        Err(error) => {
            tracing::warn!(%error, "getbindurl was not answered");
            Err(NoBindUrl::Silent)
        }
    }
}
