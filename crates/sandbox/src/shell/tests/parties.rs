use super::{Town, json, listen, town, word};
use crate::testing::{KEY, SECRET, TEMPLATE, appid, noon, person};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use medpay_domain::Clock as _;
use medpay_wire::contracts::courier::FORWARD_TO;
use medpay_wire::fields::Fields;
use medpay_wire::sign::{ApiKey, sign_into};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

fn claim(total: i64, insurance: i64) -> Value {
    json!({
        "city_id": "440300", "org_no": "H1", "order_type": "DiagPay", "serial_no": "S1",
        "bill_no": "B1", "medical_card_id": person("lin").medical_card_id.reveal(),
        "total_fee": total, "insurance_fee": insurance, "cash_fee": total - insurance,
        "request_content": "{}",
    })
}

fn settle(key: &str, total: i64, insurance: i64) -> Value {
    json!({
        "key": key,
        "claim": claim(total, insurance),
        "split": {
            "insurance_fee": insurance, "cash_fee": total - insurance, "self_fee": insurance,
            "fund_fee": 0, "other_fee": 0,
        },
    })
}

#[tokio::test]
async fn the_bureau_answers_over_http() {
    let town = town().await;
    let card = person("lin").medical_card_id.reveal().to_owned();
    let check = json!({ "city_id": "440300", "medical_card_id": card });
    let answer = town.post("/bureau/check_card", &check).await;
    assert_eq!((word(&answer, "answer"), word(&answer, "medical_card_id")), ("valid", &*card));
    let answer = town.post("/bureau/pre_settle", &json!({ "claim": claim(905, 805) })).await;
    assert_eq!(word(&answer, "answer"), "pre_settled");
    let answer = town.post("/bureau/settle", &settle("o1-ins-1", 905, 805)).await;
    assert_eq!(word(&answer, "answer"), "settled");
    let query = json!({ "key": "o1-ins-1" });
    assert_eq!(town.post("/bureau/query", &query).await, answer);
    let list = town.post("/bureau/day", &json!({ "day": noon().day().wire() })).await;
    assert_eq!(list.pointer("/entries/0/insurance_fee"), Some(&json!(805)));
}

#[tokio::test]
async fn a_lost_answer_breaks_the_connection_off() {
    let town = town().await;
    let sent = town.try_post("/bureau/settle", &settle("o1-ins-1", 144, 100)).await;
    let read = match sent {
        Ok(answer) => answer.bytes().await.map(|_| ()),
        Err(none) => Err(none),
    };
    assert!(read.is_err());
    let answer = town.post("/bureau/query", &json!({ "key": "o1-ins-1" })).await;
    assert_eq!(word(&answer, "answer"), "settled");
}

#[tokio::test]
async fn a_late_answer_comes_once_somebody_has_asked_about_it() {
    let town = Arc::new(town().await);
    let late = tokio::spawn({
        let town = Arc::clone(&town);
        async move { town.post("/bureau/settle", &settle("o1-ins-1", 143, 100)).await }
    });
    let known = loop {
        let answer = town.post("/bureau/query", &json!({ "key": "o1-ins-1" })).await;
        if word(&answer, "answer") == "settled" {
            break answer;
        }
    };
    while !late.is_finished() {
        town.post("/bureau/query", &json!({ "key": "o1-ins-1" })).await;
    }
    assert_eq!(late.await.expect("an answer"), known);
}

#[tokio::test]
async fn switches_are_armed_listed_and_forgotten() {
    let town = town().await;
    let down = json!({ "party": "bureau", "call": "settle", "kind": "down", "times": 1 });
    let listed = town.post("/faults", &down).await;
    let expected = json!({
        "bureau": [{ "call": "settle", "fault": "down", "times": 1 }],
        "wallet": [], "wechat": [], "courier": [], "his": { "H44030000001": [] },
    });
    assert_eq!(listed, expected);
    let sent = town.try_post("/bureau/settle", &settle("o1-ins-1", 905, 805)).await;
    assert_eq!(sent.map(|answer| answer.status()).ok(), Some(StatusCode::SERVICE_UNAVAILABLE));
    let answer = town.post("/bureau/settle", &settle("o1-ins-1", 905, 805)).await;
    assert_eq!(word(&answer, "answer"), "settled");
    town.post("/faults", &json!({ "party": "courier", "kind": "drop" })).await;
    let wrong = town.try_post("/faults", &json!({ "party": "wallet", "kind": "drop" })).await;
    assert_eq!(wrong.map(|answer| answer.status()).ok(), Some(StatusCode::BAD_REQUEST));
    let forgotten = town.http.delete(format!("{}/faults", town.url)).send().await;
    let forgotten = json(forgotten.expect("an answer")).await;
    assert_eq!(forgotten.get("courier"), Some(&json!([])));
}

#[tokio::test]
async fn the_clock_is_read_and_changed_over_http() {
    let town = town().await;
    let now = noon().as_ms();
    let reading = json(town.get("/clock").await).await;
    assert_eq!(reading, json!({ "version": 1, "now": now, "frozen": false }));
    let frozen = town.post("/clock", &json!({ "do": "freeze" })).await;
    assert_eq!(frozen, json!({ "version": 2, "now": now, "frozen": true }));
    let later = town.post("/clock", &json!({ "do": "advance", "seconds": 60 })).await;
    assert_eq!(later.get("now"), Some(&json!(now + 60_000)));
    assert_eq!(json(town.get("/clock?after=2&follower=platform").await).await, later);
    let back = town.try_post("/clock", &json!({ "do": "advance", "seconds": -1 })).await;
    assert_eq!(back.map(|answer| answer.status()).ok(), Some(StatusCode::BAD_REQUEST));
    assert_eq!(town.sandbox.test_clock().now(), noon().plus_seconds(60));
}

async fn cgi_bin(town: &Town, path: &str, appid: Option<&str>, body: &Value) -> i64 {
    let mut request = town.http.post(format!("{}{path}", town.url)).body(body.to_string());
    if let Some(appid) = appid {
        request = request.header("x-medpay-appid", appid);
    }
    let answer = json(request.send().await.expect("an answer")).await;
    answer.get("errcode").and_then(Value::as_i64).unwrap_or_default()
}

#[tokio::test]
async fn wechat_answers_for_the_account_that_the_platform_names() {
    let town = town().await;
    let message = json!({
        "touser": person("lin").openid(&appid()).reveal(),
        "template_id": TEMPLATE,
        "data": { "first": { "value": "您好" } },
    });
    let send = "/cgi-bin/message/template/send";
    assert_eq!(cgi_bin(&town, send, None, &message).await, 41001);
    assert_eq!(cgi_bin(&town, send, Some("wx-unknown"), &message).await, 40013);
    assert_eq!(cgi_bin(&town, send, Some(appid().as_str()), &message).await, 0);
    let odd = "/cgi-bin/no/such/path";
    assert_eq!(cgi_bin(&town, odd, Some(appid().as_str()), &message).await, 40066);
    let inbox = json!({ "openid": person("lin").openid(&appid()).reveal() });
    let inbox = town.post("/phone/inbox", &inbox).await;
    assert_eq!(inbox.pointer("/messages/0/text"), Some(&json!("您好\n缴费金额：\n备注：")));
}

fn authorize(appid: &str, rest: &str) -> String {
    let redirect = "redirect_uri=http%3A%2F%2Fplatform.example%2Fbind%2F1%3Fa%3Db";
    format!("/connect/oauth2/authorize?appid={appid}&{redirect}&response_type=code{rest}")
}

#[tokio::test]
async fn the_authorization_page_asks_whose_phone_it_is_and_leads_back_with_a_code() {
    let town = town().await;
    let path = authorize(appid().as_str(), "&scope=snsapi_base&state=s1");
    let page = town.get(&path).await.text().await.expect("a page");
    assert!(page.contains("模拟环境") && page.contains("林一诺"), "{page}");
    let choice = town.http.post(format!("{}/phone/person", town.url));
    let choice = choice.form(&[("person", "lin"), ("next", path.as_str())]);
    let chosen = choice.send().await.expect("an answer");
    assert_eq!(chosen.headers().get("location").and_then(|it| it.to_str().ok()), Some(&*path));
    let cookie = chosen.headers().get("set-cookie").expect("a cookie").clone();
    let back = town.http.get(format!("{}{path}", town.url)).header("cookie", cookie);
    let back = back.send().await.expect("an answer");
    assert_eq!(back.status(), StatusCode::FOUND);
    let target = back.headers().get("location").and_then(|it| it.to_str().ok()).expect("where");
    let target: reqwest::Url = target.parse().expect("an address");
    let pairs: Vec<_> = target.query_pairs().into_owned().collect();
    let [(_, b), (_, code), (_, state)] = pairs.as_slice() else { panic!("{pairs:?}") };
    assert_eq!((b.as_str(), state.as_str()), ("b", "s1"));
    let redeem = format!(
        "/sns/oauth2/access_token?appid={}&secret={SECRET}&code={code}\
         &grant_type=authorization_code",
        appid()
    );
    let token = json(town.get(&redeem).await).await;
    assert_eq!(word(&token, "openid"), person("lin").openid(&appid()).reveal());
}

#[tokio::test]
async fn the_authorization_page_refuses_what_it_does_not_know() {
    let town = town().await;
    for wrong in [
        authorize("wx-unknown", "&scope=snsapi_base&state=s1"),
        authorize(appid().as_str(), "&scope=everything&state=s1"),
        authorize(appid().as_str(), "&scope=snsapi_base&state=%0d%0a"),
        format!("/connect/oauth2/authorize?appid={}&response_type=code&scope=snsapi_base", appid()),
    ] {
        let page = town.get(&wrong).await;
        assert_eq!(page.status(), StatusCode::BAD_REQUEST, "{wrong}");
        let text = page.text().await.expect("a page");
        assert!(text.contains("参数错误") && text.contains("模拟环境"), "{text}");
    }
    let elsewhere = town.http.post(format!("{}/phone/person", town.url));
    let elsewhere = elsewhere.form(&[("person", "lin"), ("next", "//evil.example/")]);
    let chosen = elsewhere.send().await.expect("an answer");
    assert_eq!(chosen.headers().get("location").and_then(|it| it.to_str().ok()), Some("/phone"));
}

type Heard = Arc<Mutex<Vec<String>>>;

/// A hospital that writes down what it receives.
async fn hospital() -> (String, Heard) {
    let heard = Heard::default();
    let notify = |State(heard): State<Heard>, body: String| async move {
        heard.lock().expect("no panic").push(body);
        (StatusCode::ACCEPTED, "<xml>thanks</xml>")
    };
    let router = Router::new().route("/notify", post(notify)).with_state(Arc::clone(&heard));
    (format!("{}/notify", listen(router).await), heard)
}

fn notification(total_fee: &str) -> String {
    let mut fields = Fields::new();
    fields.set("med_trans_id", "M1").set("mch_id", "1900000001").set("total_fee", total_fee);
    sign_into(&mut fields, &ApiKey::new(KEY).expect("a key"));
    fields.to_xml()
}

async fn forward(town: &Town, target: &str, body: String) -> (u16, String) {
    let request = town.http.post(format!("{}/courier/forward", town.url));
    let answer = request.header(FORWARD_TO, target).body(body).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a body"))
}

#[tokio::test]
async fn the_courier_brings_the_hospitals_own_answer() {
    let (url, heard) = hospital().await;
    let town = town().await;
    let answer = forward(&town, &url, notification("905")).await;
    assert_eq!(answer, (202, "<xml>thanks</xml>".to_owned()));
    assert_eq!(heard.lock().expect("no panic").as_slice(), [notification("905")]);
    assert_eq!(forward(&town, &url, notification("130")).await.0, 502);
    assert_eq!(forward(&town, &url, notification("132")).await.0, 202);
    assert_eq!(heard.lock().expect("no panic").len(), 3);
    assert_eq!(forward(&town, "http://127.0.0.1:1/", notification("905")).await.0, 502);
    assert_eq!(forward(&town, "nonsense", notification("905")).await.0, 400);
}

#[tokio::test]
async fn a_notification_is_overtaken_by_the_next() {
    let (url, heard) = hospital().await;
    let town = Arc::new(town().await);
    town.post("/faults", &json!({ "party": "courier", "kind": "reorder" })).await;
    let first = tokio::spawn({
        let (town, url) = (Arc::clone(&town), url.clone());
        async move { forward(&town, &url, notification("1001")).await }
    });
    // The switch is used up once the first one is held back.
    while !town.parties().courier.armed().expect("a book").is_empty() {
        tokio::task::yield_now().await;
    }
    while !first.is_finished() {
        forward(&town, &url, notification("1002")).await;
    }
    let heard = heard.lock().expect("no panic");
    assert_eq!(heard.first(), Some(&notification("1002")));
    assert!(heard.contains(&notification("1001")));
}
