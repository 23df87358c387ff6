//! 待缴费: what a patient has to pay, and how it can be paid (guide §4.1.5).

pub mod offer;

use crate::gateway::Gateway;
use axum::Router;

/// The pages.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new()
}
