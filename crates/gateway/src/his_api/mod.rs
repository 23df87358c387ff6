//! (to be written)

use crate::gateway::Gateway;
use axum::Router;

/// The addresses.
pub(crate) fn endpoints() -> Router<Gateway> {
    Router::new()
}
