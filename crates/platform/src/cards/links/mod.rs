//! Bind links and the consents given through them; the machine is
//! [`medpay_domain::platform::bind_link`].

pub(crate) mod rows;

use medpay_domain::platform::bind_link::State;
use medpay_domain::{Appid, CityId, Openid};

/// A bind link as getbindurl made it.
#[derive(Clone, Debug)]
pub struct BindLink {
    /// What the link's person is found by; the link itself is not kept.
    pub digest: String,
    /// The account that asked for it.
    pub token_appid: Appid,
    /// The one person who may use it.
    pub openid: Openid,
    /// Where to go afterwards.
    pub url: String,
    /// The bureau's city.
    pub city_id: CityId,
    /// Where it stands.
    pub state: State,
    /// Rises with every change.
    pub version: i64,
}
