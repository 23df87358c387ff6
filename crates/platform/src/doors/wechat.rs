//! WeChat over HTTP: calls passed on.

use super::WeChat;
use async_trait::async_trait;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, StatusCode};
use medpay_client::{Transport, Unanswered};
use medpay_domain::Appid;
use std::sync::Arc;

/// Names the account that a passed-on call speaks for, since its token is ours and not WeChat's.
pub const APPID_HEADER: &str = "x-medpay-appid";

/// A call to be passed on.
#[derive(Clone)]
pub struct Call {
    /// GET or POST.
    pub method: Method,
    /// Path and query.
    pub path_and_query: String,
    /// The media type of the body, if one was named.
    pub content_type: Option<HeaderValue>,
    /// The account that calls; none where only WeChat can tell.
    pub appid: Option<Appid>,
    /// The body, unchanged.
    pub body: Bytes,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The media type of the body, if one was named.
    pub content_type: Option<HeaderValue>,
    /// The body, unchanged.
    pub body: Bytes,
}

/// WeChat at an address.
#[derive(Clone)]
pub struct HttpWeChat {
    transport: Arc<dyn Transport>,
    base_url: String,
    timeout_ms: u64,
}

impl HttpWeChat {
    /// WeChat at `base_url`, given `timeout_ms` of machine time for an answer.
    pub fn new(
        transport: Arc<dyn Transport>,
        base_url: impl Into<String>,
        timeout_ms: u64,
    ) -> Self {
        Self { transport, base_url: base_url.into(), timeout_ms }
    }
}

#[async_trait]
impl WeChat for HttpWeChat {
    async fn pass_on(&self, call: Call) -> Result<Answer, Unanswered> {
        let address = format!("{}{}", self.base_url.trim_end_matches('/'), call.path_and_query);
        let mut request = http::Request::builder().method(call.method).uri(address);
        if let Some(content_type) = call.content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        if let Some(appid) = call.appid {
            request = request.header(APPID_HEADER, appid.as_str());
        }
        let request = request
            .body(call.body)
            .map_err(|error| Unanswered::NotSent(format!("the address passed on to: {error}")))?;
        let mut answer = self.transport.send(request, self.timeout_ms).await?;
        Ok(Answer {
            status: answer.status(),
            content_type: answer.headers_mut().remove(CONTENT_TYPE),
            body: answer.into_body(),
        })
    }
}
