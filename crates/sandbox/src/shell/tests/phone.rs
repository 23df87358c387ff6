use super::{Town, json, listen, town, town_beside, word};
use crate::testing::{appid, person};
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::{Router, routing::get};
use medpay_domain::Openid;
use medpay_wire::contracts::wallet::Present;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

/// A platform whose two pages want an authorized visitor, and remember what was posted.
#[derive(Default)]
struct Platform {
    url: OnceLock<String>,
    sandbox: OnceLock<String>,
    posted: Mutex<Vec<HashMap<String, String>>>,
    looks: Mutex<u32>,
}

type Pages = State<Arc<Platform>>;

impl Platform {
    /// Sends a visitor without the page's cookie through WeChat's authorization, and back.
    fn visitor(
        &self,
        path: &str,
        headers: &HeaderMap,
        query: &HashMap<String, String>,
    ) -> Option<Response> {
        let cookie = headers.get(header::COOKIE).and_then(|it| it.to_str().ok());
        if cookie.is_some_and(|it| it.contains("visitor=known")) {
            return None;
        }
        if query.contains_key("code") {
            let cookie = [(header::SET_COOKIE, "visitor=known; Path=/; HttpOnly")];
            return Some((cookie, Redirect::to(path)).into_response());
        }
        let sandbox = self.sandbox.get().expect("an address");
        let back = format!("{}{path}", self.url.get().expect("an address"));
        let back = back.replace(':', "%3A").replace('/', "%2F");
        let target = format!(
            "{sandbox}/connect/oauth2/authorize?appid={}&redirect_uri={back}\
             &response_type=code&scope=snsapi_base&state=s1#wechat_redirect",
            appid()
        );
        Some(Redirect::to(&target).into_response())
    }
}

async fn bind_page(
    State(platform): Pages,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    if let Some(redirect) = platform.visitor("/bind/1", &headers, &query) {
        return redirect;
    }
    Html(
        r#"<main data-outcome="ready"><p class="message">请填写</p><form method="post">
        <input type="hidden" name="csrf" value="c1"><input name="name"><input name="id_no">
        <select name="card_type"><option value="1">身份证<option value="6">港</select>
        <input name="medical_card_no"><input type="checkbox" name="consent" value="1">
        <button>绑定</button></form></main>"#,
    )
    .into_response()
}

async fn bind(State(platform): Pages, Form(form): Form<HashMap<String, String>>) -> Response {
    let right = form.get("name").is_some_and(|name| name != "高八斗");
    platform.posted.lock().expect("no panic").push(form);
    if right {
        Html(
            r#"<main data-outcome="bound" data-leads-to="http://h.example/?auth_code=a1">
            <p class="message">绑定成功</p></main>"#,
        )
        .into_response()
    } else {
        let page = r#"<main data-outcome="refused"><p class="message">姓名不一致</p>
            <form method="post"><input name="id_no"></form></main>"#;
        (StatusCode::BAD_REQUEST, Html(page)).into_response()
    }
}

async fn cashier(
    State(platform): Pages,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    if let Some(redirect) = platform.visitor("/pay/1", &headers, &query) {
        return redirect;
    }
    Html(
        r#"<main data-outcome="ready"><form method="post" action="/pay/1">
        <input type="password" name="password"></form></main>"#,
    )
    .into_response()
}

async fn pay(State(platform): Pages, Form(form): Form<HashMap<String, String>>) -> Response {
    let right = form.get("password").is_some_and(|it| *it == person("lin").password);
    platform.posted.lock().expect("no panic").push(form);
    if right {
        Redirect::to("/paying/1").into_response()
    } else {
        Html(r#"<main data-outcome="wrong_password"><p class="message">密码错误</p></main>"#)
            .into_response()
    }
}

async fn paying(State(platform): Pages) -> Html<&'static str> {
    let mut looks = platform.looks.lock().expect("no panic");
    *looks += 1;
    Html(if *looks < 3 {
        r#"<main data-outcome="paying" data-poll="/paying/1"><p class="message">支付中</p></main>"#
    } else {
        r#"<main data-outcome="paid" data-leads-to="http://h.example/done">
        <p class="message">支付成功</p></main>"#
    })
}

async fn towns() -> (Town, Arc<Platform>) {
    let platform = Arc::new(Platform::default());
    let router = Router::new()
        .route("/bind/1", get(bind_page).post(bind))
        .route("/pay/1", get(cashier).post(pay))
        .route("/paying/1", get(paying))
        .route("/away", get(|| async { Redirect::to("http://h.example/elsewhere") }))
        .with_state(Arc::clone(&platform));
    let url = listen(router).await;
    let town = town_beside(&url).await;
    platform.url.set(url).expect("once");
    platform.sandbox.set(town.url.clone()).expect("once");
    (town, platform)
}

fn openid(id: &str) -> Openid {
    person(id).openid(&appid())
}

#[tokio::test]
async fn the_phone_binds_its_persons_own_card() {
    let (town, platform) = towns().await;
    let url = platform.url.get().expect("an address");
    let bind = json!({
        "openid": openid("tang").reveal(),
        "bind_url": format!("{url}/bind/1"),
        "consent": true,
    });
    let outcome = town.post("/phone/bind", &bind).await;
    let expected = json!({
        "ok": true, "message": "绑定成功", "leads_to": "http://h.example/?auth_code=a1",
    });
    assert_eq!(outcome, expected);
    let posted = platform.posted.lock().expect("no panic").pop().expect("a form");
    let tang = person("tang");
    let expected = HashMap::from([
        ("csrf", "c1"),
        ("name", tang.insured_name.reveal()),
        ("id_no", tang.insured_id_no.reveal()),
        ("card_type", "1"),
        ("medical_card_no", tang.medical_card_no.reveal()),
        ("consent", "1"),
    ]);
    let posted = posted.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    assert_eq!(posted.collect::<HashMap<_, _>>(), expected);
}

#[tokio::test]
async fn a_refusal_is_told_and_not_tried_again() {
    let (town, platform) = towns().await;
    let url = platform.url.get().expect("an address");
    let bind = json!({ "openid": openid("gao").reveal(), "bind_url": format!("{url}/bind/1") });
    let outcome = town.post("/phone/bind", &bind).await;
    assert_eq!(outcome, json!({ "ok": false, "message": "姓名不一致", "leads_to": "" }));
    let posted = platform.posted.lock().expect("no panic");
    assert_eq!(posted.len(), 1);
    assert!(posted.iter().all(|form| !form.contains_key("consent")));
}

#[tokio::test]
async fn the_phone_pays_and_waits_for_the_result() {
    let (town, platform) = towns().await;
    let url = platform.url.get().expect("an address");
    let mut pay = json!({
        "openid": openid("lin").reveal(),
        "pay_url": format!("{url}/pay/1"),
        "password": "000000",
    });
    let outcome = town.post("/phone/pay", &pay).await;
    assert_eq!(outcome, json!({ "ok": false, "message": "密码错误", "leads_to": "" }));
    pay["password"] = json!("112233");
    let outcome = town.post("/phone/pay", &pay).await;
    let expected =
        json!({ "ok": true, "message": "支付成功", "leads_to": "http://h.example/done" });
    assert_eq!(outcome, expected);
}

#[tokio::test]
async fn the_phone_pays_at_the_cashier_that_a_window_put_on_it() {
    let (town, platform) = towns().await;
    let order = Present {
        key: "p1".to_owned(),
        appid: appid(),
        openid: openid("lin"),
        url: format!("{}/pay/1", platform.url.get().expect("an address")),
    };
    let cashiers = || town.parties().wallet.cashiers(&person("lin")).expect("a book").len();
    town.parties().wallet.present(&order).expect("a book");
    let mut pay = json!({ "openid": openid("lin").reveal(), "password": "000000" });
    assert_eq!(town.post("/phone/pay", &pay).await.get("ok"), Some(&json!(false)));
    assert_eq!(cashiers(), 1);
    pay["password"] = json!("112233");
    assert_eq!(town.post("/phone/pay", &pay).await.get("ok"), Some(&json!(true)));
    assert_eq!(cashiers(), 0);
}

#[tokio::test]
async fn the_phone_does_not_follow_a_link_out_of_the_platform() {
    let (town, platform) = towns().await;
    let url = platform.url.get().expect("an address");
    let bind = json!({ "openid": openid("lin").reveal(), "bind_url": format!("{url}/away") });
    let outcome = town.post("/phone/bind", &bind).await;
    let expected = json!({ "ok": false, "message": "", "leads_to": "http://h.example/elsewhere" });
    assert_eq!(outcome, expected);
    let odd = json!({ "openid": openid("lin").reveal(), "bind_url": "file:///etc/passwd" });
    assert_eq!(word(&town.post("/phone/bind", &odd).await, "message"), "链接无效");
    let nobody = json!({ "openid": "oNobody", "bind_url": url });
    let sent = town.try_post("/phone/bind", &nobody).await.map(|answer| answer.status());
    assert_eq!(sent.ok(), Some(StatusCode::NOT_FOUND));
}

#[tokio::test]
async fn a_pay_code_is_shown_to_scripts() {
    let town = town().await;
    let show = json!({ "openid": openid("lin").reveal() });
    let code = town.post("/phone/auth_code", &show).await;
    let question = json!({ "appid": appid().as_str(), "auth_code": word(&code, "auth_code") });
    let answer = town.try_post("/wallet/identify_by_auth_code", &question).await;
    let answer = json(answer.expect("an answer")).await;
    assert_eq!(word(&answer, "openid"), openid("lin").reveal());
}
