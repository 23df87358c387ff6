//! The doors: whatever leaves the gateway goes through one of these traits, and nothing else does.
//! Each has an HTTP adapter beside this file; simulation puts other things behind them.
//!
//! An answer is an explicit word of the other side. No answer is [`Unanswered`], and whether that
//! was a connection refused (nothing happened) or an unknown outcome is kept apart. No door
//! retries, but that an access token which has just ended is bought anew once: then nothing has
//! happened yet.

mod closed;
pub mod his;
mod over_http;
pub mod platform;
pub mod public_account;
pub mod token_owner;
#[cfg(test)]
mod token_races;

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use medpay_client::{Downloaded, Unanswered};
use medpay_domain::Openid;
use medpay_wire::envelope::{GatewayError, Reply};
use medpay_wire::fields::Fields;
use medpay_wire::his::{Call, Refusal, writes_nul};
use medpay_wire::interface::Interface;
use medpay_wire::public_account::menu::Menu;
use medpay_wire::public_account::qrcode;
use medpay_wire::public_account::{TemplateMessage, TemplateSent};
use std::sync::Arc;

/// The ways out of one hospital.
#[derive(Clone)]
pub struct Doors {
    /// `/payinsurance/*`.
    pub platform: Arc<dyn Platform>,
    /// The hospital's HIS.
    pub his: Arc<dyn His>,
    /// The hospital's public account.
    pub public_account: Arc<dyn PublicAccount>,
}

/// The platform, or the official host.
#[async_trait]
pub trait Platform: Send + Sync {
    /// Calls an interface. `fields` are those of the interface's request as its `encode` writes
    /// them; nonce and signature are added, and an access token of the account that the interface
    /// wants: the caller's, or the hospital's own for getmedinfo and getbindurl.
    async fn call(
        &self,
        interface: &'static Interface,
        fields: Fields,
    ) -> Result<Reply, Unanswered>;

    /// Calls downloadbill.
    async fn download(&self, fields: Fields) -> Result<Downloaded, Unanswered>;
}

/// The HIS, by the contract of [`medpay_wire::his`].
#[async_trait]
pub trait His: Send + Sync {
    /// Posts `body` to the call `name`; `key` is the idempotency key, empty where nothing is
    /// changed. A [`Refusal`] that only says that the call was not understood or not signed is no
    /// decision of the HIS, so it is [`Unanswered::NotSent`].
    async fn post(
        &self,
        name: &'static str,
        key: &str,
        body: Vec<u8>,
    ) -> Result<Result<Vec<u8>, Refusal>, Unanswered>;
}

impl dyn His {
    /// Asks what changes nothing.
    pub async fn ask<C: Call>(&self, ask: &C) -> Result<Result<C::Answer, Refusal>, Unanswered> {
        self.command("", ask).await
    }

    /// Asks for a change. The same `key` with the same words gets the first answer again, so an
    /// unknown outcome is asked about by asking again.
    pub async fn command<C: Call>(
        &self,
        key: &str,
        ask: &C,
    ) -> Result<Result<C::Answer, Refusal>, Unanswered> {
        let body = serde_json::to_vec(ask)
            .map_err(|_| Unanswered::NotSent(format!("{} cannot be written", C::NAME)))?;
        match self.post(C::NAME, key, body).await? {
            Err(refusal) => Ok(Err(refusal)),
            // No database of ours holds it, so the outcome stays open.
            Ok(answer) if writes_nul(&answer) => {
                Err(Unanswered::Unknown(format!("{} was answered with U+0000", C::NAME)))
            }
            Ok(answer) => serde_json::from_slice(&answer).map(Ok).map_err(|error| {
                // The error's own text would quote the answer.
                let (name, at) = (C::NAME, error.column());
                Unanswered::Unknown(format!("{name} was answered otherwise (column {at})"))
            }),
        }
    }
}

/// The hospital's public account (PROTOCOL 7).
#[async_trait]
pub trait PublicAccount: Send + Sync {
    /// Who came back from the authorization page with this code?
    async fn openid_of(&self, code: &str) -> Result<Result<Openid, GatewayError>, Unanswered>;

    /// Sends a template message.
    async fn send(&self, message: &TemplateMessage) -> Result<TemplateSent, Unanswered>;

    /// Sets the menu.
    async fn create_menu(&self, menu: &Menu) -> Result<GatewayError, Unanswered>;

    /// Whether this person follows the account.
    async fn follows(&self, openid: &Openid) -> Result<Result<bool, GatewayError>, Unanswered>;

    /// Makes an account QR code with a scene, for a poster.
    async fn create_qrcode(
        &self,
        ask: &qrcode::QrcodeRequest,
    ) -> Result<Result<qrcode::Qrcode, GatewayError>, Unanswered>;
}
