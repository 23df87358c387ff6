//! `request_content` in every city's dialect, and what the bureau answers.

use crate::reference::json::registration;
use crate::silence::names_nobody;
use medpay_domain::{Dialect, SumRule};
use medpay_wire::request_content::RequestContent;
use medpay_wire::request_content::shenzhen::{RegistrationAnswer, RegistrationOrder};

/// The words that a fault may be made of: the document's own names, and what is wrong.
const WORDS: [&str; 35] = [
    "request_content",
    "text",
    "registration_order_pay",
    "yljgbm",
    "ylzh",
    "czybm",
    "czyxm",
    "mzghdj",
    "mzgghdj",
    "brlx",
    "mzllsh",
    "mzlsj",
    "mzlsh",
    "ksbm",
    "ksmc",
    "ghlb",
    "ghf",
    "zjzj",
    "ghhj",
    "ssj",
    "zsj",
    "is",
    "not",
    "JSON",
    "needed",
    "repeated",
    "invalid",
    "+",
    "member",
    "a",
    "of",
    "the",
    "name",
    "twice",
    "has",
];

/// What a hospital sends.
pub(super) fn request(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(content) = RequestContent::new(text) else {
        assert!(text.is_empty() || text.len() > 65_536);
        return;
    };
    assert_eq!(content.as_str(), text, "passed on byte for byte");
    assert_eq!(format!("{content:?}"), format!("RequestContent({} bytes)", text.len()));
    assert_eq!(content.check_registration(Dialect::Opaque, SumRule::Strict), Ok(()));
    let slack = content.check_registration(Dialect::Shenzhen, SumRule::Slack);
    let strict = content.check_registration(Dialect::Shenzhen, SumRule::Strict);
    for fault in [&slack, &strict].into_iter().filter_map(|told| told.as_ref().err()) {
        let told = fault.to_string();
        names_nobody(&told);
        let known = |word: &str| word.is_empty() || WORDS.contains(&word);
        assert!(told.split([' ', '.']).all(known), "words of the input in a fault: {told}");
    }
    let Ok(order) = RegistrationOrder::parse(text) else {
        assert!(slack.is_err() && strict == slack, "refused, and yet taken");
        return;
    };
    names_nobody(&format!("{order:?}"));
    let expected = registration(text).expect("another reader finds no registration");
    let fees =
        [order.registration_fee, order.expert_fee, order.total_fee, order.received, order.change];
    for (fee, expected) in fees.iter().zip(expected.amounts) {
        assert!(expected.is_none_or(|expected| expected == fee.get()), "another amount");
    }
    let texts = [
        order.hospital_no,
        order.medical_card_id,
        order.operator_no,
        order.operator_name,
        order.patient_kind,
        order.visit_no,
        order.department_no,
        order.department,
        order.registration_kind,
    ];
    for (text, expected) in texts.iter().zip(&expected.texts) {
        // A number has no text in the tree.
        assert!(text == expected || expected.is_empty(), "another text");
    }
    let [fee, expert, total, ..] = fees.map(|fee| i128::from(fee.get()));
    assert_eq!(slack, Ok(()));
    assert_eq!(strict.is_ok(), fee + expert == total, "ghf + zjzj = ghhj");
}

/// What a bureau answers.
pub(super) fn response(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Some(answer) = RegistrationAnswer::parse(text) else { return };
    let written = answer.to_json();
    let again = RegistrationAnswer::parse(&written).expect("what we write we read");
    assert!(again == answer, "read as another");
    assert_eq!(again.to_json(), written, "written in two ways");
}
