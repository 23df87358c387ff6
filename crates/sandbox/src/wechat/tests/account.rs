//! What a person does in WeChat, and what the account's own server hears of it.

use super::super::callbacks::OUT_OF_SERVICE;
use super::{Fault, Value, errcode, json, message, send};
use crate::persons::Person;
use crate::settings::{Account, Callback, Encryption};
use crate::testing::{account, appid, noon, person, wechat, wechat_of};
use crate::wechat::{By, Line, Post, Scanned, WeChat};
use medpay_wire::public_account::callback::{Event, Incoming, What};
use medpay_wire::public_account::crypto::{EncodingAesKey, MessageCrypt, Stamp};
use medpay_wire::public_account::is_from_account;
use reqwest::Url;
use std::collections::HashMap;
use std::sync::Arc;
use tempfile::TempDir;

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

fn key() -> EncodingAesKey {
    EncodingAesKey::new(KEY).expect("a key")
}

fn with_server(encryption: Encryption) -> Account {
    let callback = Callback {
        url: "http://hospital.example/wx/callback".to_owned(),
        token: "AAAAA".to_owned(),
        encryption,
    };
    Account { callback: Some(callback), ..account() }
}

fn town(encryption: Encryption) -> (Arc<WeChat>, TempDir) {
    let folder = TempDir::new().expect("a folder");
    (wechat_of(folder.path(), with_server(encryption)), folder)
}

fn query(post: &Post) -> HashMap<String, String> {
    let url: Url = post.url.parse().expect("an address");
    url.query_pairs().into_owned().collect()
}

/// What a server in plain mode reads, after the check of the signature.
fn heard(post: Option<Post>) -> Incoming {
    let post = post.expect("a post");
    let query = query(&post);
    let at = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    assert!(is_from_account("AAAAA", at("timestamp"), at("nonce"), at("signature")));
    Incoming::read(post.body.as_bytes()).expect("a message")
}

fn lines(wechat: &WeChat, who: &Person) -> Vec<(By, String)> {
    let lines = wechat.read_chat(&appid(), who).expect("a book");
    lines.into_iter().map(|Line { by, text, .. }| (by, text)).collect()
}

#[test]
fn following_and_ceasing_to_is_told_once_each() {
    let (wechat, _folder) = town(Encryption::Plain);
    let wei = person("wei");
    let subscribe = |wish| wechat.subscribe(&appid(), &wei, wish, noon()).expect("a book");
    let first = heard(subscribe(true));
    assert_eq!(first.what, What::Event(Event::Subscribe { scene: None, ticket: None }));
    assert_eq!(first.from, wei.openid(&appid()));
    assert!(subscribe(true).is_none());
    let second = heard(subscribe(false));
    assert_eq!(second.what, What::Event(Event::Unsubscribe));
    // The clock stands still, and yet the two are not one.
    assert!(second.create_time > first.create_time);
    assert!(subscribe(false).is_none());
}

#[test]
fn an_account_without_a_server_is_told_nothing() {
    let folder = TempDir::new().expect("a folder");
    let wechat = wechat(folder.path());
    let wei = person("wei");
    assert!(wechat.subscribe(&appid(), &wei, true, noon()).expect("a book").is_none());
    assert!(wechat.say(&appid(), &wei, "你好", noon()).expect("a book").is_none());
    assert_eq!(lines(&wechat, &wei), [(By::Person, "你好".to_owned())]);
}

fn create_code(wechat: &WeChat, body: &Value) -> Value {
    let made = wechat.create_qrcode(&appid(), body.to_string().as_bytes(), noon());
    made.expect("a book").answer().expect("an answer")
}

#[test]
fn a_code_with_a_scene_makes_a_stranger_follow_and_announces_a_follower() {
    let (wechat, _folder) = town(Encryption::Plain);
    let lasting = json!({
        "action_name": "QR_LIMIT_STR_SCENE",
        "action_info": { "scene": { "scene_str": "poster-1" } },
    });
    let code = create_code(&wechat, &lasting);
    assert_eq!(create_code(&wechat, &lasting), code);
    let says = code.get("url").and_then(Value::as_str).expect("an address");
    let ticket = code.get("ticket").and_then(Value::as_str).map(str::to_owned);
    let scan = |who: &str, at| match wechat.scan(&person(who), says, at).expect("a book") {
        Scanned::Account(of, post) => {
            assert_eq!(of, appid());
            heard(post).what
        }
        other => panic!("{other:?}"),
    };
    let scene = "poster-1".to_owned();
    let follow = Event::Subscribe { scene: Some(scene.clone()), ticket: ticket.clone() };
    assert_eq!(scan("wei", noon()), What::Event(follow));
    assert_eq!(scan("wei", noon()), What::Event(Event::Scan { scene, ticket }));
    assert_eq!(wechat.codes(noon()).expect("a book").len(), 1);
    let openid = person("wei").openid(&appid());
    let info = wechat.user_info(&appid(), openid.reveal()).expect("a book").answer();
    let info = info.expect("an answer");
    assert_eq!(info.get("qr_scene_str"), Some(&json!("poster-1")));
    assert_eq!(info.get("subscribe_scene"), Some(&json!("ADD_SCENE_QR_CODE")));
}

#[test]
fn a_temporary_code_grows_old_and_another_text_is_no_code() {
    let (wechat, _folder) = town(Encryption::Plain);
    let body = json!({
        "expire_seconds": 60,
        "action_name": "QR_SCENE",
        "action_info": { "scene": { "scene_id": 7 } },
    });
    let code = create_code(&wechat, &body);
    assert_eq!(code.get("expire_seconds"), Some(&json!(60)));
    let says = code.get("url").and_then(Value::as_str).expect("an address");
    let lin = person("lin");
    let late = noon().plus_seconds(60);
    assert!(matches!(wechat.scan(&lin, says, late), Ok(Scanned::TooOld)));
    assert!(matches!(wechat.scan(&lin, "http://a.example", late), Ok(Scanned::Unknown)));
    assert_eq!(wechat.codes(late).expect("a book"), []);
    assert_eq!(errcode(&create_code(&wechat, &json!({ "action_name": "QR" }))), 40052);
}

#[test]
fn the_servers_words_appear_in_the_chat() {
    let (wechat, _folder) = town(Encryption::Plain);
    let lin = person("lin");
    let post = wechat.say(&appid(), &lin, " 怎么绑卡 ", noon()).expect("a book").expect("a post");
    let asked = Incoming::read(post.body.as_bytes()).expect("a message");
    assert!(matches!(&asked.what, What::Text { content, .. } if content == "怎么绑卡"));
    let reply = asked.reply("请点菜单", 1).write();
    wechat.hear(&post, Some(reply.as_bytes()), noon()).expect("a book");
    let unread = |wechat: &WeChat| {
        let chats = wechat.chats(&lin).expect("a book");
        chats.first().map(|chat| (chat.unread, chat.last.text.clone()))
    };
    assert_eq!(unread(&wechat), Some((1, "请点菜单".to_owned())));
    let expected = [(By::Person, "怎么绑卡".to_owned()), (By::Account, "请点菜单".to_owned())];
    assert_eq!(lines(&wechat, &lin), expected);
    assert_eq!(unread(&wechat), Some((0, "请点菜单".to_owned())));
    wechat.hear(&post, Some(b"success"), noon()).expect("a book");
    wechat.hear(&post, Some(b""), noon()).expect("a book");
    assert_eq!(lines(&wechat, &lin).len(), 2);
}

#[test]
fn a_wrong_answer_is_told_as_a_fault() {
    let (wechat, _folder) = town(Encryption::Plain);
    let lin = person("lin");
    let post = wechat.say(&appid(), &lin, "1", noon()).expect("a book").expect("a post");
    let asked = Incoming::read(post.body.as_bytes()).expect("a message");
    let mut astray = asked.reply("请点菜单", 1);
    astray.to = person("chen").openid(&appid());
    let astray = astray.write();
    for answer in [None, Some(&b"<html>"[..]), Some(b"ok"), Some(astray.as_bytes())] {
        wechat.hear(&post, answer, noon()).expect("a book");
        assert_eq!(lines(&wechat, &lin).last(), Some(&(By::Notice, OUT_OF_SERVICE.to_owned())));
    }
    assert_eq!(lines(&wechat, &lin).len(), 5);
    // Nobody waits for the answer to a page that opened.
    let view = What::Event(Event::View { url: "http://a.example".to_owned() });
    let post = wechat.post(&appid(), &lin, view, noon()).expect("a book").expect("a post");
    wechat.hear(&post, None, noon()).expect("a book");
    assert_eq!(lines(&wechat, &lin).len(), 5);
}

#[test]
fn in_safe_mode_only_the_account_reads_and_answers() {
    let (wechat, _folder) = town(Encryption::Safe(key()));
    let lin = person("lin");
    let crypt = MessageCrypt::new("AAAAA", key(), appid().as_str());
    let post = wechat.say(&appid(), &lin, "怎么绑卡", noon()).expect("a book").expect("a post");
    assert!(!post.body.contains("怎么绑卡"));
    let query = query(&post);
    let at = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    assert_eq!(at("encrypt_type"), "aes");
    let stamp = Stamp { timestamp: at("timestamp"), nonce: at("nonce") };
    let plain = crypt.open_post(post.body.as_bytes(), stamp, at("msg_signature"));
    let asked = Incoming::read(plain.expect("a message").as_bytes()).expect("a message");
    let reply = asked.reply("请点菜单", 1).write();
    let sealed = crypt.seal_answer(&reply, stamp, [7; 16]);
    wechat.hear(&post, Some(sealed.as_bytes()), noon()).expect("a book");
    let last = |who| lines(&wechat, who).pop();
    assert_eq!(last(&lin), Some((By::Account, "请点菜单".to_owned())));
    wechat.hear(&post, Some(reply.as_bytes()), noon()).expect("a book");
    assert_eq!(last(&lin), Some((By::Notice, OUT_OF_SERVICE.to_owned())));
}

#[test]
fn in_compatible_mode_either_way_will_do() {
    let (wechat, _folder) = town(Encryption::Compatible(key()));
    let lin = person("lin");
    let crypt = MessageCrypt::new("AAAAA", key(), appid().as_str());
    let post = wechat.say(&appid(), &lin, "怎么绑卡", noon()).expect("a book").expect("a post");
    let asked = Incoming::read(post.body.as_bytes()).expect("a plain message");
    let query = query(&post);
    let at = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let stamp = Stamp { timestamp: at("timestamp"), nonce: at("nonce") };
    let opened = crypt.open_post(post.body.as_bytes(), stamp, at("msg_signature"));
    let opened = opened.expect("an encrypted message");
    assert_eq!(Incoming::read(opened.as_bytes()), Ok(asked.clone()));
    let reply = asked.reply("请点菜单", 1).write();
    let sealed = crypt.seal_answer(&reply, stamp, [7; 16]);
    for answer in [reply, sealed] {
        wechat.hear(&post, Some(answer.as_bytes()), noon()).expect("a book");
        assert_eq!(lines(&wechat, &lin).last().map(|(by, _)| *by), Some(By::Account));
    }
}

#[test]
fn what_became_of_a_template_message_is_told_once() {
    let (wechat, _folder) = town(Encryption::Plain);
    let body = message("lin").to_string();
    let send_it = || wechat.send_template(&appid(), body.as_bytes(), noon()).expect("a book");
    let (answer, post) = send_it();
    let msgid = answer.answer().and_then(|it| it.get("msgid").and_then(Value::as_i64));
    let told = Event::TemplateSendJobFinish {
        msg_id: msgid.expect("a number"),
        status: "success".to_owned(),
    };
    assert_eq!(heard(post).what, What::Event(told));
    assert!(send_it().1.is_none());
    let cards: Vec<_> = wechat.read_chat(&appid(), &person("lin")).expect("a book");
    let card = cards.first().expect("a card");
    assert_eq!((card.by, card.url.as_str()), (By::Card, "http://hospital.example/visit"));
    assert_eq!(cards.len(), 1);
    assert_eq!(errcode(&send(&wechat, &message("wei"))), 43004);
}

#[test]
fn a_switch_loses_a_post_or_its_first_answer() {
    let (wechat, _folder) = town(Encryption::Plain);
    let say = || wechat.say(&appid(), &person("lin"), "1", noon()).expect("a book");
    wechat.arm("callback", Fault::NotDone, 1).expect("a book");
    assert!(say().is_none());
    wechat.arm("callback", Fault::DoneAnswerLost, 1).expect("a book");
    assert_eq!(say().map(|post| post.first_answer_lost), Some(true));
    assert_eq!(say().map(|post| post.first_answer_lost), Some(false));
}
