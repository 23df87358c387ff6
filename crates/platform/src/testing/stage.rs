//! The platform as the stage of saga tests: parties that keep books at the end of a line, and
//! processes that come and go.

use super::keepers::{AnsweringHospital, KeepingBureau, KeepingWallet, Town};
use super::on_line::{BureauOnLine, HospitalOnLine, MessengerOnLine, WalletOnLine};
use super::{
    FakeBureau, FakeHospital, FakeMessenger, FakeWallet, FakeWeChat, Sequence, TestClock, World,
    settings,
};
use crate::app::{App, Doors, Parties};
use crate::doors::closed::Closed;
use crate::{audit, migrations, workers};
use medpay_domain::Clock as _;
use medpay_store::testing::saga::{Line, Stage};
use medpay_store::{Schema, Store, StoreError};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// Everybody around the platform.
pub(crate) struct Around {
    line: Arc<Line>,
    clock: Arc<TestClock>,
    entropy: Arc<Sequence>,
    insured: Arc<FakeBureau>,
    people: Arc<FakeWallet>,
    bureau: Arc<KeepingBureau>,
    wallet: Arc<KeepingWallet>,
    hospital: Arc<AnsweringHospital>,
    messenger: Arc<FakeMessenger>,
    token: Arc<Mutex<Option<String>>>,
}

impl Around {
    fn doors(&self) -> Doors {
        let line = || self.line.clone();
        let bureau = BureauOnLine {
            line: line(),
            insured: self.insured.clone(),
            books: self.bureau.clone(),
        };
        let wallet =
            WalletOnLine { line: line(), people: self.people.clone(), books: self.wallet.clone() };
        Doors {
            test: Parties { bureau: Arc::new(bureau), wallet: Arc::new(wallet) },
            production: Parties { bureau: Arc::new(Closed), wallet: Arc::new(Closed) },
            messenger: Arc::new(MessengerOnLine {
                line: line(),
                messenger: self.messenger.clone(),
            }),
            hospital: Arc::new(HospitalOnLine { line: line(), hospital: self.hospital.clone() }),
            wechat: Arc::new(FakeWeChat::default()),
        }
    }
}

impl Stage for Around {
    type Process = Town;
    const SCHEMA: Schema = Schema { name: "platform", migrations: migrations::SCHEMA };

    fn set(line: &Arc<Line>) -> Self {
        let clock = Arc::new(TestClock::at("20180620090000"));
        Self {
            line: line.clone(),
            entropy: Arc::default(),
            insured: Arc::default(),
            people: Arc::default(),
            bureau: Arc::new(KeepingBureau::new(clock.clone())),
            wallet: Arc::new(KeepingWallet::new(clock.clone())),
            hospital: Arc::default(),
            messenger: Arc::default(),
            token: Arc::default(),
            clock,
        }
    }

    fn clock(&self) -> &TestClock {
        &self.clock
    }

    fn start(&self, store: Store) -> Town {
        let doors = self.doors();
        let app = App::new(settings(), store, self.clock.clone(), self.entropy.clone(), doors);
        let router = crate::router::router(app.clone());
        let world = World {
            app,
            router,
            clock: self.clock.clone(),
            bureau: self.insured.clone(),
            wallet: self.people.clone(),
            messenger: self.messenger.clone(),
            hospital: Arc::new(FakeHospital::default()),
            wechat: Arc::new(FakeWeChat::default()),
            kept_token: self.token.clone(),
            nonces: Mutex::new(0),
        };
        let (bureau, wallet) = (self.bureau.clone(), self.wallet.clone());
        Town { world, bureau, wallet, hospital: self.hospital.clone() }
    }

    async fn work(&self, town: &Town, queues: &BTreeSet<String>) -> Result<(), StoreError> {
        // Each worker has the name of its queue.
        for worker in workers::ALL.iter().filter(|worker| queues.contains(worker.name)) {
            (worker.run_once)(town.app(), self.clock.now()).await?;
        }
        Ok(())
    }

    async fn wrong(&self, town: &Town) -> Vec<String> {
        let mut wrong: Vec<String> = Vec::new();
        let today = self.clock.now().day();
        let days = [today.plus_days(-2), today.plus_days(-1), today];
        let report = audit::run(town.app(), &days).await.expect("the books can be read");
        if !report.equal || !report.quiet || !report.given_up.is_empty() {
            wrong.push(report.to_string());
        }
        let twice = [self.bureau.asked_twice(), self.wallet.asked_twice()].concat();
        if !twice.is_empty() {
            wrong.push(format!("asked twice: {twice:?}"));
        }
        wrong
    }
}
