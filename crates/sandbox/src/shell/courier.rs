//! `POST /courier/forward`: `docs/contracts/courier.md`.

use super::run;
use crate::courier::{Held, Trip};
use crate::sandbox::Parties;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bytes::Bytes;
use medpay_wire::contracts::courier::FORWARD_TO;
use reqwest::Url;
use std::sync::Arc;
use std::time::Duration;

/// How long a delayed notification is held back, in real time.
const HELD_FOR: Duration = Duration::from_secs(6);
/// How long the hospital has to answer (PROTOCOL 6.2).
const HOSPITAL_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new().route("/courier/forward", post(forward))
}

async fn forward(State(town): State<Arc<Parties>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get(FORWARD_TO).and_then(|value| value.to_str().ok());
    let Some(target) = target.and_then(|text| Url::parse(text).ok()) else {
        let words = format!("the header {FORWARD_TO} must name the hospital's notify_url");
        return (StatusCode::BAD_REQUEST, words).into_response();
    };
    let trip = match run(&town, move |town| town.courier.decide(&body)).await {
        Ok(trip) => trip,
        Err(unanswered) => return unanswered,
    };
    let Trip::Delivered { body, times, held } = trip else {
        return (StatusCode::BAD_GATEWAY, "dropped").into_response();
    };
    match held {
        Held::No => {}
        Held::Seconds => tokio::time::sleep(HELD_FOR).await,
        Held::UntilOvertaken => {
            let mut delivered = town.delivered.subscribe();
            let _ = tokio::time::timeout(HELD_FOR, delivered.changed()).await;
        }
    }
    let body = Bytes::from(body);
    let mut answer = deliver(&town, &target, body.clone()).await;
    for _ in 1..times {
        let again = deliver(&town, &target, body.clone()).await;
        answer = answer.or(again);
    }
    town.delivered.send_modify(|count| *count += 1);
    answer.unwrap_or_else(|| (StatusCode::BAD_GATEWAY, "no answer").into_response())
}

/// The hospital's own answer, or none.
async fn deliver(town: &Parties, target: &Url, body: Bytes) -> Option<Response> {
    let sent = town
        .settings
        .http
        .post(target.clone())
        .header(header::CONTENT_TYPE, "text/xml; charset=utf-8")
        .timeout(HOSPITAL_TIMEOUT)
        .body(body)
        .send()
        .await
        .ok()?;
    let status = sent.status();
    let content_type = sent.headers().get(header::CONTENT_TYPE).cloned();
    let body = sent.bytes().await.ok()?;
    let mut answer = (status, body).into_response();
    if let Some(content_type) = content_type {
        answer.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    Some(answer)
}
