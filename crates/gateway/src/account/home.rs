//! The home page, the personal centre (个人中心), and the size of type.

use super::own_path::{of_referer, see_other};
use super::visitor::Visitor;
use super::{refused, session};
use crate::page::{self, Frame};
use crate::visit_cards::{self, VisitCard};
use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use http::header::{HOST, REFERER};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

/// What the home page leads to, in the leaflet's words.
const TILES: [(&str, &str); 12] = [
    ("我的社保卡", "/card"),
    ("就诊卡", "/visit-cards"),
    ("我要挂号", "/register"),
    ("我的挂号", "/registrations"),
    ("在线取号", "/pickup"),
    ("门诊缴费", "/bills"),
    ("我的订单", "/orders"),
    ("报告查看", "/results"),
    ("就诊指引", "/guide"),
    ("就医反馈", "/feedback"),
    ("我的信息", "/me"),
    ("帮助", "/help"),
];

#[derive(Template)]
#[template(path = "account/home.html")]
struct HomePage<'a> {
    frame: Frame,
    hospital: &'a str,
    tiles: &'a [(&'a str, &'a str)],
}

/// `GET /h/{site}`.
pub(crate) async fn home(visitor: Visitor) -> Response {
    let hospital = &visitor.site.institution.name;
    let page = HomePage { frame: visitor.frame(), hospital, tiles: &TILES };
    page::show(&visitor.site, StatusCode::OK, &page)
}

/// A visit card of the personal centre.
struct CardLine {
    name: String,
    number: String,
}

#[derive(Template)]
#[template(path = "account/me.html")]
struct MePage {
    frame: Frame,
    cards: Vec<CardLine>,
}

/// `GET /me`: 我的信息.
pub(crate) async fn me(visitor: Visitor) -> Response {
    let site = &visitor.site;
    let cards = match visit_cards::of(site, &visitor.openid).await {
        Ok(cards) => cards,
        Err(error) => {
            tracing::error!(org_no = site.org_no().as_str(), %error, "visit cards were not read");
            return refused::busy(site);
        }
    };
    let line = |card: &VisitCard| CardLine {
        name: card.name.reveal().to_owned(),
        number: visit_cards::masked(&card.visit_card_no),
    };
    let page = MePage { frame: visitor.frame(), cards: cards.iter().map(line).collect() };
    page::show(site, StatusCode::OK, &page)
}

/// Which size of type is wanted.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    size: String,
}

/// `GET /h/{site}/font?size=large|normal`: keeps it, and goes back to the page it came from.
pub(crate) async fn font(
    visitor: Visitor,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Response {
    let site = &visitor.site;
    let large = wanted.size == "large";
    if let Err(error) = session::want_large(site, &headers, &visitor.openid, large).await {
        tracing::error!(org_no = site.org_no().as_str(), %error, "a size of type was not kept");
        return refused::busy(site);
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let from = text(REFERER).and_then(|referer| of_referer(site, text(HOST), referer));
    // From the login page or from here one would go in a circle.
    let circle =
        |path: &&str| ["/font", "/login"].iter().any(|page| path.starts_with(&site.path(page)));
    see_other(from.filter(|path| !circle(path)).unwrap_or(&site.path("")))
}
