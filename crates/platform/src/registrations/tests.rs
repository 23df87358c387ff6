//! Reports to the bureau, over the router.

use crate::cards::tests::bind;
use crate::testing::{HOSPITAL, Person, World};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::contracts::bureau::{Refusal, VisitRegistered};

const CONTENT: &str = r#"{"registration_order_pay":{"yljgbm":"H0001","ylzh":"","czybm":"01","czyxm":"操作员","mzghdj":{"brlx":"","mzllsh":"M1","ksbm":"01","ksmc":"内科","ghlb":"普通","ghf":"0.01","zjzj":"0.01","ghhj":"0.02","ssj":"0","zsj":"0"}}}"#;

/// Everything but who comes.
pub(super) fn visit(number: &'static str) -> Vec<(&'static str, String)> {
    [
        ("hosp_out_trade_no", number),
        ("hospital_name", "晴川医院"),
        ("spbill_create_ip", "10.193.0.1"),
        ("body", "门诊挂号"),
        ("user_card_type", "1"),
        ("user_name", Person::LIN.name),
        ("serial_no", "S0001"),
        ("org_no", "H440300001"),
        ("gmt_out_create", "20180620090000"),
        ("request_content", CONTENT),
    ]
    .into_iter()
    .map(|(name, value)| (name, value.to_owned()))
    .chain([("user_card_no", Person::LIN.id_md5())])
    .collect()
}

pub(super) async fn report(
    world: &World,
    interface: &str,
    fields: &[(&str, String)],
) -> (String, String) {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = world.call(HOSPITAL, interface, &fields).await;
    let text = answer.fields();
    let words = text.get("response_content").or(text.get("err_code_des")).unwrap_or_default();
    (answer.word(), words.split(" rid: ").next().unwrap_or_default().to_owned())
}

pub(super) fn with(
    fields: &[(&'static str, String)],
    name: &'static str,
    value: &str,
) -> Vec<(&'static str, String)> {
    let mut fields = fields.to_vec();
    fields.retain(|(kept, _)| *kept != name);
    fields.push((name, value.to_owned()));
    fields
}

fn registered(words: &str) -> VisitRegistered {
    VisitRegistered::Registered { response_content: words.to_owned() }
}

on_both!(a_registration_is_reported_once, async |db: TestDb| {
    let world = World::new(&db).await;
    let fields = with(&visit("R1"), "openid", "o1");
    assert_eq!(report(&world, "preregister", &fields).await.0, "80004");
    bind(&world, HOSPITAL, "o1", Person::LIN).await;
    let wrong = with(&fields, "user_name", "高远");
    assert_eq!(report(&world, "preregister", &wrong).await.0, "80005");
    let wrong = with(&fields, "user_card_type", "8");
    assert_eq!(report(&world, "preregister", &wrong).await.0, "80006");
    assert_eq!(world.bureau.visit_keys.lock().expect("not poisoned").len(), 0);

    let answers = [r#"{"a": 1 , "b":[]}"#, "another answer"].map(|words| Some(registered(words)));
    world.bureau.visits.lock().expect("not poisoned").extend(answers);
    for _ in 0..2 {
        let (word, words) = report(&world, "preregister", &fields).await;
        assert_eq!((word.as_str(), words.as_str()), ("SUCCESS", r#"{"a": 1 , "b":[]}"#));
    }
    let other = with(&fields, "body", "专家挂号");
    assert_eq!(report(&world, "preregister", &other).await.0, "OUT_TRADE_NO_USED");
    assert_eq!(world.bureau.visit_keys.lock().expect("not poisoned").len(), 1);
});

on_both!(an_unknown_answer_is_asked_for_by_the_same_key, async |db: TestDb| {
    let world = World::new(&db).await;
    bind(&world, HOSPITAL, "o1", Person::LIN).await;
    let fields = with(&visit("R1"), "openid", "o1");
    let answers = [None, Some(registered("登记成功"))];
    world.bureau.visits.lock().expect("not poisoned").extend(answers);
    assert_eq!(report(&world, "preregister", &fields).await.0, "SYSTEMERROR");
    let (word, words) = report(&world, "preregister", &fields).await;
    assert_eq!((word.as_str(), words.as_str()), ("SUCCESS", "登记成功"));
    let keys = world.bureau.visit_keys.lock().expect("not poisoned");
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
});

on_both!(a_refusal_is_told_in_the_bureaus_words_again_and_again, async |db: TestDb| {
    let world = World::new(&db).await;
    bind(&world, HOSPITAL, "o1", Person::LIN).await;
    let refusal = Refusal { code: "NO_VISIT".to_owned(), reason: "今日号源已停".to_owned() };
    let answers = [Some(VisitRegistered::Refused(refusal)), Some(registered("later"))];
    world.bureau.visits.lock().expect("not poisoned").extend(answers);
    let fields = with(&visit("R1"), "openid", "o1");
    for _ in 0..2 {
        let (word, words) = report(&world, "preregister", &fields).await;
        assert_eq!((word.as_str(), words.as_str()), ("INVALID_REQUEST", "今日号源已停"));
    }
});

on_both!(the_content_is_checked_by_the_city, async |db: TestDb| {
    let world = World::new(&db).await;
    bind(&world, HOSPITAL, "o1", Person::LIN).await;
    let fields = with(&visit("R1"), "openid", "o1");
    let invalid = "参数格式校验错误 request_content is invalid";
    for content in [CONTENT.replace("0.02", "0.01"), "{}".to_owned(), "not JSON".to_owned()] {
        let wrong = with(&fields, "request_content", &content);
        assert_eq!(report(&world, "preregister", &wrong).await.0, invalid, "{content}");
    }
    let wrong = with(&fields, "city_id", "999999");
    let (word, _) = report(&world, "preregister", &wrong).await;
    assert_eq!(word, "参数格式校验错误 city_id is invalid");
});

on_both!(a_scans_token_reports_one_registration, async |db: TestDb| {
    let world = World::new(&db).await;
    bind(&world, HOSPITAL, "o1", Person::LIN).await;
    world.wallet.know("134567890123456789", "o1", "林晴");
    world.bureau.visits.lock().expect("not poisoned").push_back(Some(registered("登记成功")));
    let code = ("auth_code", "134567890123456789");
    let answer = world.call(HOSPITAL, "qrcodegetmedinfo", &[code]).await.fields();
    let token = answer.get("token").expect("a token").to_owned();
    let scanned = |number| with(&with(&visit(number), "auth_code", code.1), "token", &token);
    let wrong = with(&scanned("R1"), "token", "no such token");
    assert_eq!(report(&world, "qrcodepreregister", &wrong).await.0, "AUTH_CODE_INVALID");
    let wrong = with(&scanned("R1"), "auth_code", "another code");
    assert_eq!(report(&world, "qrcodepreregister", &wrong).await.0, "AUTH_CODE_INVALID");
    assert_eq!(report(&world, "qrcodepreregister", &scanned("R1")).await.0, "SUCCESS");
    assert_eq!(report(&world, "qrcodepreregister", &scanned("R2")).await.0, "AUTHCODEEXPIRE");
    world.clock.advance_seconds(300);
    assert_eq!(report(&world, "qrcodepreregister", &scanned("R1")).await.0, "SUCCESS");
    assert_eq!(report(&world, "qrcodepreregister", &scanned("R3")).await.0, "AUTHCODEEXPIRE");
});
