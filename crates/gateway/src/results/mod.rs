//! 报告查看 (guide, leaflet 04): the reports of the visitor's own patients, from the HIS.

mod list;
mod one;
#[cfg(test)]
mod tests;

use crate::gateway::Gateway;
use axum::Router;
use axum::routing::get;

/// The pages.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new().route("/results", get(list::page)).route("/results/{result_no}", get(one::page))
}
