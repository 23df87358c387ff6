//! All doors of a hospital over one transport, as the binary wants them.

use super::Doors;
use super::closed::Closed;
use super::his::HttpHis;
use super::platform::{HttpPlatform, Tokens};
use super::public_account::HttpPublicAccount;
use super::token_owner::TokenOwner;
use crate::settings::{Institution, Settings};
use medpay_client::Transport;
use medpay_domain::{Clock, Entropy};
use std::sync::Arc;

impl Doors {
    /// The doors of `institution`, over `transport`; closed ones where it only receives
    /// notifications. In service-provider mode two accounts have a token: the provider's, for
    /// what a merchant asks, and the hospital's own, whose followers the patients are.
    pub fn over_http(
        transport: Arc<dyn Transport>,
        clock: &Arc<dyn Clock>,
        entropy: &Arc<dyn Entropy>,
        settings: &Arc<Settings>,
        institution: &Institution,
    ) -> Self {
        let Some(hospital) = &institution.hospital else { return Self::closed() };
        let (api_url, timeout_ms) = (settings.api_url.as_str(), settings.call_timeout_ms);
        let owner = |account| {
            let (transport, clock) = (transport.clone(), Arc::clone(clock));
            Arc::new(TokenOwner::new(transport, clock, api_url, account, timeout_ms))
        };
        let caller = (institution.appid.clone(), hospital.secret.clone());
        let calling = owner(caller.clone());
        let (own, its_own) = match (&institution.sub_appid, &hospital.sub_secret) {
            (Some(sub_appid), Some(sub_secret)) => {
                let own = (sub_appid.clone(), sub_secret.clone());
                (own.clone(), owner(own))
            }
            _ => (caller, Arc::clone(&calling)),
        };
        let tokens = Tokens { caller: calling, own: Arc::clone(&its_own) };
        let entropy = Arc::clone(entropy);
        let platform = HttpPlatform::new(transport.clone(), entropy, settings, institution, tokens);
        let account = HttpPublicAccount::new(transport.clone(), its_own, api_url, own, timeout_ms);
        let his = HttpHis::new(transport, Arc::clone(clock), &hospital.his, timeout_ms);
        Self { platform: Arc::new(platform), his: Arc::new(his), public_account: Arc::new(account) }
    }

    /// Doors that lead nowhere.
    fn closed() -> Self {
        let (platform, his, public_account) =
            (Arc::new(Closed), Arc::new(Closed), Arc::new(Closed));
        Self { platform, his, public_account }
    }
}
