//! The doors: whatever leaves the platform goes through one of these traits, and nothing else
//! does. Each has an HTTP adapter beside this file; simulation puts other things behind them.
//!
//! An answer is an explicit word of the other side. No answer is [`Unanswered`], and whether that
//! was a connection refused (nothing happened) or an unknown outcome is kept apart. No door
//! retries.

pub mod bureau;
pub mod closed;
pub mod hospital;
pub mod http_party;
pub mod messenger;
mod over_http;
#[cfg(test)]
mod tests;
pub mod wallet;
pub mod wechat;

use crate::settings::Environment;
use async_trait::async_trait;
use medpay_client::Unanswered;
use medpay_wire::contracts::{bureau as bureau_contract, wallet as wallet_contract};

/// The social-security bureau, of one environment.
#[async_trait]
pub trait Bureau: Send + Sync {
    /// Is there an insured person with this name, document and card?
    async fn find_insured(
        &self,
        ask: &bureau_contract::FindInsured,
    ) -> Result<bureau_contract::FoundInsured, Unanswered>;

    /// Is this bound card still valid?
    async fn check_card(
        &self,
        ask: &bureau_contract::CheckCard,
    ) -> Result<bureau_contract::CheckedCard, Unanswered>;

    /// Reports a registration.
    async fn register_visit(
        &self,
        ask: &bureau_contract::RegisterVisit,
    ) -> Result<bureau_contract::VisitRegistered, Unanswered>;

    /// How would this claim be divided?
    async fn pre_settle(
        &self,
        ask: &bureau_contract::PreSettle,
    ) -> Result<bureau_contract::PreSettled, Unanswered>;

    /// Books a claim.
    async fn settle(
        &self,
        ask: &bureau_contract::Settle,
    ) -> Result<bureau_contract::Outcome, Unanswered>;

    /// Undoes a settlement.
    async fn reverse(
        &self,
        ask: &bureau_contract::Reverse,
    ) -> Result<bureau_contract::Outcome, Unanswered>;

    /// What became of a key?
    async fn query(
        &self,
        ask: &bureau_contract::Query,
    ) -> Result<bureau_contract::Outcome, Unanswered>;

    /// Everything of one day.
    async fn day(
        &self,
        ask: &bureau_contract::ListDay,
    ) -> Result<bureau_contract::DayList, Unanswered>;
}

/// The payer's wallet, of one environment.
#[async_trait]
pub trait Wallet: Send + Sync {
    /// Who opened the page that got this OAuth code?
    async fn identify_by_code(
        &self,
        ask: &wallet_contract::IdentifyByCode,
    ) -> Result<wallet_contract::Identified, Unanswered>;

    /// Who showed this pay code?
    async fn identify_by_auth_code(
        &self,
        ask: &wallet_contract::IdentifyByAuthCode,
    ) -> Result<wallet_contract::Identified, Unanswered>;

    /// Is this the payer's password?
    async fn confirm(
        &self,
        ask: &wallet_contract::Confirm,
    ) -> Result<wallet_contract::Confirmed, Unanswered>;

    /// Opens a cashier on the payer's phone.
    async fn present(
        &self,
        ask: &wallet_contract::Present,
    ) -> Result<wallet_contract::Presented, Unanswered>;

    /// Takes the cash part.
    async fn capture(
        &self,
        ask: &wallet_contract::Capture,
    ) -> Result<wallet_contract::Outcome, Unanswered>;

    /// Gives the cash part back.
    async fn refund(
        &self,
        ask: &wallet_contract::Refund,
    ) -> Result<wallet_contract::Outcome, Unanswered>;

    /// What became of a key?
    async fn query(
        &self,
        ask: &wallet_contract::Query,
    ) -> Result<wallet_contract::Outcome, Unanswered>;

    /// Everything of one day.
    async fn day(
        &self,
        ask: &wallet_contract::ListDay,
    ) -> Result<wallet_contract::DayList, Unanswered>;
}

/// The public account's template messages.
#[async_trait]
pub trait Messenger: Send + Sync {
    /// Sends one; answers WeChat's own words, an error code included.
    async fn send(
        &self,
        appid: &medpay_domain::Appid,
        message: &medpay_wire::public_account::TemplateMessage,
    ) -> Result<medpay_wire::public_account::TemplateSent, Unanswered>;
}

/// The hospital's `notify_url`.
#[async_trait]
pub trait Hospital: Send + Sync {
    /// Posts a payment notification, through the courier where `environment` has one; answers
    /// status and body of the hospital.
    async fn notify(
        &self,
        environment: Environment,
        notify_url: &str,
        document: String,
    ) -> Result<(u16, Vec<u8>), Unanswered>;
}

/// WeChat's other `/cgi-bin/*` and `/sns/*` calls, passed on.
#[async_trait]
pub trait WeChat: Send + Sync {
    /// Passes a call on and answers what came, unchanged.
    async fn pass_on(&self, call: wechat::Call) -> Result<wechat::Answer, Unanswered>;
}
