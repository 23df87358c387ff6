//! How a page leaves: no script, nothing cached, framed by nobody unless told otherwise, no address
//! told to the next host.
//!
//! Every page extends `templates/page.html`, whose contexts have a field `test`: whether it says
//! 模拟环境. For scripts without eyes a page carries `<main data-outcome="…" data-leads-to="…">` and
//! its words in `<p class="message">`.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, StatusCode};

/// What a page may load: its own style, nothing else. Forms are not restricted, because a form's
/// answer may lead to the hospital.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'";

/// The `Content-Security-Policy` of every page; `ancestors` may frame it, or nobody.
pub fn policy(ancestors: Option<&str>) -> HeaderValue {
    let ancestors = ancestors.unwrap_or("'none'");
    HeaderValue::from_str(&format!("{POLICY}; frame-ancestors {ancestors}"))
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
}

/// Puts `policy` on an answer.
pub fn with_policy(policy: HeaderValue, mut answer: Response) -> Response {
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    answer
}

/// Answers `page` with `status`.
pub fn show(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => {
            let headers = [
                (CACHE_CONTROL, "no-store"),
                (REFERRER_POLICY, "same-origin"),
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (status, headers, Html(html)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Whether leaving for `url` needs no warning: the institution lists no hosts, or lists this one.
/// An entry is a host, or a host and a port.
pub fn is_listed(url: &str, hosts: &[String]) -> bool {
    hosts.is_empty()
        || authority_of(url).is_some_and(|(host, whole)| {
            hosts.iter().any(|listed| {
                listed.eq_ignore_ascii_case(host) || listed.eq_ignore_ascii_case(whole)
            })
        })
}

/// The host of an http(s) address, without and with its port.
fn authority_of(url: &str) -> Option<(&str, &str)> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    // What stands before an @ is a name made to look like a host.
    let whole = authority.rsplit('@').next()?;
    let host = match whole.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => whole.split(':').next()?,
    };
    Some((host, whole))
}

/// The host that a patient is told of before leaving.
pub fn host_of(url: &str) -> &str {
    authority_of(url).map_or("", |(_, whole)| whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_made_to_look_like_a_listed_one_is_not_listed() {
        let hosts = vec!["hospital.example".to_owned(), "10.0.0.1:8080".to_owned()];
        assert!(is_listed("https://hospital.example/done?x=1", &hosts));
        assert!(is_listed("http://HOSPITAL.example:8443/", &hosts));
        assert!(is_listed("http://10.0.0.1:8080/a", &hosts));
        assert!(is_listed("http://anywhere.example/", &[]));
        for foreign in [
            "http://10.0.0.1/a",
            "https://hospital.example.evil.example/",
            "https://hospital.example@evil.example/",
            "https://evil.example/hospital.example",
            "https://evil.example\\hospital.example/",
            "nonsense",
        ] {
            assert!(!is_listed(foreign, &hosts), "{foreign}");
        }
    }
}
