//! One call from the HIS: read, believed, carried out, answered.

use super::calls;
use super::member::MemberFault;
use crate::gateway::{Gateway, Site};
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use medpay_store::StoreError;
use medpay_wire::his::signature::{
    KEY_HEADER, SIGNATURE_HEADER, SignatureFault, Signed, TIME_HEADER,
};
use medpay_wire::his::{Refusal, RefusalCode};
use std::sync::Arc;

/// The largest body, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// An answer of the contract.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) body: String,
}

/// Why a call is not answered with 200, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// The address names no hospital of this gateway.
    #[error("no such hospital")]
    UnknownHospital,
    /// Over [`MAX_BODY`], or cut off.
    #[error("the body is over {MAX_BODY} bytes, or broke off")]
    TooLarge,
    /// Not the HIS's, or not of now.
    #[error(transparent)]
    NotSigned(#[from] SignatureFault),
    /// The contract has no such call.
    #[error("no such call")]
    UnknownCall,
    /// A call that changes something came without a good key.
    #[error("{0}: 1 to 64 visible ASCII characters")]
    Key(&'static str),
    /// A member is missing or not of its type.
    #[error(transparent)]
    Member(#[from] MemberFault),
    /// The key stands for another call.
    #[error("the key was used with another body")]
    KeyReused,
    /// The same call is being carried out at this moment.
    #[error("the same call is being carried out")]
    Busy,
    /// The hospital's own no.
    #[error("refused: {0:?}")]
    Refused(RefusalCode, &'static str),
    /// Ours: an answer that cannot be written.
    #[error("the answer cannot be written")]
    Unwritten,
    /// Ours: nothing is lost, and the same call may come again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CallError {
    /// The only place where this error meets the wire: the refusal's code and words, or none where
    /// it is no decision and the same call may come again.
    fn refusal(&self) -> Option<Refusal> {
        let (code, message) = match self {
            Self::UnknownHospital | Self::UnknownCall => (RefusalCode::NotFound, self.to_string()),
            Self::NotSigned(_) => (RefusalCode::NotSigned, self.to_string()),
            Self::TooLarge => (RefusalCode::BadRequest, format!("body: {self}")),
            Self::Key(_) | Self::Member(_) => (RefusalCode::BadRequest, self.to_string()),
            Self::KeyReused => (RefusalCode::KeyReused, self.to_string()),
            Self::Refused(code, message) => (*code, (*message).to_owned()),
            Self::Busy | Self::Unwritten | Self::Store(_) => return None,
        };
        Some(Refusal { code, message })
    }

    /// As it is answered.
    fn answered(&self) -> Answered {
        match self.refusal() {
            Some(refusal) => Answered {
                status: refusal.code.status(),
                body: serde_json::to_string(&refusal).unwrap_or_default(),
            },
            None => Answered {
                status: StatusCode::SERVICE_UNAVAILABLE.as_u16(),
                body: r#"{"code":"unavailable","message":"ask again with the same key"}"#.into(),
            },
        }
    }

    /// A decision that the same key gets again.
    pub(super) fn explicit(&self) -> Option<Answered> {
        matches!(self, Self::Refused(..)).then(|| self.answered())
    }

    /// Ours to mend, so it is logged as an error.
    fn is_ours(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Unwritten)
    }
}

/// A call as it came, and was believed.
pub(super) struct Received<'a> {
    pub(super) key: &'a str,
    pub(super) body: &'a [u8],
}

/// Receives a call.
pub(super) async fn receive(
    State(gateway): State<Gateway>,
    Path((word, name)): Path<(String, String)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Ok(site) = hospital(&gateway, &word) else {
        tracing::info!("a call for no hospital of ours was refused");
        return answer(&CallError::UnknownHospital.answered());
    };
    let (begun, rid) = (site.clock.elapsed(), site.rid());
    // Whatever else stands in the address is not logged.
    let known = calls::known(&name);
    let outcome = take(&site, known, &method, &uri, &headers, body).await;
    let duration_ms = site.clock.elapsed().0 - begun.0;
    let (org_no, call) = (site.org_no().as_str(), known.unwrap_or("unknown"));
    answer(&match outcome {
        Ok(answered) => {
            let status = answered.status;
            tracing::info!(rid, org_no, call, status, duration_ms, "call of the HIS answered");
            answered
        }
        Err(error) => {
            if error.is_ours() {
                tracing::error!(rid, org_no, call, %error, duration_ms, "call of the HIS failed");
            } else {
                tracing::info!(rid, org_no, call, %error, duration_ms, "call of the HIS refused");
            }
            error.answered()
        }
    })
}

/// `GET /his/{site}/openapi.json`: the contract, for a vendor's tools. There is no secret in it.
pub(super) async fn contract(State(gateway): State<Gateway>, Path(word): Path<String>) -> Response {
    match hospital(&gateway, &word) {
        Ok(_) => {
            let body = medpay_wire::his::openapi::document();
            ([(CONTENT_TYPE, "application/json")], body).into_response()
        }
        Err(error) => answer(&error.answered()),
    }
}

fn hospital(gateway: &Gateway, word: &str) -> Result<Arc<Site>, CallError> {
    let site = gateway.site(word).filter(|site| site.hospital().is_some());
    site.ok_or(CallError::UnknownHospital)
}

async fn take(
    site: &Arc<Site>,
    name: Option<&'static str>,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Body,
) -> Result<Answered, CallError> {
    let secret = &site.hospital().ok_or(CallError::UnknownHospital)?.his.secret;
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| CallError::TooLarge)?;
    let time = header(headers, TIME_HEADER)?.ok_or(SignatureFault::Missing(TIME_HEADER))?;
    let key = header(headers, KEY_HEADER)?.unwrap_or_default();
    let sent = header(headers, SIGNATURE_HEADER)?;
    let sent = sent.ok_or(SignatureFault::Missing(SIGNATURE_HEADER))?;
    let signed = Signed { method: method.as_str(), path: uri.path(), time, key, body: &body };
    signed.check(sent, secret, site.clock.now())?;
    let name = name.ok_or(CallError::UnknownCall)?;
    calls::carry_out(site, name, &Received { key, body: &body }).await
}

/// The one header of this name; two of them are unreadable.
fn header<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> Result<Option<&'a str>, SignatureFault> {
    let mut values = headers.get_all(HeaderName::from_static(name)).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let value = value.to_str().ok().filter(|_| values.next().is_none());
    value.map(Some).ok_or(SignatureFault::Missing(name))
}

/// No decision: the same call may come again (the contract's `unavailable`).
pub(crate) fn unavailable() -> Response {
    answer(&CallError::Busy.answered())
}

fn answer(answered: &Answered) -> Response {
    let status = StatusCode::from_u16(answered.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response =
        (status, [(CONTENT_TYPE, "application/json")], answered.body.clone()).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, axum::http::HeaderValue::from_static("1"));
    }
    response
}
