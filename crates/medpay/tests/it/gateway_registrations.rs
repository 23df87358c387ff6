//! 我要挂号 and 在线取号 on a patient's phone: today, ahead, and of what was booked elsewhere.

use crate::patient::Patient;
use crate::town::{Town, on_both_engines};
use anyhow::ensure;
use medpay_acceptance::ready::NORMAL;

/// A patient with a bound card and a visit card.
async fn insured(town: &Town) -> anyhow::Result<Patient<'_>> {
    let patient = Patient::new(town, NORMAL).await?;
    town.bind(patient.person).await?;
    patient.add_by_hand(&patient.person.name, &patient.person.id_card).await?;
    Ok(patient)
}

/// Books the last place of the day with this word, at the first doctor of 全科医学科.
async fn book(patient: &Patient<'_>, day: &str) -> anyhow::Result<()> {
    let phone = &patient.phone;
    patient.open("/register").await?;
    phone.look_well("register-departments", &["选择科室", "全科医学科"]).await?;
    phone.tap_words("全科医学科").await?;
    phone.look_well("register-doctors", &["选择医生", "普通号"]).await?;
    phone.tap_words("普通号").await?;
    phone.look_well("register-times", &[day, "元", "余"]).await?;
    phone.tap(&format!("nav[aria-label*='{day}'] a.cell:last-of-type")).await?;
    ensure!(phone.outcome().await? == "confirm", "{}", phone.text().await?);
    let name = format!("register-confirm-{}", if day == "今天" { "today" } else { "ahead" });
    phone.look_well(&name, &["确认预约", "为谁挂号", "15.00"]).await?;
    phone.tap("main form button[type=submit]").await
}

/// Pays what the checkout offers first, and comes back to the hospital's own page of the order.
async fn pay(patient: &Patient<'_>) -> anyhow::Result<()> {
    let phone = &patient.phone;
    ensure!(phone.outcome().await? == "checkout", "no checkout: {}", phone.text().await?);
    phone.tap("main form button[type=submit]").await?;
    patient.pay_at_the_cashier().await?;
    patient.open("/orders").await?;
    phone.tap("main a.cell").await?;
    phone.until(&["confirmed"]).await?;
    Ok(())
}

/// Moves the test clock on to the morning of the next day.
async fn on_to_tomorrow(town: &Town) -> anyhow::Result<()> {
    let now = town.now().await?;
    let wanted = now.day().end().plus_seconds(9 * 3600);
    town.advance((wanted.as_ms() - now.as_ms()) / 1000 + 1).await
}

async fn a_registration_of_today_is_paid_by_insurance(town: &Town) -> anyhow::Result<()> {
    let patient = insured(town).await?;
    let phone = &patient.phone;
    book(&patient, "今天").await?;
    ensure!(phone.outcome().await? == "pay-today", "{}", phone.text().await?);
    phone.look_well("booking-today", &["可以用医保或自费", "去支付", "取消挂号"]).await?;
    phone.tap("#pay").await?;
    phone.look_well("checkout-registration", &["医保支付", "自费支付"]).await?;
    pay(&patient).await?;
    phone.look_well("registration-paid", &["15.00"]).await?;

    patient.open("/registrations").await?;
    phone.look_well("registrations", &[patient.person.name.as_str(), "全科医学科"]).await?;
    phone.tap("main nav.cells a.cell").await?;
    let outcome = phone.outcome().await?;
    ensure!(["number-taken", "take-number"].contains(&outcome.as_str()), "{outcome}");
    if outcome == "take-number" {
        phone.tap("#pickup").await?;
        phone.tap("main form button[type=submit]").await?;
    }
    phone.look_well("booking-number", &["已取号", "排队号", "门诊楼1层A区"]).await
}

async fn ahead_the_patient_pays_on_the_day_with_insurance(town: &Town) -> anyhow::Result<()> {
    let patient = insured(town).await?;
    let phone = &patient.phone;
    book(&patient, "明天").await?;
    ensure!(phone.outcome().await? == "pay-ahead", "{}", phone.text().await?);
    phone.look_well("booking-ahead", &["只能在就诊当天用医保支付", "现在自费支付"]).await?;
    phone.tap("#on-the-day").await?;
    ensure!(phone.outcome().await? == "pay-on-the-day", "{}", phone.text().await?);
    phone.look_well("booking-on-the-day", &["已选择到就诊当天支付", "当天会提醒您"]).await?;
    patient.open("/pickup").await?;
    ensure!(phone.outcome().await? == "none", "the visit is tomorrow");
    phone.look_well("pickup-none", &["今天没有需要取号的挂号"]).await?;

    on_to_tomorrow(town).await?;
    patient.open("/pickup").await?;
    phone.look_well("pickup-to-pay", &["先支付挂号费", "15.00"]).await?;
    phone.tap_words("先支付挂号费").await?;
    ensure!(phone.text().await?.contains("医保支付"), "{}", phone.text().await?);
    pay(&patient).await?;
    patient.open("/pickup").await?;
    if phone.text().await?.contains("取号") && !phone.text().await?.contains("排队号") {
        phone.tap("main form button[type=submit]").await?;
    }
    patient.open("/pickup").await?;
    phone.look_well("pickup-taken", &["排队号", "101-"]).await
}

async fn ahead_in_cash_now_and_the_number_on_the_day(town: &Town) -> anyhow::Result<()> {
    let patient = insured(town).await?;
    let phone = &patient.phone;
    book(&patient, "明天").await?;
    phone.tap("#now").await?;
    // An offer of insurance tells its two parts.
    let says = phone.text().await?;
    ensure!(!says.contains("元，现金"), "insurance is offered for tomorrow: {says}");
    phone.look_well("checkout-ahead", &["自费支付", "就诊日期"]).await?;
    pay(&patient).await?;
    patient.open("/registrations").await?;
    phone.tap("main nav.cells a.cell").await?;
    ensure!(phone.outcome().await? == "take-number-on-the-day", "{}", phone.text().await?);
    phone.look_well("booking-paid-ahead", &["就诊当天请先在线取号"]).await?;

    on_to_tomorrow(town).await?;
    patient.open("/pickup").await?;
    phone.look_well("pickup-to-take", &["取号"]).await?;
    phone.tap("main form button[type=submit]").await?;
    ensure!(phone.outcome().await? == "number-taken", "{}", phone.text().await?);
    phone.look_well("booking-number-taken", &["已取号", "101-"]).await
}

async fn an_unpaid_registration_is_cancelled(town: &Town) -> anyhow::Result<()> {
    let patient = insured(town).await?;
    let phone = &patient.phone;
    book(&patient, "明天").await?;
    phone.tap("#cancel").await?;
    phone.look_well("booking-cancel", &["取消挂号", "号源会让给其他患者"]).await?;
    phone.tap_words("确认取消").await?;
    ensure!(phone.outcome().await? == "nothing", "{}", phone.text().await?);
    phone.look_well("booking-cancelled", &["已取消"]).await
}

async fn a_booking_made_elsewhere_is_paid_in_cash_and_picked_up(town: &Town) -> anyhow::Result<()> {
    // 黄三省 has booked by telephone for today; a relative adds the card and pays.
    let booked = town.ready().persons.iter().find(|person| person.name == "黄三省");
    let booked = booked.expect("who has a booking of the sandbox");
    let relative = Patient::new(town, NORMAL).await?;
    let phone = &relative.phone;
    relative.add_by_hand(&booked.name, &booked.id_card).await?;
    relative.open("/pickup").await?;
    phone.look_well("pickup-elsewhere", &["其他渠道预约", "先支付挂号费"]).await?;
    phone.tap_words("先支付挂号费").await?;
    let says = phone.text().await?;
    ensure!(!says.contains("元，现金"), "another person's insurance is offered: {says}");
    pay(&relative).await?;
    relative.open("/pickup").await?;
    if !phone.text().await?.contains("排队号") {
        phone.tap("main form button[type=submit]").await?;
    }
    phone.look_well("pickup-elsewhere-taken", &["排队号", "101-"]).await?;

    // A stranger with the address of the booking sees nothing of it.
    relative.open("/registrations").await?;
    phone.tap("main nav.cells a.cell").await?;
    let address = phone.address().await?;
    let stranger = Patient::new(town, "wallet_short").await?;
    stranger.open_url(&address).await?;
    ensure!(stranger.phone.outcome().await? == "not-found", "{}", stranger.phone.text().await?);
    Ok(())
}

async fn results_are_listed_and_read(town: &Town) -> anyhow::Result<()> {
    let patient = insured(town).await?;
    let phone = &patient.phone;
    patient.open("/results").await?;
    phone.look_well("results", &["报告查看", patient.person.name.as_str()]).await?;
    phone.tap("main nav.cells a.cell").await?;
    ensure!(phone.outcome().await? == "report", "{}", phone.text().await?);
    phone.look_well("result", &["参考范围", patient.person.name.as_str()]).await?;
    let address = phone.address().await?;
    let stranger = Patient::new(town, "wallet_short").await?;
    stranger.open_url(&address).await?;
    ensure!(stranger.phone.outcome().await? == "not-found", "{}", stranger.phone.text().await?);
    Ok(())
}

on_both_engines!(
    a_registration_of_today_is_paid_by_insurance,
    ahead_the_patient_pays_on_the_day_with_insurance,
    ahead_in_cash_now_and_the_number_on_the_day,
    an_unpaid_registration_is_cancelled,
    a_booking_made_elsewhere_is_paid_in_cash_and_picked_up,
    results_are_listed_and_read,
);
