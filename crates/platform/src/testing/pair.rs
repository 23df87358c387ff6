//! Two processes of the platform on one database, run step by step by the stepper.

use super::keepers::{AnsweringHospital, KeepingBureau, KeepingWallet, Town};
use super::{
    Answered, FakeBureau, FakeHospital, FakeMessenger, FakeWallet, FakeWeChat, HOSPITAL, Sequence,
    TestClock, World, settings,
};
use crate::app::{App, Doors, Parties};
use crate::doors::closed::Closed;
use crate::migrations;
use medpay_domain::{Clock, Elapsed, Timestamp};
use medpay_store::testing::{Stepper, TestDb};
use medpay_store::{BoxFuture, Schema};
use medpay_wire::fields::Fields;
use std::sync::{Arc, Mutex};

/// What every request and every worker does, and no scene is about.
const PASSING: &[&str] = &["find token", "issue token", "next due job"];

/// Two processes, the parties around them, and who steps them.
pub(crate) struct Pair {
    pub stepper: Stepper,
    pub towns: [Town; 2],
    token: String,
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
        let clock = Arc::new(TestClock::at("20180620090000"));
        let around = Around {
            bureau: Arc::new(KeepingBureau::new(clock.clone())),
            wallet: Arc::new(KeepingWallet::new(clock.clone())),
            hospital: Arc::default(),
            entropy: Arc::default(),
            clock,
        };
        let ahead_ms = if leases == Leases::RunOut { settings().lease_ms + 1 } else { 0 };
        let towns = [around.town(&stepper, 0, 0).await, around.town(&stepper, 1, ahead_ms).await];
        let account = towns[0].world.institution(HOSPITAL).account.clone();
        let token = towns[0].world.token(&account).await;
        Self { stepper, towns, token }
    }

    /// A process's service.
    pub(crate) fn app(&self, process: usize) -> &App {
        self.towns[process].app()
    }

    /// The first hospital calls an interface of a process.
    pub(crate) fn call<'a>(
        &'a self,
        process: usize,
        interface: &'a str,
        fields: &[(&str, &str)],
    ) -> BoxFuture<'a, Answered> {
        let world = &self.towns[process].world;
        let institution = world.institution(HOSPITAL);
        let mut document: Fields = fields.iter().copied().collect();
        document.set("appid", institution.account.appid.as_str());
        document.set("mch_id", institution.merchant.mch_id.as_str());
        Box::pin(world.call_as(institution, &self.token, interface, document))
    }
}

/// What both processes have in common.
struct Around {
    clock: Arc<TestClock>,
    bureau: Arc<KeepingBureau>,
    wallet: Arc<KeepingWallet>,
    hospital: Arc<AnsweringHospital>,
    entropy: Arc<Sequence>,
}

impl Around {
    async fn town(&self, stepper: &Stepper, process: usize, ahead_ms: i64) -> Town {
        let schema = Schema { name: "platform", migrations: migrations::SCHEMA };
        let store = stepper.open(process, schema).await;
        let (messenger, wechat) =
            (Arc::new(FakeMessenger::default()), Arc::new(FakeWeChat::default()));
        let doors = Doors {
            test: Parties { bureau: self.bureau.clone(), wallet: self.wallet.clone() },
            production: Parties { bureau: Arc::new(Closed), wallet: Arc::new(Closed) },
            messenger: messenger.clone(),
            hospital: self.hospital.clone(),
            wechat: wechat.clone(),
        };
        let clock = Arc::new(Ahead { clock: self.clock.clone(), by_ms: ahead_ms });
        let app = App::new(settings(), store, clock, self.entropy.clone(), doors);
        let world = World {
            router: crate::router::router(app.clone()),
            app,
            clock: self.clock.clone(),
            bureau: Arc::new(FakeBureau::default()),
            wallet: Arc::new(FakeWallet::default()),
            messenger,
            hospital: Arc::new(FakeHospital::default()),
            wechat,
            kept_token: Arc::default(),
            nonces: Mutex::new(0),
        };
        let (bureau, wallet) = (self.bureau.clone(), self.wallet.clone());
        Town { world, bureau, wallet, hospital: self.hospital.clone() }
    }
}
