//! Notifications: first, again, at once, too early, forged.

use super::*;
use medpay_domain::hospital::payment::State;
use medpay_store::on_both;
use medpay_store::testing::TestDb;

on_both!(a_notification_pays_and_the_his_is_told_once, async |db: TestDb| {
    let world = World::new(&db).await;
    let number = ordered(&world).await;
    assert!(deliver(&world, notice(&world, &number), KEY).await);
    assert_eq!(code(&world, &number).await, "paid");
    world.work().await;
    let payment = stored(&world, &number).await;
    assert_eq!(payment.money.code(), "confirmed");
    assert_eq!(payment.response_content.as_deref(), Some("{\"settled\":1}"));
    assert_eq!(payment.cash_kept(), fen(100), "the commission's basis");
    let (key, told) = world.his.asked::<ConfirmBill>().remove(0);
    assert_eq!(key, format!("{number}-confirm"));
    assert_eq!((told.pay_type, told.cash_fen, told.insurance_fen), (3, fen(100), fen(805)));
    assert_eq!(told.response_content, "{\"settled\":1}");
    assert_eq!(confirmations(&world), 1);
});

on_both!(duplicates_at_once_and_later_change_nothing, async |db: TestDb| {
    let world = World::new(&db).await;
    let number = ordered(&world).await;
    let notice = notice(&world, &number);
    let deliveries = (0..20).map(|_| {
        let (world, notice) = (&world, notice.clone());
        async move { assert!(deliver(world, notice, KEY).await) }
    });
    medpay_store::side_by_side::all(deliveries).await;
    world.work().await;
    world.clock.advance_seconds(3_600);
    assert!(deliver(&world, notice, KEY).await);
    world.work().await;
    assert_eq!(confirmations(&world), 1);
    assert_eq!(stored(&world, &number).await.version, 5, "begun, locked, ordered, paid, confirmed");
});

on_both!(a_notification_may_come_before_the_orders_own_answer, async |db: TestDb| {
    let world = World::new(&db).await;
    willing(&world, 100, Some(805));
    world.platform.once("unifiedorder", Said::Unknown);
    let begun = begin(&world.site, wanted("oA", PayWith::Insurance)).await.expect("begun");
    let number = begun.hosp_out_trade_no;
    assert_eq!(code(&world, &number).await, "ordering");
    assert!(deliver(&world, notice(&world, &number), KEY).await);
    world.clock.advance_seconds(60);
    world.work().await;
    assert_eq!(code(&world, &number).await, "confirmed");
    assert_eq!(world.platform.asked("unifiedorder").len(), 1, "nothing is ordered twice");
});

on_both!(what_is_forged_or_altered_moves_nothing, async |db: TestDb| {
    let world = World::new(&db).await;
    let number = ordered(&world).await;
    let plain = notice(&world, &number);
    let with = |changes: &[(&str, &str)]| {
        let mut fields = plain.clone();
        for (name, value) in changes {
            fields.set(*name, *value);
        }
        fields
    };
    assert!(!deliver(&world, plain.clone(), "ffffffffffffffffffffffffffffffff").await);
    assert_eq!(with_staff(&world, &number).await, [], "a forgery is nobody's matter");
    for changes in [
        &[("total_fee", "904"), ("cash_fee", "99")][..],
        &[("cash_fee", "101"), ("insurance_fee", "804")],
        &[("pay_type", "1"), ("cash_fee", "905"), ("insurance_fee", "0")],
        &[("med_trans_id", "M2")],
    ] {
        assert!(!deliver(&world, with(changes), KEY).await, "{changes:?}");
    }
    assert_eq!(with_staff(&world, &number).await, [queue::Kind::Contradiction]);
    let payment = stored(&world, &number).await;
    assert!(matches!(payment.money.state, State::Ordered { .. }));
    assert!(deliver(&world, plain, KEY).await, "the true one is taken all the same");
});

on_both!(with_every_notification_dropped_no_payment_is_lost, async |db: TestDb| {
    let world = World::new(&db).await;
    let number = ordered(&world).await;
    stands(&world, "SUCCESS");
    world.clock.advance_seconds(15);
    world.work().await;
    assert_eq!(code(&world, &number).await, "confirmed");
    assert_eq!(confirmations(&world), 1);
    let payment = stored(&world, &number).await;
    assert_eq!(payment.response_content.as_deref(), Some("{\"settled\":1}"));
});

on_both!(an_answer_with_other_amounts_is_put_before_a_person, async |db: TestDb| {
    let world = World::new(&db).await;
    let number = ordered(&world).await;
    let Said::Answer(Reply::Success(mut fields)) = standing(&world, "SUCCESS") else {
        unreachable!("a success")
    };
    fields.set("cash_fee", "101").set("insurance_fee", "804");
    world.platform.always("orderquery", Said::Answer(Reply::Success(fields)));
    world.clock.advance_seconds(15);
    world.work().await;
    assert_eq!(code(&world, &number).await, "ordered");
    assert_eq!(with_staff(&world, &number).await, [queue::Kind::Contradiction]);
});

on_both!(a_notification_and_the_schedule_at_once_pay_once, async |db: TestDb| {
    let world = World::new(&db).await;
    let number = ordered(&world).await;
    stands(&world, "SUCCESS");
    // Both tell of the same second.
    let notice = notice(&world, &number);
    world.clock.advance_seconds(15);
    let now = world.clock.now();
    let (acknowledged, followed) = tokio::join!(
        deliver(&world, notice, KEY),
        crate::payments::follow::run_once(&world.branch, now),
    );
    followed.expect("followed");
    assert!(acknowledged);
    world.work().await;
    assert_eq!(code(&world, &number).await, "confirmed");
    assert_eq!(confirmations(&world), 1);
});

on_both!(who_paid_a_scanned_code_is_learnt_and_told, async |db: TestDb| {
    let world = World::new(&db).await;
    willing(&world, 100, Some(805));
    world.platform.always("qrcodeunifiedorder", accepts());
    let text = |text: &str| medpay_wire::value::Text::new(text).expect("a text");
    let scan = medpay_wire::scan_fields::Scan { auth_code: text("130001"), token: text("T1") };
    let want = Begin { payer: Payer::Scan(scan), ..wanted("", PayWith::Insurance) };
    let begun = begin(&world.site, want).await.expect("begun");
    assert_eq!(begun.leads_to, None, "the phone shows it");
    let asked = world.platform.asked("qrcodeunifiedorder");
    let asked = asked.first().expect("an order");
    assert_eq!((asked.get("auth_code"), asked.get("token")), (Some("130001"), Some("T1")));
    assert!(!asked.has("openid") && !asked.has("return_url"));
    let mut notice = notice(&world, &begun.hosp_out_trade_no);
    notice.set("openid", "oScanned");
    assert!(deliver(&world, notice, KEY).await);
    world.work().await;
    let payment = stored(&world, &begun.hosp_out_trade_no).await;
    assert_eq!(payment.openid(), Some(&Openid::new("oScanned")));
    let now = world.clock.now();
    crate::messages::deliver::run_once(&world.branch, now).await.expect("sent");
    let sent = world.public_account.sent.lock().expect("not poisoned").clone();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].touser, "oScanned");
});
