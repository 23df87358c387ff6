//! The real transport.

use crate::transport::{AnswerLimit, Transport, Unanswered};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use std::time::Duration;

/// HTTP over the binary's one client, which knows TLS and proxies.
#[derive(Clone, Debug)]
pub struct HttpTransport(reqwest::Client);

impl HttpTransport {
    /// Sends over `client`.
    pub const fn new(client: reqwest::Client) -> Self {
        Self(client)
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        timeout_ms: u64,
    ) -> Result<http::Response<Bytes>, Unanswered> {
        let limit = request.extensions().get().copied().unwrap_or(AnswerLimit::USUAL);
        let mut request = reqwest::Request::try_from(request).map_err(unanswered)?;
        *request.timeout_mut() = Some(Duration::from_millis(timeout_ms));
        let mut response = self.0.execute(request).await.map_err(unanswered)?;
        let mut answer = http::Response::new(Bytes::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(unanswered)? {
            if body.len() + chunk.len() > limit.0 {
                return Err(Unanswered::Unknown(format!("the answer is over {} bytes", limit.0)));
            }
            body.extend_from_slice(&chunk);
        }
        *answer.body_mut() = body.freeze();
        Ok(answer)
    }
}

/// Only what failed before a connection stood was certainly not sent. A connection that broke
/// later may have carried the request.
fn unanswered(error: reqwest::Error) -> Unanswered {
    let certainly_not_sent = error.is_connect() || error.is_builder();
    // The address may carry an access token or an openid.
    let text = chain(&error.without_url());
    if certainly_not_sent { Unanswered::NotSent(text) } else { Unanswered::Unknown(text) }
}

/// The error and its causes, outermost first.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
