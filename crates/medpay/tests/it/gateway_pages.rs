//! The pages that only say something: home, the person's own page, help, guide, feedback, reports. And
//! what is not a patient's to see, and what another site may not do.

use crate::patient::Patient;
use crate::town::{Town, on_both_engines};
use crate::walker::Walker;
use anyhow::ensure;
use medpay_acceptance::ready::NORMAL;

async fn every_page_that_only_says_something(town: &Town) -> anyhow::Result<()> {
    let patient = Patient::new(town, NORMAL).await?;
    let (phone, person) = (&patient.phone, patient.person);
    patient.open("").await?;
    phone.look_well("home", &["我要挂号", "门诊缴费", "社保卡", "就诊卡"]).await?;
    patient.open("/results").await?;
    phone.look_well("results-no-card", &["添加就诊卡"]).await?;
    patient.add_by_hand(&person.name, &person.id_card).await?;
    for (path, name, words) in [
        ("/me", "me", ["我的信息", "就诊卡"]),
        ("/help", "help", ["常见问题", "发票"]),
        ("/guide", "guide", ["就诊指引", "内科"]),
        ("/results", "results", ["报告查看", "血常规"]),
        ("/registrations", "registrations-none", ["我的挂号", "挂号"]),
        ("/pickup", "pickup-none", ["在线取号", "取号"]),
    ] {
        patient.open(path).await?;
        phone.look_well(name, &words).await?;
    }
    patient.open("/guide").await?;
    phone.tap_words("内科").await?;
    phone.look_well("guide-department", &["内科"]).await?;
    patient.open("/results").await?;
    phone.tap_words("血常规").await?;
    phone.look_well("report", &["血常规", "参考范围"]).await?;
    patient.open("/feedback").await?;
    phone.look_well("feedback", &["就医反馈"]).await?;
    phone.choose("页面使用").await?;
    phone.fill("[name=content]", "<script>alert(1)</script> 排队时间长").await?;
    phone.tap("main form button[type=submit]").await?;
    phone.look_well("feedback-received", &["收到"]).await?;

    // Large type stays for the next pages.
    patient.open("/font?size=large").await?;
    patient.open("/help").await?;
    phone.look("help-large-kept", &["标准字号"]).await
}

async fn what_is_not_a_patients_own_is_refused(town: &Town) -> anyhow::Result<()> {
    let owner = Walker::new(town, NORMAL).await?;
    let other = Walker::new(town, "account_short").await?;
    let bill_no = owner.bills().await?[0].clone();
    let card = owner.card().to_owned();
    let (number, _) = owner.order(&bill_no, "cash").await?;
    let unknown = other.open("/orders/20260101000000nobodys").await?;
    for path in [
        format!("/orders/{number}"),
        format!("/orders/{number}/refund"),
        format!("/bills?card={card}"),
        format!("/checkout?bill={bill_no}&card={card}"),
        format!("/checkout?bill={bill_no}&card={}", other.card()),
        format!("/checkout?bill={bill_no}&qr=forged.token"),
        format!("/results?card={card}"),
        format!("/visit-cards/{card}/remove"),
        "/p/forged.token".to_owned(),
    ] {
        let page = other.open(&path).await?;
        ensure!((400..500).contains(&page.status), "{path} is answered with {}", page.status);
        ensure!(!page.body.contains(owner.name()), "{path} tells whose it is");
    }
    ensure!(unknown.status == 404, "an unknown order is answered with {}", unknown.status);
    Ok(())
}

async fn another_site_can_post_nothing_and_lead_nowhere(town: &Town) -> anyhow::Result<()> {
    let walker = Walker::new(town, NORMAL).await?;
    let form = walker.open("/feedback").await?;
    let csrf = form.hidden("csrf")?;
    let fields = [("category", "other".to_owned()), ("content", "外站".to_owned())];
    let without = walker.post("/feedback", &fields).await?;
    ensure!(without.status == 403, "a form without csrf is answered with {}", without.status);
    let mut whole = fields.to_vec();
    whole.push(("csrf", csrf));
    let foreign = walker.post_from("https://evil.example", "/feedback", &whole).await?;
    ensure!(foreign.status == 403, "a cross-site post is answered with {}", foreign.status);

    // A login that nobody asked for, and one that was used.
    for path in ["/login?code=stolen&state=made-up", "/login?code=x", "/login"] {
        let page = walker.open(path).await?;
        ensure!(page.status == 403, "{path} is answered with {}", page.status);
    }
    // Wherever a link says it leads, it stays here.
    let font = walker.open("/font?size=large&next=https://evil.example/").await?;
    ensure!(font.url.starts_with(&town.ready().gateway_url), "led away to {}", font.url);
    Ok(())
}

on_both_engines!(
    every_page_that_only_says_something,
    what_is_not_a_patients_own_is_refused,
    another_site_can_post_nothing_and_lead_nowhere,
);
