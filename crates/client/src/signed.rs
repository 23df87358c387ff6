//! Calls of `/payinsurance/*` (PROTOCOL 1.1 to 1.3).

use crate::transport::{AnswerLimit, Transport, Unanswered};
use bytes::Bytes;
use medpay_wire::envelope::{Refused, Reply, Signed, read_reply};
use medpay_wire::fields::Fields;
use medpay_wire::interface::Interface;
use medpay_wire::sign::{self, ApiKey, SignType};
use std::sync::Arc;

/// Calls one platform with one merchant's key.
#[derive(Clone)]
pub struct SignedClient {
    transport: Arc<dyn Transport>,
    base_url: String,
    key: ApiKey,
    timeout_ms: u64,
    /// In place of the document's.
    path: Option<String>,
}

/// The answer to downloadbill.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Downloaded {
    /// The file: text, or gzip if it was asked for.
    Bill(Bytes),
    /// There is none.
    Refused(Refused),
}

impl SignedClient {
    /// Calls `base_url` (`https://api.weixin.qq.com`); a call takes `timeout_ms` of machine time at
    /// most.
    pub fn new(
        transport: Arc<dyn Transport>,
        base_url: &str,
        key: ApiKey,
        timeout_ms: u64,
    ) -> Self {
        let base_url = base_url.trim_end_matches('/').to_owned();
        Self { transport, base_url, key, timeout_ms, path: None }
    }

    /// Calls at `path`, which begins with `/`, in place of the interface's documented one: a
    /// platform's configuration may have moved it.
    #[must_use]
    pub fn at_path(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// Signs `fields`, calls, and reads the answer.
    ///
    /// An answer whose signature is wrong, or missing where the document has one, is none: the
    /// outcome is unknown.
    pub async fn call(
        &self,
        interface: &Interface,
        access_token: &str,
        fields: Fields,
    ) -> Result<Reply, Unanswered> {
        let signed = signed_reply(interface, &fields);
        let document = self.document(fields);
        let body = self.send(interface, access_token, document, AnswerLimit::USUAL).await?;
        read_reply(&body, &self.key, signed).map_err(|fault| {
            Unanswered::Unknown(format!("{} was answered, but {fault}", interface.name))
        })
    }

    /// Calls downloadbill, whose success is no document but a file.
    pub async fn download(
        &self,
        interface: &Interface,
        access_token: &str,
        fields: Fields,
    ) -> Result<Downloaded, Unanswered> {
        let document = self.document(fields);
        let body = self.send(interface, access_token, document, AnswerLimit::BILL).await?;
        if !matches!(body.trim_ascii_start().first(), Some(b'<' | b'{')) {
            return Ok(Downloaded::Bill(body));
        }
        match read_reply(&body, &self.key, Signed::NotSent) {
            Ok(Reply::Refused(refused)) => Ok(Downloaded::Refused(refused)),
            Ok(Reply::Success(_)) => {
                Err(Unanswered::Unknown("downloadbill answered a success without a bill".into()))
            }
            Err(fault) => {
                Err(Unanswered::Unknown(format!("downloadbill was answered, but {fault}")))
            }
        }
    }

    /// The signed document of a request, as [`Self::send`] sends it.
    pub fn document(&self, mut fields: Fields) -> String {
        sign::sign_into(&mut fields, &self.key);
        fields.to_xml()
    }

    /// Sends a document as it is and brings back the body of an answer with status 200.
    pub async fn send(
        &self,
        interface: &Interface,
        access_token: &str,
        document: String,
        limit: AnswerLimit,
    ) -> Result<Bytes, Unanswered> {
        let not_sent =
            |error: &dyn std::fmt::Display| Unanswered::NotSent(format!("the address: {error}"));
        let path = self.path.as_deref().unwrap_or(interface.path);
        let url = reqwest::Url::parse_with_params(
            &format!("{}{path}", self.base_url),
            [("access_token", access_token)],
        )
        .map_err(|error| not_sent(&error))?;
        let request = http::Request::post(url.as_str())
            .header(http::header::CONTENT_TYPE, "application/xml; charset=utf-8")
            .extension(limit)
            .body(Bytes::from(document))
            .map_err(|error| not_sent(&error))?;
        let answer = self.transport.send(request, self.timeout_ms).await?;
        if answer.status() != http::StatusCode::OK {
            return Err(Unanswered::Unknown(format!(
                "{} answered status {}",
                interface.name,
                answer.status()
            )));
        }
        Ok(answer.into_body())
    }
}

/// How the answer to a request is signed: as the request was.
pub fn signed_reply(interface: &Interface, request: &Fields) -> Signed {
    if !interface.signed_reply {
        return Signed::NotSent;
    }
    Signed::Required(match request.get("sign_type") {
        Some("HMAC-SHA256") => SignType::HmacSha256,
        _ => SignType::Md5,
    })
}
