//! Reminders as a patient gets them: on the phone's inbox, of what a doctor, the HIS and the
//! calendar bring about.

use crate::browser::Browser;
use crate::patient::Patient;
use crate::town::{Town, on_both_engines, openid_of};
use anyhow::Context as _;
use medpay_acceptance::ready::{NORMAL, Person};
use medpay_domain::Timestamp;
use medpay_wire::contracts::clock::Reading;
use medpay_wire::contracts::phone::{Inbox, InboxMessage};
use serde_json::json;
use std::time::Duration;

/// As wide as what a doctor works at.
const DESK: u32 = 1100;

/// Reads somebody's messages whose template's id ends in `kind`, oldest first.
pub(crate) async fn inbox(
    town: &Town,
    person: &Person,
    kind: &str,
) -> anyhow::Result<Vec<InboxMessage>> {
    let openid = openid_of(town.institution(0), person);
    let read = town.tap(&town.ready().inbox, &[("openid", json!(openid))]).await?;
    let mut messages = serde_json::from_value::<Inbox>(read)?.messages;
    messages.retain(|message| message.template_id.ends_with(kind));
    Ok(messages)
}

/// Waits until there are so many of them, and answers the newest.
pub(crate) async fn arrived(
    town: &Town,
    person: &Person,
    kind: &str,
    count: usize,
) -> anyhow::Result<InboxMessage> {
    for _ in 0..2_000 {
        let mut messages = inbox(town, person, kind).await?;
        if messages.len() >= count {
            anyhow::ensure!(messages.len() == count, "{} {kind} messages", messages.len());
            return messages.pop().context("no message was waited for");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    anyhow::bail!("{} {kind} messages came", inbox(town, person, kind).await?.len())
}

/// Moves the test clock on to so many seconds after the next midnight of Beijing.
async fn on_to_tomorrow(town: &Town, seconds: i64) -> anyhow::Result<()> {
    let read = town.tap(&town.ready().clock, &[("seconds", json!(1))]).await?;
    let now: Timestamp = serde_json::from_value::<Reading>(read)?.now;
    let wanted = now.day().end().plus_seconds(seconds);
    town.advance((wanted.as_ms() - now.as_ms()) / 1000 + 1).await
}

/// A doctor's desk with this patient's chart open.
pub(crate) async fn desk(town: &Town, person: &Person) -> anyhow::Result<Browser> {
    let desk = Browser::start(town.transport(), DESK).await?;
    let his = town.institution(0).his_url.as_deref().context("a HIS")?;
    desk.open(&format!("{his}/doctor")).await?;
    desk.tap_words(&person.name).await?;
    Ok(desk)
}

pub(crate) fn normal(town: &Town, index: usize) -> &Person {
    let mut persons = town.ready().persons.iter().filter(|person| person.behaviour == NORMAL);
    persons.nth(index).expect("a person")
}

async fn an_unbound_patient_is_reminded_to_bind_once(town: &Town) -> anyhow::Result<()> {
    on_to_tomorrow(town, 10 * 3600).await?;
    let (person, relative) = (normal(town, 0), normal(town, 1));
    let patient = Patient::new(town, NORMAL).await?;
    patient.add_by_hand(&person.name, &person.id_card).await?;
    let reminder = arrived(town, person, "own-bind_reminder", 1).await?;
    anyhow::ensure!(reminder.text.contains("未绑定电子社保卡"), "{}", reminder.text);
    patient.open_url(&reminder.url).await?;
    patient.phone.look("reminder-bind", &["社保卡"]).await?;

    // A relative's card a day later says nothing new, and what is said after it shows that it was
    // looked at.
    on_to_tomorrow(town, 10 * 3600).await?;
    patient.add_by_hand(&relative.name, &relative.id_card).await?;
    let desk = desk(town, relative).await?;
    desk.tap("form[action$='/doctor/report'] button").await?;
    arrived(town, person, "own-result_ready", 1).await?;
    arrived(town, person, "own-bind_reminder", 1).await?;
    Ok(())
}

async fn a_bound_patient_is_reminded_to_pay_and_not_to_bind(town: &Town) -> anyhow::Result<()> {
    on_to_tomorrow(town, 10 * 3600).await?;
    let person = normal(town, 0);
    town.bind(person).await?;
    let patient = Patient::new(town, NORMAL).await?;
    patient.add_by_hand(&person.name, &person.id_card).await?;
    let desk = desk(town, person).await?;
    desk.fill("form[action$='/doctor/prescribe'] input[type=number]", "2").await?;
    desk.tap("form[action$='/doctor/prescribe'] button[type=submit]").await?;
    let reminder = arrived(town, person, "own-payment_reminder", 1).await?;
    anyhow::ensure!(reminder.text.contains("支持医保/自费在线缴费"), "{}", reminder.text);
    patient.open_url(&reminder.url).await?;
    anyhow::ensure!(patient.phone.outcome().await? == "checkout", "{}", reminder.url);
    patient.phone.look("reminder-payment", &["元"]).await?;

    desk.tap_words("重新通知患者").await?;
    desk.open(&format!("{}/doctor", town.institution(0).his_url.as_deref().context("a HIS")?))
        .await?;
    desk.tap_words(&person.name).await?;
    desk.tap("form[action$='/doctor/report'] button").await?;
    let ready = arrived(town, person, "own-result_ready", 1).await?;
    patient.open_url(&ready.url).await?;
    anyhow::ensure!(patient.phone.outcome().await? == "report", "{}", ready.url);
    patient.phone.look("reminder-result", &["报告"]).await?;
    arrived(town, person, "own-payment_reminder", 1).await?;
    let to_bind = inbox(town, person, "own-bind_reminder").await?;
    anyhow::ensure!(to_bind.is_empty(), "somebody who has bound a card was told to");
    Ok(())
}

async fn a_booked_visit_is_reminded_of_in_its_morning(town: &Town) -> anyhow::Result<()> {
    on_to_tomorrow(town, 10 * 3600).await?;
    let person = normal(town, 0);
    let patient = Patient::new(town, NORMAL).await?;
    patient.add_by_hand(&person.name, &person.id_card).await?;
    patient.open("/register").await?;
    patient.phone.tap_words("全科医学科").await?;
    patient.phone.tap_words("普通号").await?;
    patient.phone.tap("nav[aria-label*='明天'] a.cell:last-of-type").await?;
    patient.phone.tap("main form button[type=submit]").await?;
    patient.phone.tap("#on-the-day").await?;
    let none = inbox(town, person, "own-visit_reminder").await?;
    anyhow::ensure!(none.is_empty(), "the visit is tomorrow");

    on_to_tomorrow(town, 7 * 3600 + 30 * 60).await?;
    let reminder = arrived(town, person, "own-visit_reminder", 1).await?;
    anyhow::ensure!(reminder.text.contains("支付并取号"), "{}", reminder.text);
    patient.open_url(&reminder.url).await?;
    anyhow::ensure!(patient.phone.outcome().await? == "pickup", "{}", reminder.url);
    patient.phone.look("reminder-visit", &["取号"]).await?;
    Ok(())
}

on_both_engines!(
    an_unbound_patient_is_reminded_to_bind_once,
    a_bound_patient_is_reminded_to_pay_and_not_to_bind,
    a_booked_visit_is_reminded_of_in_its_morning,
);
