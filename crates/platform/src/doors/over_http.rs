//! All doors over one transport, as the binary wants them.

use super::WeChat;
use super::bureau::HttpBureau;
use super::closed::Closed;
use super::hospital::HttpHospital;
use super::http_party::HttpParty;
use super::messenger::HttpMessenger;
use super::wallet::HttpWallet;
use super::wechat::HttpWeChat;
use crate::app::{Doors, Parties};
use crate::settings::{Counterparties, Settings};
use medpay_client::Transport;
use std::sync::Arc;

impl Doors {
    /// The doors that `settings` describe, over `transport`.
    pub fn over_http(transport: Arc<dyn Transport>, settings: &Settings) -> Self {
        let timeout_ms = settings.call_timeout_ms;
        let party = |url: &str| HttpParty::new(transport.clone(), url, timeout_ms);
        let parties = |at: &Counterparties| Parties {
            bureau: Arc::new(HttpBureau(party(&at.bureau_url))),
            wallet: Arc::new(HttpWallet(party(&at.wallet_url))),
        };
        let wechat: Arc<dyn WeChat> =
            Arc::new(HttpWeChat::new(transport.clone(), &settings.wechat_url, timeout_ms));
        Self {
            test: parties(&settings.test),
            production: settings.production.as_ref().map_or_else(
                || Parties { bureau: Arc::new(Closed), wallet: Arc::new(Closed) },
                parties,
            ),
            messenger: Arc::new(HttpMessenger::new(wechat.clone())),
            hospital: Arc::new(HttpHospital::new(transport, settings)),
            wechat,
        }
    }
}
