//! 公众号: login, sessions, server callback, menu (guide §4.1.1).

pub mod form;
pub mod visitor;

pub use form::Posted;
pub use visitor::Visitor;

use crate::gateway::Gateway;
use axum::Router;

/// The pages.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new()
}

/// The addresses that are not pages.
pub(crate) fn endpoints() -> Router<Gateway> {
    Router::new()
}
