//! 处方单扫码付 (guide §4.1.7): the QR code on a prescription, and the page that it leads to.

pub mod qr;
pub mod token;

use crate::gateway::Gateway;
use axum::Router;

/// The pages.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new()
}
