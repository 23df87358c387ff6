//! (to be written)

pub(crate) mod give_back;

use crate::gateway::Gateway;
use axum::Router;

/// The pages.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new()
}
