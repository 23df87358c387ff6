//! The database fails at each commit in turn, before it or after it, and the process that asked
//! forgets everything: no money is lost and none moves twice.

use super::parties::Fate::Refused;
use super::{PAYER, Town, usual};
use crate::testing::{HOSPITAL, settings};
use medpay_domain::platform::order::State;
use medpay_store::testing::TestDb;
use medpay_store::{Fault, FaultHook, Point, on_both};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Fails once, at the n-th time a point comes by.
pub(super) struct FailOnce {
    point: Point,
    left: AtomicI64,
}

impl FailOnce {
    fn at(point: Point) -> Arc<Self> {
        Arc::new(Self { point, left: AtomicI64::new(-1) })
    }

    /// Fails at the `n`-th commit from now, counted from 0.
    fn arm(&self, n: i64) {
        self.left.store(n, Ordering::SeqCst);
    }

    /// Takes the failure away; whether it had happened.
    fn disarm(&self) -> bool {
        self.left.swap(-1, Ordering::SeqCst) < 0
    }
}

impl FaultHook for FailOnce {
    fn at(&self, point: Point) -> Fault {
        let now = point == self.point && self.left.fetch_sub(1, Ordering::SeqCst) == 0;
        if now { Fault::Fail } else { Fault::None }
    }
}

/// Pays one order for each commit there is, with a failure at that commit.
async fn dies(db: &TestDb, point: Point, refused: bool, held_of_one: (i64, i64, i64)) {
    let hook = FailOnce::at(point);
    let town = Town::with_faults(db, settings(), hook.clone()).await;
    let mut paid = 0;
    for commit in 0.. {
        if refused {
            town.parties.lay("settle", &[Refused("OUT_OF_SERVICE")]);
        }
        let number = format!("A{commit}");
        let reply = town.order(&number, "3", 100, 805).await;
        hook.arm(commit);
        town.pay(&reply).await;
        if matches!(town.stored(&reply).await.order.state, State::Created { .. }) {
            town.pay(&reply).await;
        }
        rest_after_failures(&town).await;
        let failed = hook.disarm();
        paid += 1;
        let end = if refused { "SYS_REFUNDED/REFUND/CLOSED" } else { "SUCCESS/SUCCESS/PAYED" };
        assert_eq!(town.states(&number).await, end, "{point:?} {commit}");
        let (cash, insurance, bookings) = held_of_one;
        assert_eq!(town.parties.held(), (cash * paid, insurance * paid, bookings * paid));
        if !failed {
            assert!(commit > 3, "there are more commits than {commit}");
            return;
        }
    }
}

/// Works like processes that die whenever the database fails, until nobody is asked any more.
async fn rest_after_failures(town: &Town) {
    for _ in 0..20 {
        let now = town.world.clock_now();
        // A failed round is a dead process; its leases run out.
        let _ = crate::orders::settle::run_once(town.app(), now).await;
        town.world.clock.elapse_ms(10_001);
        let waiting = town.app().store.pending_jobs(crate::orders::SETTLE_QUEUE).await;
        if waiting.expect("read").is_empty() {
            return;
        }
        town.world.clock.advance_seconds(5);
    }
    panic!("the order does not come to rest");
}

on_both!(before_the_commits_of_a_payment, async |db: TestDb| {
    dies(&db, Point::BeforeCommit, false, (100, 805, 1)).await;
});

on_both!(after_the_commits_of_a_payment, async |db: TestDb| {
    dies(&db, Point::AfterCommit, false, (100, 805, 1)).await;
});

on_both!(before_the_commits_of_a_return, async |db: TestDb| {
    dies(&db, Point::BeforeCommit, true, (0, 0, 0)).await;
});

on_both!(after_the_commits_of_a_return, async |db: TestDb| {
    dies(&db, Point::AfterCommit, true, (0, 0, 0)).await;
});

on_both!(an_order_whose_commit_is_unknown_is_found_by_its_number, async |db: TestDb| {
    for point in [Point::BeforeCommit, Point::AfterCommit] {
        let db = TestDb::fresh(db.engine()).await;
        let hook = FailOnce::at(point);
        let town = Town::with_faults(&db, settings(), hook.clone()).await;
        let institution = town.world.institution(HOSPITAL).clone();
        let token = town.world.token(&institution.account).await;
        let ask = async || {
            let digest = crate::testing::Person::LIN.id_md5();
            let mut fields: medpay_wire::fields::Fields = usual("A", &digest).into_iter().collect();
            fields.set("openid", PAYER).set("return_url", "https://his.example/done");
            fields.set("appid", institution.account.appid.as_str());
            fields.set("mch_id", institution.merchant.mch_id.as_str());
            town.world.call_as(&institution, &token, "unifiedorder", fields).await
        };
        hook.arm(0);
        assert_eq!(ask().await.word(), "SYSTEMERROR");
        assert!(hook.disarm());
        assert_eq!(ask().await.word(), "SUCCESS");
        assert_eq!(town.states("A").await, "NOTPAY/NOTPAY/NOTPAY");
        db.remove().await;
    }
});
