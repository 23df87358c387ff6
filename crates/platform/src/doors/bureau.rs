//! The bureau over HTTP: `docs/contracts/bureau.md`.

use super::{Bureau, bureau_contract as contract};
use async_trait::async_trait;
use medpay_client::{Transport, Unanswered, call_json};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// A bureau at an address.
#[derive(Clone)]
pub struct HttpBureau {
    transport: Arc<dyn Transport>,
    base_url: String,
    timeout_ms: u64,
}

impl HttpBureau {
    /// The bureau at `base_url`, given `timeout_ms` of machine time for an answer.
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
impl Bureau for HttpBureau {
    async fn find_insured(
        &self,
        ask: &contract::FindInsured,
    ) -> Result<contract::FoundInsured, Unanswered> {
        self.call("find_insured", ask).await
    }

    async fn check_card(
        &self,
        ask: &contract::CheckCard,
    ) -> Result<contract::CheckedCard, Unanswered> {
        self.call("check_card", ask).await
    }

    async fn register_visit(
        &self,
        ask: &contract::RegisterVisit,
    ) -> Result<contract::VisitRegistered, Unanswered> {
        self.call("register_visit", ask).await
    }

    async fn pre_settle(
        &self,
        ask: &contract::PreSettle,
    ) -> Result<contract::PreSettled, Unanswered> {
        self.call("pre_settle", ask).await
    }

    async fn settle(&self, ask: &contract::Settle) -> Result<contract::Outcome, Unanswered> {
        self.call("settle", ask).await
    }

    async fn reverse(&self, ask: &contract::Reverse) -> Result<contract::Outcome, Unanswered> {
        self.call("reverse", ask).await
    }

    async fn query(&self, ask: &contract::Query) -> Result<contract::Outcome, Unanswered> {
        self.call("query", ask).await
    }

    async fn day(&self, ask: &contract::ListDay) -> Result<contract::DayList, Unanswered> {
        self.call("day", ask).await
    }
}
