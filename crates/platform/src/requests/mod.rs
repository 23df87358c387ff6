//! What is kept of every request: one log line with the `rid` that the caller got, and a count.
//! Neither holds a person: no names, numbers of cards or documents, openids, keys or bodies.

mod metrics;

pub use metrics::Metrics;

use crate::access::endpoint::Gate;
use medpay_domain::Elapsed;

/// The log line of one request.
pub(crate) struct RequestLine<'a> {
    /// The trace id that the caller got.
    pub rid: &'a str,
    /// The interface's name.
    pub interface: &'static str,
    /// [`crate::access::merchant_key`]; empty while the caller is not known.
    pub institution: &'a str,
}

impl RequestLine<'_> {
    /// Writes the line and counts the request.
    pub(crate) fn write(&self, gate: &Gate, started: Elapsed, outcome: &str) {
        let duration_ms = gate.app.clock.elapsed().0.saturating_sub(started.0);
        tracing::info!(
            rid = self.rid,
            interface = self.interface,
            institution = self.institution,
            outcome,
            duration_ms,
            "request answered"
        );
        gate.metrics.count(self.interface, outcome);
    }
}
