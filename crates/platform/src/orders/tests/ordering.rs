//! Making, repeating and closing orders.

use super::parties::Fate::{Refused, RequestLost};
use super::{PASSWORD, PAYER, Town, fees, link_of, outcome, usual};
use crate::cards::tests::{Browser, bind};
use crate::orders::notify_url;
use crate::settings::Environment;
use crate::testing::{HOSPITAL, Person, UNDER_PROVIDER, settings};
use medpay_domain::Fen;
use medpay_store::testing::TestDb;
use medpay_store::{args, on_both};
use medpay_wire::contracts::bureau::Split;

/// How many orders there are.
async fn orders(town: &Town) -> i64 {
    let count = town
        .app()
        .store
        .read("count orders", |tx| {
            Box::pin(async move { tx.one("SELECT COUNT(*) FROM orders", args![]).await?.get(0) })
        })
        .await;
    count.unwrap_or_else(|error: medpay_store::StoreError| panic!("{error}"))
}

on_both!(the_same_request_gets_the_same_order, async |db: TestDb| {
    let town = Town::new(&db).await;
    let first = town.order("A", "3", 100, 805).await;
    let id = first.get("med_trans_id").expect("a number").to_owned();
    assert_eq!(id.len(), 28);
    assert!(id.starts_with("20180620090000") && id.bytes().all(|b| b.is_ascii_digit()));
    let again = town.order("A", "3", 100, 805).await;
    assert_eq!(again.get("med_trans_id"), Some(id.as_str()));
    assert_ne!(again.get("pay_url"), first.get("pay_url"), "a fresh link");
    assert_eq!(town.ask("A", &fees("3", 101, 804)).await.word(), "OUT_TRADE_NO_USED");
    assert_eq!(town.ask("A", &[("body", "别的费用")]).await.word(), "OUT_TRADE_NO_USED");
    assert_eq!(town.ask("A", &[("unknown_element", "x")]).await.word(), "SUCCESS");
    town.pay(&first).await;
    assert_eq!(town.ask("A", &[]).await.word(), "SUCCESS", "still being paid");
    town.work().await;
    assert_eq!(town.ask("A", &[]).await.word(), "ORDERPAID");
    assert_eq!(town.about("closeorder", "A").await.word(), "ORDERPAID");
    assert_eq!(orders(&town).await, 1);
});

on_both!(a_request_that_comes_twice_at_once_makes_one_order, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (a, b, c) = tokio::join!(town.ask("A", &[]), town.ask("A", &[]), town.ask("A", &[]));
    let ids = [&a, &b, &c].map(|answer| answer.fields().get("med_trans_id").map(str::to_owned));
    assert!(ids[0].is_some() && ids[0] == ids[1] && ids[1] == ids[2], "{ids:?}");
    assert_eq!(orders(&town).await, 1);
});

on_both!(a_closed_order_stays_closed, async |db: TestDb| {
    let town = Town::new(&db).await;
    assert_eq!(town.about("closeorder", "A").await.word(), "ORDERNOTEXIST");
    assert_eq!(town.about("orderquery", "A").await.word(), "ORDERNOTEXIST");
    let reply = town.order("A", "3", 100, 805).await;
    assert_eq!(town.about("closeorder", "A").await.word(), "SUCCESS");
    assert_eq!(town.about("closeorder", "A").await.word(), "ORDERCLOSED");
    assert_eq!(town.states("A").await, "CLOSED/CLOSED/CLOSED");
    assert_eq!(town.ask("A", &[]).await.word(), "ORDERCLOSED");
    town.pay(&reply).await;
    town.come_to_rest().await;
    assert_eq!((town.parties.heard().as_str(), town.parties.held()), ("", (0, 0, 0)));
    let id = reply.get("med_trans_id").expect("a number");
    let by_id = town.world.call(HOSPITAL, "orderquery", &[("med_trans_id", id)]).await;
    assert_eq!(by_id.fields().get("hosp_out_trade_no"), Some("A"));
    let other = town.world.call(UNDER_PROVIDER, "orderquery", &[("med_trans_id", id)]).await;
    assert_eq!(other.word(), "ORDERNOTEXIST", "another merchant's order is not there");
});

on_both!(closing_and_paying_at_once_does_one_of_them, async |db: TestDb| {
    let town = Town::new(&db).await;
    for number in ["A", "B", "C", "D"] {
        let reply = town.order(number, "1", 905, 0).await;
        let before = town.parties.held().0;
        let (closed, _) = tokio::join!(town.about("closeorder", number), town.pay(&reply));
        town.come_to_rest().await;
        let (states, held) = (town.states(number).await, town.parties.held().0 - before);
        match closed.word().as_str() {
            "SUCCESS" => assert_eq!((states.as_str(), held), ("CLOSED/CLOSED/CLOSED", 0)),
            "TRADE_STATE_ERROR" | "ORDERPAID" => {
                assert_eq!((states.as_str(), held), ("SUCCESS/SUCCESS/NOTPAY", 905));
            }
            other => panic!("{other}"),
        }
    }
});

on_both!(amounts_must_fit_the_way_of_payment, async |db: TestDb| {
    let town = Town::new(&db).await;
    for (pay_type, total, cash, insurance, word) in [
        ("3", "905", "0", "905", "513"),
        ("1", "905", "0", "0", "INVALID_REQUEST"),
        ("1", "905", "900", "5", "INVALID_REQUEST"),
        ("2", "905", "5", "900", "INVALID_REQUEST"),
        ("2", "905", "0", "0", "INVALID_REQUEST"),
        ("3", "905", "906", "0", "INVALID_REQUEST"),
        ("3", "0", "905", "0", "参数格式校验错误 total_fee is invalid"),
        ("4", "905", "905", "0", "参数格式校验错误 pay_type is invalid"),
    ] {
        let changes = [
            ("pay_type", pay_type),
            ("total_fee", total),
            ("cash_fee", cash),
            ("insurance_fee", insurance),
        ];
        assert_eq!(town.ask("A", &changes).await.word(), word, "{changes:?}");
    }
    assert_eq!(orders(&town).await, 0);
});

on_both!(the_bureau_decides_before_anything_is_written, async |db: TestDb| {
    let town = Town::new(&db).await;
    let fen = |amount| Fen::new(amount).expect("not negative");
    town.parties.lay("pre_settle", &[RequestLost, Refused("OUT_OF_SERVICE")]);
    assert_eq!(town.ask("A", &[]).await.word(), "SYSTEMERROR");
    let refused = town.ask("A", &[]).await;
    assert_eq!(refused.word(), "INVALID_REQUEST");
    assert!(refused.body.contains("不在参保地"), "the bureau's own words");
    let split = Split {
        insurance_fee: fen(700),
        cash_fee: fen(205),
        self_fee: fen(300),
        fund_fee: fen(400),
        other_fee: Fen::ZERO,
    };
    *town.parties.split.lock().expect("not poisoned") = Some(split);
    let differs = town.ask("A", &[]).await;
    assert_eq!(differs.word(), "INVALID_REQUEST");
    assert!(differs.body.contains("医保7.00元、现金2.05元"), "{}", differs.body);
    assert_eq!(orders(&town).await, 0);
    let mut online = fees("2", 0, 905);
    online.push(("allow_fee_change", "1"));
    let reply = town.ask("A", &online).await;
    assert_eq!(reply.word(), "SUCCESS", "{}", reply.body);
    let told = town.about("orderquery", "A").await.fields();
    let names = ["pay_type", "cash_fee", "insurance_fee", "insurance_self_fee", "total_fee"];
    let told = names.map(|name| told.get(name).unwrap_or_default().to_owned());
    assert_eq!(told, ["3", "205", "700", "300", "905"]);
    town.pay(&reply.fields()).await;
    town.work().await;
    assert_eq!(town.parties.held(), (205, 700, 1));
    let impossible = Split { cash_fee: fen(206), ..split };
    *town.parties.split.lock().expect("not poisoned") = Some(impossible);
    assert_eq!(town.ask("B", &online).await.word(), "INVALID_REQUEST");
    assert_eq!(orders(&town).await, 1);
});

on_both!(insurance_needs_the_patients_own_card, async |db: TestDb| {
    let town = Town::new(&db).await;
    assert_eq!(town.ask("A", &[("openid", "oNobody")]).await.word(), "80004");
    assert_eq!(town.ask("A", &[("user_name", "高远")]).await.word(), "80005");
    let other = Person::GAO.id_md5();
    assert_eq!(town.ask("A", &[("user_card_no", &other)]).await.word(), "80006");
    assert_eq!(town.ask("A", &[("user_card_type", "9")]).await.word(), "80006");
    assert_eq!(
        town.ask("A", &[("city_id", "1")]).await.word(),
        "参数格式校验错误 city_id is invalid"
    );
    assert_eq!(orders(&town).await, 0);
    let mut cash = fees("1", 905, 0);
    cash.push(("openid", "oNobody"));
    assert_eq!(town.ask("A", &cash).await.word(), "SUCCESS", "cash needs none");
});

on_both!(a_production_notification_goes_to_public_https_only, async |db: TestDb| {
    let mut settings = settings();
    let town = Town::new(&db).await;
    settings.institutions[HOSPITAL].environment = Environment::Production;
    settings.institutions[HOSPITAL].notify_hosts = vec!["10.1.1.1:8080".to_owned()];
    let institution = &settings.institutions[HOSPITAL];
    for (url, allowed) in [
        ("https://his.example/n", true),
        ("http://his.example/n", false),
        ("https://192.168.1.2/n", false),
        ("http://10.1.1.1:8080/n", true),
        ("http://10.1.1.1:8081/n", false),
    ] {
        let parsed = medpay_wire::value::HttpUrl::new(url).expect("an address");
        assert_eq!(notify_url::is_allowed(&parsed, institution), allowed, "{url}");
    }
    let cash = [fees("1", 905, 0), vec![("notify_url", "http://192.168.1.2/n")]].concat();
    assert_eq!(town.ask("A", &cash).await.word(), "SUCCESS", "in test any");
});

on_both!(a_provider_orders_for_a_user_of_the_hospital, async |db: TestDb| {
    let town = Town::new(&db).await;
    let digest = Person::LIN.id_md5();
    let mut fields = usual("A", &digest);
    fields.retain(|(name, _)| !["pay_type", "cash_fee", "insurance_fee"].contains(name));
    fields.extend([
        ("pay_type", "1"),
        ("cash_fee", "905"),
        ("insurance_fee", "0"),
        ("sub_appid", "wxsubhospital"),
        ("sub_openid", "oSub"),
        ("return_url", "https://his.example/done"),
    ]);
    let reply = town.world.call(UNDER_PROVIDER, "unifiedorder", &fields).await;
    assert_eq!(reply.word(), "SUCCESS", "{}", reply.body);
    assert_eq!(reply.fields().get("sub_appid"), Some("wxsubhospital"));
    let told = town.world.call(UNDER_PROVIDER, "orderquery", &[("hosp_out_trade_no", "A")]).await;
    let told = told.fields();
    assert_eq!((told.get("openid"), told.get("sub_openid")), (None, Some("oSub")));
    let link = link_of(&reply.fields());
    let mut browser = Browser::new(&town.world);
    let page = browser.open(&link, "oSub", "林晴").await;
    assert_eq!(outcome(&page), "ready");
});

on_both!(a_scanned_order_is_confirmed_on_the_phone, async |db: TestDb| {
    let town = Town::new(&db).await;
    let code = "134567890123456789";
    town.world.wallet.know(code, PAYER, "林晴");
    let scan = town.world.call(HOSPITAL, "qrcodegetmedinfo", &[("auth_code", code)]).await;
    let token = scan.fields().get("token").expect("a token").to_owned();
    let digest = Person::LIN.id_md5();
    let ask = async |number: &str, token: &str| {
        let mut fields = usual(number, &digest);
        fields.extend([("auth_code", code), ("token", token)]);
        town.world.call(HOSPITAL, "qrcodeunifiedorder", &fields).await
    };
    assert_eq!(ask("A", "invented").await.word(), "AUTH_CODE_INVALID");
    town.parties.lay("present", &[RequestLost]);
    let reply = ask("A", &token).await;
    assert_eq!(reply.word(), "SUCCESS", "{}", reply.body);
    assert_eq!(reply.fields().get("pay_url"), None);
    town.work().await;
    town.world.clock.advance_seconds(2);
    town.work().await;
    let presented = town.parties.presented.lock().expect("not poisoned").clone();
    assert_eq!(presented.len(), 1);
    assert_eq!(presented[0].openid.reveal(), PAYER);
    let again = ask("A", &token).await.fields();
    assert_eq!(again.get("med_trans_id"), reply.fields().get("med_trans_id"));
    assert_eq!(ask("B", &token).await.word(), "AUTHCODEEXPIRE", "a token serves one order");
    assert_eq!(orders(&town).await, 1);
    let link = presented[0].url.strip_prefix("http://pay.example").expect("ours");
    let mut browser = Browser::new(&town.world);
    let page = browser.open(link, PAYER, "林晴").await;
    browser.post(link, &page, &[("password", PASSWORD)]).await;
    assert_eq!(town.states("A").await, "NOTPAY/USERPAYING/NOTPAY");
    town.come_to_rest().await;
    assert_eq!(town.states("A").await, "SUCCESS/SUCCESS/PAYED");
    bind(&town.world, HOSPITAL, "oOther", Person::GAO).await;
});
