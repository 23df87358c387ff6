//! Audits of a hospital whose book is right, and of hospitals where one thing was made wrong.

use crate::audit::{self, Report};
use crate::payments::Payment;
use crate::refunds::{AskedBy, Scope, Wish, ask_for};
use crate::settings::Settings;
use crate::testing::{FakePlatform, World, settings};
use medpay_domain::{BillNo, Clock as _, Day, Fen, HospOutTradeNo};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bills::{ConfirmBill, DayList, DayPayment, ListDay};
use medpay_wire::his::refunds::{ConfirmRefund, GrantRefund, Granted, RefundConfirmed};

fn day() -> Day {
    Day::from_wire("20260601").expect("a day")
}

/// Only the first hospital, whose HIS the tests speak for.
fn one_hospital() -> Settings {
    let mut settings = settings();
    settings.institutions.truncate(1);
    settings
}

async fn audit(world: &World) -> Report {
    audit::run(&world.gateway, &[day()]).await.expect("an audit")
}

/// `kind number` of each difference.
async fn found(world: &World) -> Vec<String> {
    let report = audit(world).await;
    assert_eq!(report.equal, report.differences().next().is_none());
    let text = report.to_string();
    assert!(text.contains(if report.equal { "is equal" } else { "NOT equal" }), "{text}");
    report.differences().map(|(_, one)| format!("{} {}", one.kind, one.number)).collect()
}

/// The HIS's line of a payment that it has confirmed.
fn line(payment: &Payment) -> DayPayment {
    let charge = payment.charge().expect("a charge");
    DayPayment {
        hosp_out_trade_no: payment.hosp_out_trade_no.clone(),
        bill_no: payment.bill.bill_no.clone(),
        total_fen: charge.total,
        cash_fen: charge.cash,
        insurance_fen: charge.insurance,
        confirmed_at: payment.paid_at().expect("paid"),
        cash_refunded_fen: Fen::ZERO,
        insurance_refunded_fen: Fen::ZERO,
        refunded: false,
    }
}

fn lists(world: &World, payments: &[DayPayment]) {
    world.his.always::<ListDay>(&DayList { payments: payments.to_vec() });
}

fn fen(amount: i64) -> Fen {
    Fen::new(amount).expect("not negative")
}

/// Three orders, and the HIS's lines of them.
async fn town(db: &TestDb) -> (World, Vec<Payment>, Vec<DayPayment>) {
    let world = World::with(db, one_hospital()).await;
    let mut payments = vec![];
    payments.push(world.paid("B1", 100, Some(805)).await);
    payments.push(world.paid("B2", 905, Some(0)).await);
    payments.push(world.paid("B3", 300, None).await);
    let lines: Vec<_> = payments.iter().map(line).collect();
    lists(&world, &lines);
    (world, payments, lines)
}

async fn refund(world: &World, payment: &Payment) {
    world.his.always::<GrantRefund>(&Granted {
        cancel_bill_no: "CB".into(),
        cancel_serial_no: "CS".into(),
    });
    let charge = payment.charge().expect("a charge");
    let back = [
        ("med_refund_id", "MR1".to_owned()),
        ("total_fee", charge.total.to_string()),
        ("cash_refund_fee", charge.cash.to_string()),
        ("insurance_refund_fee", charge.insurance.to_string()),
    ];
    let back: Vec<_> = back.iter().map(|(name, value)| (*name, value.as_str())).collect();
    world.platform.always("refund", FakePlatform::success(&back));
    let (site, payment, now) = (world.site.clone(), payment.clone(), world.clock.now());
    let wish = Wish { by: AskedBy::Staff, by_name: None, scope: Scope::All, reason: String::new() };
    let begun: Result<_, crate::refunds::AskError> = world
        .site
        .store
        .write("want", move |tx| {
            let (site, payment, wish) = (site.clone(), payment.clone(), wish.clone());
            Box::pin(async move { ask_for(tx, &site, &payment, &wish, now).await })
        })
        .await;
    begun.expect("begun");
    world.work().await;
}

on_both!(a_right_book_is_equal, async |db: TestDb| {
    let (world, payments, mut lines) = town(&db).await;
    let report = audit(&world).await;
    assert!(report.equal && report.quiet, "{report}");
    assert_eq!((report.sites[0].compared, report.sites[0].confirmed), (3, 3));
    world.his.always::<ConfirmRefund>(&RefundConfirmed {});
    refund(&world, &payments[0]).await;
    lines[0].cash_refunded_fen = fen(100);
    lines[0].insurance_refunded_fen = fen(805);
    lines[0].refunded = true;
    lists(&world, &lines);
    let report = audit(&world).await;
    assert!(report.equal && report.quiet, "{report}");
    let json = serde_json::to_string(&report).expect("JSON");
    assert_eq!(serde_json::from_str::<Report>(&json).expect("read back"), report);
});

on_both!(every_planted_difference_is_found, async |db: TestDb| {
    let (world, payments, lines) = town(&db).await;
    let first = payments[0].hosp_out_trade_no.as_str();
    let with = |change: &dyn Fn(&mut Vec<DayPayment>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        lists(&world, &lines);
    };
    with(&|lines| drop(lines.remove(0)));
    assert_eq!(found(&world).await, [format!("not_confirmed {first}")]);
    with(&|lines| lines[0].cash_fen = fen(99));
    assert_eq!(found(&world).await, [format!("amount_differs {first}")]);
    with(&|lines| lines[0].bill_no = BillNo::new("B9"));
    assert_eq!(found(&world).await, [format!("bill_differs {first}")]);
    with(&|lines| lines[0].refunded = true);
    assert_eq!(found(&world).await, [format!("refund_differs {first}")]);
    with(&|lines| lines[0].cash_refunded_fen = fen(100));
    assert_eq!(found(&world).await, [format!("refund_differs {first}")]);
    with(&|lines| lines.push(lines[0].clone()));
    assert_eq!(found(&world).await, [format!("listed_twice {first}")]);
    with(&|lines| {
        let mut second = lines[0].clone();
        second.hosp_out_trade_no = HospOutTradeNo::new("ELSEWHERE");
        lines.push(second);
    });
    let both = ["confirmed_unpaid ELSEWHERE".to_owned(), "bill_paid_twice B1".to_owned()];
    assert_eq!(found(&world).await, both);
    with(&|_| ());
    assert_eq!(found(&world).await, [""; 0]);
});

on_both!(a_refund_that_the_his_did_not_take_note_of_is_found, async |db: TestDb| {
    let (world, payments, _) = town(&db).await;
    world.his.always::<ConfirmRefund>(&RefundConfirmed {});
    refund(&world, &payments[0]).await;
    let first = payments[0].hosp_out_trade_no.as_str();
    assert_eq!(found(&world).await, [format!("refund_differs {first}")]);
});

on_both!(what_the_his_has_not_answered_is_listed_and_no_difference, async |db: TestDb| {
    let (world, payments, lines) = town(&db).await;
    world.his.silent::<ConfirmRefund>();
    refund(&world, &payments[0]).await;
    world.his.silent::<ConfirmBill>();
    let unconfirmed = world.paid_unconfirmed("B4", 40, None).await;
    world.clock.advance_seconds(42);
    let report = audit(&world).await;
    assert!(report.equal && !report.quiet, "{report}");
    let flights: Vec<_> = report.sites[0]
        .in_flight
        .iter()
        .map(|one| (one.number.as_str(), one.what.as_str(), one.age_seconds))
        .collect();
    let expected = [
        (payments[0].hosp_out_trade_no.as_str(), "refund returned_untold", 47),
        (unconfirmed.hosp_out_trade_no.as_str(), "paid", 42),
    ];
    assert!(expected.iter().all(|one| flights.contains(one)), "{flights:?}");
    // It may have heard both, though it did not answer.
    let mut heard = lines.clone();
    heard[0].cash_refunded_fen = fen(100);
    heard[0].insurance_refunded_fen = fen(805);
    heard[0].refunded = true;
    heard.push(line(&unconfirmed));
    lists(&world, &heard);
    assert!(audit(&world).await.equal);
});

on_both!(an_order_confirmed_on_a_later_day_is_found_there, async |db: TestDb| {
    let (world, payments, lines) = town(&db).await;
    world.clock.advance_seconds(2 * 24 * 3600);
    // Of the day itself the HIS lists two; of one of the others the third.
    let (of_day, later) = lines.split_at(2);
    world.his.once::<ListDay>(&DayList { payments: of_day.to_vec() });
    world.his.once::<ListDay>(&DayList { payments: vec![] });
    world.his.once::<ListDay>(&DayList { payments: later.to_vec() });
    let report = audit(&world).await;
    assert!(report.equal, "{report}");
    assert_eq!(report.sites[0].compared, payments.len());
});

on_both!(a_his_that_does_not_answer_is_not_equal, async |db: TestDb| {
    let (world, ..) = town(&db).await;
    world.his.silent::<ListDay>();
    let report = audit(&world).await;
    assert!(!report.equal && report.sites[0].silent.len() == 1, "{report}");
    world.his.refuse::<ListDay>(RefusalCode::Refused);
    assert!(!audit(&world).await.equal);
});
