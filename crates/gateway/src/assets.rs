//! The pages' style: one file, kept by the browser for as long as it does not
//! change.

use crate::gateway::Gateway;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::get;

/// Its address. The number is raised with every change, since browsers keep the file.
pub(crate) const STYLE_PATH: &str = "/assets/medpay-1.css";

const STYLE: &str = include_str!("../assets/medpay.css");

/// The addresses.
pub(crate) fn endpoints() -> Router<Gateway> {
    let headers =
        [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=31536000")];
    Router::new().route(STYLE_PATH, get(async move || (headers, STYLE)))
}
