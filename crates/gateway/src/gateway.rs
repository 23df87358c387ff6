//! The service as one value.

use crate::payments::{list, notification};
use crate::settings::Settings;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use medpay_domain::{Clock, Entropy};
use medpay_store::Store;
use std::sync::Arc;

/// The service, shared by every request. Time and chance are handed in.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) settings: Arc<Settings>,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Gateway {
    /// Puts the service together over a `store` that was opened on [`crate::SCHEMA`].
    pub fn open(
        settings: Settings,
        store: Store,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { settings: Arc::new(settings), store, clock, entropy }
    }

    /// Everything that can be asked of it:
    ///
    /// - `POST /notify/{org_no}`: a payment notification;
    /// - `GET /notices/{org_no}`: what was received, of test institutions only.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/notify/{org_no}", post(notification::receive))
            // The receiver reads the body itself, to refuse a large one in the wire's own words.
            .layer(DefaultBodyLimit::disable())
            .route("/notices/{org_no}", get(list::notices))
            .with_state(self.clone())
    }

    /// A fresh trace id, 8-8-8 hex, which stands in the log line and in a refusal.
    pub(crate) fn rid(&self) -> String {
        let nonce = self.entropy.nonce();
        let part = |from: usize| nonce.get(from..from + 8).unwrap_or_default();
        format!("{}-{}-{}", part(0), part(8), part(16))
    }
}
