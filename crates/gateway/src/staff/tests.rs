//! What staff do about the queue, twice where that may happen.

use super::commission;
use super::queue::{self, ActError, Confirmed, How};
use crate::refunds::{AskError, Scope};
use crate::settings::Unconfirmed;
use crate::testing::{World, settings};
use medpay_domain::Clock as _;
use medpay_domain::hospital::payment::Confirmation;
use medpay_domain::{HospOutTradeNo, MchId};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bills::ConfirmBill;

/// A hospital whose staff decide about what the HIS does not confirm.
async fn staffed(db: &TestDb) -> World {
    let mut settings = settings();
    for institution in &mut settings.institutions {
        if let Some(hospital) = &mut institution.hospital {
            hospital.rules.unconfirmed = Unconfirmed::Queue;
        }
    }
    World::with(db, settings).await
}

async fn kinds(world: &World) -> Vec<&'static str> {
    queue::list(&world.gateway).await.expect("a list").iter().map(|one| one.kind).collect()
}

on_both!(a_paid_order_that_the_his_refuses_waits_for_staff, async |db: TestDb| {
    let world = staffed(&db).await;
    world.his.refuse::<ConfirmBill>(RefusalCode::Voided);
    let payment = world.paid_unconfirmed("B1", 100, Some(805)).await;
    world.clock.advance_seconds(90);
    let listed = queue::list(&world.gateway).await.expect("a list");
    assert_eq!((listed[0].kind, listed[0].age_seconds), ("unconfirmed", 90));
    let number = &payment.hosp_out_trade_no;
    let refused = queue::confirm(&world.gateway, number, "李", How::AskHis).await;
    assert!(matches!(refused, Err(ActError::HisRefused(_))), "{refused:?}");
    world.his.silent::<ConfirmBill>();
    let silent = queue::confirm(&world.gateway, number, "李", How::AskHis).await;
    assert!(matches!(silent, Err(ActError::HisSilent)), "{silent:?}");
    assert_eq!(kinds(&world).await, ["unconfirmed"]);
});

on_both!(the_his_confirms_when_it_is_asked_again, async |db: TestDb| {
    let world = staffed(&db).await;
    world.his.refuse_once::<ConfirmBill>(RefusalCode::Refused);
    let payment = world.paid("B1", 100, Some(805)).await;
    assert_eq!(kinds(&world).await, ["unconfirmed"]);
    let number = &payment.hosp_out_trade_no;
    let confirm = || queue::confirm(&world.gateway, number, "李", How::AskHis);
    assert_eq!(confirm().await.expect("confirmed"), Confirmed::Now);
    assert_eq!(confirm().await.expect("confirmed"), Confirmed::Already);
    assert_eq!(kinds(&world).await, [""; 0]);
    let confirmation = world.payment(number).await.money.confirmation;
    assert!(matches!(confirmation, Confirmation::Confirmed(_)), "{confirmation:?}");
});

on_both!(an_order_is_entered_by_hand_once, async |db: TestDb| {
    let world = staffed(&db).await;
    world.his.refuse::<ConfirmBill>(RefusalCode::Voided);
    let payment = world.paid_unconfirmed("B1", 100, Some(805)).await;
    let number = &payment.hosp_out_trade_no;
    let by_hand =
        || queue::confirm(&world.gateway, number, "李", How::ByHand("窗口补登 0042".into()));
    assert_eq!(by_hand().await.expect("confirmed"), Confirmed::Now);
    assert_eq!(by_hand().await.expect("confirmed"), Confirmed::Already);
    assert_eq!(world.payment(number).await.money.confirmation, Confirmation::ByStaff);
    assert_eq!(kinds(&world).await, [""; 0]);
});

on_both!(a_refund_by_staff_begins_once_and_is_not_confirmed_meanwhile, async |db: TestDb| {
    let world = staffed(&db).await;
    world.his.refuse::<ConfirmBill>(RefusalCode::Voided);
    let payment = world.paid_unconfirmed("B1", 100, Some(805)).await;
    let number = &payment.hosp_out_trade_no;
    let refund = || queue::refund(&world.gateway, number, "李", Scope::All, "账单已作废");
    refund().await.expect("begun");
    let again = refund().await;
    assert!(matches!(again, Err(ActError::Refund(AskError::Busy))), "{again:?}");
    let confirm = queue::confirm(&world.gateway, number, "李", How::AskHis).await;
    assert!(matches!(confirm, Err(ActError::Refunding)), "{confirm:?}");
    let listed = queue::list(&world.gateway).await.expect("a list");
    assert_eq!(listed[0].actions.len(), 1);
    let done = &listed[0].actions[0];
    assert_eq!((done.action.as_str(), done.by.as_str()), ("refund", "李"));
    assert_eq!(done.note, "ALL 账单已作废");
});

on_both!(what_needs_nothing_is_dismissed_once, async |db: TestDb| {
    let world = staffed(&db).await;
    world.his.refuse::<ConfirmBill>(RefusalCode::Voided);
    let payment = world.paid_unconfirmed("B1", 100, Some(805)).await;
    let number = &payment.hosp_out_trade_no;
    let dismiss = || queue::dismiss(&world.gateway, number, "李", "已在窗口处理");
    assert_eq!(dismiss().await.expect("dismissed"), 1);
    assert!(matches!(dismiss().await, Err(ActError::NothingWaits)));
    assert_eq!(kinds(&world).await, [""; 0]);
    let unknown = HospOutTradeNo::new("nobody's");
    let confirm = queue::confirm(&world.gateway, &unknown, "李", How::AskHis).await;
    assert!(matches!(confirm, Err(ActError::NoSuchOrder)), "{confirm:?}");
});

on_both!(a_provider_is_paid_for_the_cash_that_stays, async |db: TestDb| {
    let mut settings = settings();
    let first = &mut settings.institutions[0];
    first.sub_mch_id = Some(MchId::new("sub-1"));
    let world = World::with(&db, settings).await;
    world.paid("B1", 10_000, Some(805)).await;
    world.paid("B2", 0, Some(905)).await;
    world.paid("B3", 2_550, None).await;
    let days = [world.clock.now().day()];
    let commission = commission::of_days(&world.gateway, &days).await.expect("a commission");
    let bases: Vec<_> = commission.orders.iter().map(|order| order.basis_fen).collect();
    assert_eq!(bases, [10_000, 2_550]);
    assert_eq!(commission.orders[0].sub_mch_id, "sub-1");
    let total = &commission.totals[0];
    assert_eq!((total.orders, total.basis_fen, total.commission_fen), (2, 12_550, 25));
});
