//! A patient with a phone: a browser of a phone's width, logged in at a hospital's gateway.

use crate::browser::Browser;
use crate::town::Town;
use medpay_acceptance::ready::Person;

/// The width of an ordinary phone, in CSS pixels.
const PHONE: u32 = 360;

/// Somebody before the pages of a hospital of the demo.
pub(crate) struct Patient<'a> {
    /// Where the patient lives.
    pub(crate) town: &'a Town,
    /// Who it is.
    pub(crate) person: &'a Person,
    /// The phone.
    pub(crate) phone: Browser,
    hospital: usize,
}

impl<'a> Patient<'a> {
    /// The person of the sandbox with this behaviour, at the first hospital.
    pub(crate) async fn new(town: &'a Town, behaviour: &str) -> anyhow::Result<Self> {
        Self::at(town, behaviour, 0).await
    }

    /// The same at the hospital with this number in the ready file.
    pub(crate) async fn at(
        town: &'a Town,
        behaviour: &str,
        hospital: usize,
    ) -> anyhow::Result<Self> {
        let phone = Browser::start(town.transport(), PHONE).await?;
        Ok(Self { town, person: town.person(behaviour), phone, hospital })
    }

    /// Opens a page of the hospital, such as `/bills`; the first time the sandbox asks whose phone
    /// this is.
    pub(crate) async fn open(&self, path: &str) -> anyhow::Result<()> {
        let ready = self.town.ready();
        let org_no = &self.town.institution(self.hospital).org_no;
        self.open_url(&format!("{}/h/{org_no}{path}", ready.gateway_url)).await
    }

    /// Opens any address.
    pub(crate) async fn open_url(&self, url: &str) -> anyhow::Result<()> {
        self.phone.open(url).await?;
        if self.phone.text().await?.contains("这是谁的手机") {
            let id = self.town.person_id(self.person);
            self.phone.tap(&format!("button[value='{id}']")).await?;
        }
        Ok(())
    }

    /// Adds the person's own visit card.
    pub(crate) async fn add_own_card(&self) -> anyhow::Result<()> {
        self.add_by_hand(&self.person.name, &self.person.id_card).await
    }

    /// Adds a visit card by typing.
    pub(crate) async fn add_by_hand(&self, name: &str, id_no: &str) -> anyhow::Result<()> {
        let phone = &self.phone;
        self.open("/visit-cards/new").await?;
        phone.fill("[name=name]", name).await?;
        phone.fill("[name=id_no]", id_no).await?;
        phone.tap("main form button[type=submit]").await?;
        let outcome = phone.outcome().await?;
        anyhow::ensure!(outcome == "cards", "no visit card: {}", phone.text().await?);
        Ok(())
    }

    /// Types the wallet's password at the cashier, and pays.
    pub(crate) async fn pay_at_the_cashier(&self) -> anyhow::Result<()> {
        self.phone.fill("[name=password]", &self.person.password).await?;
        self.phone.tap("form button[type=submit]").await?;
        self.phone.until(&["paid"]).await?;
        Ok(())
    }
}
