//! Refunds of two processes, step by step in every order: nothing is wished for twice, asked twice
//! or counted twice.

use super::*;

use crate::gateway::Branch;
use crate::testing::pair::{Leases, Pair};
use medpay_store::BoxFuture;
use medpay_store::testing::Round;
use medpay_store::workers::Workplace as _;

/// A payment of 1.00 and 8.05 of this round, which everybody is willing to give back.
async fn paid(round: &Round<'_>, world: &World) -> Payment {
    willing(world);
    world.platform.always("refund", back(100, 805));
    world.platform.always("refundquery", became("SUCCESS", 100, 805));
    world.paid(&format!("B{}", round.number()), 100, Some(805)).await
}

/// Everything went back once.
async fn wholly_back_once(world: &World, payment: &Payment) {
    world.work().await;
    let refunds = refunds(world, payment).await;
    assert_eq!(refunds.len(), 1, "{refunds:?}");
    assert!(!refunds[0].is_open(), "{refunds:?}");
    let number = refunds[0].hosp_out_refund_no.as_str();
    let asked = world.platform.asked("refund");
    let asked = asked
        .iter()
        .filter(|it| it.get("hosp_out_trade_no") == Some(payment.hosp_out_trade_no.as_str()));
    for fields in asked {
        assert_eq!(fields.get("hosp_out_refund_no"), Some(number), "one number");
    }
    let now = world.payment(&payment.hosp_out_trade_no).await;
    assert!(now.money.wholly_returned(), "{:?}", now.money);
}

on_both!(a_patient_and_staff_want_it_back_at_once, async |db: TestDb| {
    let pair = Pair::new(&db, Leases::Hold, &["want", "staff want a refund"]).await;
    let [one, other] = &pair.worlds;
    pair.stepper
        .every_order("a patient's refund and staff's", async |round| {
            let payment = paid(round, one).await;
            let (of_patient, of_staff) = (payment.clone(), payment.hosp_out_trade_no.clone());
            let patient: BoxFuture<'_, bool> = Box::pin(async move {
                want(one, &of_patient, AskedBy::Patient, Scope::All).await.is_ok()
            });
            let staff = Box::pin(async move {
                queue::refund(&other.gateway, &of_staff, "王", Scope::All, "不看了").await.is_ok()
            });
            let begun = round.run(vec![patient, staff]).await;
            assert_eq!(begun.iter().filter(|begun| **begun).count(), 1, "{begun:?}");
            wholly_back_once(one, &payment).await;
        })
        .await;
});

/// One round of the worker, without the second look that finds nothing.
fn working(branch: &Branch) -> BoxFuture<'_, ()> {
    Box::pin(async move {
        let (clock, store) = (branch.clock(), branch.store());
        let (now, elapsed, lease_ms) = (clock.now(), clock.elapsed(), branch.lease_ms());
        let leases = store.lease(give_back::QUEUE, now, elapsed, lease_ms, 8).await;
        for lease in leases.expect("leased") {
            // Whoever finds the lease lost leaves it to the other.
            let _ = give_back::work_off(branch, lease).await;
        }
    })
}

async fn worked_off_twice(db: &TestDb, leases: Leases, name: &str) {
    let pair = Pair::new(db, leases, &["a refund is answered"]).await;
    let one = &pair.worlds[0];
    pair.stepper
        .every_order(name, async |round| {
            let payment = paid(round, one).await;
            patient_wants(one, &payment).await;
            let flows = pair.worlds.iter().map(|world| working(&world.branch)).collect();
            round.run(flows).await;
            wholly_back_once(one, &payment).await;
        })
        .await;
}

on_both!(two_workers_at_one_refund, async |db: TestDb| {
    worked_off_twice(&db, Leases::Hold, "two workers at a hospital's refund").await;
});

on_both!(a_worker_whose_lease_ran_out_and_its_successor, async |db: TestDb| {
    worked_off_twice(&db, Leases::RunOut, "a hospital's refund's worker and its successor").await;
});
