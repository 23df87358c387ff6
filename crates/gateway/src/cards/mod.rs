//! 社保卡: binding it, and asking whether it is bound (guide §4.1.1).

pub mod bound;

use crate::gateway::Gateway;
use axum::Router;

/// The pages.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new()
}
