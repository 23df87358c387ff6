//! What leaves over HTTP, and where to.

use super::wechat::APPID_HEADER;
use super::{bureau_contract, wallet_contract};
use crate::app::Doors;
use crate::settings::{Counterparties, Environment};
use crate::testing::settings;
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use medpay_client::{Transport, Unanswered};
use medpay_domain::{Appid, Day};
use medpay_wire::contracts::courier::FORWARD_TO;
use medpay_wire::public_account::TemplateMessage;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Keeps every request and answers all with the same bytes.
struct Recorder {
    answer: &'static str,
    sent: Mutex<Vec<(Method, String, HeaderMap, Bytes)>>,
}

#[async_trait]
impl Transport for Recorder {
    async fn send(&self, request: Request<Bytes>, _: u64) -> Result<Response<Bytes>, Unanswered> {
        let (parts, body) = request.into_parts();
        let sent = (parts.method, parts.uri.to_string(), parts.headers, body);
        self.sent.lock().expect("not poisoned").push(sent);
        Ok(Response::new(Bytes::from_static(self.answer.as_bytes())))
    }
}

fn doors(answer: &'static str, courier: bool) -> (Doors, Arc<Recorder>) {
    let recorder = Arc::new(Recorder { answer, sent: Mutex::default() });
    let mut settings = settings();
    settings.test = Counterparties {
        courier_url: courier.then(|| "http://sandbox.example/courier".to_owned()),
        ..settings.test
    };
    (Doors::over_http(recorder.clone(), &settings), recorder)
}

fn addresses(recorder: &Recorder) -> Vec<String> {
    recorder.sent.lock().expect("not poisoned").iter().map(|sent| sent.1.clone()).collect()
}

#[tokio::test]
async fn a_party_is_asked_at_its_own_address() {
    let (doors, recorder) = doors(r#"{"answer":"unknown"}"#, false);
    let key = "M1-cash-1".to_owned();
    let asked = doors.test.bureau.query(&bureau_contract::Query { key: key.clone() }).await;
    assert_eq!(asked, Ok(bureau_contract::Outcome::Unknown));
    let asked = doors.test.wallet.query(&wallet_contract::Query { key }).await;
    assert_eq!(asked, Ok(wallet_contract::Outcome::Unknown));
    let expected = ["http://bureau.example/query", "http://wallet.example/query"];
    assert_eq!(addresses(&recorder), expected);
    // An answer that is not of the contract is no answer.
    let day = Day::from_wire("20180620").expect("a day");
    let asked = doors.test.bureau.day(&bureau_contract::ListDay { day }).await;
    assert!(matches!(asked, Err(Unanswered::Unknown(_))), "{asked:?}");
}

#[tokio::test]
async fn production_is_closed_where_it_is_not_configured() {
    let (doors, recorder) = doors("{}", true);
    let key = "M1-cash-1".to_owned();
    let asked = doors.production.bureau.query(&bureau_contract::Query { key: key.clone() }).await;
    assert!(matches!(asked, Err(Unanswered::NotSent(_))), "{asked:?}");
    let asked = doors.production.wallet.query(&wallet_contract::Query { key }).await;
    assert!(matches!(asked, Err(Unanswered::NotSent(_))), "{asked:?}");
    assert!(addresses(&recorder).is_empty());
}

#[tokio::test]
async fn the_courier_carries_only_what_is_of_test() {
    let (doors, recorder) = doors("ok", true);
    let url = "https://hospital.example/notify";
    for environment in [Environment::Test, Environment::Production] {
        let answer = doors.hospital.notify(environment, url, "<xml/>".to_owned()).await;
        assert_eq!(answer, Ok((200, b"ok".to_vec())));
    }
    assert_eq!(addresses(&recorder), ["http://sandbox.example/courier/forward", url]);
    let sent = recorder.sent.lock().expect("not poisoned");
    assert_eq!(sent[0].2[FORWARD_TO], url);
    assert_eq!(sent[0].3, Bytes::from_static(b"<xml/>"));
    assert!(!sent[1].2.contains_key(FORWARD_TO));
}

#[tokio::test]
async fn a_message_names_its_account() {
    let (doors, recorder) = doors(r#"{"errcode":0,"errmsg":"ok","msgid":7}"#, false);
    let message = TemplateMessage::new("o1", "template-1", BTreeMap::new());
    let answer = doors.messenger.send(&Appid::new("wxhospital"), &message).await;
    assert_eq!(answer.map(|sent| (sent.errcode, sent.msgid)), Ok((0, Some(7))));
    let sent = recorder.sent.lock().expect("not poisoned");
    assert_eq!(sent[0].1, "http://wechat.example/cgi-bin/message/template/send");
    assert_eq!(sent[0].2[APPID_HEADER], "wxhospital");
}
