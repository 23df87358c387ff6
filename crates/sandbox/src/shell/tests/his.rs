//! The HIS over HTTP: signed calls, and its pages beside a gateway of the test's own.

use super::{Town, listen, town};
use crate::testing::{self, HIS_SECRET};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use bytes::Bytes;
use medpay_domain::Clock as _;
use medpay_wire::his::signature::{HisSecret, KEY_HEADER, SIGNATURE_HEADER, Signed, TIME_HEADER};
use medpay_wire::id_card;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const BASE: &str = "/his/H44030000001";

/// What of a call is spoiled.
#[derive(Default)]
struct Spoiled {
    seconds: i64,
    unsigned: bool,
    body: Option<&'static str>,
}

impl Town {
    async fn his(&self, name: &str, key: &str, body: &Value) -> (u16, Value) {
        self.his_spoiled(name, key, body, &Spoiled::default()).await
    }

    async fn his_spoiled(
        &self,
        name: &str,
        key: &str,
        body: &Value,
        spoiled: &Spoiled,
    ) -> (u16, Value) {
        let secret = HisSecret::new(HIS_SECRET).expect("long enough");
        let path = format!("{BASE}/v1/{name}");
        let now = self.parties().clock.now().as_ms() / 1000 + spoiled.seconds;
        let (time, body) = (now.to_string(), body.to_string());
        let signed =
            Signed { method: "POST", path: &path, time: &time, key, body: body.as_bytes() };
        let mut request = self.http.post(format!("{}{path}", self.url)).header(TIME_HEADER, &time);
        if !spoiled.unsigned {
            request = request.header(SIGNATURE_HEADER, signed.signature(&secret));
        }
        if !key.is_empty() {
            request = request.header(KEY_HEADER, key);
        }
        let sent = spoiled.body.map_or(body, str::to_owned);
        let answer = request.body(sent).send().await.expect("an answer");
        (answer.status().as_u16(), super::json(answer).await)
    }

    async fn card_of_lin(&self) -> String {
        let lin = testing::person("lin");
        let ask = json!({
            "name": lin.name.reveal(),
            "card_type": lin.card_type.code(),
            "id_digest": id_card::digest(lin.card_type, lin.id_no.reveal()).reveal(),
        });
        let (status, patient) = self.his("create_visit_card", "card", &ask).await;
        assert_eq!(status, 200, "{patient}");
        super::word(&patient, "patient_id").to_owned()
    }

    async fn his_page(&self, path: &str) -> String {
        let answer = self.get(&format!("{BASE}{path}")).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.expect("a page")
    }

    /// Posts a form; where it leads, or the page that says why not.
    async fn his_form(&self, path: &str, fields: &str) -> Result<String, String> {
        let request = self.http.post(format!("{}{BASE}{path}", self.url));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(fields.to_owned()).send().await.expect("an answer");
        if answer.status() == StatusCode::SEE_OTHER {
            let to = answer.headers().get("location").expect("a location");
            Ok(to.to_str().expect("text").trim_start_matches(BASE).to_owned())
        } else {
            Err(answer.text().await.expect("a page"))
        }
    }
}

#[tokio::test]
async fn only_a_signed_call_is_answered() {
    let town = town().await;
    let (status, departments) = town.his("list_departments", "", &json!({})).await;
    assert_eq!(status, 200);
    assert_eq!(departments["departments"].as_array().map(Vec::len), Some(6));
    for spoiled in [
        Spoiled { unsigned: true, ..Spoiled::default() },
        Spoiled { seconds: -301, ..Spoiled::default() },
        Spoiled { seconds: 301, ..Spoiled::default() },
        Spoiled { body: Some(r#"{"x":1}"#), ..Spoiled::default() },
    ] {
        let (status, refusal) =
            town.his_spoiled("list_departments", "", &json!({}), &spoiled).await;
        assert_eq!((status, super::word(&refusal, "code")), (401, "not_signed"));
    }
    let (status, refusal) = town.his("no_such_call", "", &json!({})).await;
    assert_eq!((status, super::word(&refusal, "code")), (404, "not_found"));
}

#[tokio::test]
async fn the_his_is_down_until_it_is_disarmed() {
    let town = town().await;
    let down = json!({ "party": "his", "kind": "down", "times": 1_000_000 });
    town.post("/faults", &down).await;
    let sent = town.http.post(format!("{}{BASE}/v1/list_departments", town.url)).send().await;
    assert_eq!(sent.expect("an answer").status(), StatusCode::UNAUTHORIZED, "nobody's call");
    let secret = HisSecret::new(HIS_SECRET).expect("long enough");
    let path = format!("{BASE}/v1/list_departments");
    let time = (town.parties().clock.now().as_ms() / 1000).to_string();
    let signed = Signed { method: "POST", path: &path, time: &time, key: "", body: b"{}" };
    let call = || {
        town.http
            .post(format!("{}{path}", town.url))
            .header(TIME_HEADER, &time)
            .header(SIGNATURE_HEADER, signed.signature(&secret))
            .body("{}")
            .send()
    };
    for _ in 0..3 {
        assert_eq!(call().await.expect("an answer").status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    town.http.delete(format!("{}/faults", town.url)).send().await.expect("an answer");
    assert_eq!(call().await.expect("an answer").status(), StatusCode::OK);
}

type Heard = Arc<Mutex<Vec<(String, Value)>>>;

/// A gateway that answers what it is asked, and keeps it.
async fn gateway(heard: Heard) -> String {
    async fn answer(
        State(heard): State<Heard>,
        address: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> axum::Json<Value> {
        let text =
            |name: &str| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let (time, key) = (text(TIME_HEADER), text(KEY_HEADER));
        let signed = Signed { method: "POST", path: address.path(), time, key, body: &body };
        let secret = HisSecret::new(HIS_SECRET).expect("long enough");
        assert_eq!(signed.signature(&secret), text(SIGNATURE_HEADER));
        let name = address.path().rsplit('/').next().unwrap_or_default().to_owned();
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let answer = match name.as_str() {
            "prescription_issued" => json!({ "qr_url": "http://gateway.example/p/1" }),
            "prescription_qr" => {
                json!({ "url": "http://gateway.example/p/1", "svg": "<svg xmlns=''/>" })
            }
            "code_scanned" | "scan_state" => json!({
                "scan_no": body["scan_no"], "step": "waiting_for_password",
                "cash_fen": 20, "insurance_fen": 6200, "message": "请患者确认",
            }),
            "cancel_scan" => json!({
                "scan_no": body["scan_no"], "step": "failed", "message": "已取消",
            }),
            _ => json!({}),
        };
        heard.lock().expect("not poisoned").push((name, body));
        axum::Json(answer)
    }
    listen(Router::new().route("/his/{org_no}/v1/{name}", post(answer)).with_state(heard)).await
}

async fn town_and_gateway() -> (Town, Heard) {
    let heard = Heard::default();
    let url = gateway(Arc::clone(&heard)).await;
    let town = super::town_with("http://127.0.0.1:9", testing::account(), |settings| {
        for his in &mut settings.his {
            his.gateway_url = format!("{url}{BASE}");
        }
    })
    .await;
    (town, heard)
}

fn names(heard: &Heard) -> Vec<String> {
    heard.lock().expect("not poisoned").iter().map(|(name, _)| name.clone()).collect()
}

#[tokio::test]
async fn a_doctor_prescribes_and_the_paper_has_a_code() {
    let (town, heard) = town_and_gateway().await;
    let patient = town.card_of_lin().await;
    assert!(town.his_page("/doctor").await.contains("林一诺"));
    let fields = format!("patient={patient}&doctor=201&class=ordinary&M001=2&M002=&X001=0");
    let paper = town.his_form("/doctor/prescribe", &fields).await.expect("a paper");
    let page = town.his_page(&paper).await;
    assert!(page.contains("苯磺酸氨氯地平片") && page.contains("65.20"), "{page}");
    assert!(page.contains("data:image/svg+xml;base64,"), "{page}");
    assert_eq!(names(&heard), ["prescription_issued", "prescription_qr"]);
    let parties = town.parties();
    let codes = parties.hises[0].printed_codes().expect("a book");
    assert_eq!(codes, [("林一诺".to_owned(), "http://gateway.example/p/1".to_owned())]);

    let nothing = format!("patient={patient}&doctor=201&class=ordinary");
    assert!(town.his_form("/doctor/prescribe", &nothing).await.is_err());
    let strange = format!("patient={patient}&doctor=201&class=ordinary&Z999=1");
    assert!(town.his_form("/doctor/prescribe", &strange).await.is_err());
}

#[tokio::test]
async fn a_doctor_takes_a_bill_back_and_makes_a_report_ready() {
    let (town, heard) = town_and_gateway().await;
    let patient = town.card_of_lin().await;
    let (_, bills) = town.his("list_bills", "", &json!({ "patient_id": patient })).await;
    let bill_no = super::word(&bills["bills"][0], "bill_no");
    let fields = format!("patient={patient}&bill_no={bill_no}");
    town.his_form("/doctor/void", &fields).await.expect("voided");
    assert!(town.his_page(&format!("/doctor?patient={patient}")).await.contains("已作废"));
    town.his_form("/doctor/report", &format!("patient={patient}&code=CHEST")).await.expect("ready");
    assert_eq!(names(&heard), ["bill_voided", "result_ready"]);
    assert!(town.his_form("/doctor/void", &fields).await.is_err(), "only once");
    assert!(town.his_page("").await.contains("已作废"), "the overview shows it");
}

#[tokio::test]
async fn a_window_registers_scans_and_cancels() {
    let (town, heard) = town_and_gateway().await;
    let patient = town.card_of_lin().await;
    let fields = format!("patient={patient}&doctor=101&days=0&at_till=yes");
    town.his_form("/window/register", &fields).await.expect("registered");
    let (_, bills) = town.his("list_bills", "", &json!({ "patient_id": patient })).await;
    let bill_no = super::word(&bills["bills"][0], "bill_no");
    let fields = format!(
        "patient={patient}&bill_no={bill_no}&auth_code=1300+0000&pay_with=insurance&\
         with_registration=yes"
    );
    let scan = town.his_form("/window/scan", &fields).await.expect("scanned");
    let page = town.his_page(&scan).await;
    assert!(page.contains("请患者在手机上输入密码") && page.contains("http-equiv"), "{page}");
    town.his_form(&format!("{scan}/cancel"), "").await.expect("cancelled");
    let names = names(&heard);
    assert_eq!(names, ["registration_made", "code_scanned", "scan_state", "cancel_scan"]);
    let heard = heard.lock().expect("not poisoned");
    let scanned = &heard[1].1;
    assert_eq!(scanned["auth_code"], "13000000");
    assert_eq!(scanned["registration"]["serial_no"], heard[0].1["serial_no"]);
}

#[tokio::test]
async fn a_silent_gateway_is_told_to_staff() {
    let town = town().await;
    let patient = town.card_of_lin().await;
    let fields = format!("patient={patient}&doctor=201&class=ordinary&M001=1");
    let paper = town.his_form("/doctor/prescribe", &fields).await.expect("a paper");
    assert!(town.his_page(&paper).await.contains("支付网关没有应答"));
    let report = town.his_form("/doctor/report", &format!("patient={patient}&code=CHEST")).await;
    assert!(report.expect_err("a page").contains("没有通知到患者"));
}
