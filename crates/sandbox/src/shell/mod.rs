//! HTTP around the parties.

mod clock;

use crate::books::BookError;
use crate::sandbox::Parties;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

/// All routes.
pub(crate) fn router(parties: Arc<Parties>) -> Router {
    Router::new().merge(clock::routes()).with_state(parties)
}

/// The answer where the book failed: none, so the caller does not know.
fn unanswered(fault: &BookError) -> Response {
    tracing::error!(error = fault as &dyn std::error::Error, "a command was not answered");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
