//! What the doors send, and what they make of answers.

use super::Doors;
use super::token_owner::TokenOwner;
use crate::settings::{Institution, Settings};
use crate::testing::settings;
use async_trait::async_trait;
use bytes::Bytes;
use medpay_client::{Transport, Unanswered};
use medpay_domain::{Appid, Clock, Entropy, Openid, Secret};
use medpay_store::testing::{Sequence, TestClock};
use medpay_wire::envelope::{Refused, Reply};
use medpay_wire::fields::Fields;
use medpay_wire::public_account::{TemplateMessage, menu::Menu, qrcode::QrcodeRequest};
use medpay_wire::{getbindurl, getmedinfo, sendmsg};
use std::sync::{Arc, Mutex};

/// An API host: answers by a function of path and query, and keeps what it was asked.
struct Host {
    says: fn(&str) -> Option<String>,
    asked: Mutex<Vec<String>>,
}

impl Host {
    fn new(says: fn(&str) -> Option<String>) -> Arc<Self> {
        Arc::new(Self { says, asked: Mutex::default() })
    }

    /// What was asked since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().expect("not poisoned"))
    }
}

#[async_trait]
impl Transport for Host {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        _: u64,
    ) -> Result<http::Response<Bytes>, Unanswered> {
        let uri = request.uri().to_string();
        let appid = serde_json::from_slice::<serde_json::Value>(request.body()).ok();
        let appid = appid.and_then(|body| Some(format!(" {}", body.get("appid")?.as_str()?)));
        let asked = format!("{uri}{}", appid.unwrap_or_default());
        let path = asked.strip_prefix("http://platform.test").expect("the host").to_owned();
        let answer = (self.says)(&path);
        self.asked.lock().expect("not poisoned").push(path);
        match answer {
            Some(answer) => Ok(http::Response::new(Bytes::from(answer))),
            None => Err(Unanswered::Unknown("silent".into())),
        }
    }
}

struct Given {
    host: Arc<Host>,
    clock: Arc<TestClock>,
    settings: Arc<Settings>,
}

impl Given {
    fn new(says: fn(&str) -> Option<String>) -> Self {
        let clock = Arc::new(TestClock::at("20260601101500"));
        Self { host: Host::new(says), clock, settings: Arc::new(settings()) }
    }

    fn doors(&self, institution: &Institution) -> Doors {
        let clock: Arc<dyn Clock> = self.clock.clone();
        let entropy: Arc<dyn Entropy> = Arc::new(Sequence::default());
        Doors::over_http(self.host.clone(), &clock, &entropy, &self.settings, institution)
    }

    fn owner(&self) -> TokenOwner {
        let account = (Appid::new("wx01"), Secret::new(*b"secret"));
        let url = "http://platform.test";
        TokenOwner::new(self.host.clone(), self.clock.clone(), url, account, 1_000)
    }
}

const TOKEN: &str = r#"{"access_token":"TOKEN","expires_in":7200}"#;

#[tokio::test]
async fn a_token_is_kept_until_five_minutes_before_its_end() {
    let given = Given::new(|_| Some(TOKEN.to_owned()));
    let owner = given.owner();
    for _ in 0..3 {
        assert_eq!(owner.token().await.expect("a token"), "TOKEN");
    }
    assert_eq!(given.host.asked(), ["/cgi-bin/stable_token wx01"]);
    given.clock.advance_seconds(6_899);
    owner.token().await.expect("a token");
    assert!(given.host.asked().is_empty());
    given.clock.advance_seconds(1);
    owner.token().await.expect("a token");
    assert_eq!(given.host.asked().len(), 1);
    // Only the token that was refused is given up.
    owner.forget("OTHER");
    owner.token().await.expect("a token");
    assert!(given.host.asked().is_empty());
    owner.forget("TOKEN");
    owner.token().await.expect("a token");
    assert_eq!(given.host.asked().len(), 1);
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let refused = Given::new(|_| Some(r#"{"errcode":40125,"errmsg":"x"}"#.to_owned()));
    let silent = Given::new(|_| None);
    for given in [refused, silent] {
        let doors = given.doors(&given.settings.institutions[0]);
        let answer = doors.public_account.create_menu(&Menu::default()).await;
        assert!(matches!(answer, Err(Unanswered::NotSent(_))), "{answer:?}");
        assert_eq!(given.host.asked(), ["/cgi-bin/stable_token wx-yunshan"]);
    }
}

#[tokio::test]
async fn a_call_whose_token_is_refused_is_made_once_more() {
    let given = Given::new(|path| {
        Some(if path.starts_with("/cgi-bin/stable_token") {
            TOKEN.to_owned()
        } else {
            r#"{"errcode":42001,"errmsg":"access_token expired"}"#.to_owned()
        })
    });
    let doors = given.doors(&given.settings.institutions[0]);
    let answer = doors.public_account.create_menu(&Menu::default()).await.expect("an answer");
    assert_eq!(answer.errcode, 42001);
    let menu = "/cgi-bin/menu/create?access_token=TOKEN";
    let token = "/cgi-bin/stable_token wx-yunshan";
    assert_eq!(given.host.asked(), [token, menu, token, menu]);
}

#[tokio::test]
async fn a_code_is_exchanged_in_the_documents_order() {
    let given = Given::new(|path| {
        Some(if path.contains("code=good") {
            r#"{"access_token":"A","expires_in":7200,"refresh_token":"R","openid":"oTest0001",
                "scope":"snsapi_base"}"#
                .to_owned()
        } else {
            r#"{"errcode":40029,"errmsg":"invalid code"}"#.to_owned()
        })
    });
    let doors = given.doors(&given.settings.institutions[1]);
    let who = doors.public_account.openid_of("good").await.expect("an answer");
    assert_eq!(who.expect("somebody").reveal(), "oTest0001");
    let refused = doors.public_account.openid_of("b&d").await.expect("an answer");
    assert_eq!(refused.expect_err("nobody").errcode, 40029);
    let asked = given.host.asked();
    let expected = "/sns/oauth2/access_token?appid=wx-sub-haitang&secret=sub%20secret&code=good\
                    &grant_type=authorization_code";
    assert_eq!(asked[0], expected);
    assert!(asked[1].contains("code=b%26d&"), "{}", asked[1]);
}

#[tokio::test]
async fn the_accounts_answers_are_read() {
    let given = Given::new(|path| {
        let answer = match path.split('?').next().unwrap_or_default() {
            "/cgi-bin/user/info" => r#"{"subscribe":1,"openid":"oTest0001"}"#,
            "/cgi-bin/message/template/send" => r#"{"errcode":43004,"errmsg":"subscribe"}"#,
            "/cgi-bin/qrcode/create" => r#"{"ticket":"T","url":"http://weixin.test/q/1"}"#,
            _ => TOKEN,
        };
        Some(answer.to_owned())
    });
    let account = given.doors(&given.settings.institutions[0]).public_account;
    assert!(account.follows(&Openid::new("oTest 1")).await.expect("an answer").expect("a word"));
    let message = TemplateMessage::new("oTest0001", "T1", std::collections::BTreeMap::new());
    assert_eq!(account.send(&message).await.expect("an answer").errcode, 43004);
    let code = account.create_qrcode(&QrcodeRequest::lasting("poster:door")).await;
    assert_eq!(code.expect("an answer").expect("a code").ticket, "T");
    let asked = given.host.asked();
    assert!(asked[1].contains("&openid=oTest%201&lang=zh_CN"), "{asked:?}");
}

#[tokio::test]
async fn each_interface_is_asked_with_its_accounts_token() {
    let given = Given::new(|path| {
        let of = |appid: &str| path.ends_with(appid);
        Some(if path.starts_with("/payinsurance") {
            "<xml><return_code>FAIL</return_code><return_msg>x</return_msg></xml>".to_owned()
        } else if of("wx-sub-haitang") {
            TOKEN.replace("TOKEN", "OWN")
        } else {
            TOKEN.replace("TOKEN", "PROVIDER")
        })
    });
    let platform = given.doors(&given.settings.institutions[1]).platform;
    for interface in [&getmedinfo::SPEC, &getbindurl::SPEC, &sendmsg::SPEC] {
        let reply = platform.call(interface, Fields::new()).await.expect("an answer");
        assert!(matches!(reply, Reply::Refused(Refused::Transport { .. })), "{reply:?}");
    }
    let asked = given.host.asked();
    let asked: Vec<_> = asked.iter().filter(|path| path.starts_with("/payinsurance")).collect();
    let expected = [
        "/payinsurance/getmedinfo?access_token=OWN",
        "/payinsurance/getbindurl?access_token=OWN",
        "/payinsurance/sendmsg?access_token=PROVIDER",
    ];
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn a_hospital_that_only_receives_sends_nothing() {
    let given = Given::new(|_| Some(TOKEN.to_owned()));
    let mut institution = given.settings.institutions[0].clone();
    institution.hospital = None;
    let doors = given.doors(&institution);
    let answer = doors.platform.call(&getmedinfo::SPEC, Fields::new()).await;
    assert!(matches!(answer, Err(Unanswered::NotSent(_))));
    assert!(doors.public_account.openid_of("code").await.is_err());
    assert!(doors.his.post("patient", "", Vec::new()).await.is_err());
    assert!(given.host.asked().is_empty());
}
