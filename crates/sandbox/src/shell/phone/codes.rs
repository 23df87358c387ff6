//! 扫一扫: what a code says is typed, or a code that lies around is tapped.

use super::page::{Tab, mini_address, problem, render, web_address};
use super::web::web_url;
use super::{Holder, Town, callbacks, run};
use crate::books::BookError;
use crate::sandbox::Parties;
use crate::wechat::Scanned;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use medpay_domain::{Appid, Clock as _};
use medpay_wire::public_account::encode_component;
use reqwest::Url;
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new().route("/phone/scan", get(show).post(scan)).route("/q/{code}", get(code))
}

/// A code that the person sees somewhere.
pub(crate) struct CodeInSight {
    /// What it is.
    pub(crate) label: String,
    /// Where it hangs or is printed.
    pub(crate) place: String,
    /// What it says.
    pub(crate) says: String,
}

/// The codes that lie around: those of the accounts, then those on printed prescriptions, newest
/// first.
pub(crate) fn codes_in_sight(town: &Parties) -> Result<Vec<CodeInSight>, BookError> {
    let codes = town.wechat.codes(town.clock.now())?.into_iter().map(|code| {
        let account = town.wechat.account(&code.appid);
        CodeInSight {
            label: account.map_or_else(|| "公众号".to_owned(), |account| account.name.clone()),
            place: format!("公众号二维码，场景 {}", code.scene),
            says: code.says,
        }
    });
    let mut codes: Vec<_> = codes.collect();
    for his in &town.hises {
        let printed = his.printed_codes()?.into_iter().map(|(name, says)| CodeInSight {
            label: format!("{name}的处方"),
            place: format!("{}，处方笺上的缴费码", his.settings().name),
            says,
        });
        codes.extend(printed);
    }
    Ok(codes)
}

#[derive(Template)]
#[template(path = "phone/scan.html")]
struct Scan<'a> {
    tab: Tab,
    text: &'a str,
    codes: Vec<CodeInSight>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(default)]
    text: String,
}

async fn show(State(town): Town, _: Holder, Query(prefilled): Query<Text>) -> Response {
    match run(&town, codes_in_sight).await {
        Ok(codes) => {
            let page = Scan { tab: Tab::Scan, text: &prefilled.text, codes };
            render(StatusCode::OK, &page)
        }
        Err(unanswered) => unanswered,
    }
}

/// An account's code opened in a browser: to the scanner, where a tap scans it.
async fn code(State(town): Town, Path(code): Path<String>) -> Redirect {
    let says = format!("{}/q/{code}", town.settings.public_url.trim_end_matches('/'));
    Redirect::to(&format!("/phone/scan?text={}", encode_component(&says)))
}

async fn scan(State(town): Town, Holder(person): Holder, Form(scan): Form<Text>) -> Response {
    let says = scan.text.trim().to_owned();
    let text = says.clone();
    let command = move |town: &Parties| town.wechat.scan(&person, &text, town.clock.now());
    match run(&town, command).await {
        Ok(Scanned::Account(appid, post)) => {
            callbacks::deliver(&town, post).await;
            Redirect::to(&format!("/phone/chat/{}", appid.as_str())).into_response()
        }
        Ok(Scanned::TooOld) => problem(StatusCode::GONE, "二维码已过期"),
        Ok(Scanned::Unknown) => match page_of(&says) {
            Some(address) => Redirect::to(&address).into_response(),
            None => problem(StatusCode::BAD_REQUEST, "无法识别这个二维码"),
        },
        Err(unanswered) => unanswered,
    }
}

/// Where a code that is no account's leads: to a web page, or to a mini-program's page
/// (`weixin://dl/business/?appid=…&path=…`).
fn page_of(says: &str) -> Option<String> {
    let nobody = Appid::new("");
    if web_url(says).is_some() {
        return Some(web_address(says, &nobody));
    }
    let url: Url = says.parse().ok()?;
    let is_mini = url.scheme() == "weixin" && url.host_str() == Some("dl");
    let value = |name: &str| {
        url.query_pairs().find(|(it, _)| it == name).map(|(_, value)| value.into_owned())
    };
    let appid = value("appid").filter(|_| is_mini)?;
    Some(mini_address(&appid, &value("path").unwrap_or_default(), &nobody))
}
