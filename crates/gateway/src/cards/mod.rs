//! 社保卡: binding it, and asking whether it is bound (guide §4.1.1).

pub(crate) mod bind_url;
pub mod bound;
mod my_card;
#[cfg(test)]
mod tests;

use crate::gateway::Gateway;
use axum::Router;
use axum::routing::get;

/// The pages.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new().route("/card", get(my_card::page)).route("/card/done", get(my_card::done))
}
