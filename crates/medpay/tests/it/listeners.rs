//! Listeners: TLS and who believes it, proxies in front, and the end of a service.
//!
//! `tls/` holds an authority made for these tests, whose key was thrown away, and a certificate it
//! gave to `localhost` and 127.0.0.1. They are good for a hundred years and for nothing else.

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use medpay::config::{Listener, Outgoing};
use medpay::listening::{self, Stop, Stopper};
use medpay::outgoing;
use medpay_acceptance::Ready;
use medpay_client::{HttpTransport, Transport as _, Unanswered};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::sync::Notify;

/// Machine time that no test comes near.
const LONG_MS: u64 = 60_000;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls").join(name)
}

/// Serves on 127.0.0.`host`.
fn serve(
    host: u8,
    tls: Option<(PathBuf, PathBuf)>,
    trusted_proxies: &[&str],
) -> (SocketAddr, Stopper) {
    let loopback = SocketAddr::from(([127, 0, 0, host], 0));
    let settings = Listener {
        listen: loopback,
        operations_listen: loopback,
        tls,
        trusted_proxies: trusted_proxies.iter().map(|ip| ip.parse().expect("an IP")).collect(),
        drain_seconds: 60,
        leave_seconds: 0,
        connections: 64,
        slow_request_seconds: 60,
    };
    let bound = listening::bind(loopback, "the test", "try again").expect("a port");
    let (address, (stopper, stop)) = (bound.address, Stop::new());
    let router = Router::new().route("/who", get(who)).route("/slow", get(slow));
    tokio::spawn(async move { listening::serve(bound, router, &settings, stop).await });
    (address, stopper)
}

/// Tells what a service learns of its caller.
async fn who(
    axum::extract::ConnectInfo(from): axum::extract::ConnectInfo<SocketAddr>,
    headers: http::HeaderMap,
) -> String {
    let proto = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
    format!("{} {}", from.ip(), proto.unwrap_or("-"))
}

async fn ask(url: String, settings: &Outgoing) -> Result<String, Unanswered> {
    let transport = HttpTransport::new(outgoing::client(settings).expect("a client"));
    let request = http::Request::get(url)
        .header("x-forwarded-for", "203.0.113.9")
        .header("x-forwarded-proto", "https")
        .body(Bytes::new())
        .expect("a request");
    let answer = transport.send(request, LONG_MS).await?;
    Ok(String::from_utf8_lossy(answer.body()).into_owned())
}

#[tokio::test]
async fn a_listener_speaks_tls_to_those_who_believe_its_authority() {
    let (address, _stopper) = serve(1, Some((file("server.pem"), file("server.key"))), &[]);
    let believing = Outgoing { ca_file: Some(file("ca.pem")), ..Outgoing::direct() };
    let url = format!("https://localhost:{}/who", address.port());
    assert_eq!(ask(url.clone(), &believing).await, Ok("127.0.0.1 -".to_owned()));
    // Without the authority the handshake fails, so nothing was sent.
    let told = ask(url, &Outgoing::direct()).await;
    assert!(matches!(told, Err(Unanswered::NotSent(_))), "{told:?}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_believed() {
    let (address, _stopper) = serve(2, Some((file("server.pem"), file("server.key"))), &[]);
    let believing = Outgoing { ca_file: Some(file("ca.pem")), ..Outgoing::direct() };
    let told = ask(format!("https://127.0.0.2:{}/who", address.port()), &believing).await;
    let Err(Unanswered::NotSent(why)) = told else { panic!("{told:?}") };
    assert!(why.contains("certificate"), "{why}");
}

#[tokio::test]
async fn only_a_named_proxy_is_believed_about_its_callers() {
    let (address, _stopper) = serve(1, None, &["127.0.0.1"]);
    let told = ask(format!("http://{address}/who"), &Outgoing::direct()).await;
    assert_eq!(told, Ok("203.0.113.9 https".to_owned()));
    let (address, _stopper) = serve(1, None, &[]);
    let told = ask(format!("http://{address}/who"), &Outgoing::direct()).await;
    assert_eq!(told, Ok("127.0.0.1 -".to_owned()));
}

/// Answers when the test lets it; told to have begun.
static BEGUN: Notify = Notify::const_new();
static GO_ON: Notify = Notify::const_new();

async fn slow() -> &'static str {
    BEGUN.notify_one();
    GO_ON.notified().await;
    "done"
}

#[tokio::test]
async fn a_request_under_way_is_answered_while_the_service_drains() {
    let (address, stopper) = serve(1, None, &[]);
    let asked =
        tokio::spawn(
            async move { ask(format!("http://{address}/slow"), &Outgoing::direct()).await },
        );
    BEGUN.notified().await;
    stopper.stop();
    // Draining, it takes no new connection.
    while ask(format!("http://{address}/who"), &Outgoing::direct()).await.is_ok() {}
    GO_ON.notify_one();
    assert_eq!(asked.await.expect("an end"), Ok("done".to_owned()));
}

on_both!(health_and_metrics_have_an_address_of_their_own, async |db: TestDb| {
    let demo = crate::demo::Demo::start(&db);
    let text = std::fs::read_to_string(demo.ready_file()).expect("the ready file");
    let ready: Ready = serde_json::from_str(&text).expect("a ready file");
    for url in [ready.platform_url, ready.gateway_url, ready.sandbox_url] {
        let (host, port) = url.rsplit_once(':').expect("a port");
        let above = port.parse::<u16>().expect("a port") + 1;
        let get = async |path: &str| {
            ask(format!("{host}:{above}{path}"), &Outgoing::direct()).await.expect("an answer")
        };
        assert_eq!(get("/healthz").await, "ok\n");
        assert_eq!(get("/readyz").await, "ok\n");
        assert!(get("/metrics").await.ends_with("# EOF\n"));
        let public = ask(format!("{url}/metrics"), &Outgoing::direct()).await.expect("an answer");
        assert!(!public.contains("# EOF"), "{public}");
    }
});
