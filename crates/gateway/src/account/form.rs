//! A form that a page of ours posted, and no other site.

use super::refused;
use super::visitor::Visitor;
use crate::gateway::{Gateway, Site};
use axum::body::Bytes;
use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use http::header::{HOST, ORIGIN};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq as _;

/// The visitor and the fields of the form. Refused with 403 where it was not posted by a page of
/// this site in this session.
pub struct Posted<F>(pub Visitor, pub F);

/// The proof that every form carries.
#[derive(Deserialize)]
struct Proof {
    #[serde(default)]
    csrf: String,
}

impl<F: DeserializeOwned> FromRequest<Gateway> for Posted<F> {
    type Rejection = Response;

    async fn from_request(request: Request, gateway: &Gateway) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, gateway).await?;
        let site = &visitor.site;
        let whole = Request::from_parts(parts.clone(), body);
        let body = Bytes::from_request(whole, gateway).await.map_err(|_| not_a_form(site))?;
        if !posted_by_own_page(site, &parts.headers) {
            tracing::info!(org_no = site.org_no().as_str(), "a form of another site was refused");
            return Err(refused::open_again(site));
        }
        let Proof { csrf } = read(site, &parts, &body, gateway).await?;
        if !bool::from(csrf.as_bytes().ct_eq(visitor.csrf.as_bytes())) {
            tracing::info!(org_no = site.org_no().as_str(), "a form of no page was refused");
            return Err(refused::open_again(site));
        }
        let form = read(site, &parts, &body, gateway).await?;
        Ok(Self(visitor, form))
    }
}

async fn read<F: DeserializeOwned>(
    site: &Site,
    parts: &Parts,
    body: &Bytes,
    gateway: &Gateway,
) -> Result<F, Response> {
    let request = Request::from_parts(parts.clone(), body.clone().into());
    let form = Form::<F>::from_request(request, gateway).await;
    form.map(|Form(form)| form).map_err(|_| not_a_form(site))
}

/// Whether no header says that another site posted it.
fn posted_by_own_page(site: &Site, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let same_site = matches!(text("sec-fetch-site"), None | Some("same-origin" | "none"));
    let same_origin = text(ORIGIN.as_str()).is_none_or(|origin| {
        origin.eq_ignore_ascii_case(origin_of(&site.settings.public_url))
            || text(HOST.as_str()).is_some_and(|host| {
                origin.split_once("://").is_some_and(|(_, own)| own.eq_ignore_ascii_case(host))
            })
    });
    same_site && same_origin
}

fn origin_of(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    &url[..end]
}

fn not_a_form(site: &Site) -> Response {
    refused::notice(
        site,
        StatusCode::BAD_REQUEST,
        "无法提交",
        "提交的内容无法识别，请返回页面重新填写。",
    )
}
