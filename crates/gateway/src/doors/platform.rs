//! The platform over HTTP: `/payinsurance/*`, signed, with an access token.
//!
//! In service-provider mode there are two tokens: what carries a merchant is asked with the
//! provider's, and so is sendmsg, which names an order; what names a person and no merchant
//! (getmedinfo, getbindurl) with the hospital's own, whose openid it is.

use super::Platform;
use super::token_owner::{TokenOwner, is_of_token};
use crate::settings::{Institution, Settings};
use async_trait::async_trait;
use medpay_client::{Downloaded, SignedClient, Transport, Unanswered};
use medpay_domain::Entropy;
use medpay_wire::envelope::{Refused, Reply};
use medpay_wire::err_code::ErrCode;
use medpay_wire::fields::Fields;
use medpay_wire::interface::Interface;
use medpay_wire::{downloadbill, getbindurl, getmedinfo};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A platform, called for one institution.
pub struct HttpPlatform {
    client: SignedClient,
    entropy: Arc<dyn Entropy>,
    paths: BTreeMap<String, String>,
    caller: Arc<TokenOwner>,
    own: Arc<TokenOwner>,
}

/// Who has the tokens.
pub struct Tokens {
    /// Of the account that calls.
    pub caller: Arc<TokenOwner>,
    /// Of the hospital's own account; the same where it calls by itself.
    pub own: Arc<TokenOwner>,
}

impl HttpPlatform {
    /// The platform of `settings`, called for `institution`.
    pub fn new(
        transport: Arc<dyn Transport>,
        entropy: Arc<dyn Entropy>,
        settings: &Settings,
        institution: &Institution,
        Tokens { caller, own }: Tokens,
    ) -> Self {
        let key = institution.api_key.clone();
        let timeout_ms = settings.call_timeout_ms;
        let client = SignedClient::new(transport, &settings.api_url, key, timeout_ms);
        Self { client, entropy, paths: settings.paths.clone(), caller, own }
    }

    fn owner(&self, interface: &Interface) -> &TokenOwner {
        let own = [getmedinfo::SPEC.name, getbindurl::SPEC.name].contains(&interface.name);
        if own { &self.own } else { &self.caller }
    }

    fn client(&self, interface: &Interface) -> SignedClient {
        let client = self.client.clone();
        match self.paths.get(interface.name) {
            Some(path) => client.at_path(path),
            None => client,
        }
    }

    /// With a nonce, if it has none.
    fn whole(&self, mut fields: Fields) -> Fields {
        if !fields.has("nonce_str") {
            fields.set("nonce_str", self.entropy.nonce());
        }
        fields
    }
}

/// Whether the token is the matter: then nothing was done.
fn is_token_refusal(refused: &Refused) -> bool {
    match refused {
        Refused::Gateway(error) => is_of_token(error.errcode),
        Refused::Business { err_code, .. } => matches!(
            ErrCode::parse(err_code),
            Some(ErrCode::TokenMissing | ErrCode::TokenInvalid | ErrCode::TokenExpired)
        ),
        Refused::Transport { .. } => false,
    }
}

#[async_trait]
impl Platform for HttpPlatform {
    async fn call(
        &self,
        interface: &'static Interface,
        fields: Fields,
    ) -> Result<Reply, Unanswered> {
        let (client, owner) = (self.client(interface), self.owner(interface));
        let fields = self.whole(fields);
        let token = owner.token().await?;
        match client.call(interface, &token, fields.clone()).await? {
            Reply::Refused(refused) if is_token_refusal(&refused) => {
                owner.forget(&token);
                client.call(interface, &owner.token().await?, fields).await
            }
            reply => Ok(reply),
        }
    }

    async fn download(&self, fields: Fields) -> Result<Downloaded, Unanswered> {
        let interface = &downloadbill::SPEC;
        let (client, owner) = (self.client(interface), self.owner(interface));
        let fields = self.whole(fields);
        let token = owner.token().await?;
        match client.download(interface, &token, fields.clone()).await? {
            Downloaded::Refused(refused) if is_token_refusal(&refused) => {
                owner.forget(&token);
                client.download(interface, &owner.token().await?, fields).await
            }
            reply => Ok(reply),
        }
    }
}
