//! A running demo as the tests of the platform see it: its institutions and persons, a caller that
//! signs for them, and the rows of the platform's database.

use crate::demo::Demo;
use anyhow::Context as _;
use medpay::outgoing;
use medpay::services::PLATFORM_SCHEMA;
use medpay::system::OsEntropy;
use medpay_acceptance::ready::{Institution, Person, Ready};
use medpay_client::public_account::{TokenReply, token};
use medpay_client::{HttpTransport, Transport as _};
use medpay_domain::{Entropy as _, Timestamp};
use medpay_sandbox::Persons;
use medpay_store::testing::TestDb;
use medpay_store::{Location, Options, Store, StoreError, args, no_faults};
use medpay_wire::contracts::clock::Reading;
use medpay_wire::fields::Fields;
use medpay_wire::his::Call;
use medpay_wire::his::signature::{HisSecret, SIGNATURE_HEADER, Signed, TIME_HEADER};
use medpay_wire::sign::{self, ApiKey};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long one call may take, in milliseconds of machine time.
const CALL_MS: u64 = 60_000;

/// A demo of its own on a fresh database.
pub(crate) struct Town {
    ready: Ready,
    store: Store,
    transport: HttpTransport,
    persons: Persons,
    tokens: Mutex<BTreeMap<String, String>>,
    demo: Demo,
}

/// Every row of every table of the platform.
pub(crate) type Rows = BTreeMap<String, Vec<String>>;

impl Town {
    /// Starts one on `database`.
    pub(crate) async fn start(database: &TestDb) -> anyhow::Result<Self> {
        Self::of(Demo::start(database), database).await
    }

    /// Starts one on `database` whose services are processes of their own.
    pub(crate) async fn start_apart(database: &TestDb) -> anyhow::Result<Self> {
        Self::of(Demo::start_apart(database), database).await
    }

    async fn of(demo: Demo, database: &TestDb) -> anyhow::Result<Self> {
        let ready = serde_json::from_slice(&std::fs::read(demo.ready_file())?)?;
        let location = match database.location() {
            Location::Sqlite(_) => Location::Sqlite(demo.data().join("platform.db")),
            postgres @ Location::Postgres(_) => postgres.clone(),
        };
        let options = Options::default();
        let store = Store::open(&location, PLATFORM_SCHEMA, &options, no_faults()).await?;
        let transport = HttpTransport::new(outgoing::client(&medpay::config::Outgoing::direct())?);
        let town = Self {
            ready,
            store,
            transport,
            persons: Persons::built_in(),
            tokens: Mutex::default(),
            demo,
        };
        town.in_the_morning().await?;
        Ok(town)
    }

    /// Sets the test clock to nine o'clock of its day: whatever the hour at which tests run, there
    /// is time for a refund and nobody sleeps.
    async fn in_the_morning(&self) -> anyhow::Result<()> {
        let nine = self.now().await?.day().start().plus_seconds(9 * 3600);
        let change = json!({ "do": "set", "to": nine.as_ms() });
        self.post_json(&self.ready.clock.url, &change).await?;
        Ok(())
    }

    /// An institution of the ready file.
    pub(crate) fn institution(&self, index: usize) -> &Institution {
        &self.ready.institutions[index]
    }

    /// The first person with this behaviour.
    pub(crate) fn person(&self, behaviour: &str) -> &Person {
        let found = self.ready.persons.iter().find(|person| person.behaviour == behaviour);
        found.unwrap_or_else(|| panic!("nobody in the sandbox is {behaviour}"))
    }

    /// The sandbox's own word for a person, as its pages use it.
    pub(crate) fn person_id(&self, person: &Person) -> &str {
        &self.in_sandbox(person).id
    }

    /// 社保卡号 of a person.
    pub(crate) fn card_of(&self, person: &Person) -> &str {
        self.in_sandbox(person).medical_card_no.reveal()
    }

    fn in_sandbox(&self, person: &Person) -> &medpay_sandbox::persons::Person {
        let found = (&self.persons).into_iter().find(|one| one.id_no.reveal() == person.id_card);
        found.expect("the ready file tells of the sandbox's persons")
    }

    /// The HTTP client.
    pub(crate) fn transport(&self) -> HttpTransport {
        self.transport.clone()
    }

    /// What the demo wrote to its log so far.
    pub(crate) fn log(&self) -> String {
        self.demo.log()
    }

    /// The ready file.
    pub(crate) fn ready(&self) -> &Ready {
        &self.ready
    }

    /// A fresh access_token of the institution's account.
    pub(crate) async fn token(&self, institution: &Institution) -> anyhow::Result<String> {
        let (url, appid) = (&self.ready.platform_url, &institution.appid);
        match token(&self.transport, url, appid, &institution.secret, CALL_MS).await? {
            TokenReply::Issued(token) => Ok(token.access_token),
            refused @ TokenReply::Refused(_) => anyhow::bail!("no token: {refused:?}"),
        }
    }

    /// Posts a body to an interface and reads whatever document comes back.
    pub(crate) async fn post(
        &self,
        interface: &str,
        token: Option<&str>,
        body: Vec<u8>,
    ) -> anyhow::Result<Fields> {
        self.send("POST", interface, token, body).await
    }

    /// Asks an interface with GET.
    pub(crate) async fn get(&self, interface: &str) -> anyhow::Result<Fields> {
        self.send("GET", interface, None, Vec::new()).await
    }

    async fn send(
        &self,
        method: &str,
        interface: &str,
        token: Option<&str>,
        body: Vec<u8>,
    ) -> anyhow::Result<Fields> {
        let token = token.map(|token| format!("?access_token={token}")).unwrap_or_default();
        let url = format!("{}/payinsurance/{interface}{token}", self.ready.platform_url);
        let request = http::Request::builder()
            .method(method)
            .uri(url)
            .header("content-type", "application/xml")
            .body(body.into())?;
        let answer = self.transport.send(request, CALL_MS).await?;
        anyhow::ensure!(answer.status() == 200, "{interface}: status {}", answer.status());
        Fields::from_xml(answer.body())
            .with_context(|| format!("{interface}: {}", String::from_utf8_lossy(answer.body())))
    }

    /// Signs and posts `fields` as an institution, with a token bought once, and answers the
    /// document that comes back.
    pub(crate) async fn call(
        &self,
        institution: &Institution,
        interface: &str,
        mut fields: Fields,
    ) -> anyhow::Result<Fields> {
        let token = self.kept_token(institution).await?;
        sign::sign_into(&mut fields, &key_of(institution));
        self.post(interface, Some(&token), fields.to_xml().into_bytes()).await
    }

    /// The institution's access_token, bought at the first call.
    pub(crate) async fn kept_token(&self, institution: &Institution) -> anyhow::Result<String> {
        let mut tokens = self.tokens.lock().await;
        if let Some(token) = tokens.get(&institution.appid) {
            return Ok(token.clone());
        }
        let token = self.token(institution).await?;
        tokens.insert(institution.appid.clone(), token.clone());
        Ok(token)
    }

    /// Forgets the tokens that were bought: after a jump of the clock they are too old.
    pub(crate) async fn forget_tokens(&self) {
        self.tokens.lock().await.clear();
    }

    async fn post_json(&self, url: &str, body: &Value) -> anyhow::Result<Value> {
        let request = http::Request::post(url)
            .header("content-type", "application/json")
            .body(body.to_string().into())?;
        let answer = self.transport.send(request, CALL_MS).await?;
        serde_json::from_slice(answer.body())
            .with_context(|| format!("{url}: {}", String::from_utf8_lossy(answer.body())))
    }

    /// A tap on the person's phone.
    pub(crate) async fn tap(
        &self,
        door: &medpay_acceptance::ready::Door,
        values: &[(&str, Value)],
    ) -> anyhow::Result<Value> {
        let values: Map<String, Value> =
            values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        self.post_json(&door.url, &door.filled(&values)?).await
    }

    /// A bind link of the first institution for this person.
    pub(crate) async fn bind_url(&self, person: &Person) -> anyhow::Result<String> {
        let institution = self.institution(0);
        let fields: Fields = [
            ("openid", openid_of(institution, person).to_owned()),
            ("url", format!("{}/healthz", self.ready.gateway_url)),
            ("nonce_str", OsEntropy.nonce()),
        ]
        .into_iter()
        .collect();
        let reply = self.call(institution, "getbindurl", fields).await?;
        Ok(reply.get("bind_url").with_context(|| reply.to_xml())?.to_owned())
    }

    /// Binds the person's own card, on the page.
    pub(crate) async fn bind(&self, person: &Person) -> anyhow::Result<()> {
        let openid = openid_of(self.institution(0), person);
        let bind_url = self.bind_url(person).await?;
        let values = [("openid", json!(openid)), ("bind_url", json!(bind_url))];
        let outcome = self.tap(&self.ready.bind, &values).await?;
        anyhow::ensure!(outcome["ok"] == true, "not bound: {outcome}");
        Ok(())
    }

    /// Pays at a cashier, on the page.
    pub(crate) async fn pay(&self, person: &Person, pay_url: &str) -> anyhow::Result<Value> {
        let values = [
            ("openid", json!(openid_of(self.institution(0), person))),
            ("pay_url", json!(pay_url)),
            ("password", json!(person.password)),
        ];
        self.tap(&self.ready.pay, &values).await
    }

    /// Where the demo keeps everything.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.demo.data()
    }

    /// Waits until the gateway has received the notification of an order of the first institution
    /// this many times.
    pub(crate) async fn until_notified(&self, number: &str, times: i64) -> anyhow::Result<()> {
        let org_no = &self.institution(0).org_no;
        let query = format!("{org_no}?hosp_out_trade_no={number}");
        let url = format!("{}/notices/{query}", self.ready.gateway_url);
        let mut last = Value::Null;
        for _ in 0..2_000 {
            let request = http::Request::get(&url).body(bytes::Bytes::new())?;
            let answer = self.transport.send(request, CALL_MS).await?;
            last = serde_json::from_slice(answer.body())?;
            if last["notices"][0]["deliveries"] == times {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        anyhow::bail!("not received {times} times: {last}")
    }

    /// Arms a fault of the sandbox (`docs/contracts/faults.md`).
    pub(crate) async fn arm(&self, fault: &Value) -> anyhow::Result<()> {
        let url = format!("{}/faults", self.ready.sandbox_url);
        self.post_json(&url, fault).await?;
        Ok(())
    }

    /// Forgets every armed fault.
    pub(crate) async fn disarm(&self) -> anyhow::Result<()> {
        let url = format!("{}/faults", self.ready.sandbox_url);
        let request = http::Request::delete(&url).body(bytes::Bytes::new())?;
        let answer = self.transport.send(request, CALL_MS).await?;
        anyhow::ensure!(answer.status() == 200, "DELETE {url}: {}", answer.status());
        Ok(())
    }

    /// Moves the test clock forward.
    pub(crate) async fn advance(&self, seconds: i64) -> anyhow::Result<()> {
        self.tap(&self.ready.clock, &[("seconds", json!(seconds))]).await?;
        Ok(())
    }

    /// The fields of an order of the first institution, without its amounts.
    pub(crate) fn order_fields(&self, person: &Person, number: &str) -> Fields {
        let institution = self.institution(0);
        [
            ("order_type", "DiagPay"),
            ("appid", &institution.appid),
            ("mch_id", &institution.mch_id),
            ("openid", openid_of(institution, person)),
            ("hosp_out_trade_no", number),
            ("hospital_name", &institution.name),
            ("nonce_str", &OsEntropy.nonce()),
            ("allow_fee_change", "0"),
            ("spbill_create_ip", "10.193.0.1"),
            ("notify_url", &format!("{}/notify/{}", self.ready.gateway_url, institution.org_no)),
            ("body", "门诊缴费"),
            ("return_url", &format!("{}/healthz", self.ready.gateway_url)),
            ("user_card_type", "1"),
            ("user_card_no", &person.idcard_md5),
            ("user_name", &person.name),
            ("serial_no", number),
            ("org_no", &institution.org_no),
            ("gmt_out_create", "20180620162834"),
            ("request_content", "{}"),
            ("bill_no", number),
        ]
        .into_iter()
        .collect()
    }

    /// Orders, and answers `pay_url`.
    pub(crate) async fn order(
        &self,
        person: &Person,
        number: &str,
        pay_type: u8,
        amounts: Amounts,
    ) -> anyhow::Result<String> {
        let reply = self.unifiedorder(person, number, pay_type, amounts).await?;
        Ok(reply.get("pay_url").with_context(|| reply.to_xml())?.to_owned())
    }

    /// Orders, and answers whatever comes.
    pub(crate) async fn unifiedorder(
        &self,
        person: &Person,
        number: &str,
        pay_type: u8,
        amounts: Amounts,
    ) -> anyhow::Result<Fields> {
        let mut fields = self.order_fields(person, number);
        fields
            .set("pay_type", pay_type.to_string())
            .set("total_fee", amounts.total.to_string())
            .set("cash_fee", amounts.cash.to_string())
            .set("insurance_fee", amounts.insurance.to_string());
        self.call(self.institution(0), "unifiedorder", fields).await
    }

    /// Calls an interface that names an order of the first institution by its number.
    pub(crate) async fn about_order(
        &self,
        interface: &str,
        number: &str,
        more: &[(&str, &str)],
    ) -> anyhow::Result<Fields> {
        let institution = self.institution(0);
        let mut fields: Fields = [
            ("appid", institution.appid.as_str()),
            ("mch_id", &institution.mch_id),
            ("hosp_out_trade_no", number),
            ("nonce_str", &OsEntropy.nonce()),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
        for (name, value) in more {
            fields.set(*name, *value);
        }
        self.call(institution, interface, fields).await
    }

    /// Business time.
    pub(crate) async fn now(&self) -> anyhow::Result<Timestamp> {
        let request = http::Request::get(&self.ready.clock.url).body(bytes::Bytes::new())?;
        let answer = self.transport.send(request, CALL_MS).await?;
        let reading: Reading = serde_json::from_slice(answer.body())?;
        Ok(reading.now)
    }

    /// Where the first hospital's secret of this name is kept.
    pub(crate) fn secret_file(&self, what: &str) -> PathBuf {
        self.demo.data().join(format!("secrets/yunshan.{what}"))
    }

    /// Asks the first hospital's HIS, as its gateway would.
    pub(crate) async fn his<C: Call>(&self, ask: &C) -> anyhow::Result<C::Answer> {
        let secret = std::fs::read_to_string(self.secret_file("his_secret"))?;
        let secret = HisSecret::new(secret).context("the demo makes secrets of 32 characters")?;
        let base = self.institution(0).his_url.as_deref().context("no HIS")?;
        let address: http::Uri = format!("{base}/v1/{}", C::NAME).parse()?;
        let time = (self.now().await?.as_ms() / 1000).to_string();
        let body = serde_json::to_vec(ask)?;
        let path = address.path().to_owned();
        let key = "";
        let signed = Signed { method: "POST", path: &path, time: &time, key, body: &body };
        let request = http::Request::post(address)
            .header("content-type", "application/json")
            .header(TIME_HEADER, &time)
            .header(SIGNATURE_HEADER, signed.signature(&secret))
            .body(body.into())?;
        let answer = self.transport.send(request, CALL_MS).await?;
        anyhow::ensure!(answer.status() == 200, "{}: {}", C::NAME, answer.status());
        Ok(serde_json::from_slice(answer.body())?)
    }

    /// Waits until the platform has worked off every job that is due.
    async fn until_at_rest(&self) -> anyhow::Result<()> {
        for _ in 0..2_000 {
            let now = self.now().await?;
            let waiting = self
                .store
                .read("jobs that are due", move |tx| {
                    Box::pin(async move {
                        let due = "SELECT COUNT(*) FROM jobs \
                                   WHERE due_at_ms <= $1 OR leased_until_ms IS NOT NULL";
                        tx.one(due, args![now]).await?.get::<i64>(0)
                    })
                })
                .await?;
            if waiting == 0 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        anyhow::bail!("the platform does not come to rest")
    }

    /// Everything that the platform has written. Waits for jobs that are due first: what they write
    /// would look like the work of the request under test.
    pub(crate) async fn rows(&self) -> anyhow::Result<Rows> {
        self.until_at_rest().await?;
        let (tables, columns) = if self.demo.on_postgres() {
            (
                "SELECT CAST(table_name AS TEXT) FROM information_schema.tables \
                 WHERE table_schema = current_schema()",
                "SELECT CAST(column_name AS TEXT) FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = $1",
            )
        } else {
            (
                "SELECT name FROM sqlite_master WHERE type = 'table'",
                "SELECT name FROM pragma_table_info($1)",
            )
        };
        self.store
            .read("everything", move |tx| {
                Box::pin(async move {
                    let mut rows = Rows::new();
                    for table in tx.all(tables, args![]).await? {
                        let table: String = table.get(0)?;
                        let mut texts = Vec::new();
                        for column in tx.all(columns, args![table.as_str()]).await? {
                            let column: String = column.get(0)?;
                            texts.push(format!("COALESCE(CAST({column} AS TEXT), '')"));
                        }
                        let select = format!("SELECT {} FROM {table}", texts.join(" || '|' || "));
                        let mut lines = Vec::new();
                        for line in tx.all(&select, args![]).await? {
                            lines.push(line.get::<String>(0)?);
                        }
                        lines.sort_unstable();
                        rows.insert(table, lines);
                    }
                    Ok::<_, StoreError>(rows)
                })
            })
            .await
            .context("read everything")
    }
}

/// Fails with the lines that are in one of the two and not in the other.
pub(crate) fn assert_unchanged(before: &Rows, after: &Rows) {
    let none = Vec::new();
    for (table, lines) in after {
        let known = before.get(table).unwrap_or(&none);
        let new: Vec<_> = lines.iter().filter(|line| !known.contains(line)).collect();
        assert!(new.is_empty(), "a refused request left something in {table}: {new:?}");
    }
    assert_eq!(before, after, "a refused request took something away");
}

/// The key that signs for an institution.
pub(crate) fn key_of(institution: &Institution) -> ApiKey {
    ApiKey::new(&institution.api_key).expect("the demo makes keys of 32 characters")
}

/// The person's openid under an institution's account.
pub(crate) fn openid_of<'a>(institution: &Institution, person: &'a Person) -> &'a str {
    &person.openid[&institution.appid]
}

/// The amounts of an order, in fen.
#[derive(Clone, Copy)]
pub(crate) struct Amounts {
    pub(crate) total: i64,
    pub(crate) cash: i64,
    pub(crate) insurance: i64,
}

impl Amounts {
    /// `cash` and `insurance`, and their sum.
    pub(crate) const fn of(cash: i64, insurance: i64) -> Self {
        Self { total: cash + insurance, cash, insurance }
    }
}

/// Makes tests of a [`Town`] into two each, one per engine.
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod on {
            $(medpay_store::on_both!($name, async |db: medpay_store::testing::TestDb| {
                let town = crate::town::Town::start(&db).await.expect("a town");
                if let Err(error) = super::super::$name(&town).await {
                    panic!("{error:#}\nthe demo said:\n{}", town.log());
                }
            });)*
        }
    };
}
pub(crate) use on_both_engines;
