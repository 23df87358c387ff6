//! 支付: one order model for cash and insurance (guide §4.1.5).

pub(crate) mod confirm;
pub(crate) mod follow;
pub(crate) mod list;
pub(crate) mod notification;
mod rows;

pub use notification::NotificationError;

use crate::gateway::Gateway;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

/// The pages.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new()
}

/// The addresses that are not pages:
///
/// - `POST /notify/{site}`: a payment notification;
/// - `GET /notices/{site}`: what was received, of test institutions only.
pub(crate) fn endpoints() -> Router<Gateway> {
    Router::new()
        .route("/notify/{site}", post(notification::receive))
        // The receiver reads the body itself, to refuse a large one in the wire's own words.
        .layer(DefaultBodyLimit::disable())
        .route("/notices/{site}", get(list::notices))
}
