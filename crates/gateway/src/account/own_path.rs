//! Where the gateway sends a browser: to paths of the hospital's own pages, and nowhere else.

use crate::gateway::Site;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, StatusCode};

/// The longest path that is remembered, in bytes.
const LONGEST: usize = 512;

/// Whether `path`, which may have a query, is one of the hospital's pages.
pub(crate) fn is_own(site: &Site, path: &str) -> bool {
    let below = path.strip_prefix(&site.path("")).unwrap_or("//");
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#');
    path.len() <= LONGEST
        && plain
        && matches!(below.bytes().next(), None | Some(b'/' | b'?'))
        && !below.starts_with("//")
        && !below.contains("/..")
}

/// The path of an address of this service, as `Referer` says it, if it is one of the hospital's.
pub(crate) fn of_referer<'a>(site: &Site, host: Option<&str>, referer: &'a str) -> Option<&'a str> {
    let of_public = referer.strip_prefix(&site.settings.public_url);
    let of_host = || {
        let (_, rest) = referer.split_once("://")?;
        rest.strip_prefix(host?)
    };
    of_public.or_else(of_host).filter(|path| is_own(site, path))
}

/// Sends the browser to a path of ours, or to WeChat.
pub(crate) fn see_other(to: &str) -> Response {
    let Ok(to) = HeaderValue::from_str(to) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [(LOCATION, to), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (StatusCode::SEE_OTHER, headers).into_response()
}
