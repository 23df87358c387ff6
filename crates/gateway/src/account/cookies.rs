//! The cookies of the pages: for one hospital's paths, never for scripts, over TLS where there is
//! TLS.

use crate::gateway::Site;
use axum::response::Response;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

/// The value of the cookie `name`.
pub(super) fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

/// Lets `answer` set the cookie `name` for `seconds`; 0 takes it away.
pub(super) fn set(site: &Site, answer: &mut Response, name: &str, value: &str, seconds: i64) {
    let secure = if site.settings.public_url.starts_with("https:") { "; Secure" } else { "" };
    let path = site.path("");
    let text =
        format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(text) = HeaderValue::from_str(&text) {
        answer.headers_mut().append(SET_COOKIE, text);
    }
}
