//! Paid, and the HIS does not take note.

use super::*;
use crate::settings::{Settings, Unconfirmed};
use crate::testing::settings;
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::his::RefusalCode;
use medpay_wire::his::refunds::{AskedBy, GrantRefund};

fn with_rule(unconfirmed: Unconfirmed) -> Settings {
    let mut settings = settings();
    for institution in &mut settings.institutions {
        if let Some(hospital) = &mut institution.hospital {
            hospital.rules.unconfirmed = unconfirmed;
        }
    }
    settings
}

async fn paid(world: &World) -> HospOutTradeNo {
    let number = ordered(world).await;
    assert!(deliver(world, notice(world, &number), KEY).await);
    number
}

on_both!(the_his_is_down_for_ten_minutes_and_nothing_is_lost, async |db: TestDb| {
    let world = World::new(&db).await;
    let number = paid(&world).await;
    world.his.silent::<ConfirmBill>();
    for _ in 0..60 {
        world.work().await;
        world.clock.advance_seconds(10);
    }
    assert_eq!(code(&world, &number).await, "paid");
    willing(&world, 100, Some(805));
    world.clock.advance_seconds(60);
    world.work().await;
    assert_eq!(code(&world, &number).await, "confirmed");
    assert!(confirmations(&world) > 3);
    assert!(world.his.asked::<GrantRefund>().is_empty());
});

on_both!(a_refusal_sends_the_money_back_where_that_is_the_rule, async |db: TestDb| {
    let world = World::with(&db, with_rule(Unconfirmed::Refund)).await;
    let number = paid(&world).await;
    world.his.refuse::<ConfirmBill>(RefusalCode::Voided);
    world.work().await;
    assert_eq!(code(&world, &number).await, "refused_by_his");
    let asked = world.his.asked::<GrantRefund>();
    assert_eq!(asked.first().map(|(_, ask)| ask.by), Some(AskedBy::System));
    assert_eq!(with_staff(&world, &number).await, []);
});

on_both!(a_refusal_waits_for_a_person_where_that_is_the_rule, async |db: TestDb| {
    let world = World::with(&db, with_rule(Unconfirmed::Queue)).await;
    let number = paid(&world).await;
    world.his.refuse::<ConfirmBill>(RefusalCode::Voided);
    world.work().await;
    assert_eq!(with_staff(&world, &number).await, [queue::Kind::Unconfirmed]);
    assert!(world.his.asked::<GrantRefund>().is_empty());
});

on_both!(silence_for_too_long_is_handed_over, async |db: TestDb| {
    let world = World::with(&db, with_rule(Unconfirmed::Queue)).await;
    let number = paid(&world).await;
    world.his.silent::<ConfirmBill>();
    for seconds in [0, 900, 899] {
        world.clock.advance_seconds(seconds);
        world.work().await;
        assert_eq!(code(&world, &number).await, "paid");
    }
    world.clock.advance_seconds(1);
    world.work().await;
    assert_eq!(code(&world, &number).await, "silent_his");
    assert_eq!(with_staff(&world, &number).await, [queue::Kind::Unconfirmed]);
});

on_both!(an_insured_payment_is_given_up_while_it_can_still_go_back_that_day, async |db: TestDb| {
    let world = World::with(&db, with_rule(Unconfirmed::Refund)).await;
    // 10:15 and 13:25 hours: twenty to midnight.
    world.clock.advance_seconds(13 * 3_600 + 25 * 60);
    let number = paid(&world).await;
    world.his.silent::<ConfirmBill>();
    world.work().await;
    assert_eq!(code(&world, &number).await, "paid");
    world.clock.advance_seconds(600);
    world.work().await;
    assert_eq!(code(&world, &number).await, "silent_his");
    assert!(!world.his.asked::<GrantRefund>().is_empty(), "it goes back the same day");
});
