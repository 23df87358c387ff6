//! Refunds as a patient asks for them on the phone: given at once, or left to staff, who decide by
//! command; and the book of the HIS after that.

use crate::browser::Browser;
use crate::patient::Patient;
use crate::town::{Town, on_both_engines};
use anyhow::{Context as _, ensure};
use medpay_acceptance::ready::NORMAL;
use std::process::{Command, Output};

/// As wide as what a doctor works at.
const DESK: u32 = 1100;
/// The bill that is paid by insurance and cash.
const BILL: &str = "门诊缴费（药品）";

/// Somebody with a bound card and a visit card who has paid a bill, before its order.
async fn paid(town: &Town) -> anyhow::Result<Patient<'_>> {
    let patient = Patient::new(town, NORMAL).await?;
    town.bind(patient.person).await?;
    let phone = &patient.phone;
    patient.add_own_card().await?;
    patient.open("/bills").await?;
    phone.tap_words(BILL).await?;
    phone.tap("main form button[type=submit]").await?;
    patient.pay_at_the_cashier().await?;
    patient.open("/orders").await?;
    phone.tap("nav.cells a.cell").await?;
    phone.until(&["confirmed"]).await?;
    Ok(patient)
}

/// Asks for the money back, and leads to the order's page.
async fn want_back(patient: &Patient<'_>, reason: &str) -> anyhow::Result<()> {
    let phone = &patient.phone;
    phone.tap_words("申请退款").await?;
    phone.look_well("refund-ask", &["申请退款", "将退回", "36.16 元", "23:59:59"]).await?;
    phone.fill("[name=reason]", reason).await?;
    phone.tap_words("确认申请退款").await
}

/// The number of the order before which the patient stands.
async fn number(patient: &Patient<'_>) -> anyhow::Result<String> {
    let address = patient.phone.address().await?;
    let number = address.split("/orders/").nth(1).and_then(|rest| rest.split(['?', '/']).next());
    Ok(number.context(address.clone())?.to_owned())
}

fn medpay(town: &Town, words: &[&str], config: &str, file: &str) -> anyhow::Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_medpay"));
    command.args(words).arg(config).arg(town.data().join(file));
    command.output().context("medpay can be started")
}

fn queue(town: &Town, words: &[&str]) -> anyhow::Result<Output> {
    medpay(town, &[&["gateway", "queue"], words].concat(), "--config", "gateway.toml")
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// The books of the gateway and the HIS are equal.
fn audited(town: &Town) -> anyhow::Result<()> {
    let audit = medpay(town, &["audit"], "--gateway-config", "gateway.toml")?;
    ensure!(audit.status.success(), "{}", said(&audit));
    ensure!(said(&audit).contains("book 2 is equal"), "{}", said(&audit));
    Ok(())
}

async fn a_patient_asks_and_the_money_comes_back(town: &Town) -> anyhow::Result<()> {
    let patient = paid(town).await?;
    audited(town)?;
    want_back(&patient, "不需要了").await?;
    patient.phone.until(&["refunded"]).await?;
    patient.phone.look_well("refund-done", &["已退款", "36.16 元", "70.54 元"]).await?;
    let number = number(&patient).await?;
    // Whoever opens the form again is told that it is done.
    patient.open(&format!("/orders/{number}/refund")).await?;
    ensure!(patient.phone.outcome().await? == "refunded");
    let listed = queue(town, &["list"])?;
    ensure!(listed.status.success(), "{}", said(&listed));
    audited(town)
}

/// The pharmacy hands the medicine out: from now on the HIS refuses what a patient asks for.
async fn hand_out_the_medicine(town: &Town, patient: &Patient<'_>) -> anyhow::Result<()> {
    let desk = Browser::start(town.transport(), DESK).await?;
    let his = town.institution(0).his_url.as_deref().context("a HIS")?;
    desk.open(&format!("{his}/doctor")).await?;
    desk.tap_words(&patient.person.name).await?;
    desk.tap("form[action$='/doctor/done'] button").await
}

async fn what_the_his_refuses_staff_decide(town: &Town) -> anyhow::Result<()> {
    let patient = paid(town).await?;
    hand_out_the_medicine(town, &patient).await?;
    want_back(&patient, "开错了药").await?;
    patient.phone.until(&["refund-with-staff"]).await?;
    patient.phone.look_well("refund-with-staff", &["已转人工处理"]).await?;
    let number = number(&patient).await?;

    let listed = queue(town, &["list"])?;
    ensure!(listed.status.code() == Some(1), "{}", said(&listed));
    ensure!(said(&listed).contains(&format!("refund_not_granted {number}")), "{}", said(&listed));
    let begun = queue(town, &["refund", &number, "--by", "值班药师", "--reason", "药品已退"])?;
    ensure!(begun.status.success(), "{}", said(&begun));
    patient.phone.open(&patient.phone.address().await?).await?;
    // The page moves by itself while the refund does.
    patient.phone.until(&["refunded"]).await?;
    patient.phone.look_well("refund-by-staff", &["已退款"]).await?;

    let again = queue(town, &["refund", &number, "--by", "值班药师"])?;
    ensure!(again.status.code() == Some(1), "{}", said(&again));
    let listed = queue(town, &["list"])?;
    ensure!(listed.status.success(), "{}", said(&listed));
    let unknown = queue(town, &["confirm", "NOBODYS", "--by", "值班药师"])?;
    ensure!(unknown.status.code() == Some(1), "{}", said(&unknown));
    audited(town)
}

on_both_engines!(a_patient_asks_and_the_money_comes_back, what_the_his_refuses_staff_decide,);
