//! A chat with an account: its messages and cards, its menu, and what the person does there.

use super::links::{Piece, pieces};
use super::page::{inside, problem, render, when};
use super::{Holder, Town, callbacks, run};
use crate::sandbox::Parties;
use crate::wechat::{By, Line};
use askama::Template;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use medpay_domain::{Appid, Clock as _, Timestamp};
use medpay_wire::public_account::callback::{Event, What};
use medpay_wire::public_account::menu::{Action, Menu};
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new()
        .route("/phone/chat/{appid}", get(show))
        .route("/phone/chat/{appid}/say", post(say))
        .route("/phone/chat/{appid}/tap", post(tap))
        .route("/phone/follow", post(follow))
}

#[derive(Template)]
#[template(path = "phone/chat.html")]
struct ChatPage<'a> {
    appid: &'a str,
    name: &'a str,
    subscribed: bool,
    lines: Vec<Shown>,
    menu: Vec<MenuButton>,
}

/// A line as it is shown.
struct Shown {
    by: By,
    text: String,
    pieces: Vec<Piece>,
    /// Where a card leads, inside the phone.
    href: String,
    /// What a card's foot says.
    opens: &'static str,
    /// Shown where some time has passed since the line before; else empty.
    time: String,
}

/// A button of the menu; `at` is its place.
struct MenuButton {
    at: String,
    name: String,
    below: Vec<MenuButton>,
}

/// Lines closer together than this share a time.
const PAUSE_MS: i64 = 5 * 60 * 1000;

/// The account of an address, if there is such a one.
struct Account(Appid);

impl FromRequestParts<Arc<Parties>> for Account {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        town: &Arc<Parties>,
    ) -> Result<Self, Self::Rejection> {
        let Path(appid) = Path::<String>::from_request_parts(parts, town)
            .await
            .map_err(IntoResponse::into_response)?;
        let appid = Appid::new(appid);
        if town.wechat.knows(&appid) { Ok(Self(appid)) } else { Err(no_account()) }
    }
}

fn no_account() -> Response {
    problem(StatusCode::NOT_FOUND, "没有这个公众号")
}

fn chat_address(appid: &Appid) -> String {
    format!("/phone/chat/{}", appid.as_str())
}

async fn show(State(town): Town, Holder(person): Holder, Account(appid): Account) -> Response {
    let of = appid.clone();
    let look = move |town: &Parties| {
        let lines = town.wechat.read_chat(&of, &person)?;
        Ok((lines, town.wechat.subscribed(&of, &person)?, town.wechat.menu_shown(&of)?))
    };
    let (lines, subscribed, menu) = match run(&town, look).await {
        Ok(seen) => seen,
        Err(unanswered) => return unanswered,
    };
    let account = town.wechat.account(&appid);
    let page = ChatPage {
        appid: appid.as_str(),
        name: account.map_or("公众号", |account| account.name.as_str()),
        subscribed,
        lines: shown(lines, &appid, town.clock.now()),
        menu: buttons(&menu),
    };
    render(StatusCode::OK, &page)
}

fn shown(lines: Vec<Line>, appid: &Appid, now: Timestamp) -> Vec<Shown> {
    let mut before: Option<Timestamp> = None;
    let lines = lines.into_iter().map(|line| {
        let paused = before.is_none_or(|before| line.at.as_ms() - before.as_ms() > PAUSE_MS);
        before = Some(line.at);
        let is_mini = line.url.starts_with("mini:");
        Shown {
            by: line.by,
            pieces: if line.by == By::Account { pieces(&line.text, appid) } else { words(&line) },
            href: inside(&line.url, appid),
            opens: if is_mini { "进入小程序查看" } else { "查看详情" },
            time: if paused { when(line.at, now) } else { String::new() },
            text: line.text,
        }
    });
    lines.collect()
}

/// What the person wrote is text, whatever it looks like.
fn words(line: &Line) -> Vec<Piece> {
    vec![Piece { text: line.text.clone(), href: String::new() }]
}

fn buttons(menu: &Menu) -> Vec<MenuButton> {
    let buttons = menu.button.iter().enumerate().map(|(at, button)| {
        let below = match &button.action {
            Action::Submenu(below) => below.as_slice(),
            _ => &[],
        };
        let below = below.iter().enumerate().map(|(below_at, button)| MenuButton {
            at: format!("{at}.{below_at}"),
            name: button.name.clone(),
            below: Vec::new(),
        });
        MenuButton { at: at.to_string(), name: button.name.clone(), below: below.collect() }
    });
    buttons.collect()
}

#[derive(Deserialize)]
struct Say {
    text: String,
}

async fn say(
    State(town): Town,
    Holder(person): Holder,
    Account(appid): Account,
    Form(say): Form<Say>,
) -> Response {
    let back = chat_address(&appid);
    let command =
        move |town: &Parties| town.wechat.say(&appid, &person, &say.text, town.clock.now());
    match run(&town, command).await {
        Ok(post) => {
            callbacks::deliver(&town, post).await;
            Redirect::to(&back).into_response()
        }
        Err(unanswered) => unanswered,
    }
}

#[derive(Deserialize)]
struct Tap {
    at: String,
}

/// A tap on the account's menu: `click` waits for the server's words, a page opens at once.
async fn tap(
    State(town): Town,
    Holder(person): Holder,
    Account(appid): Account,
    Form(tap): Form<Tap>,
) -> Response {
    let of = appid.clone();
    let command = move |town: &Parties| {
        let Some(button) = town.wechat.button_at(&of, &tap.at)? else { return Ok(None) };
        let (event, leads_to) = match button.action {
            Action::Click { key } => (Some(Event::Click { key }), String::new()),
            Action::View { url } => (Some(Event::View { url: url.clone() }), inside(&url, &of)),
            Action::MiniProgram { appid, pagepath, .. } => {
                let event = Event::Other {
                    event: "view_miniprogram".to_owned(),
                    key: Some(pagepath.clone()),
                };
                (Some(event), inside(&format!("mini:{appid}/{pagepath}"), &of))
            }
            Action::Submenu(_) | Action::Other(_) => (None, String::new()),
        };
        let post = match event {
            Some(event) => town.wechat.post(&of, &person, What::Event(event), town.clock.now())?,
            None => None,
        };
        Ok(Some((post, leads_to)))
    };
    match run(&town, command).await {
        Ok(Some((post, leads_to))) if leads_to.is_empty() => {
            callbacks::deliver(&town, post).await;
            Redirect::to(&chat_address(&appid)).into_response()
        }
        Ok(Some((post, leads_to))) => {
            drop(callbacks::deliver_later(&town, post));
            Redirect::to(&leads_to).into_response()
        }
        // The menu has changed since the page was loaded.
        Ok(None) => Redirect::to(&chat_address(&appid)).into_response(),
        Err(unanswered) => unanswered,
    }
}

#[derive(Deserialize)]
struct Follow {
    appid: String,
    subscribed: bool,
}

async fn follow(State(town): Town, Holder(person): Holder, Form(wish): Form<Follow>) -> Response {
    let appid = Appid::new(wish.appid);
    if !town.wechat.knows(&appid) {
        return no_account();
    }
    let back = if wish.subscribed {
        chat_address(&appid)
    } else {
        format!("/phone/account/{}", appid.as_str())
    };
    let command = move |town: &Parties| {
        town.wechat.subscribe(&appid, &person, wish.subscribed, town.clock.now())
    };
    match run(&town, command).await {
        Ok(post) => {
            callbacks::deliver(&town, post).await;
            Redirect::to(&back).into_response()
        }
        Err(unanswered) => unanswered,
    }
}
