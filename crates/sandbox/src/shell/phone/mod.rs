//! `/phone`: the patient's phone, for scripts (`docs/contracts/phone.md`) and for people.

mod chat;
pub(crate) mod codes;
mod desk;
mod fill;
mod home;
mod links;
pub(super) mod page;
mod web;

pub(crate) use fill::LastPages;

use super::{callbacks, run};
use crate::persons::Person;
use crate::phone::{PHONE_PERSON, Phone, PhoneFault};
use crate::sandbox::Parties;
use crate::wallet::Cashier;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router, routing::post};
use medpay_domain::{Appid, Clock as _, Openid};
use medpay_wire::contracts::phone::{Bind, Inbox, Outcome, Pay, ReadInbox, ShowAuthCode};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

type Town = State<Arc<Parties>>;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new()
        .route("/phone/bind", post(bind))
        .route("/phone/pay", post(pay))
        .route("/phone/auth_code", post(auth_code))
        .route("/phone/inbox", post(inbox))
        .route("/phone/subscribe", post(subscribe))
        .merge(page::routes())
        .merge(desk::routes())
        .merge(home::routes())
        .merge(chat::routes())
        .merge(web::routes())
        .merge(fill::routes())
        .merge(codes::routes())
}

/// Whose phone a browser says it is.
pub(super) fn whose<'a>(town: &'a Parties, headers: &HeaderMap) -> Option<&'a Person> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|it| it.split_once('='));
    let (_, id) = pairs.find(|(name, _)| name.trim() == PHONE_PERSON)?;
    town.settings.persons.get(id.trim())
}

/// Whose phone a page is opened on. Where nobody was chosen yet, the page asks.
struct Holder(Person);

impl FromRequestParts<Arc<Parties>> for Holder {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        town: &Arc<Parties>,
    ) -> Result<Self, Self::Rejection> {
        let person = whose(town, &parts.headers).cloned();
        // The whole page around the phone asks again.
        person.map(Self).ok_or_else(|| page::choose(town, "/phone"))
    }
}

/// The person of an openid, and the account it belongs to.
fn person_of(town: &Parties, openid: &Openid) -> Option<(Person, Appid)> {
    town.settings.accounts.iter().find_map(|account| {
        let person = town.settings.persons.by_openid(&account.appid, openid)?;
        Some((person.clone(), account.appid.clone()))
    })
}

fn nobody() -> Response {
    (StatusCode::NOT_FOUND, "nobody has this openid under an account of the sandbox")
        .into_response()
}

fn shown(outcome: Result<Outcome, PhoneFault>) -> Outcome {
    outcome.unwrap_or_else(|fault| {
        tracing::warn!(error = &fault as &dyn std::error::Error, "the phone could not go on");
        let message = match fault {
            PhoneFault::Url => "链接无效",
            PhoneFault::Unanswered(_) => "页面打不开，请检查网络",
            PhoneFault::Redirects => "页面跳转次数过多",
        };
        Outcome { ok: false, message: message.to_owned(), leads_to: String::new() }
    })
}

async fn bind(State(town): Town, Json(question): Json<Bind>) -> Response {
    let Some((person, _)) = person_of(&town, &question.openid) else { return nobody() };
    let mut phone = Phone::new(&town.settings, &person);
    Json(shown(phone.bind(&question.bind_url, question.consent).await)).into_response()
}

async fn pay(State(town): Town, Json(question): Json<Pay>) -> Response {
    let Some((person, _)) = person_of(&town, &question.openid) else { return nobody() };
    let mut phone = Phone::new(&town.settings, &person);
    if !question.pay_url.is_empty() {
        let outcome = phone.pay(&question.pay_url, &question.password).await;
        return Json(shown(outcome)).into_response();
    }
    let cashier = match presented(&town, &person).await {
        Ok(cashier) => cashier,
        Err(unanswered) => return unanswered,
    };
    let Some(cashier) = cashier else {
        let message = "手机上没有待支付的订单".to_owned();
        return Json(Outcome { ok: false, message, leads_to: String::new() }).into_response();
    };
    let outcome = shown(phone.pay(&cashier.url, &question.password).await);
    if outcome.ok
        && let Err(unanswered) =
            run(&town, move |town| town.wallet.close_cashier(&cashier.key)).await
    {
        return unanswered;
    }
    Json(outcome).into_response()
}

/// How often the person looks at the phone for a cashier that the window has asked for.
const LOOKS: usize = 40;
/// How long the person waits in between.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// The newest cashier that the wallet was asked to present. A person at the window waits for it,
/// since the platform asks only after it has answered the window.
async fn presented(town: &Arc<Parties>, person: &Person) -> Result<Option<Cashier>, Response> {
    for look in 1.. {
        let whose = person.clone();
        let newest = run(town, move |town| Ok(town.wallet.cashiers(&whose)?.pop())).await?;
        if newest.is_some() || look == LOOKS {
            return Ok(newest);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    unreachable!("the last look returns")
}

async fn auth_code(State(town): Town, Json(question): Json<ShowAuthCode>) -> Response {
    let Some((person, _)) = person_of(&town, &question.openid) else { return nobody() };
    let show = move |town: &Parties| town.wallet.show_auth_code(&person, town.clock.now());
    run(&town, show).await.map_or_else(|none| none, |code| Json(code).into_response())
}

async fn inbox(State(town): Town, Json(question): Json<ReadInbox>) -> Response {
    let Some((person, _)) = person_of(&town, &question.openid) else { return nobody() };
    let read = move |town: &Parties| Ok(Inbox { messages: town.wechat.inbox(&person)? });
    run(&town, read).await.map_or_else(|none| none, |inbox| Json(inbox).into_response())
}

/// `POST /phone/subscribe`: follow the openid's account, or cease to.
#[derive(Deserialize)]
struct Subscribe {
    openid: String,
    subscribed: bool,
}

async fn subscribe(State(town): Town, Json(question): Json<Subscribe>) -> Response {
    let Some((person, appid)) = person_of(&town, &Openid::new(question.openid)) else {
        return nobody();
    };
    let subscribed = question.subscribed;
    let command =
        move |town: &Parties| town.wechat.subscribe(&appid, &person, subscribed, town.clock.now());
    match run(&town, command).await {
        Ok(post) => {
            callbacks::deliver(&town, post).await;
            Json(serde_json::json!({ "subscribed": subscribed })).into_response()
        }
        Err(unanswered) => unanswered,
    }
}
