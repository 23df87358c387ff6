//! A hospital and its patients who do not give up: whatever gets no answer is asked again, in the
//! way that the documents tell a hospital to.

use super::{Chance, LOOK, PATIENCE};
use anyhow::{Context as _, bail};
use medpay::config::Outgoing;
use medpay::outgoing;
use medpay::system::OsEntropy;
use medpay_acceptance::ready::{Institution, NORMAL, Person, Ready};
use medpay_client::public_account::{TokenReply, stable_token};
use medpay_client::{HttpTransport, SignedClient, Transport as _};
use medpay_domain::Entropy as _;
use medpay_wire::envelope::{Refused, Reply};
use medpay_wire::fields::Fields;
use medpay_wire::interface::Interface;
use medpay_wire::sign::ApiKey;
use medpay_wire::{getbindurl, orderquery, refund, unifiedorder};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How many orders are under way at once.
const AT_ONCE: u64 = 8;
/// How long one call may take, in milliseconds of machine time.
const CALL_MS: u64 = 30_000;

/// Above every number of an order: whoever takes such a number goes home.
const CLOSED: u64 = 1 << 40;

/// Totals at which something goes wrong even if nobody is killed (PROTOCOL 11), among those after
/// which an order still comes to an end.
const FAULTY: [i64; 9] = [102, 132, 133, 142, 144, 146, 147, 148, 149];

/// The load.
pub(crate) struct Load {
    ready: Ready,
    patients: Vec<Person>,
    client: SignedClient,
    transport: HttpTransport,
    access_token: Mutex<String>,
    seed: u64,
    next: AtomicU64,
    at_work: AtomicU64,
}

/// How the orders ended.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Outcomes {
    /// Paid.
    pub(crate) paid: u64,
    /// SYS_REFUNDED: the bureau said no.
    pub(crate) given_back_by_platform: u64,
    /// Ended before any money moved.
    pub(crate) not_paid: u64,
    /// Refunds that succeeded.
    pub(crate) refunded: u64,
    /// Refunds that were refused for good.
    pub(crate) not_refunded: u64,
}

impl Outcomes {
    pub(crate) const fn add(&mut self, other: Self) {
        self.paid += other.paid;
        self.given_back_by_platform += other.given_back_by_platform;
        self.not_paid += other.not_paid;
        self.refunded += other.refunded;
        self.not_refunded += other.not_refunded;
    }
}

impl fmt::Display for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} paid, {} given back by the platform, {} not paid, {} refunds, {} refused",
            self.paid, self.given_back_by_platform, self.not_paid, self.refunded, self.not_refunded
        )
    }
}

/// What a hospital heard.
enum Heard {
    Success(Fields),
    /// An explicit refusal, by its code.
    Refused(String),
    /// Nothing, or "ask again".
    Nothing,
}

impl Load {
    /// Binds the patients' cards, while nobody is killed yet.
    pub(crate) async fn new(ready: &Ready, seed: u64) -> anyhow::Result<Self> {
        let transport = HttpTransport::new(outgoing::client(&Outgoing::direct())?);
        let institution = ready.institutions.first().context("a hospital")?;
        let access_token = Self::buy_token(&transport, ready).await?;
        let key = ApiKey::new(&institution.api_key).context("a key")?;
        let url = &ready.platform_url;
        let client = SignedClient::new(Arc::new(transport.clone()), url, key, CALL_MS);
        let patients = ready
            .persons
            .iter()
            .filter(|person| person.behaviour == NORMAL && person.id_card.len() == 18);
        let load = Self {
            ready: ready.clone(),
            patients: patients.cloned().collect(),
            client,
            transport,
            access_token: Mutex::new(access_token),
            seed,
            next: AtomicU64::new(0),
            at_work: AtomicU64::new(0),
        };
        for patient in &load.patients {
            load.bind(patient).await?;
        }
        Ok(load)
    }

    /// How many orders are under way at this moment.
    pub(crate) fn at_work(&self) -> u64 {
        self.at_work.load(Ordering::SeqCst)
    }

    /// How many orders were begun.
    pub(crate) fn begun(&self) -> u64 {
        self.next.load(Ordering::SeqCst) & !CLOSED
    }

    /// Lets the orders under way come to their ends, and begins no other.
    pub(crate) fn no_more(&self) {
        self.next.fetch_or(CLOSED, Ordering::SeqCst);
    }

    /// Takes [`Load::no_more`] back: it can be run again.
    pub(crate) fn again(&self) {
        self.next.fetch_and(!CLOSED, Ordering::SeqCst);
    }

    fn hospital(&self) -> &Institution {
        &self.ready.institutions[0]
    }

    /// Whether this is one of its patients, whose cards are bound.
    pub(crate) fn has(&self, person: &Person) -> bool {
        self.patients.iter().any(|patient| patient.id_card == person.id_card)
    }

    fn openid<'a>(&self, patient: &'a Person) -> &'a str {
        &patient.openid[&self.hospital().appid]
    }

    /// Pays and refunds `orders` orders, some at a time; fewer after [`Load::no_more`].
    pub(crate) async fn run(self: Arc<Self>, orders: u64) -> anyhow::Result<Outcomes> {
        let mut hands = tokio::task::JoinSet::new();
        for _ in 0..AT_ONCE {
            let load = Arc::clone(&self);
            hands.spawn(async move {
                let mut outcomes = Outcomes::default();
                loop {
                    let number = load.next.fetch_add(1, Ordering::SeqCst);
                    if number >= orders.min(CLOSED) {
                        return Ok::<_, anyhow::Error>(outcomes);
                    }
                    load.at_work.fetch_add(1, Ordering::SeqCst);
                    let order = load.order(number, &mut outcomes);
                    tokio::time::timeout(PATIENCE, order)
                        .await
                        .with_context(|| format!("order {number} does not end"))?
                        .with_context(|| format!("order {number}"))?;
                    load.at_work.fetch_sub(1, Ordering::SeqCst);
                }
            });
        }
        let mut sum = Outcomes::default();
        while let Some(outcomes) = hands.join_next().await {
            sum.add(outcomes??);
        }
        Ok(sum)
    }

    /// One order, from its making to its last refund.
    async fn order(&self, number: u64, outcomes: &mut Outcomes) -> anyhow::Result<()> {
        let mut chance = Chance(self.seed ^ (number << 32));
        let patient = &self.patients[usize::try_from(number)? % self.patients.len()];
        let name = format!("chaos{:x}n{number}", self.seed);
        let amount = i64::try_from(2000 + chance.below(500))?;
        let faulty = FAULTY[usize::try_from(chance.below(FAULTY.len() as u64))?];
        let (pay_type, cash, insurance) = match chance.below(5) {
            4 => ("3", 42, faulty - 42),
            0 => ("1", amount, 0),
            1 => ("2", 0, amount),
            2 => ("3", amount, 0),
            _ => ("3", amount / 4, amount - amount / 4),
        };
        let pay_url = self.make(patient, &name, pay_type, cash, insurance).await?;
        if !self.pay(patient, &name, &pay_url).await? {
            outcomes.given_back_by_platform += 1;
            return Ok(());
        }
        outcomes.paid += 1;
        let mut refunds = vec![];
        match chance.below(4) {
            0 => {}
            1 if cash > 0 => refunds.push(Some("CASH_ONLY")),
            2 if cash > 0 && pay_type == "3" => refunds.extend([Some("CASH_ONLY"), None]),
            _ => refunds.push(None),
        }
        for (count, part) in refunds.into_iter().enumerate() {
            if self.refund(&name, &format!("{name}-{count}"), part).await? {
                outcomes.refunded += 1;
            } else {
                outcomes.not_refunded += 1;
            }
        }
        Ok(())
    }

    /// Makes the order, or finds it made; answers `pay_url`, empty if it is paid already.
    async fn make(
        &self,
        patient: &Person,
        name: &str,
        pay_type: &str,
        cash: i64,
        insurance: i64,
    ) -> anyhow::Result<String> {
        let hospital = self.hospital();
        let mut fields: Fields = [
            ("order_type", "DiagPay"),
            ("appid", &hospital.appid),
            ("mch_id", &hospital.mch_id),
            ("openid", self.openid(patient)),
            ("hosp_out_trade_no", name),
            ("hospital_name", &hospital.name),
            ("total_fee", &(cash + insurance).to_string()),
            ("cash_fee", &cash.to_string()),
            ("insurance_fee", &insurance.to_string()),
            ("allow_fee_change", "0"),
            ("spbill_create_ip", "10.193.0.1"),
            ("notify_url", &format!("{}/notify/{}", self.ready.gateway_url, hospital.org_no)),
            ("body", "门诊缴费"),
            ("return_url", &format!("{}/healthz", self.ready.gateway_url)),
            ("pay_type", pay_type),
            ("user_card_type", "1"),
            ("user_card_no", &patient.idcard_md5),
            ("user_name", &patient.name),
            ("serial_no", name),
            ("org_no", &hospital.org_no),
            ("gmt_out_create", "20180620162834"),
            ("bill_no", name),
        ]
        .into_iter()
        .collect();
        if pay_type != "1" {
            fields.set("request_content", "{}");
        }
        loop {
            match self.call(&unifiedorder::SPEC, fields.clone()).await? {
                Heard::Success(reply) => {
                    return Ok(reply.get("pay_url").context("a pay_url")?.to_owned());
                }
                Heard::Refused(code) => bail!("unifiedorder {name}: {code}"),
                Heard::Nothing => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// Lets the patient pay until the order says that it is paid; false if the bureau refused and
    /// the cash went back.
    async fn pay(&self, patient: &Person, name: &str, pay_url: &str) -> anyhow::Result<bool> {
        loop {
            let heard = self.call(&orderquery::SPEC, self.about(name)).await?;
            let states = match &heard {
                Heard::Success(reply) => {
                    (reply.get("med_trade_state"), reply.get("cash_trade_status"))
                }
                Heard::Refused(code) => bail!("orderquery {name}: {code}"),
                Heard::Nothing => (None, None),
            };
            match states {
                (Some("SUCCESS"), _) => return Ok(true),
                (Some("SYS_REFUNDED"), _) => return Ok(false),
                (Some("CLOSED"), _) => bail!("{name} was closed"),
                (Some("NOTPAY" | "PAYERROR"), cash) if cash != Some("USERPAYING") => {
                    // Whatever the phone shows, only the order tells.
                    let values = [
                        ("openid", json!(self.openid(patient))),
                        ("pay_url", json!(pay_url)),
                        ("password", json!(patient.password)),
                    ];
                    let _ = self.tap(&self.ready.pay, &values).await;
                }
                _ => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// Asks for a refund, with the same number, until it is answered; false if it was refused.
    async fn refund(
        &self,
        name: &str,
        refund_no: &str,
        part: Option<&str>,
    ) -> anyhow::Result<bool> {
        let mut fields = self.about(name);
        fields
            .set("hosp_out_refund_no", refund_no)
            .set("cancel_bill_no", "#")
            .set("cancel_serial_no", "186042")
            .set_opt("part_refund_type", part);
        loop {
            match self.call(&refund::SPEC, fields.clone()).await? {
                Heard::Success(_) => return Ok(true),
                // The day of the payment may end while the test runs.
                Heard::Refused(code) if code == "TRADE_OVERDUE" => return Ok(false),
                Heard::Refused(code) => bail!("refund {refund_no}: {code}"),
                Heard::Nothing => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// The fields that name an order.
    fn about(&self, name: &str) -> Fields {
        let hospital = self.hospital();
        [
            ("appid", hospital.appid.as_str()),
            ("mch_id", &hospital.mch_id),
            ("hosp_out_trade_no", name),
        ]
        .into_iter()
        .collect()
    }

    /// Binds a person's own card.
    pub(crate) async fn bind(&self, patient: &Person) -> anyhow::Result<()> {
        let fields: Fields = [
            ("openid", self.openid(patient).to_owned()),
            ("url", format!("{}/healthz", self.ready.gateway_url)),
        ]
        .into_iter()
        .collect();
        let Heard::Success(reply) = self.call(&getbindurl::SPEC, fields).await? else {
            bail!("no bind link");
        };
        let values = [
            ("openid", json!(self.openid(patient))),
            ("bind_url", json!(reply.get("bind_url").context("a bind_url")?)),
        ];
        let outcome = self.tap(&self.ready.bind, &values).await?;
        anyhow::ensure!(outcome["ok"] == true, "not bound: {outcome}");
        Ok(())
    }

    /// One call; a killed platform is no answer, and neither is an answer that asks for patience.
    async fn call(&self, interface: &Interface, mut fields: Fields) -> anyhow::Result<Heard> {
        fields.set("nonce_str", OsEntropy.nonce());
        let access_token = self.access_token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Ok(reply) = self.client.call(interface, &access_token, fields).await else {
            return Ok(Heard::Nothing);
        };
        Ok(match reply {
            Reply::Success(fields) => Heard::Success(fields),
            Reply::Refused(Refused::Business { err_code, .. }) => match err_code.as_str() {
                "553" | "556" | "SYSTEMERROR" | "80000" | "BIZERR_NEED_RETRY" => Heard::Nothing,
                "40001" | "40014" | "42001" => self.renew_token().await,
                _ => Heard::Refused(err_code),
            },
            Reply::Refused(Refused::Gateway(error)) if is_of_token(error.errcode) => {
                self.renew_token().await
            }
            Reply::Refused(other) => bail!("{}: {other:?}", interface.name),
        })
    }

    /// Buys another token: the kept one is too old, or was lost with what came after a backup.
    async fn renew_token(&self) -> Heard {
        // Whoever gets none meets the same refusal again.
        if let Ok(token) = Self::buy_token(&self.transport, &self.ready).await {
            *self.access_token.lock().unwrap_or_else(PoisonError::into_inner) = token;
        }
        Heard::Nothing
    }

    async fn buy_token(transport: &HttpTransport, ready: &Ready) -> anyhow::Result<String> {
        let institution = ready.institutions.first().context("a hospital")?;
        let (url, appid) = (&ready.platform_url, &institution.appid);
        // A stable one: an ordinary one would end the gateway's.
        let secret = &institution.secret;
        let issued = stable_token(transport, url, appid, secret, false, CALL_MS).await?;
        let TokenReply::Issued(issued) = issued else { bail!("no token: {issued:?}") };
        Ok(issued.access_token)
    }

    /// A tap on the patient's phone.
    async fn tap(
        &self,
        door: &medpay_acceptance::ready::Door,
        values: &[(&str, Value)],
    ) -> anyhow::Result<Value> {
        let values: Map<String, Value> =
            values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let request = http::Request::post(&door.url)
            .header("content-type", "application/json")
            .body(door.filled(&values)?.to_string().into())?;
        let answer = self.transport.send(request, CALL_MS).await?;
        Ok(serde_json::from_slice(answer.body())?)
    }
}

/// Whether WeChat's code says that the token is of no use any more.
const fn is_of_token(errcode: i64) -> bool {
    matches!(errcode, 40_001 | 40_014 | 42_001)
}
