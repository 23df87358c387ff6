//! `/bureau/<name>`: `docs/contracts/bureau.md`.

use super::answer;
use crate::sandbox::Parties;
use axum::extract::State;
use axum::response::Response;
use axum::{Json, Router, routing::post};
use medpay_domain::Clock as _;
use medpay_wire::contracts::bureau::{
    CheckCard, FindInsured, ListDay, PreSettle, Query, RegisterVisit, Reverse, Settle,
};
use std::sync::Arc;

type Town = State<Arc<Parties>>;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new()
        .route("/bureau/find_insured", post(find_insured))
        .route("/bureau/check_card", post(check_card))
        .route("/bureau/register_visit", post(register_visit))
        .route("/bureau/pre_settle", post(pre_settle))
        .route("/bureau/settle", post(settle))
        .route("/bureau/reverse", post(reverse))
        .route("/bureau/query", post(query))
        .route("/bureau/day", post(day))
}

async fn find_insured(State(town): Town, Json(question): Json<FindInsured>) -> Response {
    answer(&town, "", move |town| town.bureau.find_insured(&question)).await
}

async fn check_card(State(town): Town, Json(question): Json<CheckCard>) -> Response {
    answer(&town, "", move |town| town.bureau.check_card(&question)).await
}

async fn register_visit(State(town): Town, Json(visit): Json<RegisterVisit>) -> Response {
    let key = visit.key.clone();
    answer(&town, &key, move |town| town.bureau.register_visit(&visit, town.clock.now())).await
}

async fn pre_settle(State(town): Town, Json(question): Json<PreSettle>) -> Response {
    answer(&town, "", move |town| town.bureau.pre_settle(&question)).await
}

async fn settle(State(town): Town, Json(order): Json<Settle>) -> Response {
    let key = order.key.clone();
    answer(&town, &key, move |town| town.bureau.settle(&order, town.clock.now())).await
}

async fn reverse(State(town): Town, Json(order): Json<Reverse>) -> Response {
    let key = order.key.clone();
    answer(&town, &key, move |town| town.bureau.reverse(&order, town.clock.now())).await
}

async fn query(State(town): Town, Json(question): Json<Query>) -> Response {
    town.late.asked(&question.key);
    answer(&town, "", move |town| town.bureau.query(&question)).await
}

async fn day(State(town): Town, Json(question): Json<ListDay>) -> Response {
    answer(&town, "", move |town| town.bureau.day(&question)).await
}
