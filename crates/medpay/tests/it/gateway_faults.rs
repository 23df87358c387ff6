//! What goes wrong between platform, gateway and HIS: notifications that are dropped, late,
//! repeated, overtaken or forged, and a HIS that is silent. The HIS takes note of each payment
//! exactly once.

use crate::town::{Town, key_of, on_both_engines};
use crate::walker::Walker;
use anyhow::Context as _;
use medpay_client::Transport as _;
use medpay_domain::Entropy as _;
use medpay_wire::fields::Fields;
use medpay_wire::his::bills::{DayPayment, ListDay};
use medpay_wire::sign::{self, ApiKey};
use serde_json::{Value, json};

/// What the HIS has written down today of an order.
async fn noted(town: &Town, number: &str) -> anyhow::Result<Vec<DayPayment>> {
    let day = town.now().await?.day();
    let payments = town.his(&ListDay { day }).await?.payments;
    Ok(payments.into_iter().filter(|it| it.hosp_out_trade_no.as_str() == number).collect())
}

async fn assert_noted_once(town: &Town, number: &str) -> anyhow::Result<()> {
    let lines = noted(town, number).await?;
    assert_eq!(lines.len(), 1, "the HIS has order {number} {} times", lines.len());
    assert!(!lines[0].refunded, "order {number} is refunded in the HIS");
    Ok(())
}

/// Moves business time on until the order's page says one of `wanted`.
async fn advance_until(
    town: &Town,
    walker: &Walker<'_>,
    number: &str,
    wanted: &[&str],
) -> anyhow::Result<String> {
    for _ in 0..200 {
        let says = walker.order_says(number).await?;
        if wanted.contains(&says.as_str()) {
            return Ok(says);
        }
        town.advance(30).await?;
    }
    anyhow::bail!("order {number} says {}", walker.order_says(number).await?)
}

async fn each_payment_reaches_the_his_once_however_it_is_notified(
    town: &Town,
) -> anyhow::Result<()> {
    let faults = ["drop", "delay", "reorder", "repeat", "bad_sign", "other_amount"];
    let (one, other) =
        (Walker::new(town, "normal").await?, Walker::new(town, "account_short").await?);
    let mut bills = Vec::new();
    for walker in [&one, &other] {
        bills.extend(walker.bills().await?.into_iter().map(|bill_no| (walker, bill_no)));
    }
    anyhow::ensure!(bills.len() >= faults.len(), "only {} bills wait", bills.len());
    for (kind, (walker, bill_no)) in faults.into_iter().zip(&bills) {
        town.arm(&json!({ "party": "courier", "kind": kind })).await?;
        let number = walker.buy(bill_no, "cash").await?;
        advance_until(town, walker, &number, &["confirmed"]).await.context(kind)?;
        assert_noted_once(town, &number).await.context(kind)?;
    }
    Ok(())
}

async fn a_notice_told_by_many_at_once_is_taken_once(town: &Town) -> anyhow::Result<()> {
    let walker = Walker::new(town, "normal").await?;
    let bill_no = walker.bills().await?.first().context("no bill")?.clone();
    town.arm(&json!({ "party": "courier", "kind": "drop", "times": 1000 })).await?;
    let (number, pay_url) = walker.order(&bill_no, "insurance").await?;
    walker.pay(&pay_url).await?;
    let notice = notice_of(town, &number).await?;

    // Rightly signed, but by nobody we know; then altered on the way.
    let forger = ApiKey::new("forged0forged0forged0forged0forg").context("32 characters")?;
    let mut altered = signed(&notice, &key_of(town.institution(0)));
    altered.set("total_fee", "1");
    for forged in [signed(&notice, &forger), altered] {
        assert!(!post_notice(town, &forged).await?.contains("SUCCESS"), "a forgery is taken");
    }

    let right = signed(&notice, &key_of(town.institution(0)));
    let copies = tokio::join!(
        post_notice(town, &right),
        post_notice(town, &right),
        post_notice(town, &right),
        post_notice(town, &right),
        post_notice(town, &right),
    );
    for answer in [copies.0, copies.1, copies.2, copies.3, copies.4] {
        let answer = answer?;
        assert!(answer.contains("SUCCESS"), "a right notice is refused: {answer}");
    }
    walker.until(&number, &["confirmed"]).await?;
    assert_noted_once(town, &number).await
}

/// What the platform would tell of a paid order.
async fn notice_of(town: &Town, number: &str) -> anyhow::Result<Fields> {
    let order = town.about_order("orderquery", number, &[]).await?;
    let institution = town.institution(0);
    let mut notice: Fields = [
        ("return_code", "SUCCESS"),
        ("result_code", "SUCCESS"),
        ("appid", institution.appid.as_str()),
        ("mch_id", institution.mch_id.as_str()),
        ("hosp_out_trade_no", number),
    ]
    .into_iter()
    .map(|(name, value)| (name, value.to_owned()))
    .collect();
    let told = [
        "openid",
        "med_trans_id",
        "time_end",
        "pay_type",
        "total_fee",
        "cash_fee",
        "insurance_fee",
    ];
    for name in told {
        let value = order.get(name).with_context(|| format!("{name} in {}", order.to_xml()))?;
        notice.set(name, value);
    }
    notice.set("nonce_str", medpay::system::OsEntropy.nonce());
    Ok(notice)
}

fn signed(notice: &Fields, key: &ApiKey) -> Fields {
    let mut notice = notice.clone();
    sign::sign_into(&mut notice, key);
    notice
}

async fn post_notice(town: &Town, notice: &Fields) -> anyhow::Result<String> {
    let institution = town.institution(0);
    let url = format!("{}/notify/{}", town.ready().gateway_url, institution.org_no);
    let request = http::Request::post(url).body(notice.to_xml().into())?;
    let answer = town.transport().send(request, 60_000).await?;
    Ok(String::from_utf8_lossy(answer.body()).into_owned())
}

async fn with_every_notification_dropped_no_order_is_lost(town: &Town) -> anyhow::Result<()> {
    town.arm(&json!({ "party": "courier", "kind": "drop", "times": 100_000 })).await?;
    let walker = Walker::new(town, "normal").await?;
    let mut numbers = Vec::new();
    for bill_no in walker.bills().await? {
        numbers.push(walker.buy(&bill_no, "cash").await?);
    }
    assert!(numbers.len() > 2, "too few bills to lose one");
    for number in &numbers {
        advance_until(town, &walker, number, &["confirmed"]).await?;
        assert_noted_once(town, number).await?;
    }
    Ok(())
}

fn his_down(times: u32) -> Value {
    json!({ "party": "his", "kind": "down", "times": times })
}

async fn a_his_that_is_down_for_ten_minutes_loses_nothing(town: &Town) -> anyhow::Result<()> {
    let walker = Walker::new(town, "normal").await?;
    let mut orders = Vec::new();
    for bill_no in walker.bills().await?.iter().take(2) {
        orders.push(walker.order(bill_no, "cash").await?);
    }
    town.arm(&his_down(100_000)).await?;
    for (number, pay_url) in &orders {
        walker.pay(pay_url).await?;
        // An honest state: paid, and the hospital is being told.
        walker.until(number, &["paid"]).await?;
    }
    for _ in 0..20 {
        town.advance(30).await?;
    }
    for (number, _) in &orders {
        assert_eq!(walker.order_says(number).await?, "paid");
    }
    town.disarm().await?;
    for (number, _) in &orders {
        advance_until(town, &walker, number, &["confirmed"]).await?;
        assert_noted_once(town, number).await?;
    }
    Ok(())
}

async fn a_his_that_refuses_a_paid_order_has_it_refunded(town: &Town) -> anyhow::Result<()> {
    let walker = Walker::new(town, "normal").await?;
    let bill_no = walker.bills().await?.first().context("no bill")?.clone();
    let (number, pay_url) = walker.order(&bill_no, "insurance").await?;
    town.arm(&json!({ "party": "his", "call": "confirm_bill", "kind": "refuse" })).await?;
    walker.pay(&pay_url).await?;
    advance_until(town, &walker, &number, &["refunded"]).await?;
    let order = town.about_order("orderquery", &number, &[]).await?;
    assert_eq!(order.get("med_trade_state"), Some("REFUND"), "{}", order.to_xml());
    let confirmed = noted(town, &number).await?.into_iter().filter(|it| !it.refunded).count();
    assert_eq!(confirmed, 0, "the HIS counts a payment that was given back");
    Ok(())
}

on_both_engines!(
    each_payment_reaches_the_his_once_however_it_is_notified,
    a_notice_told_by_many_at_once_is_taken_once,
    with_every_notification_dropped_no_order_is_lost,
    a_his_that_is_down_for_ten_minutes_loses_nothing,
    a_his_that_refuses_a_paid_order_has_it_refunded,
);
