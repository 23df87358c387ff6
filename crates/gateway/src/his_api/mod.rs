//! What the HIS calls: `POST /his/{site}/v1/<name>`, one call for each type of
//! `medpay_wire::his::events`, and the contract itself at `GET /his/{site}/openapi.json`.
//!
//! A call is believed by its signature, done once by its `Idempotency-Key`, and says yes or no in
//! the contract's words. What it is about is done by the capability that it names.

mod calls;
mod member;
mod once;
mod receive;
mod rows;

#[cfg(test)]
mod tests;

pub(crate) use receive::unavailable;

use crate::gateway::Gateway;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

/// The addresses.
pub(crate) fn endpoints() -> Router<Gateway> {
    Router::new()
        .route("/his/{site}/v1/{name}", post(receive::receive))
        // The receiver reads the body itself, to refuse a large one in the contract's own words.
        .layer(DefaultBodyLimit::disable())
        .route("/his/{site}/openapi.json", get(receive::contract))
}
