//! A pay code that a patient shows at a window, from the scanner's box to the receipt.

use crate::browser::Browser;
use crate::patient::Patient;
use crate::town::{Town, on_both_engines, openid_of};
use anyhow::{Context as _, ensure};
use medpay_acceptance::ready::{NORMAL, Person};
use serde_json::json;

/// As wide as what a window works at.
const DESK: u32 = 1100;
/// How often a page is looked at before a wait is given up.
const LOOKS: usize = 500;

/// Makes the first person a patient, and answers the window with the chart open.
async fn window(town: &Town) -> anyhow::Result<(Patient<'_>, Browser)> {
    let patient = Patient::new(town, NORMAL).await?;
    patient.add_own_card().await?;
    let desk = Browser::start(town.transport(), DESK).await?;
    let his = town.institution(0).his_url.as_deref().context("a HIS")?;
    desk.open(&format!("{his}/window")).await?;
    desk.tap_words(&patient.person.name).await?;
    Ok((patient, desk))
}

/// Scans the code on somebody's phone for an ordinary bill.
async fn scan(town: &Town, desk: &Browser, of: &Person, how: &[&str]) -> anyhow::Result<()> {
    let openid = openid_of(town.institution(0), of);
    let shown = town.tap(&town.ready().auth_code, &[("openid", json!(openid))]).await?;
    let code = shown["auth_code"].as_str().context("a pay code")?;
    desk.choose("普通门诊").await?;
    for words in how {
        desk.choose(words).await?;
    }
    desk.fill("[name=auth_code]", code).await?;
    desk.tap("form[action$='/window/scan'] button[type=submit]").await
}

/// Looks at the scan's page until it says `words`.
async fn until(desk: &Browser, words: &str) -> anyhow::Result<()> {
    let page = desk.address().await?;
    for _ in 0..LOOKS {
        if desk.text().await?.contains(words) {
            return Ok(());
        }
        desk.open(&page).await?;
    }
    anyhow::bail!("the window never said {words:?}; it says: {}", desk.text().await?)
}

async fn a_code_at_the_window_is_paid_on_the_phone(town: &Town) -> anyhow::Result<()> {
    let (patient, desk) = window(town).await?;
    town.bind(patient.person).await?;
    scan(town, &desk, patient.person, &[]).await?;
    until(&desk, "输入密码").await?;
    desk.look("window-waiting", &["扫码收费", "输入密码"]).await?;
    let paid = town.pay(patient.person, "").await?;
    ensure!(paid["ok"] == true, "not paid: {paid}");
    until(&desk, "支付完成").await?;
    desk.look("window-confirmed", &["支付完成"]).await
}

async fn a_registration_at_the_window_is_reported_with_the_scan(town: &Town) -> anyhow::Result<()> {
    let (patient, desk) = window(town).await?;
    town.bind(patient.person).await?;
    desk.tap("form[action$='/window/register'] button[type=submit]").await?;
    scan(town, &desk, patient.person, &["同时上报今天的挂号"]).await?;
    until(&desk, "输入密码").await?;
    let paid = town.pay(patient.person, "").await?;
    ensure!(paid["ok"] == true, "not paid: {paid}");
    until(&desk, "支付完成").await
}

async fn a_code_of_somebody_else_or_without_a_card_is_refused(town: &Town) -> anyhow::Result<()> {
    let (patient, desk) = window(town).await?;
    let chart = desk.address().await?;
    scan(town, &desk, patient.person, &[]).await?;
    until(&desk, "尚未绑定社保卡").await?;
    desk.look("window-unbound", &["尚未绑定社保卡"]).await?;

    let mut others = town.ready().persons.iter().filter(|person| person.behaviour == NORMAL);
    let other = others.nth(1).context("another person")?;
    town.bind(other).await?;
    desk.open(&chart).await?;
    scan(town, &desk, other, &[]).await?;
    until(&desk, "不是同一人").await?;

    // In cash anybody may pay.
    desk.open(&chart).await?;
    scan(town, &desk, other, &["全部自费"]).await?;
    until(&desk, "输入密码").await?;
    desk.tap_words("取消收费").await?;
    until(&desk, "已取消").await
}

on_both_engines!(
    a_code_at_the_window_is_paid_on_the_phone,
    a_registration_at_the_window_is_reported_with_the_scan,
    a_code_of_somebody_else_or_without_a_card_is_refused,
);
