//! The HIS over HTTP: `docs/contracts/his.md`.

use super::His;
use crate::settings;
use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use medpay_client::{AnswerLimit, Transport, Unanswered};
use medpay_domain::Clock;
use medpay_wire::his::signature::{HisSecret, KEY_HEADER, SIGNATURE_HEADER, Signed, TIME_HEADER};
use medpay_wire::his::{Refusal, RefusalCode};
use std::sync::Arc;

/// The largest answer that is read: the orders of a whole day fit.
const ANSWER: AnswerLimit = AnswerLimit(8 << 20);

/// A HIS at an address.
#[derive(Clone)]
pub struct HttpHis {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    url: String,
    secret: HisSecret,
    timeout_ms: u64,
}

impl HttpHis {
    /// The HIS at `his`, signed to at the time of `clock`; a call may take `timeout_ms` of machine
    /// time.
    pub fn new(
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        his: &settings::His,
        timeout_ms: u64,
    ) -> Self {
        let url = his.url.trim_end_matches('/').to_owned();
        Self { transport, clock, url, secret: his.secret.clone(), timeout_ms }
    }

    fn request(
        &self,
        name: &str,
        key: &str,
        body: Vec<u8>,
    ) -> Result<http::Request<Bytes>, Unanswered> {
        let not_sent = |error: http::Error| {
            Unanswered::NotSent(format!("the address of {name} at the HIS: {error}"))
        };
        let address: http::Uri = format!("{}/v1/{name}", self.url)
            .parse()
            .map_err(|error: http::uri::InvalidUri| not_sent(error.into()))?;
        let time = (self.clock.now().as_ms() / 1000).to_string();
        let signed = Signed { method: "POST", path: address.path(), time: &time, key, body: &body };
        let signature = signed.signature(&self.secret);
        let mut request = http::Request::post(address)
            .header(CONTENT_TYPE, "application/json")
            .header(TIME_HEADER, time)
            .header(SIGNATURE_HEADER, signature)
            .extension(ANSWER);
        if !key.is_empty() {
            request = request.header(KEY_HEADER, key);
        }
        request.body(Bytes::from(body)).map_err(not_sent)
    }
}

#[async_trait]
impl His for HttpHis {
    async fn post(
        &self,
        name: &'static str,
        key: &str,
        body: Vec<u8>,
    ) -> Result<Result<Vec<u8>, Refusal>, Unanswered> {
        let request = self.request(name, key, body)?;
        let answer = self.transport.send(request, self.timeout_ms).await?;
        if answer.status() == StatusCode::OK {
            return Ok(Ok(answer.into_body().into()));
        }
        refusal(name, answer.status(), answer.body()).map(Err)
    }
}

/// What an answer other than 200 says. Only a refusal whose code belongs to its status is the
/// HIS's word; a page of a proxy, or an error of its framework, tells nothing.
fn refusal(name: &str, status: StatusCode, body: &[u8]) -> Result<Refusal, Unanswered> {
    let refusal = serde_json::from_slice::<Refusal>(body)
        .ok()
        .filter(|refusal| refusal.code.status() == status.as_u16());
    match refusal {
        Some(Refusal {
            code: code @ (RefusalCode::BadRequest | RefusalCode::NotSigned),
            message,
        }) => {
            let member = first_name(&message);
            tracing::error!(
                call = name,
                ?code,
                member,
                "the HIS does not take our call: ours to fix"
            );
            Err(Unanswered::NotSent(format!("{name} was not taken by the HIS ({code:?})")))
        }
        Some(refusal) => Ok(refusal),
        None => Err(Unanswered::Unknown(format!("{name} was answered with status {status}"))),
    }
}

/// The first thing in `message` that can be a member's name. The rest is not logged: it may quote
/// what the member held.
fn first_name(message: &str) -> &str {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']');
    let end = message.find(|c| !fits(c)).unwrap_or(message.len()).min(64);
    message.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;
