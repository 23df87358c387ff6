//! `GET /connect/oauth2/authorize`: WeChat's authorization page (PROTOCOL 7.3). A cookie says whose
//! phone it is; without one the page asks.

use super::phone::{self, page};
use super::run;
use crate::sandbox::Parties;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use medpay_domain::{Appid, Clock as _};
use reqwest::Url;
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new().route("/connect/oauth2/authorize", get(authorize))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Question {
    appid: String,
    redirect_uri: String,
    response_type: String,
    scope: String,
    state: String,
}

/// Why the page cannot go on, in the words that the official one shows.
fn fault(question: &Question, known: bool) -> Option<&'static str> {
    if !known {
        return Some("appid 参数错误");
    }
    if question.response_type != "code" {
        return Some("response_type 参数错误");
    }
    if !matches!(question.scope.as_str(), "snsapi_base" | "snsapi_userinfo") {
        return Some("scope 参数错误");
    }
    // `state` goes through the person's browser: letters, digits and a few more, 128 at most.
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
    if question.state.len() > 128 || !question.state.chars().all(fits) {
        return Some("state 参数错误");
    }
    None
}

/// Where the person goes with the code; `None` if `redirect_uri` is no web address.
fn target(question: &Question, code: &str) -> Option<Url> {
    let mut target: Url = question.redirect_uri.parse().ok()?;
    if !matches!(target.scheme(), "http" | "https") {
        return None;
    }
    target.query_pairs_mut().append_pair("code", code).append_pair("state", &question.state);
    Some(target)
}

async fn authorize(
    State(town): State<Arc<Parties>>,
    uri: Uri,
    headers: HeaderMap,
    Query(question): Query<Question>,
) -> Response {
    let appid = Appid::new(question.appid.as_str());
    if let Some(words) = fault(&question, town.wechat.knows(&appid)) {
        return page::problem(StatusCode::BAD_REQUEST, words);
    }
    if target(&question, "").is_none() {
        return page::problem(StatusCode::BAD_REQUEST, "redirect_uri 参数错误");
    }
    let Some(person) = phone::whose(&town, &headers).cloned() else {
        return page::choose(&town, uri.path_and_query().map_or("/phone", |it| it.as_str()));
    };
    town.last_pages.opened(&person.id, &question.redirect_uri);
    let issue = move |town: &Parties| town.wechat.issue_code(&appid, &person, town.clock.now());
    match run(&town, issue).await {
        Ok(code) => match target(&question, &code) {
            Some(target) => {
                let headers = [
                    (header::LOCATION, target.to_string()),
                    (header::CACHE_CONTROL, "no-store".to_owned()),
                ];
                (StatusCode::FOUND, headers).into_response()
            }
            None => page::problem(StatusCode::BAD_REQUEST, "redirect_uri 参数错误"),
        },
        Err(unanswered) => unanswered,
    }
}
