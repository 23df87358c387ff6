//! `/wallet/<name>`: `docs/contracts/wallet.md`.

use super::answer;
use crate::sandbox::Parties;
use axum::extract::State;
use axum::response::Response;
use axum::{Json, Router, routing::post};
use medpay_domain::Clock as _;
use medpay_wire::contracts::wallet::{
    Capture, Confirm, IdentifyByAuthCode, IdentifyByCode, ListDay, Present, Query, Refund,
};
use std::sync::Arc;

type Town = State<Arc<Parties>>;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new()
        .route("/wallet/identify_by_code", post(identify_by_code))
        .route("/wallet/identify_by_auth_code", post(identify_by_auth_code))
        .route("/wallet/confirm", post(confirm))
        .route("/wallet/present", post(present))
        .route("/wallet/capture", post(capture))
        .route("/wallet/refund", post(refund))
        .route("/wallet/query", post(query))
        .route("/wallet/day", post(day))
}

async fn identify_by_code(State(town): Town, Json(question): Json<IdentifyByCode>) -> Response {
    answer(&town, "", move |town| town.wallet.identify_by_code(&question, town.clock.now())).await
}

async fn identify_by_auth_code(
    State(town): Town,
    Json(question): Json<IdentifyByAuthCode>,
) -> Response {
    let ask = move |town: &Parties| town.wallet.identify_by_auth_code(&question, town.clock.now());
    answer(&town, "", ask).await
}

async fn confirm(State(town): Town, Json(question): Json<Confirm>) -> Response {
    answer(&town, "", move |town| town.wallet.confirm(&question, town.clock.now())).await
}

async fn present(State(town): Town, Json(order): Json<Present>) -> Response {
    let key = order.key.clone();
    answer(&town, &key, move |town| town.wallet.present(&order)).await
}

async fn capture(State(town): Town, Json(order): Json<Capture>) -> Response {
    let key = order.key.clone();
    answer(&town, &key, move |town| town.wallet.capture(&order, town.clock.now())).await
}

async fn refund(State(town): Town, Json(order): Json<Refund>) -> Response {
    let key = order.key.clone();
    answer(&town, &key, move |town| town.wallet.refund(&order, town.clock.now())).await
}

async fn query(State(town): Town, Json(question): Json<Query>) -> Response {
    town.late.asked(&question.key);
    answer(&town, "", move |town| town.wallet.query(&question)).await
}

async fn day(State(town): Town, Json(question): Json<ListDay>) -> Response {
    answer(&town, "", move |town| town.wallet.day(&question)).await
}
