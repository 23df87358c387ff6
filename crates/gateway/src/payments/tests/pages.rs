//! The pages, over the router.

use super::*;
use crate::testing::SITE;
use crate::visit_cards::{self, VisitCard};
use http::StatusCode;
use medpay_domain::CardNo;
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::his::bills::{BillItem, Bills, FindInvoice, Invoice, ListBills};

fn path(tail: &str) -> String {
    format!("/h/{SITE}{tail}")
}

async fn with_card(db: &TestDb) -> World {
    let world = World::new(db).await;
    willing(&world, 100, Some(805));
    let card = VisitCard {
        card_id: "K1".into(),
        patient_id: "P1".into(),
        visit_card_no: CardNo::new("0000001"),
        name: patient().name,
        card_type: CardType::IdCard,
        id_digest: patient().id_digest,
    };
    visit_cards::given(&world.site, &Openid::new("oA"), card).await;
    world.his.always::<FindInvoice>(&Invoice {
        invoice_no: None,
        hint: "请到门诊大厅发票打印机打印".into(),
    });
    world.login("oA").await;
    world
}

fn listed(world: &World, bill: Bill) {
    world.his.always::<FindBill>(&bill);
    world.his.always::<ListBills>(&Bills { bills: vec![bill] });
}

on_both!(a_patient_pays_a_bill_from_the_list_to_the_end, async |db: TestDb| {
    let world = with_card(&db).await;
    let item = BillItem {
        name: "<b>阿莫西林</b>".into(),
        spec: "0.25g".into(),
        quantity: "2 盒".into(),
        amount_fen: fen(905),
    };
    listed(&world, Bill { items: vec![item], ..bill(&world, 100, Some(805)) });
    let list = world.get(&path("/bills")).await;
    assert_eq!(outcome(&list), "bills");
    assert!(list.body.contains("可用医保") && list.body.contains("9.05"));
    assert!(!list.body.contains("<b>"), "names are words, not markup");
    let checkout = world.get(&path("/checkout?bill=B1&card=K1")).await;
    assert_eq!(outcome(&checkout), "checkout");
    assert!(checkout.body.contains("8.05") && checkout.body.contains("1.00"));
    let csrf = checkout.hidden("csrf");
    let form = [("csrf", csrf.as_str()), ("bill", "B1"), ("card", "K1"), ("pay_with", "insurance")];
    let away = world.post(&path("/checkout"), &form).await;
    assert_eq!(away.status, StatusCode::SEE_OTHER, "{}", away.body);
    assert_eq!(away.location(), "http://platform.test/pay/1");
    let orders = world.get(&path("/orders")).await;
    assert!(orders.body.contains("待支付"));
    let number = crate::payments::of_openid(&world.site, &Openid::new("oA")).await.expect("read");
    let number = number.first().expect("one").hosp_out_trade_no.clone();
    let own = path(&format!("/orders/{number}"));
    assert_eq!(outcome(&world.get(&own).await), "ordered");
    stands(&world, "SUCCESS");
    let paid = world.get(&own).await;
    assert_eq!(outcome(&paid), "paid", "the page asks the platform by itself");
    assert!(paid.body.contains("正在通知医院") && paid.body.contains("http-equiv=\"refresh\""));
    world.work().await;
    let done = world.get(&own).await;
    assert_eq!(outcome(&done), "confirmed");
    for words in ["A012", "请到2楼药房取药", "发票打印机", "申请退款"] {
        assert!(done.body.contains(words), "{words}");
    }
    assert!(!done.body.contains("http-equiv"));
});

on_both!(why_insurance_is_not_offered_is_said, async |db: TestDb| {
    let world = with_card(&db).await;
    let plain = bill(&world, 100, Some(805));
    let later = plain.visit_day.plus_days(1);
    let cases = [
        (Bill { class: BillClass::Vaccination, ..plain.clone() }, "预防接种费用只能自费"),
        (
            Bill { kind: BillKind::Registration, visit_day: later, ..plain.clone() },
            "医保只能在就诊当天支付挂号费",
        ),
        (Bill { insurance: None, ..plain.clone() }, "未对这张账单做医保预结算"),
    ];
    for (bill, words) in cases {
        listed(&world, bill);
        let page = world.get(&path("/checkout?bill=B1&card=K1")).await;
        assert!(page.body.contains(words), "{words}");
        assert!(!page.body.contains("value=\"insurance\"") && page.body.contains("value=\"cash\""));
    }
    listed(&world, plain);
    for (code, words) in [("80004", "去绑定社保卡"), ("80005", "不是同一人"), ("80000", "暂时无法")]
    {
        world.platform.once("getmedinfo", FakePlatform::refused(code));
        let page = world.get(&path("/checkout?bill=B1&card=K1")).await;
        assert!(page.body.contains(words), "{words}");
        assert!(!page.body.contains("value=\"insurance\""));
    }
});

on_both!(nobody_reaches_what_is_anothers, async |db: TestDb| {
    let world = with_card(&db).await;
    listed(&world, bill(&world, 100, Some(805)));
    let number = ordered(&world).await;
    let tails = [
        format!("/orders/{number}"),
        "/bills?card=K1".to_owned(),
        "/checkout?bill=B1&card=K1".to_owned(),
        "/checkout?bill=B1&qr=1.2.3".to_owned(),
        "/orders/20260601000000".to_owned(),
    ];
    world.login("oB").await;
    for tail in &tails {
        let page = world.get(&path(tail)).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{tail}");
        assert!(!page.body.contains("云小杉") && !page.body.contains("9.05"));
    }
    let close = path(&format!("/orders/{number}/close"));
    let refused = world.post(&close, &[("csrf", "guessed")]).await;
    assert!(refused.status.is_client_error(), "{}", refused.status);
    assert_eq!(code(&world, &number).await, "ordered");
    world.login("oA").await;
    let of_other = Bill { patient_id: "P2".into(), ..bill(&world, 100, Some(805)) };
    world.his.always::<FindBill>(&of_other);
    let page = world.get(&path("/checkout?bill=B1&card=K1")).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND, "a bill of another patient");
});

on_both!(a_silent_his_is_told_honestly, async |db: TestDb| {
    let world = with_card(&db).await;
    world.his.silent::<ListBills>();
    world.his.silent::<FindBill>();
    for tail in ["/bills", "/checkout?bill=B1&card=K1"] {
        let page = world.get(&path(tail)).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(outcome(&page), "his-silent");
    }
});
