//! `GET /help`: 常见问题 of the guide, or the hospital's own.

use crate::account::Visitor;
use crate::page::{self, Frame};
use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Deserialize)]
struct Written {
    faq: Vec<Answered>,
}

#[derive(Deserialize)]
struct Answered {
    question: String,
    answer: String,
}

static GUIDES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let written: Written =
        toml::from_str(include_str!("faq.toml")).expect("the file beside this one is read");
    written.faq.into_iter().map(|it| (it.question, it.answer)).collect()
});

#[derive(Template)]
#[template(path = "help/faq.html")]
struct FaqPage<'a> {
    frame: Frame,
    faq: &'a [(String, String)],
}

/// The page.
pub(crate) async fn page(visitor: Visitor) -> Response {
    let own = visitor.site.hospital().map(|hospital| hospital.faq.as_slice()).unwrap_or_default();
    let faq = if own.is_empty() { GUIDES.as_slice() } else { own };
    page::show(&visitor.site, StatusCode::OK, &FaqPage { frame: visitor.frame(), faq })
}
