//! Hospitals that send unifiedorder all the time, and remember what was acknowledged.

use super::writer::{Answers, PACE};
use anyhow::{Context as _, bail};
use medpay::config::Outgoing;
use medpay::outgoing;
use medpay::system::OsEntropy;
use medpay_acceptance::ready::{NORMAL, Ready};
use medpay_client::public_account::{TokenReply, stable_token};
use medpay_client::{HttpTransport, SignedClient};
use medpay_domain::Entropy as _;
use medpay_wire::envelope::{Refused, Reply};
use medpay_wire::fields::Fields;
use medpay_wire::interface::Interface;
use medpay_wire::sign::ApiKey;
use medpay_wire::{orderquery, unifiedorder};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// How long one call may take, in milliseconds of machine time.
const CALL_MS: u64 = 30_000;
/// How many hospitals send orders.
const HANDS: u64 = 4;

/// What a hospital heard.
enum Heard {
    Success(Fields),
    /// An explicit refusal, by its code.
    Refused(String),
    /// Nothing, or "ask again".
    Nothing,
}

/// Hospitals that send orders, nothing else, and keep what was acknowledged.
pub(super) struct Hospitals {
    pub(super) answers: Answers,
    ready: Ready,
    client: SignedClient,
    access_token: String,
    next: AtomicU64,
    in_flight: AtomicU64,
    acknowledged: Mutex<Vec<String>>,
    stop: AtomicBool,
}

impl Hospitals {
    /// Those that call the platform at `url`.
    pub(super) async fn new(ready: &Ready, url: &str) -> anyhow::Result<Self> {
        let transport = HttpTransport::new(outgoing::client(&Outgoing::direct())?);
        let hospital = ready.institutions.first().context("a hospital")?;
        let (appid, secret) = (&hospital.appid, &hospital.secret);
        let issued = stable_token(&transport, url, appid, secret, false, CALL_MS).await?;
        let TokenReply::Issued(issued) = issued else { bail!("no token: {issued:?}") };
        let key = ApiKey::new(&hospital.api_key).context("a key")?;
        Ok(Self {
            answers: Answers::default(),
            ready: ready.clone(),
            client: SignedClient::new(Arc::new(transport), url, key, CALL_MS),
            access_token: issued.access_token,
            next: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            acknowledged: Mutex::default(),
            stop: AtomicBool::new(false),
        })
    }

    /// Sends orders until they are told to stop.
    pub(super) async fn run(self: Arc<Self>) -> anyhow::Result<()> {
        let mut hands = tokio::task::JoinSet::new();
        for _ in 0..HANDS {
            let all = Arc::clone(&self);
            hands.spawn(async move { all.send_orders().await });
        }
        while let Some(ended) = hands.join_next().await {
            ended??;
        }
        Ok(())
    }

    async fn send_orders(&self) -> anyhow::Result<()> {
        while !self.stop.load(Ordering::SeqCst) {
            let name = format!("cluster{}", self.next.fetch_add(1, Ordering::SeqCst));
            let fields = self.order(&name)?;
            self.in_flight.fetch_add(1, Ordering::SeqCst);
            loop {
                let asked = Instant::now();
                match self.call(&unifiedorder::SPEC, &fields).await? {
                    Heard::Success(_) => break self.answers.answered(asked),
                    Heard::Refused(code) => bail!("unifiedorder {name}: {code}"),
                    Heard::Nothing => tokio::time::sleep(PACE).await,
                }
            }
            self.in_flight.fetch_sub(1, Ordering::SeqCst);
            self.kept().push(name);
            tokio::time::sleep(PACE).await;
        }
        Ok(())
    }

    fn kept(&self) -> MutexGuard<'_, Vec<String>> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Orders that were sent and not answered yet.
    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// Asks for every order that was acknowledged and not yet asked for; answers how many there
    /// were and which of them nobody knows.
    pub(super) async fn look_for_all(self: &Arc<Self>) -> anyhow::Result<(usize, Vec<String>)> {
        let names = std::mem::take(&mut *self.kept());
        let count = names.len();
        let mut hands = tokio::task::JoinSet::new();
        for part in names.chunks(count.div_ceil(8).max(1)) {
            let (all, part) = (Arc::clone(self), part.to_vec());
            hands.spawn(async move { all.look_for(part).await });
        }
        let mut lost = vec![];
        while let Some(found) = hands.join_next().await {
            lost.extend(found??);
        }
        Ok((count, lost))
    }

    async fn look_for(&self, names: Vec<String>) -> anyhow::Result<Vec<String>> {
        let mut lost = vec![];
        for name in names {
            let about = self.about(&name);
            let found = loop {
                match self.call(&orderquery::SPEC, &about).await? {
                    Heard::Nothing => tokio::time::sleep(PACE).await,
                    Heard::Refused(code) => break Err(code),
                    Heard::Success(reply) => break Ok(reply),
                }
            };
            if !found.is_ok_and(|reply| reply.get("total_fee") == Some("2300")) {
                lost.push(name);
            }
        }
        Ok(lost)
    }

    fn about(&self, name: &str) -> Fields {
        let hospital = &self.ready.institutions[0];
        [
            ("appid", hospital.appid.as_str()),
            ("mch_id", &hospital.mch_id),
            ("hosp_out_trade_no", name),
        ]
        .into_iter()
        .collect()
    }

    /// 自费 order, which nobody is going to pay.
    fn order(&self, name: &str) -> anyhow::Result<Fields> {
        let hospital = &self.ready.institutions[0];
        let patient = self.ready.persons.iter().find(|person| person.behaviour == NORMAL);
        let patient = patient.context("a patient")?;
        let mut fields = self.about(name);
        fields
            .set("order_type", "DiagPay")
            .set("openid", &patient.openid[&hospital.appid])
            .set("hospital_name", &hospital.name)
            .set("total_fee", "2300")
            .set("cash_fee", "2300")
            .set("insurance_fee", "0")
            .set("allow_fee_change", "0")
            .set("spbill_create_ip", "10.193.0.1")
            .set("notify_url", format!("{}/notify/{}", self.ready.gateway_url, hospital.org_no))
            .set("body", "门诊缴费")
            .set("return_url", format!("{}/healthz", self.ready.gateway_url))
            .set("pay_type", "1")
            .set("user_card_type", "1")
            .set("user_card_no", &patient.idcard_md5)
            .set("user_name", &patient.name)
            .set("serial_no", name)
            .set("org_no", &hospital.org_no)
            .set("gmt_out_create", "20180620162834")
            .set("bill_no", name);
        Ok(fields)
    }

    /// One call. No answer, and one that says to ask again, are nothing.
    async fn call(&self, interface: &Interface, fields: &Fields) -> anyhow::Result<Heard> {
        let mut fields = fields.clone();
        fields.set("nonce_str", OsEntropy.nonce());
        let Ok(reply) = self.client.call(interface, &self.access_token, fields).await else {
            return Ok(Heard::Nothing);
        };
        Ok(match reply {
            Reply::Success(fields) => Heard::Success(fields),
            Reply::Refused(Refused::Business { err_code, .. }) => match err_code.as_str() {
                "SYSTEMERROR" | "80000" => Heard::Nothing,
                _ => Heard::Refused(err_code),
            },
            Reply::Refused(other) => bail!("{}: {other:?}", interface.name),
        })
    }

    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}
