use super::*;
use crate::testing::{SCAN_TEMPLATE, SECRET, TEMPLATE, appid, noon, person, wechat};
use medpay_wire::contracts::phone::InboxMessage;
use serde_json::json;
use tempfile::TempDir;

fn town() -> (Arc<WeChat>, TempDir) {
    let folder = TempDir::new().expect("a folder");
    (wechat(folder.path()), folder)
}

fn errcode(answer: &Value) -> i64 {
    answer.get("errcode").and_then(Value::as_i64).unwrap_or_default()
}

fn question(code: &str) -> OauthTokenQuery {
    OauthTokenQuery {
        appid: appid().as_str().to_owned(),
        secret: SECRET.to_owned(),
        code: code.to_owned(),
        grant_type: "authorization_code".to_owned(),
    }
}

fn ask(wechat: &WeChat, question: &OauthTokenQuery, at: Timestamp) -> Value {
    wechat.access_token(question, at).expect("a book").answer().expect("an answer")
}

mod account;

#[test]
fn a_code_is_redeemed_once_within_five_minutes() {
    let (wechat, _folder) = town();
    let lin = person("lin");
    let code = wechat.issue_code(&appid(), &lin, noon()).expect("a book");
    let answer = ask(&wechat, &question(&code), noon());
    let openid = answer.get("openid").and_then(Value::as_str);
    assert_eq!(openid, Some(lin.openid(&appid()).reveal()));
    assert_eq!(errcode(&ask(&wechat, &question(&code), noon())), 40163);
    let old = wechat.issue_code(&appid(), &lin, noon()).expect("a book");
    assert_eq!(errcode(&ask(&wechat, &question(&old), noon().plus_seconds(300))), 42003);
}

#[test]
fn each_wrong_question_for_an_openid_has_its_code() {
    let (wechat, _folder) = town();
    let refused = |wrong: &dyn Fn(&mut OauthTokenQuery)| {
        let mut question = question("nonsense");
        wrong(&mut question);
        errcode(&ask(&wechat, &question, noon()))
    };
    assert_eq!(refused(&|_| ()), 40029);
    assert_eq!(refused(&|it| it.code.clear()), 41008);
    assert_eq!(refused(&|it| it.grant_type.clear()), 40002);
    assert_eq!(refused(&|it| it.secret.clear()), 40125);
    assert_eq!(refused(&|it| it.appid = "wx-unknown".to_owned()), 40013);
}

fn message(who: &str) -> Value {
    json!({
        "touser": person(who).openid(&appid()).reveal(),
        "template_id": TEMPLATE,
        "url": "http://hospital.example/visit",
        "client_msg_id": "m1",
        "data": {
            "first": { "value": "您好", "color": "#173177" },
            "keyword1": { "value": "9.05元" },
            "keyword2": { "value": "多余" },
        },
    })
}

fn send(wechat: &WeChat, message: &Value) -> Value {
    let body = message.to_string();
    let (sent, _) = wechat.send_template(&appid(), body.as_bytes(), noon()).expect("a book");
    sent.answer().expect("an answer")
}

#[test]
fn a_message_arrives_once_and_reads_as_its_template() {
    let (wechat, _folder) = town();
    let first = send(&wechat, &message("lin"));
    assert_eq!(errcode(&first), 0);
    assert_eq!(send(&wechat, &message("lin")), first);
    let inbox = wechat.inbox(&person("lin")).expect("a book");
    let expected = InboxMessage {
        appid: appid().as_str().to_owned(),
        template_id: TEMPLATE.to_owned(),
        text: "您好\n缴费金额：9.05元\n备注：".to_owned(),
        url: "http://hospital.example/visit".to_owned(),
    };
    assert_eq!(inbox, [expected]);
    let mut to_mini = message("chen");
    to_mini["client_msg_id"] = Value::Null;
    to_mini["miniprogram"] = json!({ "appid": "wxmini", "pagepath": "pages/visit" });
    send(&wechat, &to_mini);
    let inbox = wechat.inbox(&person("chen")).expect("a book");
    assert_eq!(inbox.first().map(|it| it.url.as_str()), Some("mini:wxmini/pages/visit"));
}

#[test]
fn each_wrong_message_has_its_code() {
    let (wechat, _folder) = town();
    let refused = |field: &str, value: Value| {
        let mut message = message("lin");
        message[field] = value;
        errcode(&send(&wechat, &message))
    };
    assert_eq!(refused("touser", json!("oNobody")), 40003);
    assert_eq!(refused("template_id", json!("T0")), 40037);
    assert_eq!(refused("data", json!("text")), 47001);
    assert_eq!(errcode(&send(&wechat, &message("wei"))), 43004);
    let (empty, _) = wechat.send_template(&appid(), b"", noon()).expect("a book");
    let empty = empty.answer();
    assert_eq!(empty.as_ref().map(errcode), Some(44002));
    assert_eq!(wechat.inbox(&person("lin")).expect("a book"), []);
}

#[test]
fn a_message_after_a_scan_reaches_whoever_does_not_follow() {
    let (wechat, _folder) = town();
    let mut message = message("wei");
    assert_eq!(errcode(&send(&wechat, &message)), 43004);
    message["template_id"] = json!(SCAN_TEMPLATE);
    assert_eq!(errcode(&send(&wechat, &message)), 0);
    assert_eq!(wechat.inbox(&person("wei")).expect("a book").len(), 1);
}

#[test]
fn whoever_ceases_to_follow_gets_no_messages() {
    let (wechat, folder) = town();
    let lin = person("lin");
    let info = |wechat: &WeChat| {
        let openid = lin.openid(&appid());
        let info = wechat.user_info(&appid(), openid.reveal()).expect("a book").answer();
        info.and_then(|info| info.get("subscribe").and_then(Value::as_i64))
    };
    assert_eq!(info(&wechat), Some(1));
    wechat.subscribe(&appid(), &lin, false, noon()).expect("a book");
    assert_eq!(info(&wechat), Some(0));
    assert_eq!(errcode(&send(&wechat, &message("lin"))), 43004);
    drop(wechat);
    let wechat = super::super::testing::wechat(folder.path());
    assert_eq!(info(&wechat), Some(0));
    wechat.subscribe(&appid(), &lin, true, noon()).expect("a book");
    assert_eq!(errcode(&send(&wechat, &message("lin"))), 0);
}

#[test]
fn a_menu_is_kept_as_it_was_made() {
    let (wechat, _folder) = town();
    let menu = || wechat.menu(&appid()).expect("a book").answer().expect("an answer");
    let create = |body: &Value| {
        let made = wechat.create_menu(&appid(), body.to_string().as_bytes()).expect("a book");
        errcode(&made.answer().expect("an answer"))
    };
    assert_eq!(errcode(&menu()), 46003);
    let good = json!({ "button": [{ "type": "view", "name": "绑卡", "url": "http://a.example" }] });
    assert_eq!(create(&good), 0);
    assert_eq!(menu(), json!({ "menu": good }));
    assert_eq!(create(&json!({ "button": [] })), 40016);
    assert_eq!(create(&json!({ "button": [{ "type": "view" }] })), 40018);
    assert_eq!(menu(), json!({ "menu": good }));
    let place = |at| wechat.button_at(&appid(), at).expect("a book").map(|button| button.name);
    assert_eq!((place("0").as_deref(), place("1"), place("0.0")), (Some("绑卡"), None, None));
    let gone = wechat.delete_menu(&appid()).expect("a book").answer().expect("an answer");
    assert_eq!((errcode(&gone), errcode(&menu())), (0, 46003));
}

#[test]
fn armed_faults_meet_the_next_call_only() {
    let (wechat, _folder) = town();
    wechat.arm("template_send", Fault::Refuse, 1).expect("a book");
    assert_eq!(errcode(&send(&wechat, &message("lin"))), -1);
    wechat.arm("template_send", Fault::DoneAnswerLost, 1).expect("a book");
    let body = message("lin").to_string();
    let (lost, _) = wechat.send_template(&appid(), body.as_bytes(), noon()).expect("a book");
    assert_eq!(lost, Delivery::Lost);
    assert_eq!(wechat.inbox(&person("lin")).expect("a book").len(), 1);
    assert_eq!(errcode(&send(&wechat, &message("lin"))), 0);
    assert_eq!(wechat.inbox(&person("lin")).expect("a book").len(), 1);
}
