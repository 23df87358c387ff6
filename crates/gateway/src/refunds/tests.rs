//! Refunds with every answer that may be lost, at every place where a process may die.

mod stepped;

use super::give_back;
use super::rows::{self, StoredRefund};
use super::{AskError, AskedBy, Scope, Wish, ask_for};
use crate::payments::Payment;
use crate::staff::queue::{self, Kind};
use crate::testing::{FakePlatform, PAYER, Said, World};
use medpay_domain::hospital::refund::NotReserved;
use medpay_domain::{Clock as _, HospOutRefundNo};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bills::ConfirmBill;
use medpay_wire::his::refunds::{
    ConfirmRefund, GrantRefund, Granted, RefundConfirmed, RefundOutcome,
};

/// The HIS grants whatever it is asked, and notes whatever it is told.
fn willing(world: &World) {
    world.his.always::<GrantRefund>(&Granted {
        cancel_bill_no: "CB1".into(),
        cancel_serial_no: "CS1".into(),
    });
    world.his.always::<ConfirmRefund>(&RefundConfirmed {});
}

fn back(cash: i64, insurance: i64) -> Said<medpay_wire::envelope::Reply> {
    FakePlatform::success(&[
        ("med_refund_id", "MR1"),
        ("total_fee", &(cash + insurance).to_string()),
        ("cash_refund_fee", &cash.to_string()),
        ("insurance_refund_fee", &insurance.to_string()),
    ])
}

fn became(state: &str, cash: i64, insurance: i64) -> Said<medpay_wire::envelope::Reply> {
    FakePlatform::success(&[
        ("med_refund_id", "MR1"),
        ("cash_refund_fee", &cash.to_string()),
        ("insurance_refund_fee", &insurance.to_string()),
        ("med_refund_state", state),
    ])
}

async fn want(
    world: &World,
    payment: &Payment,
    by: AskedBy,
    scope: Scope,
) -> Result<HospOutRefundNo, AskError> {
    let wish = Wish { by, by_name: None, scope, reason: "不看了".into() };
    let (site, payment, now) = (world.site.clone(), payment.clone(), world.clock.now());
    world
        .site
        .store
        .write("want", move |tx| {
            let (site, payment, wish) = (site.clone(), payment.clone(), wish.clone());
            Box::pin(async move { ask_for(tx, &site, &payment, &wish, now).await })
        })
        .await
}

async fn patient_wants(world: &World, payment: &Payment) -> HospOutRefundNo {
    want(world, payment, AskedBy::Patient, Scope::All).await.expect("begun")
}

async fn refunds(world: &World, payment: &Payment) -> Vec<StoredRefund> {
    let (org_no, number) = (world.site.org_no().clone(), payment.hosp_out_trade_no.clone());
    world
        .site
        .store
        .read("refunds", move |tx| {
            let (org_no, number) = (org_no.clone(), number.clone());
            Box::pin(async move { rows::of_order(tx, &org_no, &number).await })
        })
        .await
        .expect("a read")
}

async fn states(world: &World, payment: &Payment) -> Vec<&'static str> {
    refunds(world, payment).await.iter().map(|one| one.refund.state.code()).collect()
}

async fn returned(world: &World, payment: &Payment) -> (i64, i64) {
    let payment = world.payment(&payment.hosp_out_trade_no).await;
    let returned = payment.money.returned;
    (returned.cash.get(), returned.insurance.get())
}

async fn waiting(world: &World) -> Vec<&'static str> {
    queue::list(&world.gateway).await.expect("a list").iter().map(|one| one.kind).collect()
}

/// Lets the refunds go on as if `seconds` had passed.
async fn later(world: &World, seconds: i64) {
    world.clock.advance_seconds(seconds);
    give_back::run_once(&world.branch, world.clock.now()).await.expect("worked off");
}

on_both!(a_patient_gets_all_back_and_everybody_is_told_once, async |db: TestDb| {
    let world = World::new(&db).await;
    let payment = world.paid("B1", 100, Some(805)).await;
    willing(&world);
    world.platform.always("refund", back(100, 805));
    let number = patient_wants(&world, &payment).await;
    later(&world, 0).await;
    assert_eq!(states(&world, &payment).await, ["returned"]);
    assert_eq!(returned(&world, &payment).await, (100, 805));
    let granted = world.his.asked::<GrantRefund>();
    assert_eq!(granted.len(), 1);
    assert_eq!(granted[0].0, format!("{number}-grant"));
    assert_eq!((granted[0].1.by, granted[0].1.reason.as_str()), (AskedBy::Patient, "不看了"));
    let asked = world.platform.asked("refund");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].get("hosp_out_refund_no"), Some(number.as_str()));
    assert_eq!(asked[0].get("cancel_bill_no"), Some("CB1"));
    assert_eq!(asked[0].get("cancel_serial_no"), Some("CS1"));
    assert_eq!(asked[0].get("part_refund_type"), None);
    let told = world.his.asked::<ConfirmRefund>();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].1.outcome, RefundOutcome::Refunded);
    assert_eq!((told[0].1.cash_fen.get(), told[0].1.insurance_fen.get()), (100, 805));
    assert_eq!(waiting(&world).await, [""; 0]);
    crate::messages::deliver::run_once(&world.branch, world.clock.now()).await.expect("sent");
    let sent = world.public_account.sent.lock().expect("not poisoned").clone();
    assert!(sent.iter().any(|it| it.touser == PAYER && it.template_id == "template-refunded"));
});

on_both!(every_answer_may_be_lost_and_the_money_goes_back_once, async |db: TestDb| {
    let world = World::new(&db).await;
    let payment = world.paid("B1", 100, Some(805)).await;
    willing(&world);
    world.his.lose_once::<GrantRefund>();
    world.his.lose_once::<GrantRefund>();
    world.platform.once("refund", Said::Unknown);
    world.platform.once("refund", FakePlatform::refused("553"));
    world.platform.once("refund", FakePlatform::refused("556"));
    world.platform.once("refund", FakePlatform::refused("4711"));
    world.platform.always("refundquery", became("PROCESSING", 100, 805));
    world.platform.always("refund", back(100, 805));
    world.his.lose_once::<ConfirmRefund>();
    world.his.lose_once::<ConfirmRefund>();
    let number = patient_wants(&world, &payment).await;
    for _ in 0..12 {
        later(&world, 60).await;
    }
    assert_eq!(states(&world, &payment).await, ["returned"]);
    assert_eq!(returned(&world, &payment).await, (100, 805));
    let numbers: Vec<_> = world.platform.asked("refund");
    assert_eq!(numbers.len(), 5);
    assert!(numbers.iter().all(|it| it.get("hosp_out_refund_no") == Some(number.as_str())));
    let same = |keys: Vec<String>| keys.windows(2).all(|pair| pair[0] == pair[1]);
    let keys = world.his.asked::<GrantRefund>().into_iter().map(|(key, _)| key);
    assert!(same(keys.collect()));
    let told = world.his.asked::<ConfirmRefund>();
    assert_eq!(told.len(), 3);
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "told in the same words");
});

on_both!(what_became_of_a_refund_may_be_learnt_by_asking, async |db: TestDb| {
    let world = World::new(&db).await;
    let payment = world.paid("B1", 100, Some(805)).await;
    willing(&world);
    world.platform.always("refund", Said::Unknown);
    world.platform.always("refundquery", became("SUCCESS", 100, 805));
    patient_wants(&world, &payment).await;
    later(&world, 0).await;
    assert_eq!(states(&world, &payment).await, ["returned"]);
    let second = world.paid("B2", 50, None).await;
    world.platform.always("refundquery", became("FAIL", 50, 0));
    patient_wants(&world, &second).await;
    later(&world, 0).await;
    assert_eq!(states(&world, &second).await, ["failed"]);
    assert_eq!(waiting(&world).await, ["refund_failed"]);
});

on_both!(a_refusal_of_the_his_goes_to_staff_and_moves_nothing, async |db: TestDb| {
    let world = World::new(&db).await;
    let payment = world.paid("B1", 100, Some(805)).await;
    willing(&world);
    world.his.refuse_once::<GrantRefund>(RefusalCode::NotRefundable);
    patient_wants(&world, &payment).await;
    later(&world, 0).await;
    assert_eq!(states(&world, &payment).await, ["not_granted"]);
    assert_eq!(returned(&world, &payment).await, (0, 0));
    assert!(
        world.platform.asked("refund").is_empty() && world.his.asked::<ConfirmRefund>().is_empty()
    );
    let listed = queue::list(&world.gateway).await.expect("a list");
    assert_eq!(listed[0].kind, Kind::RefundNotGranted.word());
    assert_eq!(listed[0].what, "医院 HIS 不同意退款: told to refuse（not_refundable）");
    // Staff decide otherwise: the money goes back and nothing waits any more.
    world.platform.always("refund", back(100, 805));
    let number = &payment.hosp_out_trade_no;
    queue::refund(&world.gateway, number, "值班员", Scope::All, "已核实").await.expect("begun");
    later(&world, 0).await;
    assert_eq!(states(&world, &payment).await, ["not_granted", "returned"]);
    assert_eq!(world.his.asked::<GrantRefund>()[1].1.by, AskedBy::Staff);
    assert_eq!(waiting(&world).await, [""; 0]);
});

on_both!(a_refusal_of_the_platform_releases_what_was_reserved, async |db: TestDb| {
    let world = World::new(&db).await;
    let payment = world.paid("B1", 100, Some(805)).await;
    willing(&world);
    world.platform.once("refund", FakePlatform::refused("TRADE_OVERDUE"));
    patient_wants(&world, &payment).await;
    later(&world, 0).await;
    assert_eq!(states(&world, &payment).await, ["failed"]);
    assert_eq!(returned(&world, &payment).await, (0, 0));
    let told = world.his.asked::<ConfirmRefund>();
    assert_eq!(told[0].1.outcome, RefundOutcome::Failed);
    assert_eq!(told[0].1.cash_fen.get() + told[0].1.insurance_fen.get(), 0);
    assert_eq!(waiting(&world).await, ["refund_failed"]);
    // The cash part can still go back, if a member of staff wants it so.
    world.platform.always("refund", back(100, 0));
    want(&world, &payment, AskedBy::Staff, Scope::CashOnly).await.expect("begun");
    later(&world, 0).await;
    assert_eq!(states(&world, &payment).await, ["failed", "returned"]);
    assert_eq!(world.platform.asked("refund")[1].get("part_refund_type"), Some("CASH_ONLY"));
    assert_eq!(returned(&world, &payment).await, (100, 0));
});

on_both!(two_that_want_it_at_once_get_one_refund, async |db: TestDb| {
    let world = World::new(&db).await;
    let payment = world.paid("B1", 100, Some(805)).await;
    willing(&world);
    world.platform.always("refund", back(100, 805));
    let begun = std::sync::Mutex::new(vec![]);
    let wishes = (0..8).map(|_| async {
        let wished = want(&world, &payment, AskedBy::Patient, Scope::All).await;
        begun.lock().expect("not poisoned").push(wished);
    });
    medpay_store::side_by_side::all(wishes).await;
    let begun = begun.into_inner().expect("not poisoned");
    assert_eq!(begun.iter().filter(|one| one.is_ok()).count(), 1);
    assert!(begun.iter().all(|one| matches!(one, Ok(_) | Err(AskError::Busy))));
    later(&world, 0).await;
    let again = want(&world, &payment, AskedBy::Staff, Scope::All).await;
    assert!(matches!(again, Err(AskError::NotReserved(NotReserved::GivenBack))), "{again:?}");
    assert_eq!(returned(&world, &payment).await, (100, 805));
    assert_eq!(world.platform.asked("refund").len(), 1);
});

on_both!(a_wish_on_stale_facts_reserves_nothing_twice, async |db: TestDb| {
    let world = World::new(&db).await;
    // As it was read before the first refund, and used after it.
    let stale = world.paid("B1", 100, Some(805)).await;
    willing(&world);
    world.platform.always("refund", back(100, 805));
    patient_wants(&world, &stale).await;
    later(&world, 0).await;
    let again = want(&world, &stale, AskedBy::System, Scope::CashOnly).await;
    assert!(matches!(again, Err(AskError::NotReserved(NotReserved::GivenBack))), "{again:?}");
});

on_both!(insurance_goes_back_until_midnight_and_cash_for_a_year, async |db: TestDb| {
    let world = World::new(&db).await;
    let insured = world.paid("B1", 100, Some(805)).await;
    let cash = world.paid("B2", 70, None).await;
    willing(&world);
    let last = insured.paid_at().expect("paid").day().end().plus_seconds(-1);
    world.clock.advance_seconds((last.as_ms() - world.clock.now().as_ms()) / 1000);
    let in_time = want(&world, &insured, AskedBy::Patient, Scope::All).await;
    assert!(in_time.is_ok(), "{in_time:?}");
    world.clock.advance_seconds(1);
    // What began in time is decided by the platform's answer.
    world.platform.once("refund", FakePlatform::refused("TRADE_OVERDUE"));
    later(&world, 0).await;
    assert_eq!(states(&world, &insured).await, ["failed"]);
    let late = want(&world, &insured, AskedBy::Patient, Scope::All).await;
    assert!(matches!(late, Err(AskError::NotReserved(NotReserved::DayOver))), "{late:?}");
    world.platform.always("refund", back(70, 0));
    world.clock.advance_seconds(300 * 24 * 3600);
    patient_wants(&world, &cash).await;
    later(&world, 0).await;
    assert_eq!(returned(&world, &cash).await, (70, 0));
});

on_both!(a_process_that_dies_is_followed_by_another, async |db: TestDb| {
    let world = World::new(&db).await;
    let payment = world.paid("B1", 100, Some(805)).await;
    willing(&world);
    world.platform.always("refund", back(100, 805));
    patient_wants(&world, &payment).await;
    // Taken by a process that dies before it has asked anybody.
    let store = &world.site.store;
    let (now, elapsed) = (world.clock.now(), world.clock.elapsed());
    let taken = store.lease(give_back::QUEUE, now, elapsed, 5_000, 8).await.expect("leased");
    assert_eq!(taken.len(), 1);
    later(&world, 1).await;
    assert_eq!(states(&world, &payment).await, ["grant_pending"]);
    world.clock.elapse_ms(5_001);
    later(&world, 1).await;
    assert_eq!(states(&world, &payment).await, ["returned"]);
    assert_eq!(returned(&world, &payment).await, (100, 805));
});

on_both!(an_answer_with_other_amounts_is_for_a_person, async |db: TestDb| {
    let world = World::new(&db).await;
    let payment = world.paid("B1", 100, Some(805)).await;
    willing(&world);
    world.platform.always("refund", back(100, 804));
    patient_wants(&world, &payment).await;
    later(&world, 0).await;
    assert_eq!(states(&world, &payment).await, ["back_pending"]);
    assert_eq!(returned(&world, &payment).await, (0, 0));
    assert_eq!(waiting(&world).await, ["contradiction"]);
});

on_both!(what_takes_long_is_listed_until_it_goes_on, async |db: TestDb| {
    let world = World::new(&db).await;
    let payment = world.paid("B1", 100, Some(805)).await;
    world.his.silent::<GrantRefund>();
    patient_wants(&world, &payment).await;
    for _ in 0..4 {
        later(&world, 60).await;
    }
    assert_eq!(waiting(&world).await, [""; 0]);
    for _ in 0..10 {
        later(&world, 60).await;
    }
    assert_eq!(waiting(&world).await, ["refund_slow"]);
    willing(&world);
    world.platform.always("refund", back(100, 805));
    later(&world, 60).await;
    assert_eq!(states(&world, &payment).await, ["returned"]);
    assert_eq!(waiting(&world).await, [""; 0]);
});

on_both!(a_his_that_will_not_note_the_end_is_told_again, async |db: TestDb| {
    let world = World::new(&db).await;
    let payment = world.paid("B1", 100, None).await;
    willing(&world);
    world.his.refuse_once::<ConfirmRefund>(RefusalCode::WrongState);
    world.platform.always("refund", back(100, 0));
    patient_wants(&world, &payment).await;
    later(&world, 0).await;
    assert_eq!(states(&world, &payment).await, ["returned_untold"]);
    assert_eq!(returned(&world, &payment).await, (100, 0));
    assert_eq!(waiting(&world).await, ["refund_not_noted"]);
    later(&world, 3600).await;
    assert_eq!(states(&world, &payment).await, ["returned"]);
    assert_eq!(waiting(&world).await, [""; 0]);
});

on_both!(a_payment_that_the_his_refuses_goes_back_by_itself, async |db: TestDb| {
    let world = World::new(&db).await;
    willing(&world);
    world.his.refuse::<ConfirmBill>(RefusalCode::Voided);
    world.platform.always("refund", back(100, 805));
    let payment = world.paid_unconfirmed("B1", 100, Some(805)).await;
    world.work().await;
    assert_eq!(states(&world, &payment).await, ["returned"]);
    assert_eq!(world.his.asked::<GrantRefund>()[0].1.by, AskedBy::System);
    assert_eq!(returned(&world, &payment).await, (100, 805));
    assert_eq!(waiting(&world).await, [""; 0]);
});

on_both!(only_the_payer_sees_the_page_and_asks, async |db: TestDb| {
    let world = World::new(&db).await;
    let payment = world.paid("B1", 100, Some(805)).await;
    willing(&world);
    world.platform.always("refund", back(100, 805));
    let path = world.site.path(&format!("/orders/{}/refund", payment.hosp_out_trade_no));
    world.login("oSomebodyElse").await;
    let foreign = world.get(&path).await;
    assert_eq!(foreign.status, http::StatusCode::NOT_FOUND);
    world.login(PAYER).await;
    let page = world.get(&path).await;
    assert!(page.body.contains("data-outcome=\"may-ask\""), "{}", page.body);
    assert!(page.body.contains("现金 1.00 元原路退回，医保 8.05 元退回医保"), "{}", page.body);
    assert!(page.body.contains("2026-06-01 23:59:59"), "{}", page.body);
    let csrf = page.hidden("csrf");
    let long = "长".repeat(81);
    let refused = world.post(&path, &[("csrf", &csrf), ("reason", &long)]).await;
    assert_eq!(refused.status, http::StatusCode::BAD_REQUEST);
    assert_eq!(states(&world, &payment).await, [""; 0]);
    for _ in 0..2 {
        let taken = world.post(&path, &[("csrf", &csrf), ("reason", "不看了")]).await;
        assert_eq!(taken.status, http::StatusCode::SEE_OTHER);
    }
    later(&world, 0).await;
    assert_eq!(states(&world, &payment).await, ["returned"]);
    let page = world.get(&path).await;
    assert!(page.body.contains("data-outcome=\"refunded\""), "{}", page.body);
});

on_both!(a_refusal_is_told_to_the_patient_as_it_is, async |db: TestDb| {
    let world = World::new(&db).await;
    let payment = world.paid("B1", 100, Some(805)).await;
    willing(&world);
    world.his.refuse_once::<GrantRefund>(RefusalCode::NotRefundable);
    patient_wants(&world, &payment).await;
    later(&world, 0).await;
    let path = world.site.path(&format!("/orders/{}/refund", payment.hosp_out_trade_no));
    world.login(PAYER).await;
    let page = world.get(&path).await;
    assert!(page.body.contains("已转人工处理"), "{}", page.body);
    assert!(!page.body.contains("told to refuse"), "the HIS's words are for staff");
});
