//! A form that a page of ours posted, and no other site.

use super::visitor::Visitor;
use crate::gateway::Gateway;
use axum::extract::{Form, FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

/// The visitor and the fields of the form. Refused with 403 where it was not posted by a page of
/// this site in this session.
pub struct Posted<F>(pub Visitor, pub F);

impl<F: DeserializeOwned> FromRequest<Gateway> for Posted<F> {
    type Rejection = Response;

    async fn from_request(request: Request, gateway: &Gateway) -> Result<Self, Self::Rejection> {
        let _ = Form::<F>::from_request(request, gateway)
            .await
            .map_err(IntoResponse::into_response)?;
        Err(StatusCode::SERVICE_UNAVAILABLE.into_response())
    }
}
