//! Carries what WeChat posts to an account's own server (PROTOCOL 7.4): up to three tries of five
//! seconds, then the answer goes back to the object.

use super::run;
use crate::sandbox::Parties;
use crate::wechat::Post;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router, routing::post};
use bytes::Bytes;
use medpay_domain::{Appid, Clock as _};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// How long the account's server has for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How often it is tried.
const TRIES: u32 = 3;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new().route("/wechat/check_callback", post(check))
}

/// Posts, and waits until the answer is in the person's chat. It goes on if the caller does not.
pub(super) async fn deliver(town: &Arc<Parties>, post: Option<Post>) {
    let Some(post) = post else { return };
    // The task is only waited for, so that a browser that goes away does not cut a post short.
    let _ = deliver_later(town, Some(post)).await;
}

/// Posts, without waiting.
pub(super) fn deliver_later(
    town: &Arc<Parties>,
    post: Option<Post>,
) -> tokio::task::JoinHandle<()> {
    let town = Arc::clone(town);
    tokio::spawn(async move {
        let Some(post) = post else { return };
        let answer = carry(&town, &post).await;
        let hear =
            move |town: &Parties| town.wechat.hear(&post, answer.as_deref(), town.clock.now());
        // A book that fails was logged; the person then sees no answer.
        let _ = run(&town, hear).await;
    })
}

/// The first answer that is one.
async fn carry(town: &Parties, post: &Post) -> Option<Bytes> {
    for attempt in 1..=TRIES {
        let answer = try_once(town, post).await;
        if answer.is_some() && !(attempt == 1 && post.first_answer_lost) {
            return answer;
        }
        tracing::info!(appid = post.appid.as_str(), attempt, "the account's server did not answer");
    }
    None
}

async fn try_once(town: &Parties, post: &Post) -> Option<Bytes> {
    let request = town
        .settings
        .http
        .post(&post.url)
        .header(header::CONTENT_TYPE, "text/xml; charset=utf-8")
        .timeout(ANSWER_TIMEOUT)
        .body(post.body.clone());
    let answer = request.send().await.ok()?;
    if !answer.status().is_success() {
        return None;
    }
    answer.bytes().await.ok()
}

#[derive(Deserialize)]
struct Check {
    appid: String,
}

/// `POST /wechat/check_callback`: the URL check that an account's console makes when its server's
/// address is entered.
async fn check(State(town): State<Arc<Parties>>, Json(question): Json<Check>) -> Response {
    let appid = Appid::new(question.appid);
    let Some((address, echostr)) = town.wechat.url_check(&appid, town.clock.now()) else {
        return Json(json!({ "ok": false, "message": "该公众号没有配置服务器地址" }))
            .into_response();
    };
    let asked = town.settings.http.get(address).timeout(ANSWER_TIMEOUT).send().await;
    let said = match asked {
        Ok(answer) if answer.status().is_success() => answer.text().await.ok(),
        Ok(_) | Err(_) => None,
    };
    let (ok, message) = match said {
        None => (false, "请求URL超时"),
        Some(said) if said.trim() == echostr => (true, "配置成功"),
        Some(_) => (false, "token验证失败"),
    };
    Json(json!({ "ok": ok, "message": message })).into_response()
}
