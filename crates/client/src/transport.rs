//! Bytes to bytes.

use async_trait::async_trait;
use bytes::Bytes;

/// Why there is no answer. The two cases must never be confused: after [`Self::Unknown`] the other
/// side may have done what it was asked, so only asking about it again can tell.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unanswered {
    /// No connection was made (refused, no such host, TLS handshake failed): nothing happened.
    #[error("not sent: {0}")]
    NotSent(String),
    /// It was sent, or perhaps sent, and no answer was understood: the outcome is unknown.
    #[error("sent, but no answer was understood: {0}")]
    Unknown(String),
}

/// How many bytes an answer may have. Put into a request's extensions where the default does not
/// fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AnswerLimit(pub usize);

impl AnswerLimit {
    /// For every ordinary answer.
    pub const USUAL: Self = Self(1 << 20);
    /// For a bill of a whole day.
    pub const BILL: Self = Self(64 << 20);
}

/// Sends one request and brings back its answer; the one way out of a service.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request`, and waits `timeout_ms` of machine time at most for the whole answer.
    async fn send(
        &self,
        request: http::Request<Bytes>,
        timeout_ms: u64,
    ) -> Result<http::Response<Bytes>, Unanswered>;
}
