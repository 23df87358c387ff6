//! `medpay his-check`: the sandbox's HIS passes, and a HIS with one fault fails by the name of the
//! case that is about it.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use medpay::outgoing;
use medpay::system::{OsEntropy, SystemClock};
use medpay_acceptance::his_check::{self, Target, TestPatient};
use medpay_client::{Transport, Unanswered};
use medpay_domain::{CityId, Clock as _, Dialect, Entropy as _, OrgNo, PersonName};
use medpay_sandbox::{HisSettings, Persons, Sandbox, Settings};
use medpay_wire::his::signature::{HisSecret, KEY_HEADER, SIGNATURE_HEADER, Signed, TIME_HEADER};
use medpay_wire::id_card;
use serde_json::{Value, json};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::net::TcpListener;

const SECRET: &str = "test-secret-of-his-and-gateway-32";

fn secret() -> HisSecret {
    HisSecret::new(SECRET).expect("long enough")
}

/// A sandbox that listens, with one hospital.
struct Town {
    url: String,
    _folder: TempDir,
}

async fn town() -> Town {
    let folder = TempDir::new().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let his = HisSettings {
        org_no: OrgNo::new("H44030000001"),
        name: "云杉测试医院".to_owned(),
        city_id: CityId::new("440300"),
        secret: secret(),
        gateway_url: "http://127.0.0.1:9".to_owned(),
        dialect: Dialect::Shenzhen,
    };
    let settings = Settings {
        data_dir: folder.path().to_path_buf(),
        public_url: url.clone(),
        platform_url: "http://127.0.0.1:9".to_owned(),
        persons: Persons::built_in(),
        accounts: Vec::new(),
        late_reversal_cities: Vec::new(),
        person_cookies: Vec::new(),
        his: vec![his],
        http: outgoing::client(&medpay::config::Outgoing::direct()).expect("a client"),
        in_place: false,
    };
    let sandbox = Sandbox::open(settings, Arc::new(SystemClock::new()), Arc::new(OsEntropy));
    let router = sandbox.expect("a sandbox").router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Town { url: format!("{url}/his/H44030000001"), _folder: folder }
}

/// What fails of a HIS that is broken so, or of a right one.
async fn failing(town: &Town, fault: Option<Fault>) -> Vec<&'static str> {
    let lin = Persons::built_in().get("lin").expect("a person").clone();
    let inner = outgoing::direct().expect("a way out");
    let transport = Broken { inner, fault, patient_id: Mutex::default(), locked: Mutex::default() };
    let target = Target {
        transport: Arc::new(transport),
        url: town.url.clone(),
        secret: secret(),
        clock: Arc::new(SystemClock::new()),
        entropy: Arc::new(OsEntropy),
        patient: TestPatient {
            name: PersonName::new(lin.name.reveal()),
            card_type: lin.card_type,
            id_digest: id_card::digest(lin.card_type, lin.id_no.reveal()),
        },
    };
    let report = his_check::run(target).await;
    assert!(report.cases.len() >= 20, "{report}");
    report.cases.iter().filter(|case| case.fault.is_some()).map(|case| case.name).collect()
}

/// What a HIS may have got wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    Unsigned,
    AnySecret,
    AnyTime,
    BodyNotSigned,
    UnknownMember,
    MemberNotNamed,
    KeysIgnored,
    DayListedTwice,
    NewReceipt,
    WrongSum,
    LockedForAnybody,
    PlaceNotGivenBack,
    AnothersResult,
}

/// The way to a HIS with one fault: whatever passes is bent so.
struct Broken<T> {
    inner: T,
    fault: Option<Fault>,
    /// The patient of the last visit card.
    patient_id: Mutex<Value>,
    /// The bill that was locked last.
    locked: Mutex<Value>,
}

#[async_trait]
impl<T: Transport> Transport for Broken<T> {
    async fn send(
        &self,
        request: Request<Bytes>,
        timeout_ms: u64,
    ) -> Result<Response<Bytes>, Unanswered> {
        let asked: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let call = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
        let answer = self.inner.send(self.bent(&call, &asked, request), timeout_ms).await?;
        let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let (status, said) = self.turned(&call, &asked, answer.status().as_u16(), said);
        let answer = Response::builder().status(status).body(Bytes::from(said.to_string()));
        Ok(answer.expect("an answer"))
    }
}

impl<T> Broken<T> {
    /// The request as the broken HIS takes it.
    fn bent(&self, call: &str, asked: &Value, request: Request<Bytes>) -> Request<Bytes> {
        let header = |name: &str| {
            let value = request.headers().get(name).and_then(|it| it.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (signature, key) = (header(SIGNATURE_HEADER), header(KEY_HEADER));
        let altered = request.body().ends_with(b" ");
        let age = SystemClock::new().now().as_ms() / 1000
            - header(TIME_HEADER).parse::<i64>().unwrap_or_default();
        let wrong = !signature.is_empty() && age <= 300 && !altered;
        let as_it_is = || (call.to_owned(), key.clone(), request.body().to_vec());
        let anew = match self.fault {
            Some(Fault::Unsigned) if signature.is_empty() => Some(as_it_is()),
            Some(Fault::AnySecret) if wrong => Some(as_it_is()),
            Some(Fault::AnyTime) if !signature.is_empty() && age > 300 => Some(as_it_is()),
            Some(Fault::BodyNotSigned) if altered => Some(as_it_is()),
            Some(Fault::KeysIgnored) if !key.is_empty() => {
                Some((call.to_owned(), OsEntropy.nonce(), request.body().to_vec()))
            }
            Some(Fault::PlaceNotGivenBack) if call == "cancel_booking" => {
                Some(("find_booking".to_owned(), String::new(), request.body().to_vec()))
            }
            Some(Fault::AnothersResult) if call == "find_result" => {
                let mut asked = asked.clone();
                asked["patient_id"] = self.patient_id.lock().expect("not poisoned").clone();
                Some((call.to_owned(), String::new(), asked.to_string().into_bytes()))
            }
            _ => None,
        };
        match anew {
            Some((call, key, body)) => signed(request.uri(), &call, &key, body),
            None => request,
        }
    }

    /// The answer as the broken HIS gives it.
    fn turned(&self, call: &str, asked: &Value, status: u16, mut said: Value) -> (u16, Value) {
        match (self.fault, call) {
            (Some(Fault::UnknownMember), _)
                if asked.get("a_member_of_a_later_version").is_some() =>
            {
                return (400, json!({ "code": "bad_request", "message": "a_member…: unknown" }));
            }
            (Some(Fault::MemberNotNamed), "list_bills") if status == 400 => {
                said["message"] = json!("the request is wrong");
            }
            (Some(Fault::DayListedTwice), "list_day") => {
                if let Some(payments) = said["payments"].as_array_mut() {
                    payments.extend(payments.clone());
                }
            }
            (Some(Fault::NewReceipt), "confirm_bill") if status == 200 => {
                said["receipt_no"] = json!(OsEntropy.nonce());
            }
            (Some(Fault::WrongSum), "book") if status == 200 => {
                said["bill"]["items"][0]["amount_fen"] = json!(1);
            }
            (Some(Fault::LockedForAnybody), "lock_bill") => {
                let mut locked = self.locked.lock().expect("not poisoned");
                if said["code"] == "locked_by_another" {
                    let mut bill = locked.clone();
                    bill["hosp_out_trade_no"] = asked["hosp_out_trade_no"].clone();
                    return (200, bill);
                }
                *locked = said.clone();
            }
            (Some(Fault::PlaceNotGivenBack), "cancel_booking") => {
                said["state"] = json!("cancelled");
            }
            (Some(Fault::AnothersResult), "create_visit_card") => {
                *self.patient_id.lock().expect("not poisoned") = said["patient_id"].clone();
            }
            _ => {}
        }
        (status, said)
    }
}

/// A call beside another one, rightly signed now.
fn signed(address: &http::Uri, call: &str, key: &str, body: Vec<u8>) -> Request<Bytes> {
    let text = address.to_string();
    let (base, _) = text.rsplit_once('/').expect("a path");
    let address: http::Uri = format!("{base}/{call}").parse().expect("an address");
    let time = (SystemClock::new().now().as_ms() / 1000).to_string();
    let signed = Signed { method: "POST", path: address.path(), time: &time, key, body: &body };
    let signature = signed.signature(&secret());
    let mut request = Request::post(address).header(SIGNATURE_HEADER, signature);
    request = request.header(TIME_HEADER, time);
    if !key.is_empty() {
        request = request.header(KEY_HEADER, key);
    }
    request.body(Bytes::from(body)).expect("a request")
}

#[tokio::test]
async fn the_sandboxs_his_passes() {
    let town = town().await;
    assert_eq!(failing(&town, None).await, Vec::<&str>::new());
    assert_eq!(failing(&town, None).await, Vec::<&str>::new(), "and again beside what is left");
}

#[tokio::test]
async fn a_broken_his_fails_by_name() {
    let table: &[(Fault, &[&str])] = &[
        (Fault::Unsigned, &["an_unsigned_call_is_refused"]),
        (Fault::AnySecret, &["a_call_signed_with_another_secret_is_refused"]),
        (Fault::AnyTime, &["a_call_signed_too_long_ago_is_refused"]),
        (Fault::BodyNotSigned, &["a_body_that_was_altered_is_refused"]),
        (Fault::UnknownMember, &["unknown_members_are_ignored"]),
        (Fault::MemberNotNamed, &["a_missing_member_is_named"]),
        (Fault::KeysIgnored, &["the_same_key_books_once", "a_key_used_for_other_words_is_refused"]),
        (
            Fault::DayListedTwice,
            &["a_payment_is_in_the_list_of_its_day_once", "a_refund_is_granted_and_told_once"],
        ),
        (Fault::NewReceipt, &["a_payment_is_confirmed_once"]),
        (Fault::WrongSum, &["a_bill_adds_up"]),
        (Fault::LockedForAnybody, &["a_locked_bill_is_not_locked_for_another_order"]),
        (
            Fault::PlaceNotGivenBack,
            &[
                "the_same_key_books_once",
                "a_key_used_for_other_words_is_refused",
                "a_cancelled_booking_gives_its_place_back",
            ],
        ),
        (Fault::AnothersResult, &["anothers_result_is_not_found"]),
    ];
    for (fault, names) in table {
        let town = town().await;
        assert_eq!(failing(&town, Some(*fault)).await, *names, "{fault:?}");
    }
}

#[tokio::test]
async fn the_command_tells_how_it_ended() {
    let town = town().await;
    let run = |secret: &'static str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_medpay"));
        command.env("HIS_SECRET", secret).args(["his-check", "--secret", "env:HIS_SECRET"]);
        command.args(["--url", &town.url, "--name", "林一诺", "--id-no", "440301198804120034"]);
        tokio::task::spawn_blocking(move || command.output().expect("medpay can be started"))
    };
    let text = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let right = run(SECRET).await.expect("an end");
    assert_eq!(right.status.code(), Some(0), "{}", text(&right));
    assert!(text(&right).contains("ok    a_payment_is_confirmed_once"));
    let wrong = run("test-secret-of-another-hospital-32").await.expect("an end");
    assert_eq!(wrong.status.code(), Some(1), "{}", text(&wrong));
    assert!(text(&wrong).contains("FAIL  a_payment_is_confirmed_once"));
    assert!(!text(&wrong).contains("林一诺"));
}
