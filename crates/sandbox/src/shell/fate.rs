//! How an answer travels: at once, too late, or not at all.

use crate::faults::Delivery;
use axum::Json;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use serde::Serialize;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Notify;

/// How long a late answer is held back, in real time, if nobody asks what became of its key.
const LATE_FOR: Duration = Duration::from_secs(15);

/// Answers that are held back until the caller has given up and asks what became of the key.
#[derive(Default)]
pub(crate) struct LateAnswers(Mutex<HashMap<String, Arc<Notify>>>);

impl LateAnswers {
    fn of(&self, key: &str) -> Arc<Notify> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(waiting.entry(key.to_owned()).or_default())
    }

    /// Waits until somebody asked about `key`, or long enough.
    async fn wait(&self, key: &str) {
        let asked = self.of(key);
        // Whether asked or not, it is late enough now.
        let _ = tokio::time::timeout(LATE_FOR, asked.notified()).await;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// Somebody asked about `key`.
    pub(crate) fn asked(&self, key: &str) {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = waiting.get(key) {
            asked.notify_one();
        }
    }
}

/// Sends `delivery`; a late one when somebody asked about `key`.
pub(super) async fn send<A: Serialize>(
    late: &LateAnswers,
    key: &str,
    delivery: Delivery<A>,
) -> Response {
    send_as(late, key, delivery, |answer| Json(answer).into_response()).await
}

/// Sends `delivery` in the form that `write` gives it.
pub(super) async fn send_as<A>(
    late: &LateAnswers,
    key: &str,
    delivery: Delivery<A>,
    write: impl FnOnce(A) -> Response,
) -> Response {
    match delivery {
        Delivery::Answer(answer) => write(answer),
        Delivery::Late(answer) => {
            late.wait(key).await;
            write(answer)
        }
        Delivery::Lost => lost(),
        Delivery::Down => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// An answer that breaks off before its first byte: the connection is closed under it.
fn lost() -> Response {
    Response::new(Body::new(BrokenOff))
}

struct BrokenOff;

impl http_body::Body for BrokenOff {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionAborted.into())))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(2)
    }
}
