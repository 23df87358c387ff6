//! A party of our own JSON contracts, at an address: what the bureau's and the wallet's adapters
//! share.

use medpay_client::{Transport, Unanswered, call_json};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// A party at an address.
#[derive(Clone)]
pub struct HttpParty {
    transport: Arc<dyn Transport>,
    base_url: String,
    timeout_ms: u64,
}

impl HttpParty {
    /// The party at `base_url`, given `timeout_ms` of machine time for an answer.
    pub fn new(
        transport: Arc<dyn Transport>,
        base_url: impl Into<String>,
        timeout_ms: u64,
    ) -> Self {
        Self { transport, base_url: base_url.into(), timeout_ms }
    }

    /// Asks the call `name` once.
    pub(super) async fn call<Q, A>(&self, name: &str, ask: &Q) -> Result<A, Unanswered>
    where
        Q: Serialize + Sync,
        A: DeserializeOwned,
    {
        call_json(self.transport.as_ref(), &self.base_url, name, ask, self.timeout_ms).await
    }
}
