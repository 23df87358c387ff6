use super::*;
use crate::ready::{Institution, Mode, NORMAL, Person};
use async_trait::async_trait;
use bytes::Bytes;
use medpay_client::Unanswered;
use medpay_domain::{Elapsed, Timestamp};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Nobody is there.
#[derive(Default)]
struct Nowhere {
    asked: AtomicUsize,
}

#[async_trait]
impl Transport for Nowhere {
    async fn send(
        &self,
        _: http::Request<Bytes>,
        _: u64,
    ) -> Result<http::Response<Bytes>, Unanswered> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Err(Unanswered::NotSent("connection refused".to_owned()))
    }
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(0)
    }

    fn elapsed(&self) -> Elapsed {
        Elapsed(0)
    }
}

impl Entropy for Still {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

fn player(transport: Arc<Nowhere>) -> Player {
    Player { transport, clock: Arc::new(Still), entropy: Arc::new(Still) }
}

fn person(bound: bool) -> Person {
    Person {
        openid: BTreeMap::new(),
        name: "林一诺".to_owned(),
        id_card: "440301198804120034".to_owned(),
        idcard_md5: String::new(),
        bound,
        password: "112233".to_owned(),
        medical_insurance_type: "1".to_owned(),
        behaviour: NORMAL.to_owned(),
    }
}

fn institution(name: &str, environment: &str) -> Institution {
    Institution {
        name: name.to_owned(),
        org_no: "H0001".to_owned(),
        mode: Mode::Independent,
        environment: environment.to_owned(),
        appid: "wxtest0001".to_owned(),
        secret: "secret".to_owned(),
        mch_id: "1900000001".to_owned(),
        api_key: "0123456789abcdef0123456789abcdef".to_owned(),
        sub_appid: None,
        sub_mch_id: None,
        sub_secret: None,
        city_id: "440300".to_owned(),
        pages_url: None,
        his_url: None,
    }
}

fn ready(institutions: Vec<Institution>) -> Ready {
    let url = || "http://127.0.0.1:1".to_owned();
    Ready::new(url(), url(), url(), institutions, Vec::new())
}

#[test]
fn every_action_is_taken_somewhere() {
    let steps = steps(&ready(vec![institution("first", "test"), institution("other", "test")]));
    let taken: Vec<String> = steps.iter().map(|step| format!("{:?}", step.action)).collect();
    for action in [
        "EarlyEnough",
        "Token",
        "CardIsUnbound",
        "Bind",
        "CardIsBound",
        "PreRegister",
        "Order(InsuranceOnly)",
        "Order(Mixed)",
        "Order(ZeroInsurance)",
        "Order(CashOnly)",
        "Message(Outpatient",
        "Message(OutpatientDiscount",
        "Message(Registration",
        "Message(Booking",
        "Scan",
        "ScanPreRegister",
        "ScanOrder",
        "SystemRefunded",
        "RefundAll(Mixed)",
        "RefundCashOnly(Scanned)",
        "Refunded(Mixed)",
        "Close",
        "NextDay",
        "TooLate",
        "Bill",
    ] {
        assert!(taken.iter().any(|step| step.starts_with(action)), "{action} is never taken");
    }
}

#[test]
fn a_production_institution_is_left_alone() {
    let steps =
        steps(&ready(vec![institution("first", "test"), institution("real", "production")]));
    assert!(steps.iter().all(|step| step.institution == 0));
}

#[test]
fn the_orders_are_of_the_documented_kinds() {
    let amounts: Vec<_> = Purchase::KINDS
        .iter()
        .map(|purchase| {
            let terms = purchase.terms();
            (terms.pay_type.as_str(), terms.cash.is_zero(), terms.insurance.is_zero())
        })
        .collect();
    // 全额医保, 医保 + 自费, 0 元医保, 纯自费
    assert_eq!(
        amounts,
        [("2", true, false), ("3", false, false), ("3", false, true), ("1", false, true)]
    );
    assert_eq!(Purchase::Refused.terms().total.get(), 142);
}

#[test]
fn the_table_aligns_chinese_names_and_counts() {
    let result = |name: &str, ok| StepResult {
        name: name.to_owned(),
        ok,
        detail: "found".to_owned(),
        elapsed_ms: 7,
    };
    let table = table(&[result("医院 · token", true), result("a longer name", false)]);
    assert_eq!(
        table,
        "ok   医院 · token       7 ms  found\n\
         FAIL a longer name      7 ms  found\n\
         1 of 2 steps held, 14 ms\n"
    );
}

#[tokio::test]
async fn after_a_step_that_does_not_hold_nothing_is_tried() {
    let mut ready = ready(vec![institution("first", "test")]);
    ready.persons.push(person(false));
    let nowhere = Arc::new(Nowhere::default());
    let results = play(&ready, &player(nowhere.clone())).await;
    assert_eq!(results.len(), steps(&ready).len());
    assert!(results.iter().all(|result| !result.ok));
    assert_eq!(results[0].detail, "not sent: connection refused");
    assert_eq!(results[1].detail, "not tried: a step before it did not hold");
    assert_eq!(nowhere.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_town_without_an_unbound_person_says_so() {
    let mut ready = ready(vec![institution("first", "test")]);
    ready.persons.push(person(true));
    let results = play(&ready, &player(Arc::default())).await;
    assert_eq!(results.len(), 1);
    assert!(results[0].detail.contains("without a bound card"), "{}", results[0].detail);
}
