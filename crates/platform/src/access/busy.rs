//! How the platform says that it is too busy: status 503, in the form of whoever asks, and nothing
//! was done (PROTOCOL 1.2: "503 without XML is kept for overload").
//!
//! An interface's caller gets a sentence that is no document, so that nobody takes it for a refusal
//! of the business; a buyer of tokens the public-account gateway's own "system error", -1; a
//! patient a page. The listener adds Retry-After.

use super::endpoint::{json, new_rid};
use super::page;
use crate::app::App;
use crate::settings::Environment;
use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use medpay_wire::public_account::AccountError;

/// What the caller of an interface reads.
const SENTENCE: &str = "overloaded: nothing was done; send the same request again\n";

/// The answer to a request for `path` that was not let in.
pub fn answer(app: &App, path: &str) -> Response {
    if path.starts_with("/bind/") || path.starts_with("/pay/") {
        let test = app.settings.institutions.iter().all(|it| it.environment == Environment::Test);
        let policy = page::policy(app.settings.frame_ancestors.as_deref());
        let shown = page::show(StatusCode::SERVICE_UNAVAILABLE, &BusyPage { test });
        page::with_policy(policy, shown)
    } else if path.starts_with("/cgi-bin/") || path.starts_with("/sns/") {
        account(&new_rid(app.entropy.as_ref()))
    } else {
        interface()
    }
}

/// To the caller of an interface.
pub(crate) fn interface() -> Response {
    let kind = (CONTENT_TYPE, "text/plain; charset=utf-8");
    (StatusCode::SERVICE_UNAVAILABLE, [kind], SENTENCE).into_response()
}

/// To the caller of `/cgi-bin/*` or `/sns/*`.
pub(crate) fn account(rid: &str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, json(AccountError::Busy.reply(rid).to_json())).into_response()
}

/// To a patient.
#[derive(Template)]
#[template(path = "busy.html")]
struct BusyPage {
    test: bool,
}
