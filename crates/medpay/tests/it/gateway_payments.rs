//! 门诊缴费 through the real pages, at a phone's width and in large type: each kind of amount, a
//! class that insurance does not cover, a payment given up, and one whose bureau refuses.

use crate::patient::Patient;
use crate::town::{Town, on_both_engines};
use anyhow::{Context as _, ensure};
use medpay_acceptance::ready::NORMAL;

/// Somebody with a bound card and a visit card, before the list of what is to be paid.
async fn before_the_bills<'a>(town: &'a Town, behaviour: &str) -> anyhow::Result<Patient<'a>> {
    let patient = Patient::new(town, behaviour).await?;
    town.bind(patient.person).await?;
    patient.add_own_card().await?;
    patient.open("/bills").await?;
    Ok(patient)
}

/// Chooses a bill by its title.
async fn check_out(patient: &Patient<'_>, title: &str) -> anyhow::Result<()> {
    patient.open("/bills").await?;
    patient.phone.tap_words(title).await?;
    let outcome = patient.phone.outcome().await?;
    ensure!(outcome == "checkout", "{title}: {outcome}");
    Ok(())
}

/// Taps 去支付 and pays at the platform's cashier; then follows the order to where it says one of
/// `wanted`.
async fn pay(patient: &Patient<'_>, wanted: &[&str]) -> anyhow::Result<String> {
    patient.phone.tap("main form button[type=submit]").await?;
    patient.pay_at_the_cashier().await?;
    newest_order(patient).await?;
    patient.phone.until(wanted).await
}

async fn newest_order(patient: &Patient<'_>) -> anyhow::Result<()> {
    patient.open("/orders").await?;
    patient.phone.tap("nav.cells a.cell").await
}

async fn every_kind_of_bill_is_paid_on_the_phone(town: &Town) -> anyhow::Result<()> {
    let patient = before_the_bills(town, NORMAL).await?;
    let phone = &patient.phone;
    phone.look_well("bills", &["门诊缴费", "可用医保", "自费", "预防接种"]).await?;

    // (the bill, its picture, what the checkout and the order say)
    let kinds: [(&str, &str, &[&str]); 3] = [
        ("门诊缴费（自费项目）", "zero", &["0.00 元", "186.00 元"]), // 0 元医保
        ("门诊缴费（药品）", "mixed", &["70.54 元", "36.16 元"]),    // 医保 + 自费
        ("门诊缴费（化验与药品）", "insurance", &["62.20 元", "0.00 元"]), // 全额医保
    ];
    for (title, name, amounts) in kinds {
        check_out(&patient, title).await.context(name)?;
        phone.look_well(&format!("checkout-{name}"), &["医保支付", "自费支付"]).await?;
        phone.look(&format!("checkout-{name}"), amounts).await?;
        pay(&patient, &["confirmed"]).await.context(name)?;
        phone.look_well(&format!("order-{name}"), &["支付成功", "医保支付", "发票"]).await?;
        phone.look(&format!("order-{name}"), amounts).await?;
    }

    check_out(&patient, "预防接种").await?;
    phone.look_well("checkout-cash-only", &["预防接种费用只能自费支付", "自费支付"]).await?;
    ensure!(!phone.text().await?.contains("医保支付 医保"), "insurance is offered");
    pay(&patient, &["confirmed"]).await?;
    phone.look_well("order-cash-only", &["支付成功", "现金支付"]).await?;

    patient.open("/orders").await?;
    phone.look_well("orders", &["缴费记录", "已完成"]).await?;
    patient.open("/bills").await?;
    phone.look_well("bills-none", &["没有待缴费的账单"]).await?;
    Ok(())
}

async fn an_order_can_be_given_up_and_begun_anew(town: &Town) -> anyhow::Result<()> {
    let patient = before_the_bills(town, NORMAL).await?;
    let phone = &patient.phone;
    check_out(&patient, "门诊缴费（药品）").await?;
    phone.tap("main form button[type=submit]").await?;
    newest_order(&patient).await?;
    phone.look_well("order-open", &["订单等待支付", "去支付", "取消订单"]).await?;
    // Whoever goes back to the bill is led to the order that holds it.
    patient.open("/bills").await?;
    phone.look_well("bills-held", &["支付中"]).await?;
    phone.tap_words("门诊缴费（药品）").await?;
    ensure!(phone.outcome().await? == "ordered", "not led to the open order");
    phone.tap_words("取消订单").await?;
    phone.until(&["given-up"]).await?;
    phone.look_well("order-given-up", &["没有扣款"]).await?;
    // The page lets go of the bill at once, or the worker that was faster is just doing it.
    for _ in 0..200 {
        patient.open("/bills").await?;
        if !phone.text().await?.contains("支付中") {
            break;
        }
    }
    check_out(&patient, "门诊缴费（药品）").await?;
    pay(&patient, &["confirmed"]).await?;
    Ok(())
}

async fn nobody_who_has_bound_no_card_is_offered_insurance(town: &Town) -> anyhow::Result<()> {
    let patient = Patient::new(town, NORMAL).await?;
    let phone = &patient.phone;
    patient.open("/bills").await?;
    phone.look_well("bills-no-card", &["请先添加就诊卡"]).await?;
    patient.add_own_card().await?;
    check_out(&patient, "门诊缴费（药品）").await?;
    phone.look_well("checkout-not-bound", &["还没有绑定社保卡", "去绑定社保卡"]).await?;
    pay(&patient, &["confirmed"]).await?;
    phone.look("order-not-bound", &["106.70 元"]).await?;
    Ok(())
}

on_both_engines!(
    every_kind_of_bill_is_paid_on_the_phone,
    an_order_can_be_given_up_and_begun_anew,
    nobody_who_has_bound_no_card_is_offered_insurance,
);
