//! All the parties of one town, over one folder of books.

use crate::books::BookError;
use crate::bureau::Bureau;
use crate::clock::TestClock;
use crate::courier::Courier;
use crate::his::His;
use crate::settings::Settings;
use crate::shell::{self, LastPages, LateAnswers};
use crate::wallet::Wallet;
use crate::wechat::WeChat;
use medpay_domain::{Clock, Entropy, OrgNo};
use std::sync::Arc;
use tokio::sync::watch;

/// The sandbox: every party but platform and hospital.
#[derive(Clone)]
pub struct Sandbox {
    parties: Arc<Parties>,
}

/// What the HTTP shell speaks to.
pub(crate) struct Parties {
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) bureau: Arc<Bureau>,
    pub(crate) hises: Vec<His>,
    pub(crate) wallet: Wallet,
    pub(crate) wechat: Arc<WeChat>,
    pub(crate) courier: Courier,
    /// Which page each person's phone may fill in.
    pub(crate) last_pages: LastPages,
    /// Answers that are held back until they are too late.
    pub(crate) late: LateAnswers,
    /// Counts the notifications that the courier has delivered.
    pub(crate) delivered: watch::Sender<u64>,
}

impl Parties {
    /// The HIS of this hospital.
    pub(crate) fn his(&self, org_no: &OrgNo) -> Option<&His> {
        self.hises.iter().find(|his| his.org_no() == org_no)
    }
}

/// Why a sandbox does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A party's book is not to be had.
    #[error("the sandbox's book {file} in its data folder")]
    Book {
        /// Which.
        file: &'static str,
        /// Why.
        #[source]
        source: BookError,
    },
}

impl Sandbox {
    /// Opens the books in `settings.data_dir`, or begins new ones. `machine` is the real clock:
    /// the test clock starts from it.
    pub fn open(
        settings: Settings,
        machine: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, OpenError> {
        let folder = settings.data_dir.as_path();
        let named = |file| move |source| OpenError::Book { file, source };
        let clock = TestClock::open(folder, machine).map_err(named("clock.db"))?;
        let bureau = Bureau::open(
            folder,
            settings.persons.clone(),
            settings.late_reversal_cities.clone(),
            Arc::clone(&entropy),
        )
        .map_err(named("bureau.db"))?;
        let bureau = Arc::new(bureau);
        let hises = settings
            .his
            .iter()
            .map(|his| {
                let (persons, bureau) = (settings.persons.clone(), Arc::clone(&bureau));
                His::open(folder, his.clone(), persons, bureau, clock.now())
            })
            .collect::<Result<_, _>>()
            .map_err(named("his-*.db"))?;
        let wechat = WeChat::open(
            folder,
            settings.persons.clone(),
            settings.accounts.clone(),
            &settings.public_url,
            Arc::clone(&entropy),
        )
        .map_err(named("wechat.db"))?;
        let wechat = Arc::new(wechat);
        let wallet = Wallet::open(folder, settings.persons.clone(), Arc::clone(&wechat), entropy)
            .map_err(named("wallet.db"))?;
        let courier =
            Courier::open(folder, settings.accounts.clone()).map_err(named("courier.db"))?;
        let late = LateAnswers::default();
        let (delivered, _) = watch::channel(0);
        let parties = Parties {
            settings,
            clock,
            bureau,
            hises,
            wallet,
            wechat,
            courier,
            last_pages: LastPages::default(),
            late,
            delivered,
        };
        Ok(Self { parties: Arc::new(parties) })
    }

    /// Everything the sandbox serves over HTTP.
    pub fn router(&self) -> axum::Router {
        shell::router(Arc::clone(&self.parties))
    }

    /// The HIS of a hospital, for those who live in the same process.
    pub fn his(&self, org_no: &OrgNo) -> Option<&His> {
        self.parties.his(org_no)
    }

    /// The wallet, likewise.
    pub fn wallet(&self) -> &Wallet {
        &self.parties.wallet
    }

    /// The bureau, likewise.
    pub fn bureau(&self) -> &Bureau {
        &self.parties.bureau
    }

    /// The test clock, for those who live in the same process.
    pub fn test_clock(&self) -> Arc<TestClock> {
        Arc::clone(&self.parties.clock)
    }

    #[cfg(test)]
    pub(crate) fn parties(&self) -> Arc<Parties> {
        Arc::clone(&self.parties)
    }

    /// What it was opened with.
    pub fn settings(&self) -> &Settings {
        &self.parties.settings
    }
}
