use super::*;
use crate::ready::{Institution, Mode};

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
