//! The target: the taps of a patient's phone, the test clock, and what can go wrong with a step.

use super::Player;
use crate::ready::{Door, Ready, UnfilledPlaceholder};
use bytes::Bytes;
use medpay_client::Unanswered;
use medpay_domain::Timestamp;
use medpay_wire::contracts::clock::Reading;
use medpay_wire::envelope::Refused;
use medpay_wire::fields::FieldFault;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// How long one call may take, in machine milliseconds.
pub(super) const CALL_MS: u64 = 20_000;
/// How long a worker's doing is waited for, in machine milliseconds.
const PATIENCE_MS: i64 = 15_000;
/// How often is looked meanwhile, in machine milliseconds.
const LOOK_EVERY_MS: u64 = 40;

/// Why a step did not hold.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// Something is not as it must be.
    #[error("{0}")]
    Wrong(String),
    /// The platform said no where it must not.
    #[error("{interface} was refused: {}", spoken(.refused))]
    Refused { interface: &'static str, refused: Refused },
    /// There was no answer.
    #[error("{0}")]
    Unanswered(#[from] Unanswered),
    /// A field of an answer.
    #[error("the answer's {0}")]
    Field(#[from] FieldFault),
    /// The ready file names a value that there is not.
    #[error("the ready file: {0}")]
    Door(#[from] UnfilledPlaceholder),
}

/// A refusal in one line.
pub(super) fn spoken(refused: &Refused) -> String {
    match refused {
        Refused::Transport { return_msg, error_code } => match error_code {
            Some(code) => format!("{return_msg} ({code})"),
            None => return_msg.clone(),
        },
        Refused::Business { err_code, err_code_des } => format!("{err_code} {err_code_des}"),
        Refused::Gateway(error) => format!("{} {}", error.errcode, error.errmsg),
    }
}

/// Compares, and says what of it is wrong.
#[expect(clippy::needless_pass_by_value, reason = "values and references are compared alike")]
pub(super) fn equal<T: PartialEq + fmt::Debug>(what: &str, found: T, due: T) -> Result<(), Fault> {
    if found == due {
        Ok(())
    } else {
        Err(Fault::Wrong(format!("{what} is {found:?}, and {due:?} was due")))
    }
}

/// What must be.
pub(super) fn must(what: &str, holds: bool) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault::Wrong(format!("not so: {what}"))) }
}

/// The target and the tools.
pub(super) struct Town<'a> {
    pub(super) ready: &'a Ready,
    pub(super) player: &'a Player,
}

impl<'a> Town<'a> {
    pub(super) fn new(ready: &'a Ready, player: &'a Player) -> Self {
        Self { ready, player }
    }

    /// Makes a door's call with `values` in its placeholders.
    pub(super) async fn tap<A: DeserializeOwned>(
        &self,
        door: &Door,
        values: Value,
    ) -> Result<A, Fault> {
        let values = values.as_object().cloned().unwrap_or_default();
        let body = door.filled(&values)?.to_string();
        let request = http::Request::builder()
            .method(door.method.as_str())
            .uri(&door.url)
            .header(http::header::CONTENT_TYPE, "application/json");
        self.ask(&door.url, request, Bytes::from(body)).await
    }

    /// Asks a JSON address.
    pub(super) async fn get<A: DeserializeOwned>(&self, url: &str) -> Result<A, Fault> {
        self.ask(url, http::Request::get(url), Bytes::new()).await
    }

    async fn ask<A: DeserializeOwned>(
        &self,
        url: &str,
        request: http::request::Builder,
        body: Bytes,
    ) -> Result<A, Fault> {
        let path = url.split('?').next().unwrap_or_default();
        let wrong = |why: &dyn fmt::Display| Fault::Wrong(format!("{path}: {why}"));
        let request = request.body(body).map_err(|error| wrong(&error))?;
        let answer = self.player.transport.send(request, CALL_MS).await?;
        if answer.status() != http::StatusCode::OK {
            return Err(wrong(&format!("status {}", answer.status())));
        }
        serde_json::from_slice(answer.body()).map_err(|error| wrong(&error))
    }

    /// Business time of the target.
    pub(super) async fn now(&self) -> Result<Timestamp, Fault> {
        self.advance(0).await
    }

    async fn advance(&self, seconds: i64) -> Result<Timestamp, Fault> {
        let reading: Reading =
            self.tap(&self.ready.clock, serde_json::json!({ "seconds": seconds })).await?;
        Ok(reading.now)
    }

    /// Moves the test clock forward to `moment` or just behind it.
    async fn move_to(&self, moment: Timestamp) -> Result<Timestamp, Fault> {
        let ahead_ms = moment.as_ms() - self.now().await?.as_ms();
        self.advance(ahead_ms.max(0) / 1000 + 1).await
    }

    /// Insurance money goes back before midnight only (guide, FAQ), so a late journey waits for the
    /// morning.
    pub(super) async fn early_enough(&self) -> Result<String, Fault> {
        let now = self.now().await?;
        if now.as_ms() < now.day().start().plus_seconds(22 * 3600).as_ms() {
            return Ok(now.wire());
        }
        let morning = now.day().next().start().plus_seconds(9 * 3600);
        Ok(format!("moved to {}", self.move_to(morning).await?.wire()))
    }

    /// 10:00 of the next day, when the day's bill is there.
    pub(super) async fn next_day(&self) -> Result<String, Fault> {
        let ten = self.now().await?.day().next().start().plus_seconds(10 * 3600);
        Ok(self.move_to(ten).await?.wire())
    }

    /// Asks until there is an answer: workers act a moment after the request was answered.
    pub(super) async fn eventually<T>(
        &self,
        what: &str,
        mut ask: impl AsyncFnMut() -> Result<Option<T>, Fault>,
    ) -> Result<T, Fault> {
        let began = self.player.clock.elapsed();
        loop {
            if let Some(answer) = ask().await? {
                return Ok(answer);
            }
            if self.player.clock.elapsed().0 - began.0 > PATIENCE_MS {
                return Err(Fault::Wrong(format!("{what} did not come in {PATIENCE_MS} ms")));
            }
            tokio::time::sleep(Duration::from_millis(LOOK_EVERY_MS)).await;
        }
    }
}
