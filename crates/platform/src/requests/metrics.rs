//! Counters, for the binary's `/metrics`.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// The platform's counters. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    requests: Family<Request, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    interface: &'static str,
    outcome: String,
}

impl Metrics {
    /// Shows the counters in `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "medpay_platform_requests",
            "Requests answered, by interface and outcome",
            self.requests.clone(),
        );
    }

    /// Counts one request.
    pub(crate) fn count(&self, interface: &'static str, outcome: &str) {
        self.requests.get_or_create(&Request { interface, outcome: outcome.to_owned() }).inc();
    }

    /// How many requests of `interface` ended in `outcome`.
    pub fn requests(&self, interface: &'static str, outcome: &str) -> u64 {
        self.requests.get_or_create(&Request { interface, outcome: outcome.to_owned() }).get()
    }
}
