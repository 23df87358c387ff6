//! `/clock`: `docs/contracts/clock.md`.

use crate::clock::ChangeFault;
use crate::sandbox::Parties;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing::get};
use medpay_wire::contracts::clock::{Change, Reading};
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new().route("/clock", get(read).post(change))
}

#[derive(Deserialize)]
struct After {
    after: Option<u64>,
    follower: Option<String>,
}

async fn read(State(parties): State<Arc<Parties>>, Query(asked): Query<After>) -> Json<Reading> {
    Json(match asked.after {
        Some(after) => parties.clock.reading_after(after, asked.follower.as_deref()).await,
        None => parties.clock.reading(),
    })
}

async fn change(State(parties): State<Arc<Parties>>, Json(change): Json<Change>) -> Response {
    match parties.clock.change_and_wait(change).await {
        Ok(reading) => Json(reading).into_response(),
        Err(fault @ ChangeFault::Backward) => {
            (StatusCode::BAD_REQUEST, fault.to_string()).into_response()
        }
        Err(ChangeFault::Book(fault)) => super::unanswered(&fault),
    }
}
