//! The service as one value, and what every capability works with.

use crate::doors::Doors;
use crate::settings::{Hospital, Institution, Settings};
use medpay_domain::{Clock, Entropy, OrgNo};
use medpay_store::workers::Workplace;
use medpay_store::{Store, Vault};
use std::sync::Arc;

/// The service, shared by every request. It serves test and production side by side: each
/// environment has a [`Branch`] with a database of its own.
#[derive(Clone)]
pub struct Gateway {
    settings: Arc<Settings>,
    branches: Arc<[Arc<Branch>]>,
}

/// The hospitals of one environment, over one database: what a worker works on.
pub struct Branch {
    store: Store,
    clock: Arc<dyn Clock>,
    sites: Vec<Arc<Site>>,
}

/// One hospital in one environment. Time, chance, storage and the other parties are handed in.
pub struct Site {
    /// What was decided for all.
    pub settings: Arc<Settings>,
    /// What was decided for this one.
    pub institution: Institution,
    /// The environment's database, opened on [`crate::SCHEMA`].
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

/// The databases: one where all institutions are of one environment.
#[derive(Clone)]
pub struct Stores {
    /// Of test institutions.
    pub test: Option<Store>,
    /// Of production institutions.
    pub production: Option<Store>,
}

impl Gateway {
    /// Puts the service together; an institution whose environment has no database is left out.
    /// `doors` makes the ways out of an institution.
    pub fn open(
        settings: Settings,
        stores: &Stores,
        clock: &Arc<dyn Clock>,
        entropy: &Arc<dyn Entropy>,
        doors: impl Fn(&Arc<Settings>, &Institution) -> Doors,
    ) -> Self {
        let settings = Arc::new(settings);
        let vault = Vault::new(settings.digest_key.clone());
        let branch = |store: &Store, test: bool| {
            let institutions = settings.institutions.iter().filter(|it| it.test == test);
            let sites = institutions.map(|institution| {
                Arc::new(Site {
                    settings: Arc::clone(&settings),
                    institution: institution.clone(),
                    store: store.clone(),
                    clock: Arc::clone(clock),
                    entropy: Arc::clone(entropy),
                    vault: vault.clone(),
                    doors: doors(&settings, institution),
                })
            });
            Arc::new(Branch {
                store: store.clone(),
                clock: Arc::clone(clock),
                sites: sites.collect(),
            })
        };
        let test = stores.test.as_ref().map(|store| branch(store, true));
        let production = stores.production.as_ref().map(|store| branch(store, false));
        let branches = test.into_iter().chain(production).collect();
        Self { settings, branches }
    }

    /// What was decided for all.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Every environment that is served.
    pub fn branches(&self) -> impl Iterator<Item = &Arc<Branch>> {
        self.branches.iter()
    }

    /// Every hospital that has a patients' side.
    pub fn sites(&self) -> impl Iterator<Item = Arc<Site>> {
        let sites = self.branches.iter().flat_map(|branch| &branch.sites);
        sites.filter(|site| site.hospital().is_some()).cloned()
    }

    /// The hospital with this word in addresses.
    pub fn site(&self, word: &str) -> Option<Arc<Site>> {
        let mut sites = self.branches.iter().flat_map(|branch| &branch.sites);
        sites.find(|site| site.institution.site == word).cloned()
    }
}

impl Branch {
    /// The hospital whose rows have this code.
    pub fn site(&self, org_no: &OrgNo) -> Option<&Arc<Site>> {
        self.sites.iter().find(|site| site.institution.org_no == *org_no)
    }

    /// How long a worker holds a job, in machine milliseconds.
    pub fn lease_ms(&self) -> i64 {
        self.sites.first().map_or(0, |site| site.settings.lease_ms)
    }

    /// All hospitals of the environment.
    pub fn sites(&self) -> &[Arc<Site>] {
        &self.sites
    }
}

impl Workplace for Branch {
    fn store(&self) -> &Store {
        &self.store
    }

    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }
}

impl Site {
    /// 医疗机构编码, which stands in every row of the hospital.
    pub fn org_no(&self) -> &OrgNo {
        &self.institution.org_no
    }

    /// What the patients' side needs. A site without it serves no page, so whoever serves one has
    /// it.
    pub fn hospital(&self) -> Option<&Hospital> {
        self.institution.hospital.as_ref()
    }

    /// The path of one of the patients' pages; `path` begins with a slash or is empty.
    pub fn path(&self, path: &str) -> String {
        format!("/h/{}{path}", self.institution.site)
    }

    /// The address of one of the patients' pages, for messages and QR codes.
    pub fn url(&self, path: &str) -> String {
        format!("{}{}", self.settings.public_url, self.path(path))
    }

    /// A fresh trace id, 8-8-8 hex, which stands in the log line and in a refusal.
    pub fn rid(&self) -> String {
        new_rid(self.entropy.as_ref())
    }
}

/// A fresh trace id, 8-8-8 hex.
pub(crate) fn new_rid(entropy: &dyn Entropy) -> String {
    let nonce = entropy.nonce();
    let part = |from: usize| nonce.get(from..from + 8).unwrap_or_default();
    format!("{}-{}-{}", part(0), part(8), part(16))
}
