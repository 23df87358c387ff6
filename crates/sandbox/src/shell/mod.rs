//! HTTP around the parties. Nothing is decided here: a route decodes, asks the object, and lets the
//! answer meet the fate that the object chose for it.

mod bureau;
mod callbacks;
mod clock;
mod courier;
mod fate;
mod faults;
mod his;
mod oauth;
mod phone;
#[cfg(test)]
mod tests;
mod wallet;
mod wechat;

use crate::books::BookError;
use crate::faults::Delivery;
use crate::sandbox::Parties;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use std::sync::Arc;

pub(crate) use fate::LateAnswers;
pub(crate) use phone::LastPages;

/// All routes.
pub(crate) fn router(parties: Arc<Parties>) -> Router {
    Router::new()
        .merge(bureau::routes())
        .merge(wallet::routes())
        .merge(wechat::routes())
        .merge(callbacks::routes())
        .merge(oauth::routes())
        .merge(courier::routes())
        .merge(clock::routes())
        .merge(faults::routes())
        .merge(his::routes())
        .merge(phone::routes())
        .with_state(parties)
}

/// Runs a party's command where it may wait for its disk.
async fn run<T: Send + 'static>(
    parties: &Arc<Parties>,
    command: impl FnOnce(&Parties) -> Result<T, BookError> + Send + 'static,
) -> Result<T, Response> {
    if parties.settings.in_place {
        return command(parties).map_err(|fault| unanswered(&fault));
    }
    let parties = Arc::clone(parties);
    match tokio::task::spawn_blocking(move || command(&parties)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(fault)) => Err(unanswered(&fault)),
        Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
    }
}

/// Runs a command and sends its answer as the party decided; `key` is what it may be asked about.
async fn answer<A: Serialize + Send + 'static>(
    parties: &Arc<Parties>,
    key: &str,
    command: impl FnOnce(&Parties) -> Result<Delivery<A>, BookError> + Send + 'static,
) -> Response {
    match run(parties, command).await {
        Ok(delivery) => fate::send(&parties.late, key, delivery).await,
        Err(unanswered) => unanswered,
    }
}

/// The answer where the book failed: none, so the caller does not know.
fn unanswered(fault: &BookError) -> Response {
    tracing::error!(error = fault as &dyn std::error::Error, "a command was not answered");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
