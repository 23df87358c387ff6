//! A patient without a screen: the same pages over plain HTTP, with cookies, for tests that need
//! many payments and no picture.

use crate::plain_browser::{Page, PlainBrowser};
use crate::town::Town;
use anyhow::{Context as _, bail, ensure};
use medpay_acceptance::ready::Person;
use serde_json::json;

/// How often a page is looked at before a wait is given up.
const LOOKS: usize = 2_000;

/// Somebody before the pages of the first hospital.
pub(crate) struct Walker<'a> {
    town: &'a Town,
    person: &'a Person,
    browser: PlainBrowser,
    card: String,
}

impl<'a> Walker<'a> {
    /// The person with this behaviour, with a bound card and a visit card.
    pub(crate) async fn new(town: &'a Town, behaviour: &str) -> anyhow::Result<Self> {
        let person = town.person(behaviour);
        let browser = PlainBrowser::new(town.transport(), town.person_id(person));
        let mut walker = Self { town, person, browser, card: String::new() };
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
        self.browser.open(self.pages_url()? + path).await
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
        self.browser.post(origin, self.pages_url()? + path, fields).await
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
}
