//! request_content and response_content.

use crate::samples::{CONTENT, key, request, verified};
use medpay_domain::{Dialect, Fen, SumRule, Timestamp};
use medpay_wire::request_content::RequestContent;
use medpay_wire::request_content::shenzhen::{PaymentItem, RegistrationAnswer, RegistrationOrder};
use medpay_wire::{Failure, Received, sign};
use proptest::prelude::*;

/// Everything that a JSON library would change: order, white space, escapes, number forms, a
/// repeated name.
const FRAGILE: &str = "{ \"b\" : 1.50,\r\n\t\"a\":1e2, \"\\u533b\": \"\\/医\", \"b\":0.10 }";

#[test]
fn the_text_arrives_byte_for_byte() {
    let mut fields = request("preregister");
    fields.set("request_content", FRAGILE);
    let request = medpay_wire::preregister::Request::decode(&verified(fields)).expect("a request");
    assert_eq!(request.visit.request_content.as_str(), FRAGILE);
    assert_eq!(request.encode().get("request_content"), Some(FRAGILE));

    // As a foreign client writes it: in CDATA, a bare \r\n inside.
    let sent = format!("<xml><request_content><![CDATA[{FRAGILE}]]></request_content></xml>");
    let fields = medpay_wire::Fields::from_xml(sent.as_bytes()).expect("well-formed");
    assert_eq!(fields.get("request_content"), Some(FRAGILE));
    let signed =
        sent.replace("</xml>", &format!("<sign>{}</sign></xml>", sign::md5(&fields, &key())));
    let received = Received::read(signed.as_bytes()).expect("well-formed");
    assert!(received.verify(&key(), false).is_ok());
}

#[test]
fn a_content_may_have_65536_bytes() {
    assert!(RequestContent::new("x".repeat(65_536)).is_ok());
    assert!(RequestContent::new("x".repeat(65_537)).is_err());
    assert_eq!(
        format!("{:?}", RequestContent::new(CONTENT).expect("a content")),
        "RequestContent(262 bytes)"
    );
}

#[test]
fn the_documents_two_examples_are_read_though_their_sum_is_wrong() {
    let second = CONTENT.replace("mzghdj", "mzgghdj").replace("mzllsh", "mzlsj");
    let third = CONTENT.replace("mzllsh", "mzlsh");
    for json in [CONTENT, &second, &third] {
        let order = RegistrationOrder::parse(json).expect("a registration");
        assert_eq!(order.visit_no, "1500619843177");
        assert_eq!(order.department, " 南 山 肝 病 门 诊");
        assert_eq!((order.patient_kind.as_str(), order.medical_card_id.as_str()), ("", ""));
        assert_eq!(order.registration_fee, Fen::new(1).expect("an amount"));
        assert_eq!(order.received, Fen::ZERO);
        assert_eq!(order.check_sum(SumRule::Slack), Ok(()));
        let fault = order.check_sum(SumRule::Strict).expect_err("0.01 + 0.01 is not 0.01");
        assert!(fault.to_string().ends_with("ghhj is not ghf + zjzj"), "{fault}");
    }
    let right = CONTENT.replace(r#""ghhj":"0.01""#, r#""ghhj":"0.02""#);
    let content = RequestContent::new(right).expect("a content");
    assert_eq!(content.check_registration(Dialect::Shenzhen, SumRule::Strict), Ok(()));
}

#[test]
fn another_citys_content_is_not_looked_at() {
    let content = RequestContent::new("neither JSON nor XML").expect("a content");
    assert_eq!(content.check_registration(Dialect::Opaque, SumRule::Strict), Ok(()));
    assert!(content.check_registration(Dialect::Shenzhen, SumRule::Slack).is_err());
}

#[test]
fn the_fault_names_the_place_and_never_the_value() {
    let fault = |from: &str, to: &str| {
        let json = CONTENT.replace(from, to);
        assert_ne!(json, CONTENT);
        RegistrationOrder::parse(&json).expect_err("a fault").to_string()
    };
    let at = "request_content registration_order_pay";
    assert_eq!(fault("}}", "}"), "request_content text is not JSON");
    assert_eq!(fault("registration_order_pay", "x"), format!("{at} is needed"));
    assert_eq!(fault("mzghdj", "x"), format!("{at}.mzghdj is needed"));
    assert_eq!(fault("mzllsh", "x"), format!("{at}.mzghdj.mzllsh is needed"));
    assert_eq!(fault(r#""yljgbm":"H1110","#, ""), format!("{at}.yljgbm is needed"));
    assert_eq!(fault(r#""ghf":"0.01""#, r#""ghf":"一分""#), format!("{at}.mzghdj.ghf is invalid"));
    assert_eq!(fault(r#""ghf":"0.01""#, r#""ghf":"0.001""#), format!("{at}.mzghdj.ghf is invalid"));
    assert_eq!(fault(r#""ghf":"0.01""#, r#""ghf":"-1""#), format!("{at}.mzghdj.ghf is invalid"));
    assert_eq!(fault(r#""ghf":"0.01""#, r#""ghf":null"#), format!("{at}.mzghdj.ghf is invalid"));
    assert_eq!(fault(r#""ghlb":" 普 通""#, r#""ghlb":[]"#), format!("{at}.mzghdj.ghlb is invalid"));
    let two = r#""mzlsj":"1","mzllsh""#;
    assert_eq!(fault("\"mzllsh\"", two), format!("{at}.mzghdj.mzlsj is repeated"));
    assert_eq!(fault("\"ylzh\"", r#""ylzh":"1","ylzh""#), format!("{at}.ylzh is repeated"));
}

/// Found by fuzzing: a name of the sender's own, twice, stood in the fault, whoever it named.
#[test]
fn a_name_that_is_not_the_documents_is_refused_twice_and_not_told() {
    let fault = |json: &str| RegistrationOrder::parse(json).expect_err("a fault").to_string();
    assert_eq!(fault(r#"{"张三":1,"张三":2}"#), "request_content text has a name twice");
    let twice = r#""6000000001":1,"6000000001":2,"ylzh""#;
    let below = CONTENT.replace(r#""ylzh""#, twice);
    assert_ne!(below, CONTENT);
    assert_eq!(fault(&below), "request_content registration_order_pay has a name twice");
}

/// Found by fuzzing: a number that another reader cannot hold was taken as a text.
#[test]
fn a_number_is_taken_by_its_digits_and_by_nothing_else() {
    let with = |number: &str| {
        let json = CONTENT.replace(r#""ksbm":"631""#, &format!(r#""ksbm":{number}"#));
        RegistrationOrder::parse(&json).map(|order| order.department_no)
    };
    assert_eq!(with("631").expect("a department"), "631");
    for number in ["4e526", "1E2", "-1", &"9".repeat(33)] {
        let fault = with(number).expect_err("a fault").to_string();
        assert_eq!(fault, "request_content registration_order_pay.mzghdj.ksbm is invalid");
    }
}

#[test]
fn an_amount_that_is_a_number_is_read_by_its_digits() {
    let json = CONTENT.replace(r#""ghhj":"0.01""#, r#""ghhj":90071992547409.93"#);
    let order = RegistrationOrder::parse(&json).expect("a registration");
    assert_eq!(order.total_fee, Fen::new(9_007_199_254_740_993).expect("an amount"));
}

fn answer(fen: i64) -> RegistrationAnswer {
    RegistrationAnswer {
        medical_card_id: "6000000001".to_owned(),
        medical_comp_no: "600000001".to_owned(),
        patient_kind: "医疗保险".to_owned(),
        insurance_type: "一档".to_owned(),
        items: vec![PaymentItem {
            code: "0201".to_owned(),
            amount: Fen::new(fen).expect("an amount"),
            at: Timestamp::from_wire("20180601101112").expect("a moment"),
        }],
    }
}

#[test]
fn the_bureaus_answer_has_the_observed_shape() {
    let expected = [
        r#"{"registration_order_pay":{"brlx":"医疗保险","cblx":"一档","dnh":"600000001","#,
        r#""mzghdj":"[{\"je\":86,\"jssj\":\"2018-06-01 10:11:12\",\"zfxm\":\"0201\"}]","#,
        r#""ylzh":"6000000001"}}"#,
    ];
    assert_eq!(answer(8600).to_json(), expected.concat());
}

#[test]
fn the_bureaus_answer_is_decoded_twice_where_it_is_json_in_a_string() {
    let item = r#"{"je":86.5,"jssj":"2018-06-01 10:11:12","zfxm":"0201"}"#;
    let head = r#""ylzh":"6000000001","dnh":"600000001","brlx":"医疗保险","cblx":"一档""#;
    let plain = format!(r#"{{"registration_order_pay":{{{head},"mzghdj":[{item}]}}}}"#);
    let inner = serde_json::to_string(&format!("[{item}]")).expect("JSON");
    let array = format!(r#"{{"registration_order_pay":{{{head},"mzghdj":{inner}}}}}"#);
    let whole = serde_json::to_string(&array).expect("JSON");
    for json in [plain, array, whole] {
        assert_eq!(RegistrationAnswer::parse(&json), Some(answer(8650)), "{json}");
    }
    assert_eq!(RegistrationAnswer::parse("{}"), None);
}

#[test]
fn a_faulty_content_is_a_refused_document() {
    let content = RequestContent::new(CONTENT).expect("a content");
    let fault =
        content.check_registration(Dialect::Shenzhen, SumRule::Strict).expect_err("a fault");
    assert_eq!(
        Failure::from(fault),
        Failure::Transport(
            "参数格式校验错误 request_content registration_order_pay.mzghdj.ghhj is not ghf + zjzj"
                .to_owned()
        )
    );
}

#[test]
fn the_bureaus_amounts_are_read_by_their_digits() {
    let json = answer(8600).to_json().replace("86,", "90071992547409.93,");
    let read = RegistrationAnswer::parse(&json).expect("an answer");
    assert_eq!(read.items[0].amount, Fen::new(9_007_199_254_740_993).expect("an amount"));
}

proptest! {
    #[test]
    fn the_bureaus_answer_is_written_and_read_as_the_same(fen in 0..100_000_000_i64) {
        prop_assert_eq!(RegistrationAnswer::parse(&answer(fen).to_json()), Some(answer(fen)));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,80}") {
        let _ = RegistrationOrder::parse(&text);
        let _ = RegistrationAnswer::parse(&text);
    }

    #[test]
    fn a_sum_holds_or_is_refused(
        fee in 0..100_i64,
        expert in 0..100_i64,
        total in 0..200_i64,
    ) {
        let yuan = |fen| Fen::new(fen).expect("an amount").yuan();
        let json = CONTENT
            .replace(r#""ghf":"0.01""#, &format!(r#""ghf":"{}""#, yuan(fee)))
            .replace(r#""zjzj":"0.01""#, &format!(r#""zjzj":"{}""#, yuan(expert)))
            .replace(r#""ghhj":"0.01""#, &format!(r#""ghhj":"{}""#, yuan(total)));
        let order = RegistrationOrder::parse(&json).expect("a registration");
        prop_assert_eq!(order.check_sum(SumRule::Strict).is_ok(), fee + expert == total);
    }
}
