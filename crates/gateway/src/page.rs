//! How a patient's page leaves: no script, nothing cached, framed by nobody unless told otherwise.
//!
//! Every page extends `templates/page.html`, whose contexts have a field `frame`. For scripts
//! without eyes a page carries `<main data-outcome="…">`.

use crate::assets;
use crate::gateway::Site;
use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{Html, IntoResponse, Response};

/// What all pages show around their own words.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// Whether it says 模拟环境.
    pub(crate) test: bool,
    /// Whether it is in large type.
    pub(crate) large: bool,
    /// The path of the home page, without a final slash; empty where the page leads nowhere else.
    pub(crate) home: String,
    /// The path of the style.
    pub(crate) style: &'static str,
}

impl Frame {
    /// The frame of a page of `site`; `large` is the visitor's wish.
    pub(crate) fn new(site: &Site, large: bool) -> Self {
        Self { test: site.institution.test, large, home: site.path(""), style: assets::STYLE_PATH }
    }

    /// The frame of a page that leads nowhere else: for somebody who is not known here.
    pub(crate) fn alone(site: &Site, large: bool) -> Self {
        Self { home: String::new(), ..Self::new(site, large) }
    }
}

/// A page that says one thing.
#[derive(Template)]
#[template(path = "notice.html")]
pub(crate) struct Notice<'a> {
    /// Around it.
    pub(crate) frame: Frame,
    /// Its title.
    pub(crate) title: &'a str,
    /// What it says.
    pub(crate) text: &'a str,
    /// `good`, `bad`, `wait`, or empty.
    pub(crate) tone: &'a str,
    /// For scripts.
    pub(crate) outcome: &'a str,
    /// Where one can go from here: words and path.
    pub(crate) ways: Vec<(&'a str, String)>,
}

/// Answers `page` with `status`.
pub(crate) fn show(site: &Site, status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => {
            let ancestors = site.settings.frame_ancestors.as_deref().unwrap_or("'none'");
            let policy = format!(
                "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
                 frame-ancestors {ancestors}"
            );
            let headers = [
                (CACHE_CONTROL, "no-store"),
                (REFERRER_POLICY, "same-origin"),
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (status, headers, [(CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
