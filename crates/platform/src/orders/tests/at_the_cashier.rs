//! What the payer sees and may do.

use super::parties::Fate::{AnswerLost, Refused};
use super::{PASSWORD, PAYER, Town, link_of, outcome};
use crate::cards::tests::{Browser, between};
use crate::testing::{Answered, HOSPITAL, Person, settings};
use http::StatusCode;
use medpay_store::on_both;
use medpay_store::testing::TestDb;

fn leads_to(page: &Answered) -> &str {
    between(&page.body, "data-leads-to=\"", "\"")
}

fn message(page: &Answered) -> &str {
    between(&page.body, "role=\"status\">", "</p>")
}

on_both!(the_split_is_shown_before_the_password, async |db: TestDb| {
    let town = Town::new(&db).await;
    let changes = [
        ("total_fee", "1000"),
        ("cash_add_fee", "20"),
        ("cash_add_wording", "快递费"),
        ("cash_reduced_fee", "45"),
        ("cash_reduced_wording", "1"),
    ];
    let reply = town.ask("A", &changes).await.fields();
    let page = Browser::new(&town.world).open(&link_of(&reply), PAYER, "林晴").await;
    assert_eq!(outcome(&page), "ready");
    assert!(page.body.contains("模拟环境"));
    for shown in [
        "晴川医院",
        "诊间缴费 · 门诊费用",
        "¥10.00",
        "<dt>医保支付</dt><dd>¥8.05</dd>",
        "<dt>自费支付</dt><dd>¥1.00</dd>",
        "<dt>其中快递费</dt><dd>¥0.20</dd>",
        "<dt>预交金支付</dt><dd>¥0.45</dd>",
        "<dt>其他减免</dt><dd>¥0.50</dd>",
        "医保部分由人社部门结算",
        "name=\"password\"",
        "type=\"password\"",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert!(!page.body.contains("<script"));
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    let policy = page.headers["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("default-src 'none'"), "{policy}");
});

on_both!(a_payment_leads_back_to_the_hospital, async |db: TestDb| {
    let town = Town::new(&db).await;
    let reply = town.order("A", "3", 100, 805).await;
    let link = link_of(&reply);
    let mut browser = Browser::new(&town.world);
    let page = browser.open(&link, PAYER, "林晴").await;
    let answer = browser.post(&link, &page, &[("password", PASSWORD)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let paying = browser.get(&link).await;
    assert_eq!(outcome(&paying), "paying");
    assert_eq!(between(&paying.body, "data-poll=\"", "\""), link);
    assert_eq!(paying.headers["refresh"], format!("2; url={link}").as_str());
    assert!(!paying.body.contains("name=\"password\""));
    town.work().await;
    let paid = browser.get(&link).await;
    assert_eq!((outcome(&paid), leads_to(&paid)), ("paid", "https://his.example/done"));
    assert_eq!(paid.headers["refresh"], "5; url=https://his.example/done");
});

on_both!(a_wrong_password_moves_nothing, async |db: TestDb| {
    let town = Town::new(&db).await;
    let reply = town.order("A", "1", 905, 0).await;
    let link = link_of(&reply);
    let mut browser = Browser::new(&town.world);
    let mut page = browser.open(&link, PAYER, "林晴").await;
    for (password, expected, words) in [
        ("", "ready", "请输入支付密码。"),
        ("000000", "wrong_password", "支付密码错误，还可以再试2次。"),
        ("000000", "wrong_password", "支付密码错误，还可以再试1次。"),
        ("000000", "locked", "密码错误次数过多，支付功能已锁定，请在6月20日10:00后再试。"),
    ] {
        page = browser.post(&link, &page, &[("password", password)]).await;
        assert_eq!((outcome(&page), message(&page)), (expected, words));
        assert!(!page.body.contains("000000"), "the password is not shown again");
    }
    assert!(!page.body.contains("name=\"password\""), "locked");
    town.come_to_rest().await;
    assert_eq!(town.states("A").await, "NOTPAY/NOTPAY/NOTPAY");
    assert_eq!(town.parties.heard(), "");
});

on_both!(a_silent_wallet_leaves_the_order_open, async |db: TestDb| {
    let town = Town::new(&db).await;
    let reply = town.order("A", "1", 905, 0).await;
    town.parties.lay("confirm", &[AnswerLost]);
    let page = town.pay(&reply).await;
    assert_eq!(message(&page), "支付系统暂时没有应答，请稍后再试。");
    assert_eq!(town.states("A").await, "NOTPAY/NOTPAY/NOTPAY");
    town.pay(&reply).await;
    town.work().await;
    assert_eq!(town.states("A").await, "SUCCESS/SUCCESS/NOTPAY");
});

on_both!(two_taps_pay_once, async |db: TestDb| {
    let town = Town::new(&db).await;
    let reply = town.order("A", "3", 100, 805).await;
    tokio::join!(town.pay(&reply), town.pay(&reply), town.pay(&reply));
    town.come_to_rest().await;
    town.pay(&reply).await;
    town.come_to_rest().await;
    assert_eq!(town.parties.held(), (100, 805, 1));
});

on_both!(a_refusal_is_told_and_the_form_stays, async |db: TestDb| {
    let town = Town::new(&db).await;
    town.parties.lay("capture", &[Refused("NOTENOUGH")]);
    let reply = town.order("A", "1", 905, 0).await;
    town.pay(&reply).await;
    town.work().await;
    let page = Browser::new(&town.world).open(&link_of(&reply), PAYER, "林晴").await;
    assert_eq!(outcome(&page), "refused");
    assert_eq!(message(&page), "支付未成功：零钱余额不足。您可以重新支付。");
    assert!(page.body.contains("name=\"password\""));
    town.parties.lay("settle", &[Refused("OUT_OF_SERVICE")]);
    let reply = town.order("B", "3", 100, 805).await;
    town.pay(&reply).await;
    town.work().await;
    let page = Browser::new(&town.world).open(&link_of(&reply), PAYER, "林晴").await;
    assert_eq!(outcome(&page), "returned");
    assert!(!page.body.contains("name=\"password\""));
});

on_both!(only_the_payer_sees_the_order, async |db: TestDb| {
    let town = Town::new(&db).await;
    let reply = town.order("A", "3", 100, 805).await;
    let link = link_of(&reply);
    let page = Browser::new(&town.world).open(&link, "oOther", "高远").await;
    assert_eq!((page.status, outcome(&page)), (StatusCode::FORBIDDEN, "refused"));
    assert!(!page.body.contains("晴川医院") && !page.body.contains("8.05"));
    let last = if link.ends_with('0') { '1' } else { '0' };
    let forged = format!("{}{last}", &link[..link.len() - 1]);
    let page = Browser::new(&town.world).get(&forged).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
});

on_both!(a_form_of_another_site_pays_nothing, async |db: TestDb| {
    let town = Town::new(&db).await;
    let reply = town.order("A", "1", 905, 0).await;
    let link = link_of(&reply);
    let mut browser = Browser::new(&town.world);
    let page = browser.open(&link, PAYER, "林晴").await;
    browser.headers = vec![("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    let answer = browser.post(&link, &page, &[("password", PASSWORD)]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let other = town.order("B", "1", 905, 0).await;
    let answer = browser.post(&link_of(&other), &page, &[("password", PASSWORD)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "there is no session for that link");
    assert_eq!(town.states("A").await, "NOTPAY/NOTPAY/NOTPAY");
    assert_eq!(town.states("B").await, "NOTPAY/NOTPAY/NOTPAY");
});

on_both!(a_host_that_is_not_listed_is_told_before_leaving, async |db: TestDb| {
    let mut settings = settings();
    settings.institutions[HOSPITAL].return_hosts = vec!["hospital.example".to_owned()];
    let town = Town::with(&db, settings).await;
    let reply = town.order("A", "1", 905, 0).await;
    town.pay(&reply).await;
    town.work().await;
    let page = Browser::new(&town.world).open(&link_of(&reply), PAYER, Person::LIN.name).await;
    assert_eq!((outcome(&page), leads_to(&page)), ("paid", "https://his.example/done"));
    assert!(page.body.contains("即将离开本页面") && page.body.contains("his.example"));
    assert!(!page.headers.contains_key("refresh"), "nobody leaves unasked");
});
