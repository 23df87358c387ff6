//! 支付: one order model for cash and insurance (guide §4.1.5).

mod asking;
mod begin;
mod close;
pub(crate) mod confirm;
mod find;
pub(crate) mod follow;
mod hand_over;
mod history;
mod jobs;
pub(crate) mod list;
mod moving;
pub(crate) mod notification;
mod order_page;
mod payment;
mod release;
mod request;
mod rows;
#[cfg(test)]
mod tests;
mod told;
mod words;

pub use begin::{Begin, BeginError, Begun, begin};
pub use close::{bill_voided, close};
pub use confirm::{Again, confirm_again};
pub use find::{OfChannel, by_channel, find, of_bill, of_openid, paid_on};
pub use moving::{NotMoved, confirmed_by_staff, refunded};
pub use notification::NotificationError;
pub use payment::{BillFacts, Payer, Payment};

use crate::gateway::Gateway;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

/// Whose jobs follow a payment until it is paid or has ended.
const FOLLOW_QUEUE: &str = "follow";
/// Whose jobs tell the HIS of a payment.
const CONFIRM_QUEUE: &str = "confirm";
/// Whose jobs let go of a bill.
const RELEASE_QUEUE: &str = "release";

/// The pages:
///
/// - `GET /orders`: what a person has paid or begun to pay;
/// - `GET /orders/{hosp_out_trade_no}`: one of them, as it stands; `POST …/close` gives it up.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new()
        .route("/orders", get(history::page))
        .route("/orders/{hosp_out_trade_no}", get(order_page::page))
        .route("/orders/{hosp_out_trade_no}/close", post(order_page::give_up))
}

/// The addresses that are not pages:
///
/// - `POST /notify/{site}`: a payment notification;
/// - `GET /notices/{site}`: what was received, of test institutions only.
pub(crate) fn endpoints() -> Router<Gateway> {
    Router::new()
        .route("/notify/{site}", post(notification::receive))
        // The receiver reads the body itself, to refuse a large one in the wire's own words.
        .layer(DefaultBodyLimit::disable())
        .route("/notices/{site}", get(list::notices))
}
