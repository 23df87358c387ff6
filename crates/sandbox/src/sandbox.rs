//! All the parties of one town, over one folder of books.

use crate::books::BookError;
use crate::clock::TestClock;
use crate::settings::Settings;
use crate::shell;
use medpay_domain::{Clock, Entropy};
use std::sync::Arc;

/// The sandbox: every party but platform and hospital.
#[derive(Clone)]
pub struct Sandbox {
    parties: Arc<Parties>,
}

/// What the HTTP shell speaks to.
pub(crate) struct Parties {
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) entropy: Arc<dyn Entropy>,
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
        Ok(Self { parties: Arc::new(Parties { settings, clock, entropy }) })
    }

    /// Everything the sandbox serves over HTTP.
    pub fn router(&self) -> axum::Router {
        shell::router(Arc::clone(&self.parties))
    }

    /// The test clock, for those who live in the same process.
    pub fn test_clock(&self) -> Arc<TestClock> {
        Arc::clone(&self.parties.clock)
    }

    /// What it was opened with.
    pub fn settings(&self) -> &Settings {
        &self.parties.settings
    }
}
