//! Somebody else's page in the phone: under a bar that leads back, in a frame of its own.

use super::page::{problem, render};
use super::{Holder, Town};
use crate::sandbox::Parties;
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use medpay_domain::Appid;
use reqwest::Url;
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new().route("/phone/web", get(web)).route("/phone/mini", get(mini))
}

#[derive(Template)]
#[template(path = "phone/web.html")]
struct WebPage<'a> {
    title: &'a str,
    url: &'a str,
    back: String,
    from: &'a str,
    is_mini: bool,
}

#[derive(Deserialize)]
struct Web {
    url: String,
    #[serde(default)]
    from: String,
}

async fn web(State(town): Town, _: Holder, Query(web): Query<Web>) -> Response {
    let Some(url) = web_url(&web.url) else {
        return problem(StatusCode::BAD_REQUEST, "这不是网页地址");
    };
    let from = Appid::new(web.from);
    let title = match town.wechat.account(&from) {
        Some(account) => account.name.as_str(),
        None => url.host_str().unwrap_or("网页"),
    };
    let (url, back, from) = (url.as_str(), back(&town, &from), from.as_str());
    let page = WebPage { title, url, back, from, is_mini: false };
    render(StatusCode::OK, &page)
}

#[derive(Deserialize)]
struct Mini {
    appid: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    from: String,
}

async fn mini(State(town): Town, _: Holder, Query(mini): Query<Mini>) -> Response {
    let (appid, from) = (Appid::new(mini.appid), Appid::new(mini.from));
    let Some(url) = mini_url(&town, &appid, &mini.path) else {
        return problem(StatusCode::NOT_FOUND, "这个小程序没有可以在浏览器里显示的页面");
    };
    let title = match town.wechat.account(&appid) {
        Some(account) => account.name.as_str(),
        // The platform's own two, which a pay or bind link of a mini-program opens (PROTOCOL 3.2).
        None => "医保支付",
    };
    let (url, back, from) = (url.as_str(), back(&town, &from), from.as_str());
    let page = WebPage { title, url, back, from, is_mini: true };
    render(StatusCode::OK, &page)
}

/// The chat that it was opened from, or the list of chats.
fn back(town: &Parties, from: &Appid) -> String {
    if town.wechat.knows(from) {
        format!("/phone/chat/{}", from.as_str())
    } else {
        "/phone/screen".to_owned()
    }
}

pub(super) fn web_url(text: &str) -> Option<Url> {
    let url: Url = text.trim().parse().ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// Where a mini-program's page is served as a web page: the path itself, if it is an address (the
/// platform's pay and bind links are); below the account's base; below the platform for a
/// mini-program that is nobody's account.
fn mini_url(town: &Parties, appid: &Appid, path: &str) -> Option<Url> {
    if let Some(url) = web_url(path) {
        return Some(url);
    }
    let base = match town.wechat.account(appid) {
        Some(account) => account.mini_pages.as_deref()?,
        None => &town.settings.platform_url,
    };
    web_url(&format!("{}/{}", base.trim_end_matches('/'), path.trim_start_matches('/')))
}
