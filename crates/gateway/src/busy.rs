//! How the gateway says that it is too busy: status 503, in the form of whoever asks, and nothing
//! was done. The listener adds Retry-After.

use crate::account::busy_page;
use crate::gateway::Gateway;
use crate::his_api;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// What a program reads that has no form of its own for this: the platform, which notifies again by
/// its schedule, and WeChat, which tells again.
const SENTENCE: &str = "overloaded: nothing was done; send the same request again\n";

/// The answer to a request for `path` that was not let in.
pub fn answer(gateway: &Gateway, path: &str) -> Response {
    let mut parts = path.split('/').skip(1);
    let site = |word: Option<&str>| gateway.site(word?);
    match parts.next() {
        Some("h") => site(parts.next()).map_or_else(sentence, |site| busy_page(&site)),
        Some("his") => his_api::unavailable(),
        _ => sentence(),
    }
}

/// See [`SENTENCE`].
pub(crate) fn sentence() -> Response {
    let kind = (CONTENT_TYPE, "text/plain; charset=utf-8");
    (StatusCode::SERVICE_UNAVAILABLE, [kind], SENTENCE).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;
    use axum::body::to_bytes;
    use medpay_store::on_both;
    use medpay_store::testing::TestDb;

    on_both!(whoever_is_not_let_in_hears_it_in_their_own_form, async |db: TestDb| {
        let world = World::new(&db).await;
        for (path, kind, words) in [
            ("/h/yunshan/bills", "text/html; charset=utf-8", "本次操作没有提交"),
            ("/h/yunshan/bills", "text/html; charset=utf-8", "模拟环境"),
            ("/h/nobody/bills", "text/plain; charset=utf-8", "nothing was done"),
            ("/his/yunshan/v1/visit", "application/json", r#"{"code":"unavailable""#),
            ("/notify/yunshan", "text/plain; charset=utf-8", "nothing was done"),
            ("/wechat/yunshan", "text/plain; charset=utf-8", "nothing was done"),
        ] {
            let heard = answer(&world.gateway, path);
            assert_eq!(heard.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
            assert_eq!(heard.headers()[CONTENT_TYPE], kind, "{path}");
            let body = to_bytes(heard.into_body(), usize::MAX).await.expect("a body");
            let body = String::from_utf8_lossy(&body);
            assert!(body.contains(words), "{path}: {body}");
        }
    });
}
