//! What a payer is told: by the account's own template if the payer follows it, by the platform's
//! sendmsg if not.

use crate::browser::Browser;
use crate::gateway_reminders::{arrived, desk, inbox, normal};
use crate::patient::Patient;
use crate::town::{Town, on_both_engines};
use anyhow::Context as _;
use medpay_acceptance::ready::NORMAL;

/// Pays the checkout that is open, in cash.
async fn pay_in_cash(patient: &Patient<'_>) -> anyhow::Result<()> {
    patient.phone.choose("自费支付").await?;
    patient.phone.tap_words("去支付").await?;
    patient.pay_at_the_cashier().await
}

/// A doctor prescribes; answers the desk, on which the prescription's paper lies.
async fn prescribed(town: &Town) -> anyhow::Result<Browser> {
    let desk = desk(town, normal(town, 0)).await?;
    desk.fill("form[action$='/doctor/prescribe'] input[type=number]", "2").await?;
    desk.tap("form[action$='/doctor/prescribe'] button[type=submit]").await?;
    Ok(desk)
}

/// What the code on the paper says.
async fn code(desk: &Browser) -> anyhow::Result<String> {
    let text = desk.text().await?;
    let mut words = text.split_whitespace();
    let url = words.find(|word| word.starts_with("http") && word.contains("/p/"));
    Ok(url.context("no code on the prescription")?.to_owned())
}

async fn who_pays_is_told_whether_or_not_the_account_is_followed(
    town: &Town,
) -> anyhow::Result<()> {
    let follower = normal(town, 0);
    let patient = Patient::new(town, NORMAL).await?;
    patient.add_by_hand(&follower.name, &follower.id_card).await?;
    let desk = prescribed(town).await?;
    let relative = Patient::new(town, "unsubscribed").await?;
    let url = code(&desk).await?;
    relative.open_url(&url).await?;
    relative.phone.tap_words("去缴费").await?;
    pay_in_cash(&relative).await?;
    let told = arrived(town, relative.person, "-outpatient", 1).await?;
    anyhow::ensure!(
        told.text.contains("缴费成功") && told.text.contains("订单号"),
        "{}",
        told.text
    );
    anyhow::ensure!(
        told.url.contains("/orders/") && told.url.contains("from=message"),
        "{}",
        told.url
    );
    let own = inbox(town, relative.person, "own-outpatient_paid").await?;
    anyhow::ensure!(own.is_empty(), "the own template reached somebody who does not follow");

    desk.tap_words("返回医生站").await?;
    desk.fill("form[action$='/doctor/prescribe'] input[type=number]", "1").await?;
    desk.tap("form[action$='/doctor/prescribe'] button[type=submit]").await?;
    patient.open_url(&code(&desk).await?).await?;
    patient.phone.tap_words("去缴费").await?;
    pay_in_cash(&patient).await?;
    let told = arrived(town, follower, "own-outpatient_paid", 1).await?;
    patient.open_url(&told.url).await?;
    patient.phone.look("message-paid", &["元"]).await?;
    let by_platform = inbox(town, follower, "-outpatient").await?;
    anyhow::ensure!(by_platform.is_empty(), "a follower was told twice");
    Ok(())
}

on_both_engines!(who_pays_is_told_whether_or_not_the_account_is_followed);
