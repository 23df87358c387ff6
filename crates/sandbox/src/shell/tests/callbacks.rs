//! Posts to an account's own server, over sockets: tries, answers, both modes.

use super::{Town, listen, town, town_of, word};
use crate::settings::{Account, Callback, Encryption};
use crate::testing::{account, appid, person};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use medpay_wire::public_account::callback::{Event, Incoming, What};
use medpay_wire::public_account::crypto::{EncodingAesKey, MessageCrypt, Stamp};
use medpay_wire::public_account::is_from_account;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

const TOKEN: &str = "AAAAA";
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// An account's own server: how it answers, and what it has heard.
struct Server {
    answers: Mutex<Vec<Reply>>,
    heard: watch::Sender<Vec<Incoming>>,
    crypt: Option<MessageCrypt>,
}

/// One answer; without one left the server says `success`.
enum Reply {
    Fails,
    Says(&'static str),
    Writes(&'static str),
}

impl Server {
    fn new(crypt: Option<MessageCrypt>, answers: Vec<Reply>) -> Arc<Self> {
        let (heard, _) = watch::channel(Vec::new());
        Arc::new(Self { answers: Mutex::new(answers.into_iter().rev().collect()), heard, crypt })
    }

    fn kinds(&self) -> Vec<String> {
        self.heard.borrow().iter().map(|it| it.kind().to_owned()).collect()
    }

    fn reply_to(&self, asked: &Incoming, stamp: Stamp<'_>) -> Response {
        let text = match self.answers.lock().expect("no panic").pop() {
            Some(Reply::Fails) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Some(Reply::Says(words)) => return words.into_response(),
            Some(Reply::Writes(text)) => asked.reply(text, asked.create_time).write(),
            None => return "success".into_response(),
        };
        match &self.crypt {
            Some(crypt) => crypt.seal_answer(&text, stamp, [3; 16]).into_response(),
            None => text.into_response(),
        }
    }
}

type Signed = Query<HashMap<String, String>>;

async fn take(State(server): State<Arc<Server>>, query: Signed, body: String) -> Response {
    let at = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let (timestamp, nonce) = (at("timestamp"), at("nonce"));
    assert!(is_from_account(TOKEN, timestamp, nonce, at("signature")));
    let stamp = Stamp { timestamp, nonce };
    let plain = match &server.crypt {
        Some(crypt) => crypt.open_post(body.as_bytes(), stamp, at("msg_signature")),
        None => Ok(body),
    };
    let asked = Incoming::read(plain.expect("a sealed message").as_bytes()).expect("a message");
    server.heard.send_modify(|heard| heard.push(asked.clone()));
    server.reply_to(&asked, stamp)
}

async fn echo(Query(query): Signed) -> String {
    query.get("echostr").cloned().unwrap_or_default()
}

/// A sandbox whose account has this server, in safe mode if the server has a key.
async fn beside(server: &Arc<Server>) -> Town {
    let routes = get(echo).post(take);
    let url = listen(Router::new().route("/wx", routes).with_state(Arc::clone(server))).await;
    let encryption = match server.crypt {
        Some(_) => Encryption::Safe(EncodingAesKey::new(KEY).expect("a key")),
        None => Encryption::Plain,
    };
    let callback = Callback { url: format!("{url}/wx"), token: TOKEN.to_owned(), encryption };
    town_of("http://127.0.0.1:9", Account { callback: Some(callback), ..account() }).await
}

fn chat(rest: &str) -> String {
    format!("/phone/chat/{}{rest}", appid())
}

async fn follow(town: &Town, who: &str) -> String {
    let form = [("appid", appid().as_str().to_owned()), ("subscribed", "true".to_owned())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    town.tap(who, "/phone/follow", &form).await
}

#[tokio::test]
async fn the_welcome_appears_as_soon_as_one_follows() {
    let welcome = "欢迎关注，<a href=\"http://h.example/bind?from=welcome\">绑定社保卡</a>";
    let server = Server::new(None, vec![Reply::Writes(welcome)]);
    let town = beside(&server).await;
    let page = follow(&town, "wei").await;
    assert!(page.contains("欢迎关注，<a href=\"/phone/web?url=http"), "{page}");
    assert!(page.contains(">绑定社保卡</a>"), "{page}");
    assert_eq!(server.kinds(), ["subscribe"]);
    let from = server.heard.borrow().first().map(|it| it.from.clone());
    assert_eq!(from, Some(person("wei").openid(&appid())));
}

#[tokio::test]
async fn in_safe_mode_both_directions_are_sealed() {
    let key = EncodingAesKey::new(KEY).expect("a key");
    let crypt = MessageCrypt::new(TOKEN, key, appid().as_str());
    let server = Server::new(Some(crypt), vec![Reply::Writes("您好")]);
    let town = beside(&server).await;
    let page = town.tap("lin", &chat("/say"), &[("text", "在吗")]).await;
    assert!(page.contains("在吗") && page.contains("您好"), "{page}");
    assert!(!page.contains("该公众号暂时无法提供服务"), "{page}");
}

#[tokio::test]
async fn a_server_that_fails_is_tried_three_times() {
    let server = Server::new(None, vec![Reply::Fails, Reply::Fails, Reply::Writes("来了")]);
    let town = beside(&server).await;
    let page = town.tap("lin", &chat("/say"), &[("text", "在吗")]).await;
    assert!(page.contains("来了"), "{page}");
    let keys = |server: &Server| -> Vec<_> {
        server.heard.borrow().iter().map(Incoming::dedupe_key).collect()
    };
    let tries = keys(&server);
    assert_eq!(tries.len(), 3);
    assert!(tries.iter().all(|key| Some(key) == tries.first()), "{tries:?}");
    server.answers.lock().expect("no panic").extend([Reply::Fails, Reply::Fails, Reply::Fails]);
    let page = town.tap("lin", &chat("/say"), &[("text", "在吗")]).await;
    assert!(page.contains("该公众号暂时无法提供服务"), "{page}");
    assert_eq!(keys(&server).len(), 6);
}

#[tokio::test]
async fn words_that_are_no_answer_are_told_as_a_fault() {
    let server = Server::new(None, vec![Reply::Says("<html>oops</html>")]);
    let town = beside(&server).await;
    let page = town.tap("lin", &chat("/say"), &[("text", "在吗")]).await;
    assert!(page.contains("该公众号暂时无法提供服务"), "{page}");
    assert_eq!(server.kinds(), ["text"]);
}

#[tokio::test]
async fn a_switch_makes_the_server_hear_it_twice() {
    let server = Server::new(None, vec![Reply::Writes("一"), Reply::Writes("二")]);
    let town = beside(&server).await;
    let lost = json!({ "party": "wechat", "call": "callback", "kind": "done_answer_lost" });
    town.post("/faults", &lost).await;
    let page = town.tap("lin", &chat("/say"), &[("text", "在吗")]).await;
    assert!(page.contains("二") && server.kinds().len() == 2, "{page}");
}

async fn create_menu(town: &Town) {
    let menu = json!({ "button": [
        { "name": "个人中心", "sub_button": [
            { "type": "view", "name": "我的社保卡", "url": "http://h.example/cards" },
            { "type": "miniprogram", "name": "小程序", "appid": "wxmini", "pagepath": "p/a",
              "url": "http://h.example/" },
        ] },
        { "type": "click", "name": "就医反馈", "key": "FEEDBACK" },
    ] });
    let request = town.http.post(format!("{}/cgi-bin/menu/create", town.url));
    let request = request.header("x-medpay-appid", appid().as_str()).body(menu.to_string());
    let answer = request.send().await.expect("an answer").text().await.expect("a body");
    assert!(answer.contains("\"errcode\":0"), "{answer}");
}

#[tokio::test]
async fn a_tap_on_the_menu_is_told_and_a_page_opens() {
    let server = Server::new(None, vec![Reply::Writes("请留言")]);
    let town = beside(&server).await;
    create_menu(&town).await;
    let page = town.page("lin", &chat("")).await;
    assert!(page.contains("<summary>个人中心</summary>") && page.contains("value=\"0.1\""));
    let page = town.tap("lin", &chat("/tap"), &[("at", "1")]).await;
    assert!(page.contains("请留言"), "{page}");
    let page = town.tap("lin", &chat("/tap"), &[("at", "0.0")]).await;
    assert!(page.contains("src=\"http://h.example/cards\""), "{page}");
    let page = town.tap("lin", &chat("/tap"), &[("at", "0.1")]).await;
    assert!(page.contains("正在打开小程序"), "{page}");
    let mut heard = server.heard.subscribe();
    let heard = heard.wait_for(|heard| heard.len() == 3).await.expect("a server");
    let mut whats: Vec<_> = heard.iter().map(|it| it.what.clone()).collect();
    drop(heard);
    // A page opens beside its event, so the last two come in either order.
    whats.sort_by_key(|what| !matches!(what, What::Event(Event::Click { .. })));
    let click = What::Event(Event::Click { key: "FEEDBACK".to_owned() });
    let view = What::Event(Event::View { url: "http://h.example/cards".to_owned() });
    assert!(whats.first() == Some(&click) && whats.contains(&view), "{whats:?}");
    let gone = town.tap("lin", &chat("/tap"), &[("at", "7")]).await;
    assert!(gone.contains("请留言"), "{gone}");
}

#[tokio::test]
async fn the_server_hears_what_became_of_a_template_message() {
    let server = Server::new(None, Vec::new());
    let town = beside(&server).await;
    let message = json!({
        "touser": person("lin").openid(&appid()).reveal(),
        "template_id": crate::testing::TEMPLATE,
        "data": {},
    });
    let request = town.http.post(format!("{}/cgi-bin/message/template/send", town.url));
    let request = request.header("x-medpay-appid", appid().as_str()).body(message.to_string());
    let sent = super::json(request.send().await.expect("an answer")).await;
    let mut heard = server.heard.subscribe();
    let heard = heard.wait_for(|heard| !heard.is_empty()).await.expect("a server");
    let msg_id = sent.get("msgid").and_then(serde_json::Value::as_i64).expect("a number");
    let told = Event::TemplateSendJobFinish { msg_id, status: "success".to_owned() };
    assert_eq!(heard.first().map(|it| it.what.clone()), Some(What::Event(told)));
}

#[tokio::test]
async fn the_console_checks_the_servers_address() {
    let server = Server::new(None, Vec::new());
    let town_with = beside(&server).await;
    let question = json!({ "appid": appid().as_str() });
    let answer = town_with.post("/wechat/check_callback", &question).await;
    assert_eq!(answer, json!({ "ok": true, "message": "配置成功" }));
    let without = town().await.post("/wechat/check_callback", &question).await;
    assert_eq!(word(&without, "message"), "该公众号没有配置服务器地址");
}
