//! The wallet over HTTP: `docs/contracts/wallet.md`.

use super::http_party::HttpParty;
use super::{Wallet, wallet_contract as contract};
use async_trait::async_trait;
use medpay_client::Unanswered;

/// A wallet at an address.
#[derive(Clone)]
pub struct HttpWallet(pub HttpParty);

#[async_trait]
impl Wallet for HttpWallet {
    async fn identify_by_code(
        &self,
        ask: &contract::IdentifyByCode,
    ) -> Result<contract::Identified, Unanswered> {
        self.0.call("identify_by_code", ask).await
    }

    async fn identify_by_auth_code(
        &self,
        ask: &contract::IdentifyByAuthCode,
    ) -> Result<contract::Identified, Unanswered> {
        self.0.call("identify_by_auth_code", ask).await
    }

    async fn confirm(&self, ask: &contract::Confirm) -> Result<contract::Confirmed, Unanswered> {
        self.0.call("confirm", ask).await
    }

    async fn present(&self, ask: &contract::Present) -> Result<contract::Presented, Unanswered> {
        self.0.call("present", ask).await
    }

    async fn capture(&self, ask: &contract::Capture) -> Result<contract::Outcome, Unanswered> {
        self.0.call("capture", ask).await
    }

    async fn refund(&self, ask: &contract::Refund) -> Result<contract::Outcome, Unanswered> {
        self.0.call("refund", ask).await
    }

    async fn query(&self, ask: &contract::Query) -> Result<contract::Outcome, Unanswered> {
        self.0.call("query", ask).await
    }

    async fn day(&self, ask: &contract::ListDay) -> Result<contract::DayList, Unanswered> {
        self.0.call("day", ask).await
    }
}
