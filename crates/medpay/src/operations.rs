//! What operators ask of a running service: /healthz, /readyz, /metrics.
//!
//! They have a port of their own, which no overload of the public one closes.

use crate::listening::Stop;
use crate::readiness::Readiness;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use medpay_store::{Statistics, Store};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::registry::Registry;
use std::sync::Arc;

#[derive(Clone)]
struct Operations {
    registry: Arc<Registry>,
    readiness: Readiness,
    stop: Stop,
}

/// The three addresses. A service that drains is healthy and not ready, so that a balancer sends it
/// nothing new; `stop` is the word that it shall end.
pub fn router(registry: Registry, readiness: Readiness, stop: Stop) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(Operations { registry: Arc::new(registry), readiness, stop })
}

/// `ok`, or why not in a word: `draining`, or the database's (see [`Readiness`]).
async fn readyz(State(operations): State<Operations>) -> impl IntoResponse {
    let verdict =
        if operations.stop.has_come() { Err("draining") } else { operations.readiness.ask().await };
    match verdict {
        Ok(None) => (StatusCode::OK, "ok\n".to_owned()),
        Ok(Some(note)) => (StatusCode::OK, format!("ok: {note}\n")),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    }
}

async fn metrics(State(operations): State<Operations>) -> impl IntoResponse {
    let mut text = String::new();
    let status = match prometheus_client::encoding::text::encode(&mut text, &operations.registry) {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    (status, [(header::CONTENT_TYPE, kind)], text)
}

/// The stores' own counts together, read when they are asked for.
#[derive(Clone)]
pub struct StoreCounters(pub Vec<Store>);

impl std::fmt::Debug for StoreCounters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreCounters")
    }
}

/// Each count's name, its words, and itself.
type Count = (&'static str, &'static str, fn(&Statistics) -> u64);

const COUNTS: &[Count] = &[
    ("batches", "Batches of writes", |it| it.batches),
    ("commits", "Commits acknowledged by the engine", |it| it.commits),
    ("closures", "Writes whose effect was committed", |it| it.closures),
    ("refused", "Writes that refused by themselves", |it| it.refused),
    ("retries", "Writes run again after a conflict", |it| it.retries),
    ("unknown", "Writes whose outcome is unknown", |it| it.unknown),
    ("busy", "Writes and reads refused because too many waited", |it| it.busy),
    ("reads", "Reads answered", |it| it.reads),
    ("statements", "Statements run", |it| it.statements),
];

impl Collector for StoreCounters {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let all: Vec<_> = self.0.iter().map(Store::statistics).collect();
        let sum = |of: fn(&Statistics) -> u64| all.iter().map(of).sum::<u64>();
        for (name, help, of) in COUNTS {
            let name = format!("medpay_store_{name}");
            let counter = ConstCounter::new(sum(*of));
            let metric = encoder.encode_descriptor(&name, help, None, counter.metric_type())?;
            counter.encode(metric)?;
        }
        Ok(())
    }
}
