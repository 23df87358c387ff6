//! A prescription's QR code, scanned by somebody who has never been to the hospital's pages.

use crate::browser::Browser;
use crate::patient::Patient;
use crate::town::{Town, on_both_engines};
use anyhow::{Context as _, ensure};
use medpay_acceptance::ready::{NORMAL, Person};

/// As wide as what a doctor works at.
const DESK: u32 = 1100;
/// As wide as a phone.
const PHONE: u32 = 360;

fn normal(town: &Town, index: usize) -> anyhow::Result<&Person> {
    let mut persons = town.ready().persons.iter().filter(|person| person.behaviour == NORMAL);
    persons.nth(index).context("a person")
}

/// Makes the first person a patient of the hospital, who adds the visit card on the phone.
async fn enrol(town: &Town) -> anyhow::Result<Patient<'_>> {
    let patient = Patient::new(town, NORMAL).await?;
    patient.add_own_card().await?;
    Ok(patient)
}

/// The doctor prescribes for the patient, and prints; answers what the printed code says.
async fn prescribe(town: &Town, person: &Person) -> anyhow::Result<String> {
    let desk = Browser::start(town.transport(), DESK).await?;
    let his = town.institution(0).his_url.as_deref().context("a HIS")?;
    desk.open(&format!("{his}/doctor")).await?;
    desk.tap_words(&person.name).await?;
    desk.fill("form[action$='/doctor/prescribe'] input[type=number]", "2").await?;
    desk.tap("form[action$='/doctor/prescribe'] button[type=submit]").await?;
    desk.look("his-prescription", &["处方笺", "微信扫一扫"]).await?;
    let text = desk.text().await?;
    let url = text.split_whitespace().find(|word| word.contains("/p/"));
    Ok(url.with_context(|| text.clone())?.to_owned())
}

/// Scans a code with somebody's phone.
async fn scan(town: &Town, person: &Person, url: &str) -> anyhow::Result<Browser> {
    let phone = Browser::start(town.transport(), PHONE).await?;
    phone.open(url).await?;
    if phone.text().await?.contains("这是谁的手机") {
        phone.tap(&format!("button[value='{}']", town.person_id(person))).await?;
    }
    Ok(phone)
}

async fn pay(phone: &Browser, person: &Person) -> anyhow::Result<()> {
    phone.fill("[name=password]", &person.password).await?;
    phone.tap("form button[type=submit]").await?;
    phone.until(&["paid"]).await?;
    phone.tap_words("返回").await?;
    phone.until(&["confirmed"]).await?;
    Ok(())
}

async fn anybody_pays_a_scanned_prescription_in_cash(town: &Town) -> anyhow::Result<()> {
    let patient = enrol(town).await?;
    let url = prescribe(town, patient.person).await?;
    let payer = normal(town, 1)?;
    let phone = scan(town, payer, &url).await?;
    let masked: String = patient.person.name.chars().take(1).chain(['*']).collect();
    phone.look_well("prescription-list", &["处方缴费", &masked, "去缴费"]).await?;
    let text = phone.text().await?;
    ensure!(!text.contains(&patient.person.name), "the whole name is shown: {text}");

    phone.tap_words("去缴费").await?;
    phone.look_well("prescription-checkout", &["确认缴费", &masked, "自费支付"]).await?;
    let offered = phone.choose("医保支付").await.is_ok();
    ensure!(!offered, "insurance is offered to somebody else: {}", phone.text().await?);
    phone.tap_words("去支付").await?;
    pay(&phone, payer).await?;
    phone.look_well("prescription-paid", &["支付成功"]).await
}

async fn a_patient_pays_a_scanned_prescription_with_insurance(town: &Town) -> anyhow::Result<()> {
    let patient = enrol(town).await?;
    town.bind(patient.person).await?;
    let url = prescribe(town, patient.person).await?;
    let phone = scan(town, patient.person, &url).await?;
    phone.tap_words("去缴费").await?;
    phone.look("prescription-insured", &["医保支付"]).await?;
    phone.choose("医保支付").await?;
    phone.tap_words("去支付").await?;
    pay(&phone, patient.person).await
}

async fn a_worthless_code_shows_nothing(town: &Town) -> anyhow::Result<()> {
    let patient = enrol(town).await?;
    let url = prescribe(town, patient.person).await?;
    let payer = normal(town, 1)?;
    let altered = url.replace("/p/", "/p/A");
    let phone = scan(town, payer, &altered).await?;
    phone.look_well("prescription-unknown", &["二维码无效"]).await?;
    ensure!(phone.outcome().await? == "qr-unknown");

    town.advance(31 * 24 * 3600).await?;
    let phone = scan(town, payer, &url).await?;
    phone.look_well("prescription-expired", &["已经过期"]).await?;
    ensure!(phone.outcome().await? == "qr-expired");
    Ok(())
}

on_both_engines!(
    anybody_pays_a_scanned_prescription_in_cash,
    a_patient_pays_a_scanned_prescription_with_insurance,
    a_worthless_code_shows_nothing,
);
