//! 待缴费: what a patient has to pay, and how it can be paid (guide §4.1.5).
//!
//! A bill is reached through one of the visitor's own visit cards, or through a prescription's QR
//! code, which is a permission for one patient's pending list and nothing else.

mod checkout;
mod list;
pub mod offer;
mod reach;
mod shown;

pub(crate) use reach::masked_name;
pub(crate) use shown::minute;

use crate::gateway::Gateway;
use axum::Router;
use axum::routing::get;

/// The pages:
///
/// - `GET /bills?card=`: the pending bills of a visit card;
/// - `GET /checkout?bill=&card=` or `&qr=`: one of them, and how to pay it; `POST` begins that.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new()
        .route("/bills", get(list::page))
        .route("/checkout", get(checkout::page).post(checkout::submit))
}
