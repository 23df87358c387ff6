//! The platform says that it is paid, though we thought it ended.

use super::*;
use crate::payments::close;
use medpay_domain::hospital::payment::State;
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::his::RefusalCode;
use medpay_wire::his::refunds::GrantRefund;

async fn given_up(world: &World) -> HospOutTradeNo {
    let number = ordered(world).await;
    world.platform.always("closeorder", FakePlatform::success(&[]));
    close(&world.site, &number).await.expect("closed");
    assert_eq!(code(world, &number).await, "ended");
    number
}

on_both!(late_news_is_confirmed, async |db: TestDb| {
    let world = World::new(&db).await;
    let number = given_up(&world).await;
    assert!(deliver(&world, notice(&world, &number), KEY).await);
    world.work().await;
    let payment = stored(&world, &number).await;
    assert!(matches!(payment.money.state, State::Paid { late: true, .. }));
    assert_eq!(payment.money.code(), "confirmed");
});

on_both!(late_news_goes_back_where_another_order_has_the_bill, async |db: TestDb| {
    let world = World::new(&db).await;
    let number = given_up(&world).await;
    world.work().await;
    willing(&world, 100, Some(805));
    let other = begin(&world.site, wanted("oB", PayWith::Insurance)).await.expect("begun");
    world.his.refuse::<ConfirmBill>(RefusalCode::LockedByAnother);
    assert!(deliver(&world, notice(&world, &number), KEY).await);
    world.work().await;
    assert_eq!(code(&world, &number).await, "refused_by_his");
    let asked = world.his.asked::<GrantRefund>();
    assert_eq!(asked.first().map(|(_, ask)| &ask.hosp_out_trade_no), Some(&number));
    assert_eq!(code(&world, &other.hosp_out_trade_no).await, "ordered");
});
