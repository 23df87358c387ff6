//! From a request to its answer, the same way for every interface: admit, decode, permit, serve,
//! sign, count, log. [`crate::router`] puts an interface's own function into the middle.

use super::busy;
use super::caller::{Caller, Incoming, NotAdmitted, admit};
use super::limits::Limits;
use crate::app::{App, Platform};
use crate::requests::{Metrics, RequestLine};
use crate::settings;
use axum::extract::FromRef;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use medpay_domain::{Elapsed, Entropy};
use medpay_store::StoreError;
use medpay_wire::envelope::{
    Failure, TokenErrorShape, failure_reply, success_reply, token_failure_reply,
};
use medpay_wire::err_code::ErrCode;
use medpay_wire::fields::{Fields, Verified};
use medpay_wire::interface::Interface;
use medpay_wire::sign::Seal;
use std::error::Error;
use std::sync::Arc;

/// What the router's handlers share.
#[derive(Clone)]
pub struct Gate {
    /// The service.
    pub app: Platform,
    /// Calls a second.
    pub limits: Arc<Limits>,
    /// Counters.
    pub metrics: Metrics,
}

impl FromRef<Gate> for Platform {
    fn from_ref(gate: &Gate) -> Self {
        Self::clone(&gate.app)
    }
}

/// A request whose signature is right.
pub struct Opened<'a> {
    /// Who calls.
    pub caller: Caller<'a>,
    /// What was said.
    pub verified: Verified,
    interface: &'static Interface,
    started: Elapsed,
}

/// What an interface answers if nothing is wrong.
#[derive(Debug)]
pub enum Answer {
    /// A document, to be signed.
    Document(Fields),
    /// Bytes as they are: a bill.
    Raw {
        /// Its media type.
        content_type: &'static str,
        /// What goes out.
        bytes: Vec<u8>,
    },
}

impl From<Fields> for Answer {
    fn from(fields: Fields) -> Self {
        Self::Document(fields)
    }
}

/// How an interface says no.
#[derive(Debug)]
pub enum Refused {
    /// By the protocol.
    Failure(Failure),
    /// Too many writes are waiting, and nothing was written: 503 without a document (PROTOCOL 1.2).
    Overloaded,
}

impl<F: Into<Failure>> From<F> for Refused {
    fn from(failure: F) -> Self {
        Self::Failure(failure.into())
    }
}

/// A trace id: `8-8-8` hex (PROTOCOL 1.1).
pub fn new_rid(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 12];
    entropy.fill(&mut bytes);
    let text = hex::encode(bytes);
    format!("{}-{}-{}", &text[..8], &text[8..16], &text[16..])
}

/// Runs the checks up to the signature; a request that fails one is answered here.
pub async fn open<'a>(
    gate: &'a Gate,
    interface: &'static Interface,
    incoming: Incoming,
) -> Result<Opened<'a>, Response> {
    let started = gate.app.clock.elapsed();
    let rid = new_rid(gate.app.entropy.as_ref());
    match admit(&gate.app, interface, incoming, rid.clone()).await {
        Ok((caller, verified)) => Ok(Opened { caller, verified, interface, started }),
        Err(refused) => {
            let failure = refused.failure();
            report_ours(&rid, &failure, &refused);
            let line = RequestLine { rid: &rid, interface: interface.name, institution: "" };
            if is_overload(&refused) {
                line.write(gate, started, OVERLOADED);
                return Err(busy::interface());
            }
            line.write(gate, started, outcome_of(&failure));
            Err(refusal(&gate.app, &refused, &failure, &rid))
        }
    }
}

/// The answer to a document that was not admitted: never signed, since the key is not sure.
fn refusal(app: &App, refused: &NotAdmitted, failure: &Failure, rid: &str) -> Response {
    match (refused, app.settings.token_error_shape) {
        (NotAdmitted::Token(fault), settings::TokenErrorShape::Json) => {
            json(token_failure_reply(*fault, rid, TokenErrorShape::Json))
        }
        (NotAdmitted::Token(fault), settings::TokenErrorShape::Xml) => {
            xml(token_failure_reply(*fault, rid, TokenErrorShape::Xml))
        }
        _ => xml(failure_reply(failure, rid, None)),
    }
}

impl Opened<'_> {
    /// Permission, then rate: the last two checks before the interface itself.
    ///
    /// Where no merchant is named, one institution under the caller with the permission is enough,
    /// and the first such one's rate counts; `sendmsg`, which learns whose order it is, asks that
    /// institution's permission again.
    pub fn permit(&self, gate: &Gate) -> Result<(), Failure> {
        let mut institutions = self.caller.institutions.iter();
        let permitted = institutions
            .find(|one| one.permissions.contains(self.interface.name))
            .ok_or_else(|| Failure::business(ErrCode::NoAuth))?;
        if !gate.limits.allow(permitted, gate.app.clock.elapsed()) {
            return Err(Failure::business(ErrCode::FrequencyLimited));
        }
        Ok(())
    }

    /// Turns an interface's error into its refusal; one of ours is logged with its causes.
    pub fn refuse(&self, failure: Failure, error: &(dyn Error + 'static)) -> Refused {
        report_ours(&self.caller.rid, &failure, error);
        if is_overload(error) { Refused::Overloaded } else { Refused::Failure(failure) }
    }

    /// Writes the answer and the log line.
    pub fn close(&self, gate: &Gate, outcome: Result<Answer, Refused>) -> Response {
        let rid = &self.caller.rid;
        let institution = self.caller.merchant_key();
        let line = RequestLine { rid, interface: self.interface.name, institution: &institution };
        let nonce = gate.app.entropy.nonce();
        let nonce_str = match self.verified.fields().get("nonce_str") {
            // 原样返回 (选用接口 §1.5); every other interface answers a nonce of its own.
            Some(theirs) if self.interface.name == "sendmsg" => theirs,
            _ => &nonce,
        };
        let key = &self.caller.institution.merchant.api_key;
        let seal = self.interface.signed_reply.then(|| Seal {
            key,
            nonce_str,
            sign_type: self.verified.sign_type(),
        });
        match outcome {
            Ok(answer) => {
                line.write(gate, self.started, "SUCCESS");
                match answer {
                    Answer::Document(fields) => xml(success_reply(fields, seal)),
                    Answer::Raw { content_type, bytes } => {
                        ([(CONTENT_TYPE, content_type)], bytes).into_response()
                    }
                }
            }
            Err(Refused::Failure(failure)) => {
                line.write(gate, self.started, outcome_of(&failure));
                xml(failure_reply(&failure, rid, seal))
            }
            Err(Refused::Overloaded) => {
                line.write(gate, self.started, OVERLOADED);
                busy::interface()
            }
        }
    }
}

/// The word for the log line and the counter of a request that was told 503.
const OVERLOADED: &str = "OVERLOADED";

/// Whether the store's queue was full, anywhere among the causes.
pub(crate) fn is_overload(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(StoreError::Busy) = cause.downcast_ref() {
            return true;
        }
        next = cause.source();
    }
    false
}

/// The word for the log line and the counter; never the message, which may quote the caller.
fn outcome_of(failure: &Failure) -> &'static str {
    match failure {
        Failure::Transport(_) => "FAIL",
        Failure::Bill(fault) => fault.code(),
        Failure::Business { code, .. } => code.code(),
    }
}

/// Logs an error once, where it ends, if it is ours to fix.
fn report_ours(rid: &str, failure: &Failure, error: &dyn Error) {
    let ours = matches!(
        failure,
        Failure::Business { code: ErrCode::SystemError | ErrCode::CardSystemError, .. }
    );
    if ours {
        let mut causes = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push_str(": ");
            causes.push_str(&cause.to_string());
            source = cause.source();
        }
        tracing::error!(rid, error = causes, "a request could not be served");
    }
}

pub(crate) fn xml(document: String) -> Response {
    ([(CONTENT_TYPE, "application/xml; charset=utf-8")], document).into_response()
}

pub(crate) fn json(document: String) -> Response {
    ([(CONTENT_TYPE, "application/json; charset=utf-8")], document).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cards::getmedinfo::GetMedInfoError;

    #[test]
    fn a_full_queue_is_overload_and_other_troubles_are_not() {
        assert!(is_overload(&GetMedInfoError::Store(StoreError::Busy)));
        assert!(!is_overload(&GetMedInfoError::Store(StoreError::NoRow)));
    }
}
