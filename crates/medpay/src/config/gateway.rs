//! `gateway.toml` as the gateway's settings.

use super::{ClockSource, Database, Environment, Faults, Gathered, Service, Source, Values};
use medpay_domain::{Appid, MchId, OrgNo};
use medpay_gateway::settings::{Institution, Settings};
use std::collections::BTreeSet;

/// Everything that `medpay gateway` needs.
#[derive(Debug)]
pub struct GatewayConfiguration {
    /// Listener, log and way out.
    pub service: Service,
    /// Its database.
    pub database: Database,
    /// Business time.
    pub clock: ClockSource,
    /// The service's own settings.
    pub settings: Settings,
}

impl GatewayConfiguration {
    /// Maps `values`, fetching secrets.
    pub fn map(values: &Values, environment: &Environment) -> Result<Self, Faults> {
        let root = values.root();
        let source = Source { folder: values.folder(), environment };
        let mut gathered = Gathered::default();
        let service = Service::map(&root, &source, &mut gathered);
        let database = Database::map(&root, &source, &mut gathered);
        let mut institutions = Vec::new();
        let mut codes = BTreeSet::new();
        for section in root.list("institutions") {
            let org_no = section.sure_text("org_no");
            if !codes.insert(org_no.clone()) {
                gathered.fault(&section, "org_no", "is another institution's too");
            }
            institutions.push(Institution {
                org_no: OrgNo::new(org_no),
                test: section.sure_text("environment") == "test",
                appid: Appid::new(section.sure_text("appid")),
                mch_id: MchId::new(section.sure_text("mch_id")),
                api_key: super::platform::api_key(&section, &source, &mut gathered),
                sub_appid: section.text("sub_appid").map(Appid::new),
                sub_mch_id: section.text("sub_mch_id").map(MchId::new),
            });
        }
        let all_test = institutions.iter().all(|institution| institution.test);
        let clock = ClockSource::map(&root, all_test, &mut gathered);
        gathered.finish()?;
        let Some(database) = database else { unreachable!("no database is a fault") };
        Ok(Self { service, database, clock, settings: Settings { institutions } })
    }
}
