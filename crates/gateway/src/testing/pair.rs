//! Two processes of the gateway on one database, run step by step by the stepper.

use super::{FakeHis, FakePlatform, FakePublicAccount, SITE, World, settings};
use crate::doors::Doors;
use crate::gateway::{Gateway, Stores};
use medpay_domain::{Clock, Elapsed, Entropy, Timestamp};
use medpay_store::Schema;
use medpay_store::testing::{Sequence, Stepper, TestClock, TestDb};
use std::sync::Arc;

/// What every page and every worker does, and no scene is about.
const PASSING: &[&str] = &[
    "find a page session",
    "arrive by a channel",
    "visit cards of a holder",
    "next due job",
    "refunds of an order",
];

/// Two processes with the same parties around them, and who steps them.
pub(crate) struct Pair {
    pub stepper: Stepper,
    pub worlds: [World; 2],
}

/// How far the second process's machine time is ahead: more than a lease lasts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leases {
    /// Not at all: whoever has a lease keeps it.
    Hold,
    /// So that whatever the first process leases has run out in the eyes of the second.
    RunOut,
}

/// The same business time, a later machine time.
struct Ahead {
    clock: Arc<TestClock>,
    by_ms: i64,
}

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn elapsed(&self) -> Elapsed {
        self.clock.elapsed().plus_ms(self.by_ms)
    }
}

impl Pair {
    /// On a fresh database; only the writes of these names are held at every statement, the others
    /// are a step each.
    pub(crate) async fn new(db: &TestDb, leases: Leases, only: &[&'static str]) -> Self {
        let stepper = Stepper::new(db, 2).await.passing(PASSING).only(only);
        let around = Around {
            clock: Arc::new(TestClock::at("20260601101500")),
            platform: Arc::default(),
            his: Arc::default(),
            public_account: Arc::default(),
            chance: Arc::new(Sequence::default()),
        };
        let ahead_ms = if leases == Leases::RunOut { settings().lease_ms + 1 } else { 0 };
        let worlds =
            [around.world(&stepper, 0, 0).await, around.world(&stepper, 1, ahead_ms).await];
        Self { stepper, worlds }
    }

    /// The browser of the first process goes on with the second, as behind a load balancer.
    pub(crate) fn share_cookies(&self) {
        let cookies = self.worlds[0].cookies.lock().expect("not poisoned").clone();
        *self.worlds[1].cookies.lock().expect("not poisoned") = cookies;
    }
}

/// What both processes have in common.
struct Around {
    clock: Arc<TestClock>,
    platform: Arc<FakePlatform>,
    his: Arc<FakeHis>,
    public_account: Arc<FakePublicAccount>,
    chance: Arc<dyn Entropy>,
}

impl Around {
    async fn world(&self, stepper: &Stepper, process: usize, by_ms: i64) -> World {
        let schema = Schema { name: "gateway", migrations: crate::SCHEMA };
        let store = stepper.open(process, schema).await;
        let doors = Doors {
            platform: self.platform.clone(),
            his: self.his.clone(),
            public_account: self.public_account.clone(),
        };
        let stores = Stores { test: Some(store), production: None };
        let time: Arc<dyn Clock> = Arc::new(Ahead { clock: self.clock.clone(), by_ms });
        let gateway = Gateway::open(settings(), &stores, &time, &self.chance, |_, _| doors.clone());
        let branch = gateway.branches().next().expect("the test branch").clone();
        World {
            router: crate::router::router(gateway.clone()),
            branch,
            site: gateway.site(SITE).expect("the first hospital"),
            gateway,
            clock: self.clock.clone(),
            platform: self.platform.clone(),
            his: self.his.clone(),
            public_account: self.public_account.clone(),
            cookies: Arc::default(),
        }
    }
}
