//! A patient without a screen: the same pages over plain HTTP, with cookies, for tests that need
//! many payments and no picture.

use crate::town::Town;
use anyhow::{Context as _, bail, ensure};
use medpay_acceptance::ready::Person;
use medpay_client::Transport as _;
use medpay_wire::public_account::encode_component;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// How long one page may take, in milliseconds of machine time.
const PAGE_MS: u64 = 60_000;

/// How often a page is looked at before a wait is given up.
const LOOKS: usize = 2_000;

/// Somebody before the pages of the first hospital.
pub(crate) struct Walker<'a> {
    town: &'a Town,
    person: &'a Person,
    /// By name and path.
    cookies: Mutex<BTreeMap<(String, String), String>>,
    card: String,
}

/// A page as it came.
pub(crate) struct Page {
    /// Where it was found, after every redirect.
    pub(crate) url: String,
    /// Its status.
    pub(crate) status: u16,
    /// Its text.
    pub(crate) body: String,
}

impl Page {
    /// `data-outcome`.
    pub(crate) fn outcome(&self) -> &str {
        self.after("data-outcome=\"").unwrap_or_default()
    }

    /// The value of the first hidden field of this name.
    pub(crate) fn hidden(&self, name: &str) -> anyhow::Result<String> {
        let value = self.after(&format!("name=\"{name}\" value=\""));
        Ok(value.with_context(|| format!("no {name} on {}", self.body))?.to_owned())
    }

    /// What stands behind `mark`, up to the next quote.
    pub(crate) fn after(&self, mark: &str) -> Option<&str> {
        self.body.split_once(mark)?.1.split('"').next()
    }
}

impl<'a> Walker<'a> {
    /// The person with this behaviour, with a bound card and a visit card.
    pub(crate) async fn new(town: &'a Town, behaviour: &str) -> anyhow::Result<Self> {
        let person = town.person(behaviour);
        let whose = ("phone_person".to_owned(), "/".to_owned());
        let cookies = BTreeMap::from([(whose, town.person_id(person).to_owned())]);
        let mut walker = Self { town, person, cookies: Mutex::new(cookies), card: String::new() };
        town.bind(person).await?;
        walker.card = walker.add_visit_card().await?;
        Ok(walker)
    }

    async fn add_visit_card(&self) -> anyhow::Result<String> {
        let form = self.open("/visit-cards/new").await?;
        let fields = [
            ("csrf", form.hidden("csrf")?),
            ("name", self.person.name.clone()),
            ("card_type", "1".to_owned()),
            ("id_no", self.person.id_card.clone()),
            ("visit_card_no", String::new()),
        ];
        let added = self.post("/visit-cards/new", &fields).await?;
        let (_, card) = added.url.split_once("added=").with_context(|| added.body.clone())?;
        Ok(card.to_owned())
    }

    /// The visit card.
    pub(crate) fn card(&self) -> &str {
        &self.card
    }

    /// The person's name.
    pub(crate) fn name(&self) -> &str {
        &self.person.name
    }

    /// Opens a page of the hospital, such as `/bills`.
    pub(crate) async fn open(&self, path: &str) -> anyhow::Result<Page> {
        self.follow(None, self.pages_url()? + path, None).await
    }

    /// Posts a form of the hospital's pages.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, String)]) -> anyhow::Result<Page> {
        self.send(None, path, fields).await
    }

    /// Posts a form that stands on a page of another site.
    pub(crate) async fn post_from(
        &self,
        origin: &str,
        path: &str,
        fields: &[(&str, String)],
    ) -> anyhow::Result<Page> {
        self.send(Some(origin), path, fields).await
    }

    async fn send(
        &self,
        origin: Option<&str>,
        path: &str,
        fields: &[(&str, String)],
    ) -> anyhow::Result<Page> {
        let pairs = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encode_component(name), encode_component(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        self.follow(origin, self.pages_url()? + path, Some(body)).await
    }

    fn pages_url(&self) -> anyhow::Result<String> {
        let pages = self.town.institution(0).pages_url.clone();
        pages.context("the first hospital has no pages")
    }

    /// The bills that wait, by number.
    pub(crate) async fn bills(&self) -> anyhow::Result<Vec<String>> {
        let page = self.open(&format!("/bills?card={}", self.card)).await?;
        let parts = page.body.split("checkout?bill=").skip(1);
        let numbers = parts.filter_map(|rest| rest.split('&').next());
        Ok(numbers.map(str::to_owned).collect())
    }

    /// Orders a bill, with `insurance` or `cash`; answers `hosp_out_trade_no` and the cashier.
    pub(crate) async fn order(
        &self,
        bill_no: &str,
        pay_with: &str,
    ) -> anyhow::Result<(String, String)> {
        let path = format!("/checkout?bill={bill_no}&card={}", self.card);
        let form = self.open(&path).await?;
        let action = form.after("action=\"").context("no form")?;
        let action = action.split_once("/h/").and_then(|(_, rest)| rest.split_once('/'));
        let action = format!("/{}", action.context("another form")?.1);
        let fields = [
            ("csrf", form.hidden("csrf")?),
            ("bill", bill_no.to_owned()),
            ("card", self.card.clone()),
            ("pay_with", pay_with.to_owned()),
        ];
        let cashier = self.post(&action, &fields).await?;
        ensure!(cashier.url.contains("/pay/"), "no cashier: {} {}", cashier.url, cashier.body);
        let orders = self.open("/orders").await?;
        let number = orders.body.split("/orders/").nth(1).and_then(|rest| rest.split('"').next());
        Ok((number.context("no order")?.to_owned(), cashier.url))
    }

    /// Types the password at a cashier.
    pub(crate) async fn pay(&self, pay_url: &str) -> anyhow::Result<()> {
        let paid = self.town.pay(self.person, pay_url).await?;
        ensure!(paid["ok"] == json!(true), "not paid: {paid}");
        Ok(())
    }

    /// Orders and pays; answers `hosp_out_trade_no`.
    pub(crate) async fn buy(&self, bill_no: &str, pay_with: &str) -> anyhow::Result<String> {
        let (number, pay_url) = self.order(bill_no, pay_with).await?;
        self.pay(&pay_url).await?;
        Ok(number)
    }

    /// What the order's page says now.
    pub(crate) async fn order_says(&self, number: &str) -> anyhow::Result<String> {
        Ok(self.open(&format!("/orders/{number}")).await?.outcome().to_owned())
    }

    /// Looks at the order's page until it says one of `wanted`.
    pub(crate) async fn until(&self, number: &str, wanted: &[&str]) -> anyhow::Result<String> {
        let mut last = String::new();
        for _ in 0..LOOKS {
            last = self.order_says(number).await?;
            if wanted.contains(&last.as_str()) {
                return Ok(last);
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        bail!("order {number} never said {wanted:?}; it says {last}")
    }

    /// Opens `url`, or posts `form` there from a page of `foreign` origin or of its own, and goes
    /// wherever that leads.
    async fn follow(
        &self,
        foreign: Option<&str>,
        url: String,
        form: Option<String>,
    ) -> anyhow::Result<Page> {
        let (mut url, mut form) = (url, form);
        for _ in 0..12 {
            let bare = url.split('#').next().unwrap_or_default().to_owned();
            let uri: http::Uri = bare.parse()?;
            let origin = format!("http://{}", uri.authority().context("no host")?);
            let mut request = http::Request::builder()
                .uri(uri.clone())
                .header("cookie", self.cookies_for(uri.path()));
            if form.is_some() {
                let site = if foreign.is_some() { "cross-site" } else { "same-origin" };
                request = request
                    .method(http::Method::POST)
                    .header("origin", foreign.unwrap_or(&origin))
                    .header("sec-fetch-site", site)
                    .header("content-type", "application/x-www-form-urlencoded");
            }
            let body = form.take().unwrap_or_default();
            let answer = self.town.transport().send(request.body(body.into())?, PAGE_MS).await?;
            self.keep_cookies(answer.headers());
            let Some(to) = answer.headers().get("location") else {
                let status = answer.status().as_u16();
                let body = String::from_utf8_lossy(answer.body()).into_owned();
                return Ok(Page { url, status, body });
            };
            let to = to.to_str()?;
            url = if to.starts_with('/') { origin + to } else { to.to_owned() };
        }
        bail!("too many redirects: {url}")
    }

    fn cookies_for(&self, path: &str) -> String {
        let cookies = self.cookies.lock().expect("not poisoned");
        let fit = cookies.iter().filter(|((_, at), _)| path.starts_with(at.as_str()));
        fit.map(|((name, _), value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep_cookies(&self, headers: &http::HeaderMap) {
        let mut cookies = self.cookies.lock().expect("not poisoned");
        for text in headers.get_all("set-cookie") {
            let mut parts = text.to_str().unwrap_or_default().split("; ");
            let Some((name, value)) = parts.next().and_then(|it| it.split_once('=')) else {
                continue;
            };
            let path = parts.find_map(|part| part.strip_prefix("Path=")).unwrap_or("/");
            cookies.insert((name.to_owned(), path.to_owned()), value.to_owned());
        }
    }
}
