//! The phone's own pages: the list of chats, the accounts there are, the person's own page, the
//! pay code.

use super::page::{Papers, Row, Tab, problem, render, web_address, when};
use super::{Holder, Town, run};
use crate::sandbox::Parties;
use crate::settings::Account;
use crate::wechat::Chat;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use medpay_domain::{Appid, Clock as _};
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new()
        .route("/phone/screen", get(chats))
        .route("/phone/contacts", get(contacts))
        .route("/phone/account/{appid}", get(account))
        .route("/phone/me", get(me))
        .route("/phone/cashier/close", post(close_cashier))
        .route("/phone/code", get(to_me).post(code))
}

#[derive(Template)]
#[template(path = "phone/chats.html")]
struct Chats<'a> {
    tab: Tab,
    rows: Vec<Row<'a>>,
    cashiers: usize,
}

#[derive(Template)]
#[template(path = "phone/contacts.html")]
struct Contacts<'a> {
    tab: Tab,
    rows: Vec<Row<'a>>,
}

#[derive(Template)]
#[template(path = "phone/account.html")]
struct AccountPage<'a> {
    tab: Tab,
    appid: &'a str,
    name: &'a str,
    kind: &'static str,
    subscribed: bool,
}

#[derive(Template)]
#[template(path = "phone/me.html")]
struct Me<'a> {
    tab: Tab,
    person: Papers<'a>,
    wallet: String,
    account: String,
    cashiers: Vec<OpenCashier>,
}

/// A cashier that a window put on the phone.
struct OpenCashier {
    key: String,
    href: String,
}

/// A pay code.
#[derive(Template)]
#[template(path = "phone/code.html")]
struct PayCode<'a> {
    name: &'a str,
    groups: Vec<&'a str>,
    digits: &'a str,
    minutes: u32,
}

/// What the list of chats needs of the books.
struct Seen {
    chats: Vec<Chat>,
    subscribed: Vec<bool>,
    cashiers: usize,
}

async fn chats(State(town): Town, Holder(person): Holder) -> Response {
    let look = move |town: &Parties| {
        let accounts = town.settings.accounts.iter();
        Ok(Seen {
            chats: town.wechat.chats(&person)?,
            subscribed: accounts
                .map(|it| town.wechat.subscribed(&it.appid, &person))
                .collect::<Result<_, _>>()?,
            cashiers: town.wallet.cashiers(&person)?.len(),
        })
    };
    let seen = match run(&town, look).await {
        Ok(seen) => seen,
        Err(unanswered) => return unanswered,
    };
    let now = town.clock.now();
    let with_lines = seen.chats.iter().filter_map(|chat| {
        let account = town.wechat.account(&chat.appid)?;
        let last = chat.last.text.lines().next().unwrap_or_default().to_owned();
        let time = when(chat.last.at, now);
        Some(Row { last, time, unread: chat.unread, ..Row::of(&town, account) })
    });
    // Whom the person follows and who never wrote comes behind, if there is anything to tap.
    let silent =
        town.settings.accounts.iter().zip(seen.subscribed).filter(|(account, subscribed)| {
            *subscribed
                && account.callback.is_some()
                && !seen.chats.iter().any(|chat| chat.appid == account.appid)
        });
    let silent = silent.map(|(account, _)| Row::of(&town, account));
    let rows = with_lines.chain(silent).collect();
    render(StatusCode::OK, &Chats { tab: Tab::Chats, rows, cashiers: seen.cashiers })
}

/// What an account is good for.
const fn kind(account: &Account) -> &'static str {
    if account.mini_pages.is_some() {
        "小程序"
    } else if account.callback.is_some() {
        "公众号"
    } else {
        "公众号，只发消息"
    }
}

async fn contacts(State(town): Town, Holder(person): Holder) -> Response {
    let look = move |town: &Parties| {
        let accounts = town.settings.accounts.iter();
        accounts.map(|it| town.wechat.subscribed(&it.appid, &person)).collect::<Result<Vec<_>, _>>()
    };
    match run(&town, look).await {
        Ok(subscribed) => {
            let mut accounts: Vec<_> = town.settings.accounts.iter().zip(subscribed).collect();
            accounts.sort_by_key(|(account, _)| account.callback.is_none());
            let rows = accounts.into_iter().map(|(account, subscribed)| {
                let followed = if subscribed { "已关注" } else { "未关注" };
                Row { last: format!("{followed} · {}", kind(account)), ..Row::of(&town, account) }
            });
            render(StatusCode::OK, &Contacts { tab: Tab::Contacts, rows: rows.collect() })
        }
        Err(unanswered) => unanswered,
    }
}

async fn account(State(town): Town, Holder(person): Holder, Path(appid): Path<String>) -> Response {
    let appid = Appid::new(appid);
    let Some(account) = town.wechat.account(&appid) else {
        return problem(StatusCode::NOT_FOUND, "没有这个公众号");
    };
    let of = appid.clone();
    match run(&town, move |town| town.wechat.subscribed(&of, &person)).await {
        Ok(subscribed) => {
            let page = AccountPage {
                tab: Tab::Contacts,
                appid: appid.as_str(),
                name: &account.name,
                kind: kind(account),
                subscribed,
            };
            render(StatusCode::OK, &page)
        }
        Err(unanswered) => unanswered,
    }
}

async fn me(State(town): Town, Holder(person): Holder) -> Response {
    let whose = person.clone();
    let look = move |town: &Parties| {
        let cashiers = town.wallet.cashiers(&whose)?;
        Ok((town.wallet.balance(&whose)?, town.bureau.account(&whose)?, cashiers))
    };
    match run(&town, look).await {
        Ok((wallet, account, cashiers)) => {
            let nobody = Appid::new("");
            let cashiers = cashiers.into_iter().rev().map(|cashier| OpenCashier {
                href: web_address(&cashier.url, &nobody),
                key: cashier.key,
            });
            let page = Me {
                tab: Tab::Me,
                person: Papers::of(&person),
                wallet: wallet.yuan(),
                account: account.yuan(),
                cashiers: cashiers.collect(),
            };
            render(StatusCode::OK, &page)
        }
        Err(unanswered) => unanswered,
    }
}

#[derive(Deserialize)]
struct Close {
    key: String,
}

async fn close_cashier(
    State(town): Town,
    Holder(person): Holder,
    Form(close): Form<Close>,
) -> Response {
    let command = move |town: &Parties| {
        let own = town.wallet.cashiers(&person)?.into_iter().any(|it| it.key == close.key);
        if own { town.wallet.close_cashier(&close.key) } else { Ok(()) }
    };
    match run(&town, command).await {
        Ok(()) => Redirect::to("/phone/me").into_response(),
        Err(unanswered) => unanswered,
    }
}

/// A pay code is shown on a tap only: each showing is a fresh one.
async fn to_me() -> Redirect {
    Redirect::to("/phone/me")
}

async fn code(State(town): Town, Holder(person): Holder) -> Response {
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
