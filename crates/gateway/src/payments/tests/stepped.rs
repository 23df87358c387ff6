//! Payments of two processes, step by step in every order: a bill has one payment, a payment is
//! news once, and the HIS is told under one key.

use super::*;
use crate::payments::{confirm, follow};
use crate::testing::pair::{Leases, Pair};
use medpay_store::testing::{Round, TestDb};
use medpay_store::{BoxFuture, on_both};

/// A bill of its own for each round.
fn bill_of(round: &Round<'_>, cash: i64, insurance: Option<i64>, world: &World) -> BillNo {
    let bill_no = BillNo::new(format!("B{}", round.number()));
    willing(world, cash, insurance);
    let bill = Bill { bill_no: bill_no.clone(), ..bill(world, cash, insurance) };
    world.his.always::<FindBill>(&bill);
    world.his.always::<ReleaseBill>(&bill);
    world.his.always::<LockBill>(&Bill { state: BillState::Locked, ..bill });
    let med_trans_id = format!("M{}", round.number());
    let accepts = FakePlatform::success(&[
        ("appid", "wx-yunshan"),
        ("mch_id", "mch-yunshan"),
        ("med_trans_id", &med_trans_id),
        ("pay_url", "http://platform.test/pay/1"),
    ]);
    world.platform.always("unifiedorder", accepts);
    bill_no
}

fn wants<'a>(
    world: &'a World,
    openid: &str,
    bill_no: &BillNo,
) -> BoxFuture<'a, Result<Begun, BeginError>> {
    let want = Begin { bill_no: bill_no.clone(), ..wanted(openid, PayWith::Cash) };
    Box::pin(begin(&world.site, want))
}

/// How many orders the platform was asked to make for this round's bill.
fn ordered_for(world: &World, bill_no: &BillNo) -> std::collections::BTreeSet<String> {
    let asked = world.platform.asked("unifiedorder");
    let of_bill = asked.iter().filter(|fields| fields.get("bill_no") == Some(bill_no.as_str()));
    of_bill.map(|fields| fields.get("hosp_out_trade_no").unwrap_or_default().to_owned()).collect()
}

on_both!(of_two_who_pay_one_bill_exactly_one_does, async |db: TestDb| {
    let pair = Pair::new(&db, Leases::Hold, &["begin payment"]).await;
    let [one, other] = &pair.worlds;
    pair.stepper
        .every_order("two payers of one bill", async |round| {
            let bill_no = bill_of(round, 905, None, one);
            let flows = vec![wants(one, "oA", &bill_no), wants(other, "oB", &bill_no)];
            let results = round.run(flows).await;
            let begun = results.iter().filter(|result| result.is_ok()).count();
            let held =
                results.iter().filter(|it| matches!(it, Err(BeginError::HeldByAnother))).count();
            assert_eq!((begun, held), (1, 1), "{results:?}");
            assert_eq!(ordered_for(one, &bill_no).len(), 1);
        })
        .await;
});

on_both!(a_payer_who_taps_twice_is_led_to_one_order, async |db: TestDb| {
    let pair = Pair::new(&db, Leases::Hold, &["begin payment"]).await;
    let [one, other] = &pair.worlds;
    pair.stepper
        .every_order("one payer of one bill, twice", async |round| {
            let bill_no = bill_of(round, 905, None, one);
            let flows = vec![wants(one, "oA", &bill_no), wants(other, "oA", &bill_no)];
            let results = round.run(flows).await;
            let numbers: std::collections::BTreeSet<_> = results
                .iter()
                .map(|result| result.as_ref().expect("begun").hosp_out_trade_no.as_str())
                .collect();
            assert_eq!(numbers.len(), 1, "{results:?}");
            assert_eq!(ordered_for(one, &bill_no).len(), 1, "nothing is ordered twice");
        })
        .await;
});

/// A mixed order of this round that waits for its payer, and the notice that it is paid.
async fn waiting(round: &Round<'_>, world: &World) -> (HospOutTradeNo, Fields) {
    let bill_no = bill_of(round, 100, Some(805), world);
    let want = Begin { bill_no, ..wanted("oA", PayWith::Insurance) };
    let begun = begin(&world.site, want).await.expect("begun");
    assert!(begun.leads_to.is_some());
    let number = begun.hosp_out_trade_no;
    let mut notice = notice(world, &number);
    notice.set("med_trans_id", format!("M{}", round.number()));
    (number, notice)
}

/// What the platform answers to orderquery from now on.
fn paid_there(round: &Round<'_>, world: &World) {
    let Said::Answer(Reply::Success(mut fields)) = standing(world, "SUCCESS") else {
        unreachable!("a success")
    };
    fields.set("med_trans_id", format!("M{}", round.number()));
    world.platform.always("orderquery", Said::Answer(Reply::Success(fields)));
}

/// The payment was news once, and the HIS is told of it under one key.
async fn paid_once(world: &World, number: &HospOutTradeNo) {
    let told_before = world.his.asked::<ConfirmBill>().len();
    world.work().await;
    let payment = stored(world, number).await;
    assert_eq!(payment.money.code(), "confirmed");
    assert_eq!(payment.version, 5, "begun, locked, ordered, paid, confirmed");
    let told = world.his.asked::<ConfirmBill>();
    assert_eq!(told.len(), told_before + 1);
    assert_eq!(told[told_before].0, format!("{number}-confirm"));
    assert_eq!(with_staff(world, number).await, []);
}

on_both!(a_notice_that_comes_twice_at_once_is_news_once, async |db: TestDb| {
    let pair = Pair::new(&db, Leases::Hold, &["record a notification"]).await;
    let [one, other] = &pair.worlds;
    pair.stepper
        .every_order("one notice, twice", async |round| {
            let (number, notice) = waiting(round, one).await;
            let flow =
                |world| -> BoxFuture<'_, bool> { Box::pin(deliver(world, notice.clone(), KEY)) };
            assert_eq!(round.run(vec![flow(one), flow(other)]).await, [true, true]);
            paid_once(one, &number).await;
        })
        .await;
});

on_both!(a_notice_and_the_schedule_pay_once, async |db: TestDb| {
    let pair = Pair::new(&db, Leases::Hold, &["record a notification", "follow payment"]).await;
    let [one, other] = &pair.worlds;
    pair.stepper
        .every_order("a notice and the schedule", async |round| {
            let (number, notice) = waiting(round, one).await;
            paid_there(round, one);
            let telling: BoxFuture<'_, bool> = Box::pin(deliver(one, notice, KEY));
            let followed = number.clone();
            let following =
                Box::pin(async move { follow::follow_now(&other.site, &followed).await.is_ok() });
            assert_eq!(round.run(vec![telling, following]).await, [true, true]);
            one.clock.advance_seconds(15);
            paid_once(one, &number).await;
        })
        .await;
});

on_both!(a_notice_and_a_payer_who_gives_up, async |db: TestDb| {
    let pair = Pair::new(&db, Leases::Hold, &["record a notification"]).await;
    let [one, other] = &pair.worlds;
    pair.stepper
        .every_order("a notice and a payer who gives up", async |round| {
            let (number, notice) = waiting(round, one).await;
            paid_there(round, one);
            one.platform.always("closeorder", FakePlatform::refused("ORDERPAID"));
            let telling: BoxFuture<'_, bool> = Box::pin(deliver(one, notice, KEY));
            let closed = number.clone();
            let closing =
                Box::pin(async move { crate::payments::close(&other.site, &closed).await.is_ok() });
            let acknowledged = round.run(vec![telling, closing]).await[0];
            assert!(acknowledged);
            one.clock.advance_seconds(15);
            one.work().await;
            let payment = stored(one, &number).await;
            assert_eq!(payment.money.code(), "confirmed", "paid there is paid here");
            assert_eq!(with_staff(one, &number).await, []);
        })
        .await;
});

on_both!(a_confirmations_worker_and_its_successor, async |db: TestDb| {
    let pair = Pair::new(&db, Leases::RunOut, &["confirm payment"]).await;
    let [one, other] = &pair.worlds;
    pair.stepper
        .every_order("a confirmation's worker and its successor", async |round| {
            let (number, notice) = waiting(round, one).await;
            assert!(deliver(one, notice, KEY).await);
            let told_before = one.his.asked::<ConfirmBill>().len();
            let working = |process: usize| -> BoxFuture<'_, ()> {
                let branch = &pair.worlds[process].branch;
                let now = one.clock.now();
                Box::pin(async move {
                    confirm::run_once(branch, now).await.expect("worked");
                })
            };
            round.run(vec![working(0), working(1)]).await;
            let told = one.his.asked::<ConfirmBill>();
            let told = &told[told_before..];
            assert!((1..=2).contains(&told.len()));
            assert!(told.iter().all(|(key, _)| *key == format!("{number}-confirm")));
            one.work().await;
            let payment = stored(other, &number).await;
            assert_eq!((payment.money.code(), payment.version), ("confirmed", 5));
        })
        .await;
});
