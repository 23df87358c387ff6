//! A platform put together in this process, with a hook in its store: on real sockets, configured
//! as an operator would, and with no other party, which cash-only orders do not need before the
//! password. The tests and `benches/overload` share it.

use anyhow::Context as _;
use medpay::config::{Environment, PLATFORM, PlatformConfiguration, read};
use medpay::listening::{Stop, Stopper};
use medpay::services::{self, Ports};
use medpay_store::FaultHook;
use medpay_wire::fields::Fields;
use medpay_wire::sign::{self, ApiKey};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

const APPID: &str = "wxtest000000000001";
const MCH_ID: &str = "1900000101";
const SECRET: &str = "test-secret-of-the-stage";
const API_KEY: &str = "test0123456789abcdef0123456789ab";

/// The configuration, but for where it listens and stores and what a test adds before it.
const TOML: &str = r#"
public_url = "http://127.0.0.1"
open_url = "http://127.0.0.1:9"
wechat_url = "http://127.0.0.1:9"
test.bureau_url = "http://127.0.0.1:9/bureau"
test.wallet_url = "http://127.0.0.1:9/wallet"
page_key = "env:KEY"
digest_key = "env:KEY"

[[institutions]]
name = "云杉市第一人民医院（模拟）"
org_no = "H0001"
city_id = "440300"
environment = "test"
appid = "wxtest000000000001"
secret = "env:SECRET"
mch_id = "1900000101"
api_key = "env:API_KEY"
"#;

/// A configuration that listens at `port` and the one above, or anywhere for 0. `more` are its
/// further lines.
pub(crate) fn configuration(port: u16, more: &str) -> String {
    let above = if port == 0 { 0 } else { port + 1 };
    format!(
        "{more}\nlisten = \"127.0.0.1:{port}\"\noperations_listen = \"127.0.0.1:{above}\"\n{TOML}"
    )
}

/// Where its secrets are.
pub(crate) fn environment() -> Environment {
    let key = "stage-key-of-thirty-two-characters";
    [("KEY", key), ("SECRET", SECRET), ("API_KEY", API_KEY)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// A platform at work in this process.
pub(crate) struct Stage {
    /// Where it serves.
    pub(crate) public: SocketAddr,
    /// Where operators ask.
    pub(crate) operations: SocketAddr,
    stopper: Stopper,
    serving: JoinHandle<anyhow::Result<()>>,
}

impl Stage {
    /// Opens one whose database is in `folder`. `more` are further lines of its configuration.
    pub(crate) async fn open(
        folder: &Path,
        more: &str,
        faults: Arc<dyn FaultHook>,
    ) -> anyhow::Result<Self> {
        let file = folder.join("platform.toml").display().to_string();
        let text = configuration(0, &format!("{more}\ndatabase.sqlite = \"platform.db\""));
        let values = read(PLATFORM, &file, &text, &environment())?;
        let configuration = PlatformConfiguration::map(&values, &environment())?;
        let listener = configuration.service.listener.clone();
        let ports = Ports::bind(&listener, "the stage", |_| "try again".to_owned())?;
        let (public, operations) = (ports.public_address(), ports.operations_address());
        let (stopper, stop) = Stop::new();
        let running = services::open_platform_with(configuration, &stop, faults).await?;
        let serving = tokio::spawn(async move { running.serve(ports, &listener, stop).await });
        Ok(Self { public, operations, stopper, serving })
    }

    /// Ends it, and hears how that went.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.stopper.stop();
        self.serving.await?
    }
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Heard {
    /// Its status.
    pub(crate) status: u16,
    head: String,
    /// Its body.
    pub(crate) body: String,
}

impl Heard {
    /// The header of this name, in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// Whether an order was taken, which is only said after its commit.
    pub(crate) fn is_order(&self) -> bool {
        self.status == 200 && self.body.contains("<med_trans_id>")
    }

    /// Whether the connection ends with it.
    pub(crate) fn is_last(&self) -> bool {
        self.header("connection") == Some("close")
    }
}

/// One connection that is kept for request after request.
pub(crate) struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Line {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends bytes as they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Reads one answer with a `content-length`.
    pub(crate) async fn hear(&mut self) -> anyhow::Result<Heard> {
        self.buffer.clear();
        let head_ends = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            self.more().await?;
        };
        let head = std::str::from_utf8(&self.buffer[..head_ends])?.to_ascii_lowercase();
        let status = head.split(' ').nth(1).context("a status")?.parse()?;
        let answer = Heard { status, head, body: String::new() };
        let length: usize = answer.header("content-length").context("a length")?.parse()?;
        let (from, to) = (head_ends + 4, head_ends + 4 + length);
        while self.buffer.len() < to {
            self.more().await?;
        }
        let body = String::from_utf8_lossy(&self.buffer[from..to]).into_owned();
        Ok(Heard { body, ..answer })
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        anyhow::ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the connection ended");
        Ok(())
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> anyhow::Result<Heard> {
        self.send(request).await?;
        self.hear().await
    }
}

/// Asks once, on a connection of its own.
pub(crate) async fn ask(address: SocketAddr, request: &[u8]) -> anyhow::Result<Heard> {
    Line::open(address).await?.ask(request).await
}

/// Gets a path, on a connection of its own.
pub(crate) async fn get(address: SocketAddr, path: &str) -> anyhow::Result<Heard> {
    ask(address, format!("GET {path} HTTP/1.1\r\nhost: stage\r\n\r\n").as_bytes()).await
}

/// The path at which a token is sold.
pub(crate) fn token_path() -> String {
    format!("/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET}")
}

/// Buys a token.
pub(crate) async fn buy_token(address: SocketAddr) -> anyhow::Result<String> {
    let answer = get(address, &token_path()).await?;
    let json: serde_json::Value = serde_json::from_str(&answer.body)?;
    Ok(json["access_token"].as_str().context(answer.body)?.to_owned())
}

/// The number of an order.
pub(crate) fn number_of(order: u64) -> String {
    format!("STAGE{order:016}")
}

/// A signed cash-only order, ready to be sent.
pub(crate) fn order(token: &str, order: u64) -> Vec<u8> {
    let mut fields: Fields = [
        ("order_type", "DiagPay"),
        ("appid", APPID),
        ("mch_id", MCH_ID),
        ("openid", "oStagePayer00000000000000001"),
        ("hospital_name", "云杉市第一人民医院（模拟）"),
        ("nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"),
        ("total_fee", "23050"),
        ("cash_fee", "23050"),
        ("insurance_fee", "0"),
        ("allow_fee_change", "0"),
        ("spbill_create_ip", "10.193.0.1"),
        ("notify_url", "http://127.0.0.1:9/notify"),
        ("body", "门诊缴费"),
        ("return_url", "http://127.0.0.1:9/return"),
        ("pay_type", "1"),
        ("city_id", "440300"),
        ("user_card_type", "1"),
        ("user_card_no", "09eb26e839ff3a2e3980352ae45ef09e"),
        ("user_name", "张三"),
        ("serial_no", "1500619843177"),
        ("org_no", "H0001"),
        ("gmt_out_create", "20180620162834"),
        ("request_content", "{}"),
    ]
    .into_iter()
    .collect();
    fields.set("hosp_out_trade_no", number_of(order));
    post("unifiedorder", token, fields)
}

/// Asks about an order.
pub(crate) fn query(token: &str, order: u64) -> Vec<u8> {
    let fields = [
        ("appid", APPID.to_owned()),
        ("mch_id", MCH_ID.to_owned()),
        ("nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS".to_owned()),
        ("hosp_out_trade_no", number_of(order)),
    ];
    post("orderquery", token, fields.into_iter().collect())
}

fn post(interface: &str, token: &str, mut fields: Fields) -> Vec<u8> {
    let key = ApiKey::new(API_KEY).expect("32 characters");
    sign::sign_into(&mut fields, &key);
    let body = fields.to_xml();
    let mut request = format!(
        "POST /payinsurance/{interface}?access_token={token} HTTP/1.1\r\nhost: stage\r\n\
         content-type: application/xml\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body.as_bytes());
    request
}
