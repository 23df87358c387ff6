//! The patient's pages in a real Chromium, as wide as the smallest phone: the bind page, the
//! cashier, and what they say when something is wrong. Pictures are kept in `target/screens/`.

use crate::browser::Browser;
use crate::town::{Amounts, Town, on_both_engines};
use anyhow::Context as _;

/// The narrowest phone that the pages must suit, in CSS pixels.
const NARROW: u32 = 320;

/// Opens a link as a person: the sandbox asks whose phone this is, once.
async fn open_as(browser: &Browser, url: &str, person: &str) -> anyhow::Result<()> {
    browser.open(url).await?;
    if browser.text().await?.contains("这是谁的手机") {
        browser.look("sandbox-whose-phone", &["模拟环境"]).await?;
        browser.tap(&format!("button[value='{person}']")).await?;
    }
    Ok(())
}

async fn a_patient_binds_and_pays_on_a_narrow_phone(town: &Town) -> anyhow::Result<()> {
    let person = town.person("normal");
    let phone = Browser::start(town.transport(), NARROW).await?;

    let bind_url = town.bind_url(person).await?;
    open_as(&phone, &bind_url, town.person_id(person)).await?;
    phone.look("bind-form", &["绑定", "姓名", "社保卡号", "模拟环境"]).await?;

    // A wrong card number is said, and what was typed right is still there.
    phone.fill("[name=name]", &person.name).await?;
    phone.fill("[name=id_no]", &person.id_card).await?;
    phone.fill("[name=medical_card_no]", "A99999999").await?;
    phone.tap("form button[type=submit], form [type=submit]").await?;
    assert_eq!(phone.outcome().await?, "refused");
    phone.look("bind-refused", &["社保卡"]).await?;

    phone.open(&bind_url).await?;
    phone.fill("[name=name]", &person.name).await?;
    phone.fill("[name=id_no]", &person.id_card).await?;
    phone.fill("[name=medical_card_no]", town.card_of(person)).await?;
    phone.tap("form button[type=submit], form [type=submit]").await?;
    phone.until(&["bound"]).await?;
    phone.look("bind-bound", &["绑定成功"]).await?;

    let pay_url = town.order(person, "PAGES0001", 3, Amounts::of(400, 600)).await?;
    phone.open(&pay_url).await?;
    phone.look("cashier", &["10.00", "4.00", "6.00", "密码", "模拟环境"]).await?;

    phone.fill("[name=password]", "000000").await?;
    phone.tap("form button[type=submit], form [type=submit]").await?;
    assert_eq!(phone.outcome().await?, "wrong_password");
    phone.look("cashier-wrong-password", &["密码"]).await?;

    phone.fill("[name=password]", &person.password).await?;
    phone.tap("form button[type=submit], form [type=submit]").await?;
    phone.until(&["paid"]).await?;
    phone.look("cashier-paid", &["支付成功"]).await?;
    Ok(())
}

async fn a_stranger_sees_nothing_of_anothers_order(town: &Town) -> anyhow::Result<()> {
    let payer = town.person("normal");
    let stranger = town.person("wallet_short");
    let pay_url = town.order(payer, "PAGES0002", 1, Amounts::of(500, 0)).await?;
    let phone = Browser::start(town.transport(), NARROW).await?;
    open_as(&phone, &pay_url, town.person_id(stranger)).await?;
    let text = phone.text().await.context("the page of a stranger")?;
    assert!(!text.contains("5.00"), "the amount is shown to a stranger: {text}");
    assert!(!text.contains(&payer.name), "the payer is shown to a stranger");
    phone.look("cashier-of-another", &[]).await?;
    Ok(())
}

on_both_engines!(
    a_patient_binds_and_pays_on_a_narrow_phone,
    a_stranger_sees_nothing_of_anothers_order,
);
