//! The wallet over HTTP: `docs/contracts/wallet.md`.

use super::{Wallet, wallet_contract as contract};
use async_trait::async_trait;
use medpay_client::{Transport, Unanswered, call_json};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// A wallet at an address.
#[derive(Clone)]
pub struct HttpWallet {
    transport: Arc<dyn Transport>,
    base_url: String,
    timeout_ms: u64,
}

impl HttpWallet {
    /// The wallet at `base_url`, given `timeout_ms` of machine time for an answer.
    pub fn new(
        transport: Arc<dyn Transport>,
        base_url: impl Into<String>,
        timeout_ms: u64,
    ) -> Self {
        Self { transport, base_url: base_url.into(), timeout_ms }
    }

    async fn call<Q, A>(&self, name: &str, ask: &Q) -> Result<A, Unanswered>
    where
        Q: Serialize + Sync,
        A: DeserializeOwned,
    {
        call_json(self.transport.as_ref(), &self.base_url, name, ask, self.timeout_ms).await
    }
}

#[async_trait]
impl Wallet for HttpWallet {
    async fn identify_by_code(
        &self,
        ask: &contract::IdentifyByCode,
    ) -> Result<contract::Identified, Unanswered> {
        self.call("identify_by_code", ask).await
    }

    async fn identify_by_auth_code(
        &self,
        ask: &contract::IdentifyByAuthCode,
    ) -> Result<contract::Identified, Unanswered> {
        self.call("identify_by_auth_code", ask).await
    }

    async fn confirm(&self, ask: &contract::Confirm) -> Result<contract::Confirmed, Unanswered> {
        self.call("confirm", ask).await
    }

    async fn present(&self, ask: &contract::Present) -> Result<contract::Presented, Unanswered> {
        self.call("present", ask).await
    }

    async fn capture(&self, ask: &contract::Capture) -> Result<contract::Outcome, Unanswered> {
        self.call("capture", ask).await
    }

    async fn refund(&self, ask: &contract::Refund) -> Result<contract::Outcome, Unanswered> {
        self.call("refund", ask).await
    }

    async fn query(&self, ask: &contract::Query) -> Result<contract::Outcome, Unanswered> {
        self.call("query", ask).await
    }

    async fn day(&self, ask: &contract::ListDay) -> Result<contract::DayList, Unanswered> {
        self.call("day", ask).await
    }
}
