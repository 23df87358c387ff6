//! From the wish to the order.

use super::*;
use medpay_domain::hospital::payment::{Ending, State};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::his::RefusalCode;

on_both!(each_kind_of_amount_is_ordered_in_its_own_words, async |db: TestDb| {
    let world = World::new(&db).await;
    // (with insurance, cash, insurance; pay_type, total, cash, insurance on the wire)
    let kinds = [
        (PayWith::Insurance, 0, Some(905), ["2", "905", "0", "905"]), // 全额医保
        (PayWith::Insurance, 100, Some(805), ["3", "905", "100", "805"]), // 医保 + 自费
        (PayWith::Insurance, 905, Some(0), ["3", "905", "905", "0"]), // 0 元医保
        (PayWith::Cash, 905, None, ["1", "905", "905", "0"]),         // 纯自费
        (PayWith::Cash, 100, Some(805), ["1", "905", "905", "0"]),    // 纯自费, though insured
    ];
    for (at, (pay_with, cash, insurance, words)) in kinds.into_iter().enumerate() {
        willing(&world, cash, insurance);
        let numbered = BillNo::new(format!("B{at}"));
        let of_bill = Bill { bill_no: numbered.clone(), ..bill(&world, cash, insurance) };
        world.his.always::<FindBill>(&of_bill);
        world.his.always::<LockBill>(&Bill { state: BillState::Locked, ..of_bill });
        let want = Begin { bill_no: numbered, ..wanted("oA", pay_with) };
        let begun = begin(&world.site, want).await.expect("begun");
        let number = begun.hosp_out_trade_no.as_str();
        assert!(number.len() <= 32, "sendmsg takes 32 characters");
        let asked = world.platform.asked("unifiedorder");
        let asked = asked.last().expect("an order");
        let said = ["pay_type", "total_fee", "cash_fee", "insurance_fee"]
            .map(|name| asked.get(name).unwrap_or_default());
        assert_eq!(said, words);
        assert_eq!(asked.get("allow_fee_change"), Some("0"));
        assert_eq!(asked.get("order_type"), Some("DiagPay"));
        assert_eq!(asked.get("notify_url"), Some("http://gateway.test/notify/yunshan"));
        let back = format!("http://gateway.test/h/yunshan/orders/{number}");
        assert_eq!(asked.get("return_url"), Some(back.as_str()));
        let content = (pay_with == PayWith::Insurance).then_some("{\"a\" : \"<元>\",\r\n\"b\":1}");
        assert_eq!(asked.get("request_content"), content, "byte for byte");
        let lock = world.his.asked::<LockBill>();
        assert_eq!(lock.last().expect("a lock").0, format!("{number}-lock"));
    }
});

on_both!(a_lost_answer_is_asked_for_again_in_the_same_words, async |db: TestDb| {
    let world = World::new(&db).await;
    willing(&world, 100, Some(805));
    world.his.lose_once::<LockBill>();
    world.platform.once("unifiedorder", Said::Unknown);
    let begun = begin(&world.site, wanted("oA", PayWith::Insurance)).await.expect("begun");
    let number = begun.hosp_out_trade_no;
    assert_eq!(begun.leads_to, None, "the order's page tells how it goes on");
    assert_eq!(code(&world, &number).await, "offered");
    for wanted in ["ordering", "ordered"] {
        world.clock.advance_seconds(6);
        crate::payments::follow::run_once(&world.branch, world.clock.now()).await.expect("ran");
        assert_eq!(code(&world, &number).await, wanted);
    }
    let locks = world.his.asked::<LockBill>();
    assert_eq!(locks.len(), 2);
    assert_eq!(locks[0], locks[1]);
    let orders = world.platform.asked("unifiedorder");
    assert_eq!(orders.len(), 2);
    assert_eq!(orders[0], orders[1]);
});

on_both!(a_process_that_dies_after_the_row_leaves_it_to_the_worker, async |db: TestDb| {
    let world = World::new(&db).await;
    willing(&world, 100, Some(805));
    world.his.silent::<LockBill>();
    let begun = begin(&world.site, wanted("oA", PayWith::Insurance)).await.expect("begun");
    willing(&world, 100, Some(805));
    world.clock.advance_seconds(6);
    world.work().await;
    assert_eq!(code(&world, &begun.hosp_out_trade_no).await, "ordered");
});

on_both!(of_two_who_pay_one_bill_at_once_exactly_one_does, async |db: TestDb| {
    let world = World::new(&db).await;
    willing(&world, 905, None);
    let (one, other) = tokio::join!(
        begin(&world.site, wanted("oA", PayWith::Cash)),
        begin(&world.site, wanted("oB", PayWith::Cash)),
    );
    let results = [one, other];
    let begun = results.iter().filter(|result| result.is_ok()).count();
    let held = results.iter().filter(|it| matches!(it, Err(BeginError::HeldByAnother))).count();
    assert_eq!((begun, held), (1, 1), "{results:?}");
    let numbers: std::collections::BTreeSet<_> = world
        .platform
        .asked("unifiedorder")
        .iter()
        .map(|fields| fields.get("hosp_out_trade_no").unwrap_or_default().to_owned())
        .collect();
    assert_eq!(numbers.len(), 1);
});

on_both!(the_same_payer_again_is_led_to_the_same_order, async |db: TestDb| {
    let world = World::new(&db).await;
    let number = ordered(&world).await;
    let again = begin(&world.site, wanted("oA", PayWith::Insurance)).await.expect("begun");
    let leads_to = Some("http://platform.test/pay/1".to_owned());
    assert_eq!(again, Begun { hosp_out_trade_no: number.clone(), leads_to });
    let otherwise = begin(&world.site, wanted("oA", PayWith::Cash)).await.expect("begun");
    assert_eq!(otherwise, Begun { hosp_out_trade_no: number, leads_to: None });
});

on_both!(a_refused_order_lets_go_of_its_bill, async |db: TestDb| {
    let world = World::new(&db).await;
    willing(&world, 100, Some(805));
    world.platform.once("unifiedorder", FakePlatform::refused("INVALID_REQUEST"));
    let begun = begin(&world.site, wanted("oA", PayWith::Insurance)).await.expect("begun");
    world.work().await;
    let payment = stored(&world, &begun.hosp_out_trade_no).await;
    assert!(
        matches!(payment.ending(), Some(Ending::OrderRefused(why)) if why.code == "INVALID_REQUEST")
    );
    let released = world.his.asked::<ReleaseBill>();
    assert_eq!(released.len(), 1);
    assert_eq!(released[0].1.hosp_out_trade_no, begun.hosp_out_trade_no);
    ordered(&world).await;
});

on_both!(a_code_that_nobody_knows_leaves_the_order_unknown, async |db: TestDb| {
    let world = World::new(&db).await;
    willing(&world, 100, Some(805));
    world.platform.once("unifiedorder", FakePlatform::refused("268560650"));
    // It was ordered after all.
    let begun = begin(&world.site, wanted("oA", PayWith::Insurance)).await.expect("begun");
    let payment = stored(&world, &begun.hosp_out_trade_no).await;
    assert!(matches!(payment.money.state, State::Ordered { .. }));
    crate::payments::close(&world.site, &begun.hosp_out_trade_no).await.expect("closed");
    // It was not.
    world.platform.once("unifiedorder", FakePlatform::refused("268560650"));
    world.platform.always("closeorder", FakePlatform::success(&[]));
    world.platform.always("orderquery", FakePlatform::refused("ORDERNOTEXIST"));
    crate::payments::close(&world.site, &begun.hosp_out_trade_no).await.expect("closed");
    let begun = begin(&world.site, wanted("oA", PayWith::Insurance)).await.expect("begun");
    let payment = stored(&world, &begun.hosp_out_trade_no).await;
    assert!(matches!(payment.ending(), Some(Ending::OrderRefused(_))));
});

on_both!(a_bill_that_cannot_be_paid_is_refused_and_nothing_is_written, async |db: TestDb| {
    let world = World::new(&db).await;
    willing(&world, 100, Some(805));
    let told = |bill: Bill, pay_with| {
        let world = &world;
        async move {
            world.his.always::<FindBill>(&bill);
            begin(&world.site, wanted("oA", pay_with)).await.expect_err("refused").words()
        }
    };
    let plain = bill(&world, 100, Some(805));
    let cases = [
        (Bill { patient_id: "P2".into(), ..plain.clone() }, PayWith::Cash),
        (Bill { state: BillState::Paid, ..plain.clone() }, PayWith::Cash),
        (Bill { state: BillState::Voided, ..plain.clone() }, PayWith::Cash),
        (Bill { total_fen: fen(2_000_001), ..plain.clone() }, PayWith::Cash),
        (Bill { class: BillClass::Maternity, ..plain.clone() }, PayWith::Insurance),
        (Bill { insurance: None, ..plain.clone() }, PayWith::Insurance),
        (
            Bill {
                kind: BillKind::Registration,
                visit_day: plain.visit_day.plus_days(1),
                ..plain.clone()
            },
            PayWith::Insurance,
        ),
    ];
    for (bill, pay_with) in cases {
        assert!(!told(bill, pay_with).await.is_empty());
    }
    for code in ["80004", "80005", "80006", "SYSTEMERROR"] {
        world.platform.once("getmedinfo", FakePlatform::refused(code));
        assert!(!told(plain.clone(), PayWith::Insurance).await.is_empty());
    }
    assert!(world.his.asked::<LockBill>().is_empty());
    let of_payer = crate::payments::of_openid(&world.site, &Openid::new("oA")).await;
    assert_eq!(of_payer.expect("a read"), []);
});

on_both!(the_his_that_refuses_to_lock_ends_it, async |db: TestDb| {
    let world = World::new(&db).await;
    willing(&world, 100, Some(805));
    world.his.refuse_once::<LockBill>(RefusalCode::LockedByAnother);
    let begun = begin(&world.site, wanted("oA", PayWith::Insurance)).await.expect("begun");
    let payment = stored(&world, &begun.hosp_out_trade_no).await;
    assert!(
        matches!(payment.ending(), Some(Ending::BillRefused(why)) if why.code == "locked_by_another")
    );
    assert!(world.platform.asked("unifiedorder").is_empty());
});
