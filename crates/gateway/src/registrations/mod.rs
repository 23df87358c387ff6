//! (to be written)

pub mod report;

use crate::gateway::Gateway;
use axum::Router;

/// The pages.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new()
}
