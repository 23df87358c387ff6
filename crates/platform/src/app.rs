//! The service as one value: what every capability works with.

use crate::doors::{Bureau, Hospital, Messenger, Wallet, WeChat};
use crate::settings::{Environment, Settings};
use medpay_domain::{Clock, Entropy};
use medpay_store::Store;
use medpay_store::Vault;
use std::sync::Arc;

/// The service, shared by every request and worker.
pub type Platform = Arc<App>;

/// What every capability works with. Time, chance and the other parties are handed in.
pub struct App {
    /// What was decided by the operator.
    pub settings: Settings,
    /// The engine, opened on [`crate::migrations::SCHEMA`].
    pub store: Store,
    /// Business and machine time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Seals personal data.
    pub vault: Vault,
    /// The other parties.
    pub doors: Doors,
}

/// The other parties, as far as they are reached.
pub struct Doors {
    /// The bureau and wallet of test institutions.
    pub test: Parties,
    /// Those of production institutions. Where production is not configured, doors that refuse to
    /// connect ([`crate::doors::closed`]): never test's in their place.
    pub production: Parties,
    /// Template messages.
    pub messenger: Arc<dyn Messenger>,
    /// Payment notifications.
    pub hospital: Arc<dyn Hospital>,
    /// Calls passed on.
    pub wechat: Arc<dyn WeChat>,
}

/// Bureau and wallet of one environment.
pub struct Parties {
    /// The bureau.
    pub bureau: Arc<dyn Bureau>,
    /// The wallet.
    pub wallet: Arc<dyn Wallet>,
}

impl App {
    /// Puts the service together.
    pub fn new(
        settings: Settings,
        store: Store,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        doors: Doors,
    ) -> Platform {
        let vault = Vault::new(settings.digest_key.clone());
        Arc::new(Self { settings, store, clock, entropy, vault, doors })
    }

    /// Bureau and wallet of `environment`. A test institution can never reach production's: each
    /// order keeps the environment of the institution that made it.
    pub fn parties(&self, environment: Environment) -> &Parties {
        match environment {
            Environment::Test => &self.doors.test,
            Environment::Production => &self.doors.production,
        }
    }
}
