//! `/cgi-bin/*` and `/sns/*`, as the platform passes them on: the token's account is named in a
//! header.

use super::{answer, callbacks, fate, run};
use crate::faults::Delivery;
use crate::sandbox::Parties;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use axum::routing::{any, get};
use bytes::Bytes;
use medpay_domain::{Appid, Clock as _};
use medpay_wire::public_account::user::UserInfoQuery;
use medpay_wire::public_account::{AccountError, OauthTokenQuery};
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
        .route("/cgi-bin/menu/delete", any(delete_menu))
        .route("/cgi-bin/qrcode/create", any(create_qrcode))
        .route("/cgi-bin/{*rest}", any(unknown))
        .route("/sns/{*rest}", any(unknown))
}

/// The token's account; absent if the call did not come through the platform.
fn account(headers: &HeaderMap) -> Option<Appid> {
    headers.get(APPID)?.to_str().ok().map(Appid::new)
}

async fn refuse(town: &Arc<Parties>, error: AccountError) -> Response {
    answer(town, "", move |town| Ok(Delivery::Answer(town.wechat.error(error)))).await
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
    let send = move |town: &Parties| town.wechat.send_template(&appid, &body, town.clock.now());
    match run(&town, send).await {
        Ok((delivery, post)) => {
            // The account's server hears of it beside the answer, as in reality.
            drop(callbacks::deliver_later(&town, post));
            fate::send(&town.late, "", delivery).await
        }
        Err(unanswered) => unanswered,
    }
}

async fn user_info(
    State(town): Town,
    headers: HeaderMap,
    Query(question): Query<UserInfoQuery>,
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

async fn delete_menu(State(town): Town, headers: HeaderMap) -> Response {
    let Some(appid) = account(&headers) else {
        return refuse(&town, AccountError::AccessTokenMissing).await;
    };
    answer(&town, "", move |town| town.wechat.delete_menu(&appid)).await
}

async fn create_qrcode(
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
    answer(&town, "", move |town| town.wechat.create_qrcode(&appid, &body, town.clock.now())).await
}

async fn unknown(State(town): Town) -> Response {
    refuse(&town, AccountError::InvalidUrl).await
}
