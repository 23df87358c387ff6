//! The hospital's `notify_url` over HTTP (PROTOCOL 3.4), or the courier in its place.

use super::Hospital;
use crate::settings::{Counterparties, Environment, Settings};
use async_trait::async_trait;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use medpay_client::{Transport, Unanswered};
use medpay_wire::contracts::courier::FORWARD_TO;
use std::sync::Arc;

/// Hospitals, wherever their `notify_url` is.
#[derive(Clone)]
pub struct HttpHospital {
    transport: Arc<dyn Transport>,
    test: Counterparties,
    timeout_ms: u64,
}

impl HttpHospital {
    /// Hospitals, with the courier that `settings` name for test institutions.
    pub fn new(transport: Arc<dyn Transport>, settings: &Settings) -> Self {
        Self { transport, test: settings.test.clone(), timeout_ms: settings.call_timeout_ms }
    }
}

#[async_trait]
impl Hospital for HttpHospital {
    async fn notify(
        &self,
        environment: Environment,
        notify_url: &str,
        document: String,
    ) -> Result<(u16, Vec<u8>), Unanswered> {
        // A courier misbehaves on purpose, so nothing of production ever travels with it.
        let courier = match environment {
            Environment::Test => self.test.courier_url.as_deref(),
            Environment::Production => None,
        };
        let request = match courier {
            Some(url) => http::Request::post(format!("{}/forward", url.trim_end_matches('/')))
                .header(FORWARD_TO, notify_url),
            None => http::Request::post(notify_url),
        };
        let request = request
            .header(CONTENT_TYPE, "application/xml; charset=utf-8")
            .body(Bytes::from(document))
            .map_err(|error| Unanswered::NotSent(format!("the notify_url: {error}")))?;
        let answer = self.transport.send(request, self.timeout_ms).await?;
        Ok((answer.status().as_u16(), answer.into_body().to_vec()))
    }
}
