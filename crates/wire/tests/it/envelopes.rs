//! What surrounds every answer, from both sides.

use crate::samples::key;
use medpay_domain::Fen;
use medpay_wire::states::PayType;
use medpay_wire::unifiedorder::{AmountFault, Amounts};
use medpay_wire::{
    BillFault, ErrCode, Failure, FieldFault, Fields, GatewayError, Refused, Reply, ReplyFault,
    Seal, SignFault, SignType, Signed, TokenErrorShape, TokenFault, XmlFault, failure_reply,
    read_reply, success_reply, token_failure_reply,
};

const RID: &str = "6550793e";
const REQUIRED: Signed = Signed::Required(SignType::Md5);

fn seal(key: &medpay_wire::ApiKey) -> Seal<'_> {
    Seal { key, nonce_str: "abc123", sign_type: SignType::Md5 }
}

fn shown(body: &str) -> String {
    let fields = Fields::from_xml(body.as_bytes()).expect("well-formed");
    let lines: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    lines.join("\n")
}

#[test]
fn a_refused_document_carries_neither_result_code_nor_sign() {
    let key = key();
    let shown = |failure: Failure| shown(&failure_reply(&failure, RID, Some(seal(&key))));
    insta::assert_snapshot!(shown(SignFault::Wrong.into()), @r"
    return_code=FAIL
    return_msg=签名失败 rid: 6550793e
    ");
    insta::assert_snapshot!(shown(FieldFault::needed("cash_fee").into()), @r"
    return_code=FAIL
    return_msg=参数格式校验错误 cash_fee is needed rid: 6550793e
    ");
    insta::assert_snapshot!(shown(XmlFault::Repeated("a".to_owned()).into()), @r"
    return_code=FAIL
    return_msg=XML_FORMAT_ERROR a is repeated rid: 6550793e
    ");
    insta::assert_snapshot!(shown(Failure::Bill(BillFault::NoBillExist)), @r"
    error_code=20002
    return_code=FAIL
    return_msg=No Bill Exist rid: 6550793e
    ");
}

#[test]
fn a_business_refusal_is_signed_where_answers_are() {
    let key = key();
    let failure = Failure::business(ErrCode::MixedNeedsCash);
    insta::assert_snapshot!(shown(&failure_reply(&failure, RID, Some(seal(&key)))), @r"
    err_code=513
    err_code_des=in cash combine insurance pay mode, cash_fee must be more than 0 rid: 6550793e
    nonce_str=abc123
    result_code=FAIL
    return_code=SUCCESS
    sign=8D139F2331FF5984B6DD3661CA34EB40
    ");
    let unsigned = failure_reply(&Failure::business(ErrCode::CardNotBound), RID, None);
    insta::assert_snapshot!(shown(&unsigned), @r"
    err_code=80004
    err_code_des=未绑卡 rid: 6550793e
    result_code=FAIL
    return_code=SUCCESS
    ");
}

#[test]
fn a_token_fault_has_two_shapes() {
    let reply = |shape| token_failure_reply(TokenFault::Invalid, RID, shape);
    insta::assert_snapshot!(shown(&reply(TokenErrorShape::Xml)), @r"
    err_code=40001
    err_code_des=invalid credential, access_token is invalid or not latest rid: 6550793e
    result_code=FAIL
    return_code=SUCCESS
    ");
    let message = "invalid credential, access_token is invalid or not latest rid: 6550793e";
    let expected = format!(r#"{{"errcode":40001,"errmsg":"{message}"}}"#);
    assert_eq!(reply(TokenErrorShape::Json), expected);
}

#[test]
fn a_long_message_is_cut_between_characters_and_keeps_its_rid() {
    let failure = Failure::Business { code: ErrCode::InvalidRequest, des: "医".repeat(200) };
    let body = failure_reply(&failure, RID, None);
    let fields = Fields::from_xml(body.as_bytes()).expect("well-formed");
    let des = fields.get("err_code_des").expect("words");
    assert_eq!(des.chars().count(), 128);
    assert!(des.starts_with("医医") && des.ends_with(&format!("医 rid: {RID}")));
}

#[test]
fn a_success_has_both_codes_and_no_message() {
    let key = key();
    let mut fields = Fields::new();
    fields.set("med_trans_id", "1");
    let body = success_reply(fields, Some(seal(&key)));
    let Ok(Reply::Success(fields)) = read_reply(body.as_bytes(), &key, REQUIRED) else {
        panic!("no success");
    };
    assert_eq!(fields.get("nonce_str"), Some("abc123"));
    assert_eq!(fields.get("return_msg"), None);
}

#[test]
fn a_nonce_that_is_there_already_is_given_back() {
    let key = key();
    let mut fields = Fields::new();
    fields.set("nonce_str", "the caller's");
    let body = success_reply(fields, Some(seal(&key)));
    assert!(body.contains("the caller's") && !body.contains("abc123"));
}

#[test]
fn an_answer_is_signed_as_the_request_was() {
    let key = key();
    let seal = Seal { sign_type: SignType::HmacSha256, ..seal(&key) };
    let body = success_reply(Fields::new(), Some(seal));
    let read = |sign_type| read_reply(body.as_bytes(), &key, Signed::Required(sign_type));
    assert!(matches!(read(SignType::HmacSha256), Ok(Reply::Success(_))));
    assert_eq!(read(SignType::Md5), Err(ReplyFault::WrongSign));
}

#[test]
fn an_unsigned_success_is_none_unless_the_interface_sends_no_sign() {
    let body = success_reply(Fields::new(), None);
    assert_eq!(read_reply(body.as_bytes(), &key(), REQUIRED), Err(ReplyFault::Unsigned));
    let read = read_reply(body.as_bytes(), &key(), Signed::NotSent);
    assert!(matches!(read, Ok(Reply::Success(_))));
}

#[test]
fn a_signature_that_is_there_is_checked() {
    let key = key();
    let body = success_reply(Fields::new(), Some(seal(&key)));
    let other = body.replace("abc123", "abc124");
    for signed in [REQUIRED, Signed::NotSent] {
        assert_eq!(read_reply(other.as_bytes(), &key, signed), Err(ReplyFault::WrongSign));
    }
    let refusal = failure_reply(&Failure::business(ErrCode::OrderPaid), RID, Some(seal(&key)));
    let other = refusal.replace("ORDERPAID", "ORDERCLOSED");
    assert_eq!(read_reply(other.as_bytes(), &key, REQUIRED), Err(ReplyFault::WrongSign));
}

#[test]
fn an_unsigned_refusal_is_one() {
    let refused = |body: &str| match read_reply(body.as_bytes(), &key(), REQUIRED) {
        Ok(Reply::Refused(refused)) => refused,
        other => panic!("{other:?}"),
    };
    let code = |failure| refused(&failure_reply(&failure, RID, None));
    assert!(matches!(
        code(Failure::business(ErrCode::AppidNotExist)),
        Refused::Business { err_code, .. } if err_code == "APPID_NOT_EXIST"
    ));
    assert!(matches!(
        code(Failure::Bill(BillFault::Creating)),
        Refused::Transport { error_code: Some(code), .. } if code == "20002"
    ));
    let json = " {\"errcode\":42001,\"errmsg\":\"access_token expired\"}";
    let expected = GatewayError { errcode: 42001, errmsg: "access_token expired".to_owned() };
    assert_eq!(refused(json), Refused::Gateway(expected));
}

#[test]
fn anything_else_says_nothing() {
    let read = |body: &str| read_reply(body.as_bytes(), &key(), REQUIRED);
    assert_eq!(read(""), Err(ReplyFault::NotXml(XmlFault::Empty)));
    assert_eq!(read("<html></html>"), Err(ReplyFault::NotXml(XmlFault::Malformed)));
    assert_eq!(read("{\"errcode\":0}"), Err(ReplyFault::NotAnError));
    assert_eq!(read("{\"a\":1}"), Err(ReplyFault::NotAnError));
    assert_eq!(read("<xml></xml>"), Err(ReplyFault::NoCode("return_code")));
    let half = "<xml><return_code>SUCCESS</return_code></xml>";
    assert_eq!(read(half), Err(ReplyFault::NoCode("result_code")));
}

#[test]
fn a_bill_is_told_from_a_refusal_by_its_first_byte() {
    use medpay_wire::downloadbill::{Reply, read_reply};
    let text = "\u{FEFF}交易时间,";
    assert_eq!(read_reply(text.as_bytes(), &key()), Ok(Reply::Bill(text.as_bytes())));
    let gzip = [0x1f, 0x8b, 8, 0];
    assert_eq!(read_reply(&gzip, &key()), Ok(Reply::Bill(&gzip)));
    let body = failure_reply(&Failure::Bill(BillFault::NoBillExist), RID, None);
    assert!(matches!(read_reply(body.as_bytes(), &key()), Ok(Reply::Refused(_))));
}

#[test]
fn the_amounts_fit_each_other_and_the_way_of_payment() {
    use AmountFault as F;
    let check = |pay_type, [total, cash, insurance, add, reduced]: [i64; 5]| {
        let fen = |n| Fen::new(n).expect("an amount");
        let amounts = Amounts {
            total_fee: fen(total),
            cash_fee: fen(cash),
            insurance_fee: fen(insurance),
            cash_add_fee: fen(add),
            cash_reduced_fee: fen(reduced),
        };
        amounts.check(pay_type)
    };
    let (cash, insurance, mixed) = (PayType::Cash, PayType::Insurance, PayType::Mixed);
    // The two worked examples of PROTOCOL 3.1.
    assert_eq!(check(mixed, [250, 150, 100, 50, 0]), Ok(()));
    assert_eq!(check(mixed, [200, 50, 100, 0, 50]), Ok(()));
    // 全额医保, 0 元医保, 纯自费, and a discount of the bureau's own.
    assert_eq!(check(insurance, [905, 0, 905, 0, 0]), Ok(()));
    assert_eq!(check(mixed, [905, 905, 0, 0, 0]), Ok(()));
    assert_eq!(check(cash, [905, 905, 0, 0, 0]), Ok(()));
    assert_eq!(check(mixed, [1000, 100, 805, 0, 0]), Ok(()));

    assert_eq!(check(mixed, [905, 0, 905, 0, 0]), Err(F::MixedNeedsCash));
    assert_eq!(check(cash, [905, 0, 0, 0, 0]), Err(F::CashNeedsCash));
    assert_eq!(check(cash, [905, 100, 805, 0, 0]), Err(F::CashHasInsurance));
    assert_eq!(check(insurance, [905, 100, 805, 0, 0]), Err(F::InsuranceHasCash));
    assert_eq!(check(insurance, [905, 0, 0, 0, 0]), Err(F::InsuranceNeedsInsurance));
    assert_eq!(check(mixed, [905, 100, 805, 101, 0]), Err(F::AddExceedsCash));
    assert_eq!(check(mixed, [904, 100, 805, 0, 0]), Err(F::PartsExceedTotal));
    assert_eq!(check(mixed, [905, 100, 805, 0, 1]), Err(F::PartsExceedTotal));
    assert_eq!(check(mixed, [i64::MAX, i64::MAX, 1, 0, 0]), Err(F::PartsExceedTotal));
    assert_eq!(F::MixedNeedsCash.err_code().code(), "513");
    assert_eq!(F::PartsExceedTotal.err_code().code(), "INVALID_REQUEST");
}
