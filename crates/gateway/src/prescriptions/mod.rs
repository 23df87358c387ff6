//! 处方单扫码付 (guide §4.1.7): the QR code on a prescription, and the page that it leads to.

mod landing;
pub mod qr;
pub mod token;

#[cfg(test)]
mod tests;

use crate::gateway::Gateway;
use axum::Router;
use axum::routing::get;

/// The pages: `GET /p/{token}`, where the code leads.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new().route("/p/{token}", get(landing::page))
}
