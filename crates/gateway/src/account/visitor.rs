//! Who stands before a page: an openid that WeChat vouched for, kept in a session.

use super::{login, refused, session};
use crate::at::At;
use crate::channels::Channel;
use crate::gateway::{Gateway, Site};
use crate::page::Frame;
use axum::extract::{FromRequestParts, OriginalUri, Query};
use axum::http::request::Parts;
use axum::http::{Method, Uri};
use axum::response::{IntoResponse, Response};
use medpay_domain::Openid;
use serde::Deserialize;
use std::sync::Arc;

/// A person before a page. As an extractor it sends whoever has no session to WeChat and back.
///
/// A link's `?from=<channel>` becomes the session's channel; what is no channel is ignored.
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
        let At(site) =
            At::from_request_parts(parts, gateway).await.map_err(IntoResponse::into_response)?;
        let opened = matches!(parts.method, Method::GET | Method::HEAD);
        let channel = if opened { channel_of(&parts.uri) } else { None };
        let found = session::find(&site, &parts.headers).await;
        let mut found = match found {
            Ok(Some(found)) => found,
            Ok(None) if opened => {
                // The router has taken the first part of the path off.
                let OriginalUri(uri) = OriginalUri::from_request_parts(parts, gateway)
                    .await
                    .map_err(|never| match never {})?;
                return Err(login::to_wechat(&site, &uri, channel.as_ref()));
            }
            Ok(None) => return Err(refused::open_again(&site)),
            Err(error) => return Err(unknown(&site, &error)),
        };
        if let Some(channel) = channel.filter(|channel| *channel != found.session.channel) {
            found.arrive(&site, channel).await.map_err(|error| unknown(&site, &error))?;
        }
        let session = found.session;
        Ok(Self {
            site,
            openid: session.openid,
            channel: session.channel,
            large: session.large,
            csrf: found.csrf,
        })
    }
}

/// What the address says of where the person came from.
fn channel_of(uri: &Uri) -> Option<Channel> {
    #[derive(Deserialize)]
    struct Wish {
        from: Option<String>,
    }
    let Query(wish) = Query::<Wish>::try_from_uri(uri).ok()?;
    Channel::parse(&wish.from?)
}

fn unknown(site: &Site, error: &medpay_store::StoreError) -> Response {
    tracing::error!(org_no = site.org_no().as_str(), %error, "a page session was not read or kept");
    refused::busy(site)
}
