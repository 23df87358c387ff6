//! Patients who pay through the gateway, as long as there is work, and do not give up: a page that
//! does not come is opened again, and only the order's own page tells how it stands.

use super::load::{Load, Outcomes};
use super::{Chance, LOOK, PATIENCE};
use crate::plain_browser::{Page, PlainBrowser};
use anyhow::{Context as _, bail};
use medpay::config::Outgoing;
use medpay::outgoing;
use medpay_acceptance::ready::{Person, Ready};
use medpay_client::{HttpTransport, Transport as _};
use medpay_sandbox::Persons;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How long a tap on the phone may take, in milliseconds of machine time.
const TAP_MS: u64 = 30_000;
/// How often the password is typed before a patient cancels an order that cannot be paid.
const TRIES: u32 = 4;
/// Whose money troubles end: each of these patients gets to an end by itself.
const BEHAVIOURS: [&str; 5] =
    ["normal", "own_split", "account_short", "bureau_refuses", "answers_lost"];

/// The patients of the first hospital.
pub(crate) struct Patients {
    people: Vec<Patient>,
    closing: AtomicBool,
    at_work: AtomicU64,
    orders: AtomicU64,
}

/// One of them.
struct Patient {
    ready: Ready,
    person: Person,
    browser: PlainBrowser,
    transport: HttpTransport,
    /// The visit card at the gateway.
    card: String,
    /// The word by which the HIS knows the patient.
    his_id: String,
}

impl Patients {
    /// Registers them: cards are bound and visit cards made while nobody is killed yet.
    pub(crate) async fn new(ready: &Ready, load: &Load) -> anyhow::Result<Self> {
        let transport = HttpTransport::new(outgoing::client(&Outgoing::direct())?);
        let known = Persons::built_in();
        let mut patients = Vec::new();
        for person in &ready.persons {
            let fits = BEHAVIOURS.contains(&person.behaviour.as_str());
            // The form for adding a card by hand takes 身份证.
            let word = known.into_iter().find(|it| it.id_no.reveal() == person.id_card);
            let (true, Some(word)) = (fits && person.id_card.len() >= 15, word) else { continue };
            let browser = PlainBrowser::new(transport.clone(), &word.id);
            if !load.has(person) {
                load.bind(person).await?;
            }
            let mut patient = Patient {
                ready: ready.clone(),
                person: person.clone(),
                browser,
                transport: transport.clone(),
                card: String::new(),
                his_id: String::new(),
            };
            patient.register().await.with_context(|| word.id.clone())?;
            patients.push(patient);
        }
        Ok(Self {
            people: patients,
            closing: AtomicBool::new(false),
            at_work: AtomicU64::new(0),
            orders: AtomicU64::new(0),
        })
    }

    /// How many orders are under way at this moment.
    pub(crate) fn at_work(&self) -> u64 {
        self.at_work.load(Ordering::SeqCst)
    }

    /// Lets the orders under way come to their ends, and begins no other.
    pub(crate) fn no_more(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }

    /// Takes [`Patients::no_more`] back: they can be run again.
    pub(crate) fn again(&self) {
        self.closing.store(false, Ordering::SeqCst);
    }

    /// How many orders were begun.
    pub(crate) fn begun(&self) -> u64 {
        self.orders.load(Ordering::SeqCst)
    }

    /// Everybody pays one order after the other until [`Patients::no_more`], or until `orders` of
    /// them were begun.
    pub(crate) async fn run(self: Arc<Self>, seed: u64, orders: u64) -> anyhow::Result<Outcomes> {
        let mut visits = tokio::task::JoinSet::new();
        for number in 0..self.people.len() {
            let patients = Arc::clone(&self);
            visits.spawn(async move {
                let patient = &patients.people[number];
                let mut chance = Chance(seed ^ ((number as u64) << 40));
                let mut outcomes = Outcomes::default();
                while !patients.closing.load(Ordering::SeqCst)
                    && patients.orders.fetch_add(1, Ordering::SeqCst) < orders
                {
                    patients.at_work.fetch_add(1, Ordering::SeqCst);
                    let order = patient.order(&mut chance, &mut outcomes);
                    tokio::time::timeout(PATIENCE, order)
                        .await
                        .with_context(|| format!("patient {number}'s order does not end"))?
                        .with_context(|| format!("patient {number}"))?;
                    patients.at_work.fetch_sub(1, Ordering::SeqCst);
                }
                Ok::<_, anyhow::Error>(outcomes)
            });
        }
        let mut sum = Outcomes::default();
        while let Some(outcomes) = visits.join_next().await {
            sum.add(outcomes??);
        }
        Ok(sum)
    }
}

impl Patient {
    fn page(&self, path: &str) -> String {
        let pages = self.ready.institutions[0].pages_url.as_deref().unwrap_or_default();
        format!("{pages}{path}")
    }

    /// Adds the visit card, and finds out how the HIS calls its owner.
    async fn register(&mut self) -> anyhow::Result<()> {
        let form = self.browser.open(self.page("/visit-cards/new")).await?;
        let fields = [
            ("csrf", form.hidden("csrf")?),
            ("name", self.person.name.clone()),
            ("card_type", "1".to_owned()),
            ("id_no", self.person.id_card.clone()),
            ("visit_card_no", String::new()),
        ];
        let added = self.browser.post(None, self.page("/visit-cards/new"), &fields).await?;
        let (_, card) = added.url.split_once("added=").with_context(|| added.body.clone())?;
        card.clone_into(&mut self.card);
        let his = self.ready.institutions[0].his_url.as_deref().context("a HIS")?;
        let choice = self.browser.open(format!("{his}/doctor")).await?;
        let (before, _) =
            choice.body.split_once(&self.person.name).context("unknown to the HIS")?;
        let id = before.rsplit("?patient=").next().and_then(|rest| rest.split('"').next());
        id.context("no word of the HIS")?.clone_into(&mut self.his_id);
        Ok(())
    }

    /// A page, opened until it comes.
    async fn until_open(&self, path: &str) -> Page {
        loop {
            match self.browser.open(self.page(path)).await {
                Ok(page) if page.status < 500 => return page,
                Ok(_) | Err(_) => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// One order, from the bill to the end of its refund, if one is wanted.
    async fn order(&self, chance: &mut Chance, outcomes: &mut Outcomes) -> anyhow::Result<()> {
        let number = self.begin(chance).await?;
        match self.pay(&number).await?.as_str() {
            "confirmed" => outcomes.paid += 1,
            "system-refunded" => {
                outcomes.given_back_by_platform += 1;
                return Ok(());
            }
            "refunded" => {
                // The HIS did not take it, so the gateway gave it back.
                outcomes.paid += 1;
                outcomes.refunded += 1;
                return Ok(());
            }
            _ => {
                outcomes.not_paid += 1;
                return Ok(());
            }
        }
        if chance.below(2) == 0 {
            if self.refund(&number).await? {
                outcomes.refunded += 1;
            } else {
                outcomes.not_refunded += 1;
            }
        }
        Ok(())
    }

    /// Orders a bill that waits, and answers the number of the order.
    async fn begin(&self, chance: &mut Chance) -> anyhow::Result<String> {
        let before = self.newest().await;
        let pay_with = if chance.below(3) == 0 { "cash" } else { "insurance" };
        loop {
            let bills = self.until_open(&format!("/bills?card={}", self.card)).await;
            // A bill that an order holds is left to that order.
            let free = |bill: &&str| !bill.contains("支付中");
            let bill = bills.body.split("checkout?bill=").skip(1).find(free);
            let Some(bill_no) = bill.and_then(|rest| rest.split('&').next()) else {
                self.see_the_doctor(chance).await;
                continue;
            };
            // Whatever comes of it, the list of orders tells.
            let _ = self.check_out(bill_no, pay_with).await;
            let newest = self.newest().await;
            if newest != before {
                return newest.context("an order was there and is gone");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn check_out(&self, bill_no: &str, pay_with: &str) -> anyhow::Result<()> {
        let path = format!("/checkout?bill={bill_no}&card={}", self.card);
        let form = self.until_open(&path).await;
        let action = form.after("action=\"").context("no form")?;
        let action = action.split_once("/h/").and_then(|(_, rest)| rest.split_once('/'));
        let action = format!("/{}", action.context("another form")?.1);
        // Who is not offered insurance pays cash.
        let offered = form.body.contains("value=\"insurance\"");
        let fields = [
            ("csrf", form.hidden("csrf")?),
            ("bill", bill_no.to_owned()),
            ("card", self.card.clone()),
            ("pay_with", if offered { pay_with } else { "cash" }.to_owned()),
        ];
        self.browser.post(None, self.page(&action), &fields).await?;
        Ok(())
    }

    /// The number of the latest order.
    async fn newest(&self) -> Option<String> {
        loop {
            let orders = self.until_open("/orders").await;
            match orders.outcome() {
                "none" => return None,
                "orders" => {
                    let first = orders.body.split("/orders/").nth(1)?;
                    return first.split('"').next().map(str::to_owned);
                }
                _ => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// Gets another bill.
    async fn see_the_doctor(&self, chance: &mut Chance) {
        let his = self.ready.institutions[0].his_url.as_deref().unwrap_or_default();
        let medicines = ["M001", "M002", "M003", "M005", "M007", "X001"];
        let first = medicines[usize::try_from(chance.below(6)).unwrap_or_default()];
        let fields = [
            ("patient", self.his_id.clone()),
            ("doctor", "101".to_owned()),
            ("class", "ordinary".to_owned()),
            (first, (1 + chance.below(3)).to_string()),
        ];
        // Whether it was written down, the list of bills tells.
        let _ = self.browser.post(None, format!("{his}/doctor/prescribe"), &fields).await;
    }

    /// Pays until the order's page says how that ended; answers what it says.
    async fn pay(&self, number: &str) -> anyhow::Result<String> {
        let mut tries = 0;
        loop {
            let page = self.until_open(&format!("/orders/{number}")).await;
            match page.outcome() {
                "ordered" if tries == TRIES => self.cancel(number, &page).await,
                "ordered" => {
                    if let Some(pay_url) = page.after("id=\"pay\" href=\"") {
                        tries += u32::from(self.type_the_password(pay_url).await);
                    }
                }
                says @ ("confirmed" | "refunded" | "system-refunded" | "expired" | "given-up"
                | "bill-voided" | "bill-refused" | "order-refused") => return Ok(says.to_owned()),
                says @ ("refund-with-staff" | "refund-failed" | "refund-declined") => {
                    bail!("order {number} is {says}, and nobody asked for a refund")
                }
                _ if page.status == 404 => bail!("order {number} is gone"),
                _ => {}
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Types it at the cashier; true if the phone heard that it was of no use.
    async fn type_the_password(&self, pay_url: &str) -> bool {
        let openid = &self.person.openid[&self.ready.institutions[0].appid];
        let values: Map<String, Value> = [
            ("openid", json!(openid)),
            ("pay_url", json!(pay_url)),
            ("password", json!(self.person.password)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        let door = &self.ready.pay;
        let Ok(body) = door.filled(&values) else { return false };
        let request = http::Request::post(&door.url)
            .header("content-type", "application/json")
            .body(body.to_string().into());
        let Ok(request) = request else { return false };
        match self.transport.send(request, TAP_MS).await {
            Ok(answer) => serde_json::from_slice::<Value>(answer.body())
                .is_ok_and(|answer| answer["ok"] == json!(false)),
            Err(_) => false,
        }
    }

    async fn cancel(&self, number: &str, page: &Page) {
        let Ok(csrf) = page.hidden("csrf") else { return };
        let path = self.page(&format!("/orders/{number}/close"));
        let _ = self.browser.post(None, path, &[("csrf", csrf)]).await;
    }

    /// Asks for the money back until the order says how that ended; false if it was refused.
    async fn refund(&self, number: &str) -> anyhow::Result<bool> {
        loop {
            let path = format!("/orders/{number}/refund");
            let page = self.until_open(&path).await;
            match page.outcome() {
                "may-ask" => {
                    let form = [("csrf", page.hidden("csrf")?), ("reason", String::new())];
                    let _ = self.browser.post(None, self.page(&path), &form).await;
                }
                "refunded" | "given-back" => return Ok(true),
                "refund-with-staff" | "refund-failed" | "refund-declined" | "day-over" => {
                    return Ok(false);
                }
                _ if page.status == 404 => bail!("order {number} is gone"),
                _ => {}
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
