//! The bureau over HTTP: `docs/contracts/bureau.md`.

use super::http_party::HttpParty;
use super::{Bureau, bureau_contract as contract};
use async_trait::async_trait;
use medpay_client::Unanswered;

/// A bureau at an address.
#[derive(Clone)]
pub struct HttpBureau(pub HttpParty);

#[async_trait]
impl Bureau for HttpBureau {
    async fn find_insured(
        &self,
        ask: &contract::FindInsured,
    ) -> Result<contract::FoundInsured, Unanswered> {
        self.0.call("find_insured", ask).await
    }

    async fn check_card(
        &self,
        ask: &contract::CheckCard,
    ) -> Result<contract::CheckedCard, Unanswered> {
        self.0.call("check_card", ask).await
    }

    async fn register_visit(
        &self,
        ask: &contract::RegisterVisit,
    ) -> Result<contract::VisitRegistered, Unanswered> {
        self.0.call("register_visit", ask).await
    }

    async fn pre_settle(
        &self,
        ask: &contract::PreSettle,
    ) -> Result<contract::PreSettled, Unanswered> {
        self.0.call("pre_settle", ask).await
    }

    async fn settle(&self, ask: &contract::Settle) -> Result<contract::Outcome, Unanswered> {
        self.0.call("settle", ask).await
    }

    async fn reverse(&self, ask: &contract::Reverse) -> Result<contract::Outcome, Unanswered> {
        self.0.call("reverse", ask).await
    }

    async fn query(&self, ask: &contract::Query) -> Result<contract::Outcome, Unanswered> {
        self.0.call("query", ask).await
    }

    async fn day(&self, ask: &contract::ListDay) -> Result<contract::DayList, Unanswered> {
        self.0.call("day", ask).await
    }
}
