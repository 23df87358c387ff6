//! `/cgi-bin/*` and `/sns/*`, as the platform passes them on: the token's account is named in a
//! header.

use super::answer;
use crate::faults::Delivery;
use crate::sandbox::Parties;
use crate::wechat::ErrCode;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use axum::routing::{any, get};
use bytes::Bytes;
use medpay_domain::{Appid, Clock as _};
use medpay_wire::public_account::{AccountError, OauthTokenQuery};
use serde::Deserialize;
use std::sync::Arc;

type Town = State<Arc<Parties>>;

/// The account of the access token that the platform has checked.
const APPID: &str = "x-medpay-appid";

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new()
        .route("/sns/oauth2/access_token", get(access_token))
        .route("/cgi-bin/message/template/send", any(send_template))
        .route("/cgi-bin/user/info", any(user_info))
        .route("/cgi-bin/menu/create", any(create_menu))
        .route("/cgi-bin/menu/get", any(menu))
        .route("/cgi-bin/{*rest}", any(unknown))
        .route("/sns/{*rest}", any(unknown))
}

/// The token's account; absent if the call did not come through the platform.
fn account(headers: &HeaderMap) -> Option<Appid> {
    headers.get(APPID)?.to_str().ok().map(Appid::new)
}

async fn refuse(town: &Arc<Parties>, code: impl Into<ErrCode>) -> Response {
    let code = code.into();
    answer(town, "", move |town| Ok(Delivery::Answer(town.wechat.error(code)))).await
}

async fn access_token(State(town): Town, Query(question): Query<OauthTokenQuery>) -> Response {
    answer(&town, "", move |town| town.wechat.access_token(&question, town.clock.now())).await
}

async fn send_template(
    State(town): Town,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(appid) = account(&headers) else {
        return refuse(&town, AccountError::AccessTokenMissing).await;
    };
    if method != Method::POST {
        return refuse(&town, AccountError::RequirePost).await;
    }
    answer(&town, "", move |town| town.wechat.send_template(&appid, &body)).await
}

#[derive(Deserialize)]
struct UserInfo {
    #[serde(default)]
    openid: String,
}

async fn user_info(
    State(town): Town,
    headers: HeaderMap,
    Query(question): Query<UserInfo>,
) -> Response {
    let Some(appid) = account(&headers) else {
        return refuse(&town, AccountError::AccessTokenMissing).await;
    };
    answer(&town, "", move |town| town.wechat.user_info(&appid, &question.openid)).await
}

async fn create_menu(
    State(town): Town,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(appid) = account(&headers) else {
        return refuse(&town, AccountError::AccessTokenMissing).await;
    };
    if method != Method::POST {
        return refuse(&town, AccountError::RequirePost).await;
    }
    answer(&town, "", move |town| town.wechat.create_menu(&appid, &body)).await
}

async fn menu(State(town): Town, headers: HeaderMap) -> Response {
    let Some(appid) = account(&headers) else {
        return refuse(&town, AccountError::AccessTokenMissing).await;
    };
    answer(&town, "", move |town| town.wechat.menu(&appid)).await
}

async fn unknown(State(town): Town) -> Response {
    refuse(&town, ErrCode::Url).await
}
