//! Which hospital a request is for: the `{site}` of its address.

use crate::gateway::{Gateway, Site};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::StatusCode;
use axum::http::request::Parts;
use std::sync::Arc;

/// The hospital of the address; 404 where there is none, or where it has no patients' side.
pub(crate) struct At(pub(crate) Arc<Site>);

impl FromRequestParts<Gateway> for At {
    type Rejection = StatusCode;

    async fn from_request_parts(
        parts: &mut Parts,
        gateway: &Gateway,
    ) -> Result<Self, Self::Rejection> {
        let params = RawPathParams::from_request_parts(parts, gateway)
            .await
            .map_err(|_| StatusCode::NOT_FOUND)?;
        let word = params.iter().find(|(name, _)| *name == "site").map(|(_, word)| word);
        word.and_then(|word| gateway.site(word))
            .filter(|site| site.hospital().is_some())
            .map(Self)
            .ok_or(StatusCode::NOT_FOUND)
    }
}
