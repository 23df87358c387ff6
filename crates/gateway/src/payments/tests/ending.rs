//! Payments that come to nothing.

use super::*;
use crate::payments::{bill_voided, close};
use medpay_domain::hospital::payment::Ending;
use medpay_store::on_both;
use medpay_store::testing::TestDb;

async fn ending(world: &World, number: &HospOutTradeNo) -> Option<Ending> {
    stored(world, number).await.ending().cloned()
}

on_both!(at_the_end_of_its_time_it_is_closed_and_the_bill_released, async |db: TestDb| {
    let world = World::new(&db).await;
    let number = ordered(&world).await;
    world.platform.always("closeorder", FakePlatform::success(&[]));
    world.clock.advance_seconds(1_799);
    world.work().await;
    assert_eq!(ending(&world, &number).await, None);
    world.clock.advance_seconds(1);
    world.work().await;
    assert_eq!(ending(&world, &number).await, Some(Ending::Expired));
    assert_eq!(world.his.asked::<ReleaseBill>().len(), 1);
    ordered(&world).await;
});

on_both!(what_turns_out_paid_at_its_end_is_paid, async |db: TestDb| {
    let world = World::new(&db).await;
    let number = ordered(&world).await;
    world.platform.always("closeorder", FakePlatform::refused("ORDERPAID"));
    world.platform.once("orderquery", Said::Unknown);
    stands(&world, "SUCCESS");
    world.clock.advance_seconds(1_800);
    world.work().await;
    assert_eq!(code(&world, &number).await, "closing", "its answer was lost");
    world.clock.advance_seconds(60);
    world.work().await;
    assert_eq!(code(&world, &number).await, "confirmed");
    assert!(world.his.asked::<ReleaseBill>().is_empty());
});

on_both!(while_nobody_answers_it_neither_ends_nor_is_paid, async |db: TestDb| {
    let world = World::new(&db).await;
    let number = ordered(&world).await;
    for interface in ["closeorder", "orderquery"] {
        world.platform.always(interface, Said::Unknown);
    }
    world.clock.advance_seconds(1_800);
    for _ in 0..20 {
        world.work().await;
        world.clock.advance_seconds(60);
    }
    assert_eq!(code(&world, &number).await, "closing");
    world.platform.always("closeorder", FakePlatform::refused("ORDERCLOSED"));
    world.work().await;
    assert_eq!(ending(&world, &number).await, Some(Ending::Expired));
});

on_both!(the_payer_may_give_it_up, async |db: TestDb| {
    let world = World::new(&db).await;
    let number = ordered(&world).await;
    world.platform.always("closeorder", FakePlatform::success(&[]));
    close(&world.site, &number).await.expect("closed");
    assert_eq!(ending(&world, &number).await, Some(Ending::GivenUp));
});

on_both!(a_bill_that_is_voided_ends_its_open_order, async |db: TestDb| {
    let world = World::new(&db).await;
    let number = ordered(&world).await;
    world.platform.always("closeorder", FakePlatform::success(&[]));
    bill_voided(&world.site, &BillNo::new(NUMBERED)).await.expect("noted");
    bill_voided(&world.site, &BillNo::new("other")).await.expect("noted");
    world.work().await;
    assert_eq!(ending(&world, &number).await, Some(Ending::BillVoided));
});

on_both!(one_that_is_voided_before_it_is_ordered_is_not_ordered_anew, async |db: TestDb| {
    let world = World::new(&db).await;
    willing(&world, 100, Some(805));
    world.platform.once("unifiedorder", Said::Unknown);
    let begun = begin(&world.site, wanted("oA", PayWith::Insurance)).await.expect("begun");
    bill_voided(&world.site, &BillNo::new(NUMBERED)).await.expect("noted");
    world.platform.always("closeorder", FakePlatform::success(&[]));
    world.work().await;
    assert_eq!(ending(&world, &begun.hosp_out_trade_no).await, Some(Ending::BillVoided));
    assert_eq!(world.platform.asked("unifiedorder").len(), 1);
    assert_eq!(world.platform.asked("closeorder").len(), 1, "it had been ordered");
});

on_both!(the_platform_that_gives_the_cash_back_ends_it, async |db: TestDb| {
    let world = World::new(&db).await;
    let number = ordered(&world).await;
    stands(&world, "SYS_REFUNDING");
    world.clock.advance_seconds(15);
    world.work().await;
    assert_eq!(code(&world, &number).await, "returning");
    stands(&world, "SYS_REFUNDED");
    world.clock.advance_seconds(60);
    world.work().await;
    assert_eq!(ending(&world, &number).await, Some(Ending::SystemRefunded));
    assert_eq!(confirmations(&world), 0);
    assert_eq!(world.his.asked::<ReleaseBill>().len(), 1);
});
