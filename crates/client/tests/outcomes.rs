//! What really happened on the wire decides between not sent and unknown.

use bytes::Bytes;
use medpay_client::{AnswerLimit, HttpTransport, Transport, Unanswered, call_json};
use std::collections::BTreeMap;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Machine time that no test comes near.
const LONG_MS: u64 = 60_000;

fn transport() -> HttpTransport {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    HttpTransport::new(client)
}

/// Serves one connection: reads a little of the request, writes `answer`, closes.
async fn server(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a connection");
        let mut request = [0_u8; 16 * 1024];
        let _ = socket.read(&mut request).await;
        let _ = socket.write_all(answer.as_bytes()).await;
        let _ = socket.shutdown().await;
    });
    format!("http://{address}")
}

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

async fn ask(base_url: &str, timeout_ms: u64) -> Result<BTreeMap<String, u32>, Unanswered> {
    call_json(&transport(), base_url, "settle", &"a question", timeout_ms).await
}

#[tokio::test]
async fn an_answer_is_read() {
    let url = server(answer("200 OK", r#"{"fen":905}"#)).await;
    let told = ask(&url, LONG_MS).await.expect("an answer");
    assert_eq!(told.get("fen"), Some(&905));
}

#[tokio::test]
async fn a_refused_connection_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let told = ask(&format!("http://{address}"), LONG_MS).await;
    assert!(matches!(told, Err(Unanswered::NotSent(_))), "{told:?}");
}

#[tokio::test]
async fn a_failed_tls_handshake_sent_nothing() {
    let url = server("this is no TLS".to_owned()).await.replace("http://", "https://");
    let told = ask(&url, LONG_MS).await;
    assert!(matches!(told, Err(Unanswered::NotSent(_))), "{told:?}");
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_leaves_the_outcome_unknown() {
    let url = server(String::new()).await;
    let told = ask(&url, LONG_MS).await;
    assert!(matches!(told, Err(Unanswered::Unknown(_))), "{told:?}");
}

#[tokio::test]
async fn an_answer_cut_short_leaves_the_outcome_unknown() {
    let url = server("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"fen\"".to_owned()).await;
    let told = ask(&url, LONG_MS).await;
    assert!(matches!(told, Err(Unanswered::Unknown(_))), "{told:?}");
}

#[tokio::test]
async fn no_answer_in_time_leaves_the_outcome_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let told = ask(&format!("http://{address}"), 50).await;
    drop(listener);
    assert!(matches!(told, Err(Unanswered::Unknown(_))), "{told:?}");
}

#[tokio::test]
async fn another_status_or_other_json_leaves_the_outcome_unknown_and_names_nobody() {
    for wire in [answer("500 Oops", "{}"), answer("200 OK", r#"{"fen":"张三"}"#)] {
        let url = server(wire).await;
        let told = ask(&url, LONG_MS).await;
        let Err(Unanswered::Unknown(text)) = told else { panic!("{told:?}") };
        assert!(!text.contains("张三"), "{text}");
    }
}

#[tokio::test]
async fn an_answer_beyond_its_limit_is_none() {
    let url = server(answer("200 OK", &"x".repeat(2000))).await;
    let request = http::Request::post(url)
        .extension(AnswerLimit(1000))
        .body(Bytes::new())
        .expect("a request");
    let told = transport().send(request, LONG_MS).await;
    assert!(matches!(told, Err(Unanswered::Unknown(_))), "{told:?}");
}

#[tokio::test]
async fn an_error_text_does_not_repeat_the_query() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let request = http::Request::get(format!("http://{address}/?access_token=secret"))
        .body(Bytes::new())
        .expect("a request");
    let told = transport().send(request, LONG_MS).await.expect_err("refused");
    assert!(!told.to_string().contains("secret"), "{told}");
}
