//! What all pages of the phone share: how they are sent, whose phone it is, and the page for what
//! cannot go on. No script; every page says 模拟环境.

use crate::persons::{Behaviour, Person};
use crate::sandbox::Parties;
use crate::settings::Account;
use askama::Template;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use medpay_domain::{Appid, Timestamp};
use medpay_wire::public_account::encode_component;
use std::sync::Arc;

/// The foot of the phone's own pages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Chats,
    Contacts,
    Scan,
    Me,
}

/// The page that asks whose phone this is; `next` is where the choice leads.
#[derive(Template)]
#[template(path = "phone/choose.html")]
struct Choose<'a> {
    persons: Vec<Choice<'a>>,
    next: &'a str,
    /// Whether the page around the phone changes too.
    whole_page: bool,
}

/// A person to choose.
pub(super) struct Choice<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) good_for: &'static str,
    pub(super) chosen: bool,
}

/// Something that cannot go on.
#[derive(Template)]
#[template(path = "phone/problem.html")]
struct Problem<'a> {
    message: &'a str,
}

/// What the person would read off the own papers.
pub(super) struct Papers<'a> {
    pub(super) name: &'a str,
    pub(super) card_type: &'static str,
    pub(super) id_no: &'a str,
    pub(super) medical_card_no: &'a str,
    pub(super) password: &'a str,
}

impl<'a> Papers<'a> {
    pub(super) fn of(person: &'a Person) -> Self {
        Self {
            name: person.insured_name.reveal(),
            card_type: person.card_type.chinese(),
            id_no: person.insured_id_no.reveal(),
            medical_card_no: person.medical_card_no.reveal(),
            password: &person.password,
        }
    }
}

/// Everything comes from the page itself, but what a frame shows.
const POLICY: &str = "default-src 'none'; style-src 'self'; frame-src http: https:; \
                      frame-ancestors 'self'; base-uri 'none'";
/// The authorization page's own pages appear inside the frames of others.
const POLICY_ANYWHERE: &str =
    "default-src 'none'; style-src 'self'; frame-src http: https:; base-uri 'none'";

/// The look of the phone's pages and of the page around them. Templates and these two files change
/// together, so a browser keeps them for a minute only.
pub(super) fn routes() -> Router<Arc<Parties>> {
    let style = |text: &'static str| {
        get(move || async move {
            let headers = [
                (header::CONTENT_TYPE, "text/css; charset=utf-8"),
                (header::CACHE_CONTROL, "max-age=60"),
            ];
            (headers, text)
        })
    };
    Router::new()
        .route("/phone/screen.css", style(include_str!("../../../templates/phone/screen.css")))
        .route("/phone/desk.css", style(include_str!("../../../templates/phone/desk.css")))
}

pub(super) fn render(status: StatusCode, page: &impl Template) -> Response {
    render_under(POLICY, status, page)
}

fn render_under(policy: &'static str, status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => {
            let headers = [
                (header::CACHE_CONTROL, "no-store"),
                (header::CONTENT_SECURITY_POLICY, policy),
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
    render_under(POLICY_ANYWHERE, status, &Problem { message })
}

/// The page that asks whose phone this is and then goes on to `next`.
pub(in crate::shell) fn choose(town: &Parties, next: &str) -> Response {
    let page = Choose { persons: choices(town, None), next, whole_page: next == "/phone" };
    render_under(POLICY_ANYWHERE, StatusCode::OK, &page)
}

/// Everybody, a newcomer's choice first.
pub(super) fn choices<'a>(town: &'a Parties, chosen: Option<&Person>) -> Vec<Choice<'a>> {
    let mut persons: Vec<_> = town.settings.persons.iter().collect();
    persons.sort_by_key(|person| person.behaviour != Behaviour::Unsubscribed);
    let persons = persons.into_iter().map(|person| Choice {
        id: &person.id,
        name: person.insured_name.reveal(),
        good_for: good_for(person.behaviour),
        chosen: chosen.is_some_and(|chosen| chosen.id == person.id),
    });
    persons.collect()
}

/// What a person is chosen for.
const fn good_for(behaviour: Behaviour) -> &'static str {
    match behaviour {
        Behaviour::Normal => "一切正常，走通全部流程",
        Behaviour::Unsubscribed => "未关注公众号，从关注开始",
        Behaviour::OwnSplit => "个账为零，看医保中心自行分割",
        Behaviour::NameDiffers => "医院档案姓名不符，看 80005",
        Behaviour::DocumentDiffers => "医院档案证件号不符，看 80006",
        Behaviour::NotInsured => "未参保，绑不了卡",
        Behaviour::AccountShort
        | Behaviour::BureauRefuses
        | Behaviour::WalletShort
        | Behaviour::WalletLocked
        | Behaviour::BureauOut
        | Behaviour::BureauOutOnceBound
        | Behaviour::AnswersLost
        | Behaviour::PayCodeUnanswered => behaviour.chinese(),
    }
}

/// An account in a list.
pub(super) struct Row<'a> {
    pub(super) appid: &'a str,
    pub(super) name: &'a str,
    pub(super) initial: &'a str,
    /// Colour of the picture.
    pub(super) face: &'static str,
    pub(super) last: String,
    pub(super) time: String,
    pub(super) unread: u32,
}

impl<'a> Row<'a> {
    pub(super) fn of(town: &'a Parties, account: &'a Account) -> Self {
        let accounts = &town.settings.accounts;
        let at = accounts.iter().position(|it| it.appid == account.appid).unwrap_or_default();
        let end = account.name.chars().next().map_or(0, char::len_utf8);
        Self {
            appid: account.appid.as_str(),
            name: &account.name,
            initial: account.name.get(..end).unwrap_or_default(),
            face: ["a", "b", "c", "d"].into_iter().cycle().nth(at).unwrap_or_default(),
            last: String::new(),
            time: String::new(),
            unread: 0,
        }
    }
}

/// `HH:mm` of today, else the date.
pub(super) fn when(at: Timestamp, now: Timestamp) -> String {
    let text = at.to_string();
    let part = if at.day() == now.day() { text.get(11..16) } else { text.get(5..16) };
    part.unwrap_or_default().to_owned()
}

/// The address of the page that shows `url` in the phone, opened from the chat with `from`.
pub(super) fn web_address(url: &str, from: &Appid) -> String {
    let (url, from) = (encode_component(url), encode_component(from.as_str()));
    format!("/phone/web?url={url}&from={from}")
}

/// The address of the page that shows a mini-program's page in the phone.
pub(super) fn mini_address(appid: &str, path: &str, from: &Appid) -> String {
    let (path, from) = (encode_component(path), encode_component(from.as_str()));
    format!("/phone/mini?appid={}&path={path}&from={from}", encode_component(appid))
}

/// Where a line's or a button's link leads inside the phone; empty if nowhere.
pub(super) fn inside(link: &str, from: &Appid) -> String {
    if let Some((appid, path)) = link.strip_prefix("mini:").and_then(|it| it.split_once('/')) {
        return mini_address(appid, path, from);
    }
    if link.starts_with("http://") || link.starts_with("https://") {
        return web_address(link, from);
    }
    String::new()
}
