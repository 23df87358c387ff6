//! The phone's pages for people: choose whose it is, read its messages, show its pay code, open the
//! cashiers that a window put on it. No script; every page says 模拟环境.

use super::{Town, run, whose};
use crate::persons::Person;
use crate::phone::PHONE_PERSON;
use crate::sandbox::Parties;
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use medpay_domain::{Appid, Clock as _};
use medpay_wire::contracts::phone::InboxMessage;
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new()
        .route("/phone", get(show))
        .route("/phone/person", post(choose_person))
        .route("/phone/code", post(code))
        .route("/phone/follow", post(follow))
}

/// Who may be chosen; `next` is where the choice leads.
#[derive(Template)]
#[template(path = "choose.html")]
struct Choose<'a> {
    persons: Vec<Choice<'a>>,
    next: &'a str,
}

struct Choice<'a> {
    id: &'a str,
    name: &'a str,
    behaviour: &'static str,
}

/// A phone.
#[derive(Template)]
#[template(path = "phone.html")]
struct Home<'a> {
    name: &'a str,
    behaviour: &'static str,
    now: String,
    wallet: String,
    account: String,
    cashiers: Vec<String>,
    messages: Vec<Message<'a>>,
    follows: Vec<Follows<'a>>,
}

struct Message<'a> {
    from: &'a str,
    lines: Vec<&'a str>,
    url: &'a str,
}

struct Follows<'a> {
    appid: &'a str,
    account: &'a str,
    subscribed: bool,
}

/// A pay code.
#[derive(Template)]
#[template(path = "code.html")]
struct PayCode<'a> {
    name: &'a str,
    groups: Vec<&'a str>,
    digits: &'a str,
    minutes: u32,
}

/// Something that cannot go on.
#[derive(Template)]
#[template(path = "problem.html")]
struct Problem<'a> {
    message: &'a str,
}

fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => {
            let headers = [
                (header::CACHE_CONTROL, "no-store"),
                (
                    header::CONTENT_SECURITY_POLICY,
                    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
                ),
                (header::REFERRER_POLICY, "no-referrer"),
            ];
            (status, headers, Html(html)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page that says what is wrong.
pub(in crate::shell) fn problem(status: StatusCode, message: &str) -> Response {
    render(status, &Problem { message })
}

/// The page that asks whose phone this is and then goes on to `next`.
pub(in crate::shell) fn choose(town: &Parties, next: &str) -> Response {
    let persons = town.settings.persons.iter().map(|person| Choice {
        id: &person.id,
        name: person.insured_name.reveal(),
        behaviour: person.behaviour.chinese(),
    });
    render(StatusCode::OK, &Choose { persons: persons.collect(), next })
}

#[derive(Deserialize)]
struct Chosen {
    person: String,
    #[serde(default)]
    next: String,
}

async fn choose_person(State(town): Town, Form(chosen): Form<Chosen>) -> Response {
    if chosen.person.is_empty() {
        let forget = format!("{PHONE_PERSON}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        return ([(header::SET_COOKIE, forget)], Redirect::to("/phone")).into_response();
    }
    let Some(person) = town.settings.persons.get(&chosen.person) else {
        return problem(StatusCode::NOT_FOUND, "没有这个测试人员");
    };
    // Only on to the sandbox's own pages: two slashes would be another host.
    let own = ["/phone", "/connect/oauth2/authorize?"];
    let is_own = own.iter().any(|path| chosen.next.starts_with(path));
    let next = if is_own { chosen.next.as_str() } else { "/phone" };
    let cookie = format!("{PHONE_PERSON}={}; Path=/; HttpOnly; SameSite=Lax", person.id);
    ([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response()
}

/// What a phone shows, read in one go.
struct Seen {
    messages: Vec<InboxMessage>,
    cashiers: Vec<String>,
    subscribed: Vec<bool>,
    wallet: String,
    account: String,
}

async fn show(State(town): Town, headers: HeaderMap) -> Response {
    let Some(person) = whose(&town, &headers).cloned() else { return choose(&town, "/phone") };
    let whose = person.clone();
    let seen = run(&town, move |town| {
        let accounts = town.settings.accounts.iter();
        Ok(Seen {
            messages: town.wechat.inbox(&whose)?,
            cashiers: town.wallet.cashiers(&whose)?.into_iter().map(|it| it.url).collect(),
            subscribed: accounts
                .map(|account| town.wechat.subscribed(&account.appid, &whose))
                .collect::<Result<_, _>>()?,
            wallet: town.wallet.balance(&whose)?.yuan(),
            account: town.bureau.account(&whose)?.yuan(),
        })
    });
    match seen.await {
        Ok(seen) => home(&town, &person, seen),
        Err(unanswered) => unanswered,
    }
}

fn home(town: &Parties, person: &Person, seen: Seen) -> Response {
    let accounts = &town.settings.accounts;
    let name_of = |appid: &str| {
        let account = accounts.iter().find(|account| account.appid.as_str() == appid);
        account.map_or("公众号", |account| account.name.as_str())
    };
    let messages = seen.messages.iter().rev().map(|message| Message {
        from: name_of(&message.appid),
        lines: message.text.lines().collect(),
        // What opens a mini-program has no address that a browser could open.
        url: if message.url.starts_with("http") { &message.url } else { "" },
    });
    let follows = accounts.iter().zip(seen.subscribed).map(|(account, subscribed)| Follows {
        appid: account.appid.as_str(),
        account: &account.name,
        subscribed,
    });
    let now = town.clock.now().to_string();
    let page = Home {
        name: person.insured_name.reveal(),
        behaviour: person.behaviour.chinese(),
        now: now.get(..16).unwrap_or(&now).to_owned(),
        wallet: seen.wallet,
        account: seen.account,
        cashiers: seen.cashiers,
        messages: messages.collect(),
        follows: follows.collect(),
    };
    render(StatusCode::OK, &page)
}

async fn code(State(town): Town, headers: HeaderMap) -> Response {
    let Some(person) = whose(&town, &headers).cloned() else { return choose(&town, "/phone") };
    let whose = person.clone();
    let show = move |town: &Parties| town.wallet.show_auth_code(&whose, town.clock.now());
    match run(&town, show).await {
        Ok(code) => {
            let digits = code.auth_code.as_str();
            let group = |at: usize| digits.get(at..(at + 4).min(digits.len()));
            let page = PayCode {
                name: person.insured_name.reveal(),
                groups: (0..digits.len()).step_by(4).filter_map(group).collect(),
                digits,
                minutes: code.expires_in_seconds / 60,
            };
            render(StatusCode::OK, &page)
        }
        Err(unanswered) => unanswered,
    }
}

#[derive(Deserialize)]
struct Follow {
    appid: String,
    subscribed: bool,
}

async fn follow(State(town): Town, headers: HeaderMap, Form(wish): Form<Follow>) -> Response {
    let Some(person) = whose(&town, &headers).cloned() else { return choose(&town, "/phone") };
    let appid = Appid::new(wish.appid);
    if !town.wechat.knows(&appid) {
        return problem(StatusCode::NOT_FOUND, "没有这个公众号");
    }
    let command = move |town: &Parties| {
        town.wechat.subscribe(&appid, &person, wish.subscribed, town.clock.now())
    };
    match run(&town, command).await {
        Ok(_) => Redirect::to("/phone").into_response(),
        Err(unanswered) => unanswered,
    }
}
