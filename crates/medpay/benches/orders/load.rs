//! The product: a whole platform on a real socket, and 64 connections that order from it.

use crate::CLIENTS;
use anyhow::Context as _;
use medpay::system::{OsEntropy, SystemClock};
use medpay_domain::{Appid, City, CityId, Clock as _, Dialect, MchId, OrgNo, Secret, SumRule};
use medpay_platform::app::{App, Doors, Parties};
use medpay_platform::settings::{
    Account, Counterparties, Environment, Institution, Merchant, Settings, TokenErrorShape,
};
use medpay_store::{Location, Options, Schema, Store, no_faults};
use medpay_wire::fields::Fields;
use medpay_wire::sign::{self, ApiKey};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const APPID: &str = "wx00000000bench001";
const MCH_ID: &str = "1900000001";
const SECRET: &str = "bench0123456789abcdef0123456789a";
const API_KEY: &str = "bench0123456789abcdef0123456789b";

/// What a round showed.
pub(crate) struct Throughput {
    /// Orders answered SUCCESS a second.
    pub(crate) per_second: u64,
    /// Orders answered.
    pub(crate) orders: u64,
    /// Commits that the store needed for them.
    pub(crate) commits: u64,
}

/// Boots a platform on a fresh database and orders from it for `round_ms`, after a warm-up.
pub(crate) fn orders_per_second(round_ms: i64) -> anyhow::Result<Throughput> {
    let server = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("start the server's runtime")?;
    let directory = tempfile::tempdir()?;
    let (address, store) = server.block_on(boot(directory.path()))?;

    let clients = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let shown = clients.block_on(async {
        let token = buy_token(address).await?;
        measure(address, &token, 1_000).await.context("warm up")?;
        let before = store.statistics().commits;
        let orders = measure(address, &token, round_ms).await?;
        let commits = store.statistics().commits - before;
        let per_second = orders * 1000 / u64::try_from(round_ms)?;
        anyhow::Ok(Throughput { per_second, orders, commits })
    });
    server.shutdown_background();
    shown
}

/// A platform with one institution, whose cash-only orders need no other party until the password.
async fn boot(directory: &std::path::Path) -> anyhow::Result<(SocketAddr, Store)> {
    let schema = Schema { name: "platform", migrations: medpay_platform::migrations::SCHEMA };
    let location = Location::Sqlite(directory.join("platform.db"));
    let store = Store::open(&location, schema, &Options::default(), no_faults()).await?;
    let closed = || Parties {
        bureau: Arc::new(medpay_platform::doors::closed::Closed),
        wallet: Arc::new(medpay_platform::doors::closed::Closed),
    };
    let transport = Arc::new(medpay::outgoing::direct()?);
    let doors =
        Doors { test: closed(), production: closed(), ..Doors::over_http(transport, &settings()?) };
    let clock = Arc::new(SystemClock::new());
    let app = App::new(settings()?, store.clone(), clock, Arc::new(OsEntropy), doors);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router =
        medpay_platform::router::router(app).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((address, store))
}

fn settings() -> anyhow::Result<Settings> {
    let nowhere = "http://127.0.0.1:9".to_owned();
    Ok(Settings {
        public_url: "http://127.0.0.1".into(),
        open_url: nowhere.clone(),
        wechat_url: nowhere.clone(),
        test: Counterparties {
            bureau_url: nowhere.clone(),
            wallet_url: nowhere,
            courier_url: None,
        },
        production: None,
        institutions: vec![institution()?],
        cities: vec![City {
            id: CityId::new("440300"),
            name: "深圳".into(),
            dialect: Dialect::Shenzhen,
            sum_rule: SumRule::Strict,
            bureau_word: "人社".into(),
            insurance_refund_same_day: true,
            real_name_authorization: true,
        }],
        paths: std::collections::BTreeMap::new(),
        order_expiry_seconds: 1800,
        bind_link_seconds: 1800,
        bind_tries: 5,
        token_seconds: 7200,
        notify_schedule_seconds: vec![15],
        token_error_shape: TokenErrorShape::Xml,
        call_timeout_ms: 1_000,
        lease_ms: 5_000,
        frame_ancestors: None,
        page_key: Secret::new([7; 32]),
        digest_key: Secret::new([9; 32]),
    })
}

fn institution() -> anyhow::Result<Institution> {
    Ok(Institution {
        name: "测速医院".into(),
        org_no: OrgNo::new("H0001"),
        city_id: CityId::new("440300"),
        environment: Environment::Test,
        account: Account {
            appid: Appid::new(APPID),
            secret: Secret::new(SECRET),
            mini_program: false,
        },
        merchant: Merchant {
            mch_id: MchId::new(MCH_ID),
            api_key: ApiKey::new(API_KEY).context("a key of 32 characters")?,
        },
        sub: None,
        permissions: ["unifiedorder".to_owned()].into(),
        calls_per_second: None,
        hmac_sha256: false,
        return_hosts: Vec::new(),
        notify_hosts: Vec::new(),
        city_services: false,
        templates: [None, None, None, None],
    })
}

async fn buy_token(address: SocketAddr) -> anyhow::Result<String> {
    let mut connection = TcpStream::connect(address).await?;
    let request = format!(
        "GET /cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET} \
         HTTP/1.1\r\nhost: bench\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).await?;
    let answer = read_answer(&mut connection, &mut Vec::new()).await?;
    let json: serde_json::Value = serde_json::from_slice(&answer)?;
    Ok(json["access_token"].as_str().context("the platform sold no token")?.to_owned())
}

/// Numbers every order of the process once.
static NEXT_ORDER: AtomicU64 = AtomicU64::new(1);

/// Orders from [`CLIENTS`] connections for `ms`, each connection one order after the other; how
/// many were answered SUCCESS. Any other answer is an error.
async fn measure(address: SocketAddr, token: &str, ms: i64) -> anyhow::Result<u64> {
    let clock = SystemClock::new();
    let end = clock.elapsed().plus_ms(ms);
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let (clock, token) = (clock.clone(), token.to_owned());
        clients.spawn(async move {
            let mut connection = TcpStream::connect(address).await?;
            connection.set_nodelay(true)?;
            let (mut orders, mut buffer) = (0_u64, Vec::with_capacity(4096));
            while clock.elapsed() < end {
                let number = NEXT_ORDER.fetch_add(1, Ordering::Relaxed);
                connection.write_all(&request(&token, number)?).await?;
                let answer = read_answer(&mut connection, &mut buffer).await?;
                let text = String::from_utf8_lossy(&answer);
                anyhow::ensure!(text.contains("<med_trans_id>"), "not an order: {text}");
                orders += 1;
            }
            anyhow::Ok(orders)
        });
    }
    let mut orders = 0;
    while let Some(client) = clients.join_next().await {
        orders += client??;
    }
    Ok(orders)
}

/// A signed cash-only order with every field that is needed and the size of a real one.
fn request(token: &str, number: u64) -> anyhow::Result<Vec<u8>> {
    let mut fields: Fields = [
        ("order_type", "DiagPay"),
        ("appid", APPID),
        ("mch_id", MCH_ID),
        ("openid", "oBenchPayer00000000000000001"),
        ("hospital_name", "测速医院"),
        ("nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"),
        ("total_fee", "23050"),
        ("cash_fee", "23050"),
        ("insurance_fee", "0"),
        ("allow_fee_change", "0"),
        ("spbill_create_ip", "10.193.0.1"),
        ("notify_url", "http://127.0.0.1:9/notify"),
        ("body", "门诊缴费-西药"),
        ("return_url", "http://127.0.0.1:9/return"),
        ("pay_type", "1"),
        ("city_id", "440300"),
        ("user_card_type", "1"),
        ("user_card_no", "09eb26e839ff3a2e3980352ae45ef09e"),
        ("user_name", "张三"),
        ("serial_no", "1500619843177"),
        ("org_no", "H0001"),
        ("gmt_out_create", "20180620162834"),
        (
            "request_content",
            r#"{"registration_order_pay":{"czybm":"H1111","czyxm":"测试员","mzghdj":{"brlx":"","ghf":"0.01","ghhj":"0.02","ghlb":"普通","ksbm":"631","ksmc":"内科门诊","mzllsh":"1500619843177","ssj":"0","zjzj":"0.01","zsj":"0"},"yljgbm":"H0001","ylzh":""}}"#,
        ),
    ]
    .into_iter()
    .collect();
    fields.set("hosp_out_trade_no", format!("BENCH{number:016}"));
    let key = ApiKey::new(API_KEY).context("a key of 32 characters")?;
    sign::sign_into(&mut fields, &key);
    let body = fields.to_xml();
    let mut request = format!(
        "POST /payinsurance/unifiedorder?access_token={token} HTTP/1.1\r\nhost: bench\r\n\
         content-type: application/xml\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body.as_bytes());
    Ok(request)
}

/// Reads one answer with a `content-length`, and gives its body.
async fn read_answer(connection: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<Vec<u8>> {
    buffer.clear();
    loop {
        if let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let text = std::str::from_utf8(&buffer[..head])?.to_ascii_lowercase();
            let length: usize = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .context("an answer without content-length")?
                .trim()
                .parse()?;
            let body = head + 4;
            while buffer.len() < body + length {
                anyhow::ensure!(connection.read_buf(buffer).await? > 0, "the answer ended early");
            }
            return Ok(buffer[body..body + length].to_vec());
        }
        anyhow::ensure!(connection.read_buf(buffer).await? > 0, "no answer");
    }
}
