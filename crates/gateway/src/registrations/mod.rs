//! 挂号 (我要挂号): department → doctor → time → confirm, and what becomes of it; 在线取号
//! ([`pickup`], guide §4.1.6); the report to the bureau of what was not paid through us
//! ([`report`], 选用接口 §1.3).

mod book;
mod calendar;
mod cancel;
mod choose;
mod list;
mod one;
mod own;
mod pickup;
mod record;
pub mod report;
#[cfg(test)]
mod report_tests;
mod rows;
#[cfg(test)]
mod sagas;
mod standing;
#[cfg(test)]
mod tests;

use crate::gateway::Gateway;
use axum::Router;
use axum::routing::{get, post};

/// The pages.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new()
        .route("/register", get(choose::departments))
        .route("/register/doctors", get(choose::doctors))
        .route("/register/times", get(choose::times))
        .route("/register/confirm", get(book::page).post(book::submit))
        .route("/registrations", get(list::page))
        .route("/registrations/{booking_no}", get(one::page))
        .route("/registrations/{booking_no}/way", post(one::choose_way))
        .route("/registrations/{booking_no}/cancel", get(cancel::page).post(cancel::submit))
        .route("/pickup", get(pickup::page).post(pickup::submit))
}
