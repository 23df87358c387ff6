//! What stands in production's place where production is not configured. Nothing is ever sent, so
//! no production order can reach test's counterparties.

use super::{Bureau, Wallet, bureau_contract, wallet_contract};
use async_trait::async_trait;
use medpay_client::Unanswered;

/// A bureau and a wallet that cannot be reached.
#[derive(Clone, Copy, Debug, Default)]
pub struct Closed;

fn closed<A>() -> Result<A, Unanswered> {
    Err(Unanswered::NotSent("production is not configured".to_owned()))
}

#[async_trait]
impl Bureau for Closed {
    async fn find_insured(
        &self,
        _: &bureau_contract::FindInsured,
    ) -> Result<bureau_contract::FoundInsured, Unanswered> {
        closed()
    }

    async fn check_card(
        &self,
        _: &bureau_contract::CheckCard,
    ) -> Result<bureau_contract::CheckedCard, Unanswered> {
        closed()
    }

    async fn register_visit(
        &self,
        _: &bureau_contract::RegisterVisit,
    ) -> Result<bureau_contract::VisitRegistered, Unanswered> {
        closed()
    }

    async fn pre_settle(
        &self,
        _: &bureau_contract::PreSettle,
    ) -> Result<bureau_contract::PreSettled, Unanswered> {
        closed()
    }

    async fn settle(
        &self,
        _: &bureau_contract::Settle,
    ) -> Result<bureau_contract::Outcome, Unanswered> {
        closed()
    }

    async fn reverse(
        &self,
        _: &bureau_contract::Reverse,
    ) -> Result<bureau_contract::Outcome, Unanswered> {
        closed()
    }

    async fn query(
        &self,
        _: &bureau_contract::Query,
    ) -> Result<bureau_contract::Outcome, Unanswered> {
        closed()
    }

    async fn day(
        &self,
        _: &bureau_contract::ListDay,
    ) -> Result<bureau_contract::DayList, Unanswered> {
        closed()
    }
}

#[async_trait]
impl Wallet for Closed {
    async fn identify_by_code(
        &self,
        _: &wallet_contract::IdentifyByCode,
    ) -> Result<wallet_contract::Identified, Unanswered> {
        closed()
    }

    async fn identify_by_auth_code(
        &self,
        _: &wallet_contract::IdentifyByAuthCode,
    ) -> Result<wallet_contract::Identified, Unanswered> {
        closed()
    }

    async fn confirm(
        &self,
        _: &wallet_contract::Confirm,
    ) -> Result<wallet_contract::Confirmed, Unanswered> {
        closed()
    }

    async fn present(
        &self,
        _: &wallet_contract::Present,
    ) -> Result<wallet_contract::Presented, Unanswered> {
        closed()
    }

    async fn capture(
        &self,
        _: &wallet_contract::Capture,
    ) -> Result<wallet_contract::Outcome, Unanswered> {
        closed()
    }

    async fn refund(
        &self,
        _: &wallet_contract::Refund,
    ) -> Result<wallet_contract::Outcome, Unanswered> {
        closed()
    }

    async fn query(
        &self,
        _: &wallet_contract::Query,
    ) -> Result<wallet_contract::Outcome, Unanswered> {
        closed()
    }

    async fn day(
        &self,
        _: &wallet_contract::ListDay,
    ) -> Result<wallet_contract::DayList, Unanswered> {
        closed()
    }
}
