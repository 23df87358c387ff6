//! Who stands before a page: an openid that WeChat vouched for, kept in a session.

use crate::at::At;
use crate::channels::Channel;
use crate::gateway::{Gateway, Site};
use crate::page::Frame;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use medpay_domain::Openid;
use std::sync::Arc;

/// A person before a page. As an extractor it sends whoever has no session to WeChat and back.
#[derive(Clone)]
pub struct Visitor {
    /// The hospital.
    pub site: Arc<Site>,
    /// The person, under the hospital's own account.
    pub openid: Openid,
    /// Where the person came from.
    pub channel: Channel,
    /// Whether pages are wanted in large type.
    pub large: bool,
    /// Goes into every form's hidden field `csrf`, and is checked by
    /// [`Posted`](crate::account::form::Posted).
    pub csrf: String,
}

impl Visitor {
    /// The frame of the pages that this person sees.
    pub(crate) fn frame(&self) -> Frame {
        Frame::new(&self.site, self.large)
    }
}

impl FromRequestParts<Gateway> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        gateway: &Gateway,
    ) -> Result<Self, Self::Rejection> {
        let At(_) = At::from_request_parts(parts, gateway)
            .await
            .map_err(IntoResponse::into_response)?;
        Err(StatusCode::SERVICE_UNAVAILABLE.into_response())
    }
}
