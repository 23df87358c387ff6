//! How the gateway says that it is too busy: status 503, in the form of whoever asks, and nothing
//! was done. The listener adds Retry-After.

use crate::account::busy_page;
use crate::gateway::Gateway;
use crate::his_api;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// What a program reads that has no form of its own for this: the platform, which notifies again by
/// its schedule, and WeChat, which tells again.
const SENTENCE: &str = "overloaded: nothing was done; send the same request again\n";

/// The answer to a request for `path` that was not let in.
pub fn answer(gateway: &Gateway, path: &str) -> Response {
    let mut parts = path.split('/').skip(1);
    let site = |word: Option<&str>| gateway.site(word?);
    match parts.next() {
        Some("h") => site(parts.next()).map_or_else(sentence, |site| busy_page(&site)),
        Some("his") => his_api::unavailable(),
        _ => sentence(),
    }
}

/// See [`SENTENCE`].
pub(crate) fn sentence() -> Response {
    let kind = (CONTENT_TYPE, "text/plain; charset=utf-8");
    (StatusCode::SERVICE_UNAVAILABLE, [kind], SENTENCE).into_response()
}
