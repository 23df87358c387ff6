//! `GET /phone`: the page around the phone, which a newcomer opens first: whose phone it is, that
//! person's papers, the test clock, and the phone itself in a frame.

use super::page::{Choice, Papers, choices, problem, render};
use super::{Town, whose};
use crate::persons::Behaviour;
use crate::phone::PHONE_PERSON;
use crate::sandbox::Parties;
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use medpay_domain::{Clock as _, Timestamp};
use medpay_wire::contracts::clock::Change;
use reqwest::Url;
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new()
        .route("/phone", get(show))
        .route("/phone/person", post(choose_person))
        .route("/phone/clock", get(clock).post(move_clock))
}

#[derive(Template)]
#[template(path = "phone/desk.html")]
struct Desk<'a> {
    person: Option<Papers<'a>>,
    persons: Vec<Choice<'a>>,
    /// Who follows no account yet.
    newcomer: &'a str,
    /// Pages of the other parties: label, address.
    neighbours: Vec<(String, String)>,
}

/// The test clock.
#[derive(Template)]
#[template(path = "phone/clock.html")]
struct Clock {
    now: String,
}

async fn show(State(town): Town, headers: HeaderMap) -> Response {
    if let Some(address) = right_address(&town, &headers) {
        return Redirect::to(&address).into_response();
    }
    let person = whose(&town, &headers);
    let mut newcomers = town.settings.persons.iter();
    let newcomer = newcomers.find(|it| it.behaviour == Behaviour::Unsubscribed);
    let page = Desk {
        person: person.map(Papers::of),
        persons: choices(&town, person),
        newcomer: newcomer.map_or("任何人", |it| it.insured_name.reveal()),
        neighbours: neighbours(&town),
    };
    render(StatusCode::OK, &page)
}

/// Pages of the other parties that a newcomer may want to open beside the phone.
fn neighbours(town: &Parties) -> Vec<(String, String)> {
    let pages = town.settings.his.iter().flat_map(|his| {
        let page = |what: &str, path: &str| {
            (format!("{}：{what}", his.name), format!("/his/{}/{path}", his.org_no.as_str()))
        };
        [page("医生开方", "doctor"), page("收费窗口", "window")]
    });
    pages.collect()
}

/// The sandbox's own address, if the browser came by `localhost`: the pages in the phone are
/// served by another name, and a browser would keep their cookies from a frame.
fn right_address(town: &Parties, headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let (name, _) = host.split_once(':').unwrap_or((host, ""));
    let own: Url = town.settings.public_url.parse().ok()?;
    let astray = name == "localhost" && own.host_str() != Some("localhost");
    astray.then(|| format!("{}/phone", town.settings.public_url.trim_end_matches('/')))
}

#[derive(Deserialize)]
struct Chosen {
    person: String,
    #[serde(default)]
    next: String,
}

async fn choose_person(
    State(town): Town,
    headers: HeaderMap,
    Form(chosen): Form<Chosen>,
) -> Response {
    // Only on to the sandbox's own pages: two slashes would be another host.
    let own = ["/phone", "/connect/oauth2/authorize?"];
    let is_own = own.iter().any(|path| chosen.next.starts_with(path));
    let next = if is_own { chosen.next.as_str() } else { "/phone" };
    let cookie = if chosen.person.is_empty() {
        format!("{PHONE_PERSON}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
    } else {
        let Some(person) = town.settings.persons.get(&chosen.person) else {
            return problem(StatusCode::NOT_FOUND, "没有这个测试人员");
        };
        format!("{PHONE_PERSON}={}; Path=/; HttpOnly; SameSite=Lax", person.id)
    };
    let mut answer = Redirect::to(next).into_response();
    let changed = whose(&town, &headers).is_some_and(|before| before.id != chosen.person);
    let forgotten = town
        .settings
        .person_cookies
        .iter()
        .filter(|_| changed)
        .map(|it| format!("{}=; Path={}; Max-Age=0; HttpOnly; SameSite=Lax", it.name, it.path));
    for line in std::iter::once(cookie).chain(forgotten) {
        if let Ok(line) = HeaderValue::from_str(&line) {
            answer.headers_mut().append(header::SET_COOKIE, line);
        }
    }
    answer
}

async fn clock(State(town): Town) -> Response {
    let now = town.clock.now().to_string();
    render(StatusCode::OK, &Clock { now: now.get(..16).unwrap_or(&now).to_owned() })
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Advance {
    TenMinutes,
    Tomorrow,
}

impl Advance {
    const fn seconds(self, tomorrow: i64) -> i64 {
        match self {
            Self::TenMinutes => 600,
            Self::Tomorrow => tomorrow,
        }
    }
}

#[derive(Deserialize)]
struct Moved {
    advance: Advance,
}

/// Eight in the morning.
const MORNING_SECONDS: i64 = 8 * 3600;

/// How far it is to tomorrow at eight, in whole seconds, rounded up.
fn to_tomorrow(now: Timestamp) -> i64 {
    let morning = now.day().next().start().plus_seconds(MORNING_SECONDS);
    (morning.as_ms() - now.as_ms() + 999).div_euclid(1000)
}

async fn move_clock(State(town): Town, Form(moved): Form<Moved>) -> Response {
    let seconds = moved.advance.seconds(to_tomorrow(town.clock.now()));
    match town.clock.change_and_wait(Change::Advance { seconds }).await {
        Ok(_) => Redirect::to("/phone/clock").into_response(),
        Err(fault) => {
            tracing::error!(error = &fault as &dyn std::error::Error, "the clock did not move");
            problem(StatusCode::INTERNAL_SERVER_ERROR, "时钟没有改变")
        }
    }
}
