//! `platform.toml` as the platform's settings.

use super::{
    Admission, ClockSource, Database, Environment, Faults, Gathered, Section, Service, Source,
    Values,
};
use medpay_domain::{Appid, CityId, MchId, OrgNo, Secret};
use medpay_platform::settings::{
    Account, Counterparties, Environment as Environs, Institution, Merchant, Settings, SubMerchant,
    TokenErrorShape,
};
use medpay_wire::sign::ApiKey;
use std::collections::BTreeSet;

/// Everything that `medpay platform` needs.
#[derive(Debug)]
pub struct PlatformConfiguration {
    /// Listener, log and way out.
    pub service: Service,
    /// How much it takes on at once.
    pub admission: Admission,
    /// Its database.
    pub database: Database,
    /// Business time.
    pub clock: ClockSource,
    /// The service's own settings.
    pub settings: Settings,
}

/// What a test credential begins with; production refuses it (DESIGN, rules of the seeds).
pub(super) const TEST_PREFIX: &str = "test";

/// What the appid of a test account begins with.
pub(super) const TEST_APPID_PREFIX: &str = "wxtest";

/// The official hosts, which no test credential may reach.
const OFFICIAL_HOSTS: &[&str] =
    &["api.weixin.qq.com", "open.weixin.qq.com", "api.mch.weixin.qq.com"];

impl PlatformConfiguration {
    /// Maps `values`, fetching secrets.
    pub fn map(values: &Values, environment: &Environment) -> Result<Self, Faults> {
        let root = values.root();
        let source = Source { folder: values.folder(), environment };
        let mut gathered = Gathered::default();
        let service = Service::map(&root, &source, &mut gathered);
        let admission = Admission::map(&root);
        let database = Database::map(&root, &source, &mut gathered);
        let settings = settings(&root, &source, &mut gathered);
        let all_test = settings.institutions.iter().all(|i| i.environment == Environs::Test);
        let clock = ClockSource::map(&root, all_test, &mut gathered);
        gathered.finish()?;
        let Some(database) = database else { unreachable!("no database is a fault") };
        Ok(Self { service, admission, database, clock, settings })
    }
}

fn settings(root: &Section<'_>, source: &Source<'_>, gathered: &mut Gathered) -> Settings {
    let production = match (root.text("production.bureau_url"), root.text("production.wallet_url"))
    {
        (Some(bureau_url), Some(wallet_url)) => {
            Some(Counterparties { bureau_url, wallet_url, courier_url: None })
        }
        (None, None) => None,
        _ => {
            gathered.fault(root, "production", "needs both `bureau_url` and `wallet_url`");
            None
        }
    };
    let cities = super::cities::all(root.path("cities_dir").as_deref()).unwrap_or_else(|error| {
        gathered.fault(root, "cities_dir", &format!("is of no use: {error:#}"));
        Vec::new()
    });
    let settings = Settings {
        public_url: root.sure_text("public_url"),
        open_url: root.sure_text("open_url"),
        wechat_url: root.sure_text("wechat_url"),
        test: Counterparties {
            bureau_url: root.sure_text("test.bureau_url"),
            wallet_url: root.sure_text("test.wallet_url"),
            courier_url: root.text("test.courier_url"),
        },
        production,
        institutions: root
            .list("institutions")
            .iter()
            .map(|section| institution(section, source, gathered))
            .collect(),
        cities,
        paths: super::paths::map(root, gathered),
        order_expiry_seconds: root.sure_whole("order_expiry_seconds"),
        bind_link_seconds: root.sure_whole("bind_link_seconds"),
        bind_tries: root.sure_whole("bind_tries"),
        token_seconds: root.sure_whole("token_seconds"),
        notify_schedule_seconds: root.wholes("notify_schedule_seconds"),
        token_error_shape: match root.sure_text("token_error_shape").as_str() {
            "json" => TokenErrorShape::Json,
            _ => TokenErrorShape::Xml,
        },
        call_timeout_ms: root.sure_whole("call_timeout_ms"),
        lease_ms: root.sure_whole("lease_ms"),
        frame_ancestors: root.text("frame_ancestors"),
        page_key: long_key(root, "page_key", source, gathered),
        digest_key: long_key(root, "digest_key", source, gathered),
    };
    join(root, &settings, gathered);
    settings
}

pub(super) fn long_key(
    root: &Section<'_>,
    path: &str,
    source: &Source<'_>,
    gathered: &mut Gathered,
) -> Secret {
    let before = gathered.0.len();
    let key = gathered.secret(root, path, source);
    if key.len() < 32 && gathered.0.len() == before {
        gathered.fault(root, path, "is too short: 32 characters or more");
    }
    Secret::new(key)
}

fn institution(section: &Section<'_>, source: &Source<'_>, gathered: &mut Gathered) -> Institution {
    let environment = match section.sure_text("environment").as_str() {
        "production" => Environs::Production,
        _ => Environs::Test,
    };
    let account = account(section, ["appid", "secret", "mini_program"], source, gathered);
    let Some(account) = account else { unreachable!("`appid` was looked at") };
    let rate = section.whole("calls_per_second").and_then(|rate| u32::try_from(rate).ok());
    Institution {
        name: section.sure_text("name"),
        org_no: OrgNo::new(section.sure_text("org_no")),
        city_id: CityId::new(section.sure_text("city_id")),
        environment,
        account,
        merchant: Merchant {
            mch_id: MchId::new(section.sure_text("mch_id")),
            api_key: api_key(section, source, gathered),
        },
        sub: sub_merchant(section, source, gathered),
        permissions: permissions(section, gathered),
        calls_per_second: rate,
        hmac_sha256: section.flag("hmac_sha256"),
        return_hosts: section.texts("return_hosts"),
        notify_hosts: section.texts("notify_hosts"),
        city_services: section.flag("city_services"),
        templates: super::sandbox::TEMPLATES.map(|path| section.text(path)),
    }
}

/// An API key that is one; a wrong one is noted, and a key that opens nothing stands in for it
/// until the configuration is refused.
pub(super) fn api_key(
    section: &Section<'_>,
    source: &Source<'_>,
    gathered: &mut Gathered,
) -> ApiKey {
    let before = gathered.0.len();
    let text = gathered.secret(section, "api_key", source);
    ApiKey::new(&text).unwrap_or_else(|| {
        if gathered.0.len() == before {
            gathered.fault(section, "api_key", "must be 32 printable ASCII characters");
        }
        let Some(key) = ApiKey::new(&"-".repeat(32)) else { unreachable!("it is one") };
        key
    })
}

fn account(
    section: &Section<'_>,
    [appid, secret, mini_program]: [&str; 3],
    source: &Source<'_>,
    gathered: &mut Gathered,
) -> Option<Account> {
    let id = section.text(appid)?;
    if section.secret(secret).is_none() {
        gathered.fault(section, secret, &format!("is needed with `{appid}`"));
    }
    Some(Account {
        appid: Appid::new(id),
        secret: Secret::new(gathered.secret(section, secret, source)),
        mini_program: section.flag(mini_program),
    })
}

fn sub_merchant(
    section: &Section<'_>,
    source: &Source<'_>,
    gathered: &mut Gathered,
) -> Option<SubMerchant> {
    let sub_account =
        account(section, ["sub_appid", "sub_secret", "sub_mini_program"], source, gathered);
    let sub_mch_id = section.text("sub_mch_id");
    if sub_mch_id.is_none() && sub_account.is_some() {
        gathered.fault(section, "sub_mch_id", "is needed with `sub_appid`");
    }
    sub_mch_id.map(|id| SubMerchant { sub_mch_id: MchId::new(id), sub_account })
}

fn permissions(section: &Section<'_>, gathered: &mut Gathered) -> BTreeSet<String> {
    let all = || medpay_wire::interfaces::ALL.iter().map(|interface| interface.name);
    if section.texts("permissions").is_empty() {
        return all().map(str::to_owned).collect();
    }
    let asked = section.texts("permissions");
    for name in asked.iter().filter(|name| !all().any(|known| known == *name)) {
        let names: Vec<_> = all().collect();
        let problem =
            format!("names `{name}`, which is no interface; there are {}", names.join(", "));
        gathered.fault(section, "permissions", &problem);
    }
    asked.into_iter().collect()
}

/// The rules that join several keys.
fn join(root: &Section<'_>, settings: &Settings, gathered: &mut Gathered) {
    let call_timeout_ms = i64::try_from(settings.call_timeout_ms).unwrap_or(i64::MAX);
    if settings.lease_ms <= call_timeout_ms {
        gathered.fault(
            root,
            "lease_ms",
            "must be more than `call_timeout_ms`, or a second process would take up a job whose \
             call is still under way",
        );
    }
    let sections = root.list("institutions");
    for (institution, section) in settings.institutions.iter().zip(&sections) {
        if settings.city(&institution.city_id).is_none() {
            gathered.fault(section, "city_id", "names a city of which there is no file");
        }
        match institution.environment {
            Environs::Test => no_official_host(root, settings, institution, section, gathered),
            Environs::Production => production(root, settings, institution, section, gathered),
        }
    }
    unique(settings, &sections, gathered);
}

fn production(
    root: &Section<'_>,
    settings: &Settings,
    institution: &Institution,
    section: &Section<'_>,
    gathered: &mut Gathered,
) {
    let Some(parties) = &settings.production else {
        let problem = "is production, but `production.bureau_url` and `production.wallet_url` \
                       are not given";
        return gathered.fault(section, "environment", problem);
    };
    for (path, url) in [
        ("public_url", &settings.public_url),
        ("production.bureau_url", &parties.bureau_url),
        ("production.wallet_url", &parties.wallet_url),
    ] {
        if !url.starts_with("https://") {
            gathered.fault(root, path, "must be https where an institution is in production");
        }
    }
    if settings.frame_ancestors.is_some() {
        let problem = "lets others frame the pages although an institution is in production";
        gathered.fault(root, "frame_ancestors", problem);
    }
    for (path, is_test) in test_credentials(institution) {
        if is_test {
            gathered.fault(section, path, "is a test credential; production refuses it");
        }
    }
}

/// Which credentials carry the visible prefix of a test.
fn test_credentials(institution: &Institution) -> [(&'static str, bool); 3] {
    let secret = institution.account.secret.reveal();
    [
        ("appid", institution.account.appid.as_str().starts_with(TEST_APPID_PREFIX)),
        ("secret", secret.starts_with(TEST_PREFIX.as_bytes())),
        ("api_key", institution.merchant.api_key.reveal().starts_with(TEST_PREFIX)),
    ]
}

fn no_official_host(
    root: &Section<'_>,
    settings: &Settings,
    institution: &Institution,
    section: &Section<'_>,
    gathered: &mut Gathered,
) {
    for (path, url) in [
        ("test.bureau_url", &settings.test.bureau_url),
        ("test.wallet_url", &settings.test.wallet_url),
    ] {
        if is_official(url) {
            gathered.fault(root, path, "is an official host, which a test must not reach");
        }
    }
    if test_credentials(institution).iter().any(|(_, is_test)| *is_test) {
        for url in [&settings.open_url, &settings.wechat_url] {
            if is_official(url) {
                let problem = format!("is a test account, which must not reach {url}");
                gathered.fault(section, "appid", &problem);
            }
        }
    }
}

pub(super) fn is_official(url: &str) -> bool {
    reqwest::Url::parse(url)
        .is_ok_and(|url| url.host_str().is_some_and(|host| OFFICIAL_HOSTS.contains(&host)))
}

/// No two institutions may be told by the same numbers.
fn unique(settings: &Settings, sections: &[Section<'_>], gathered: &mut Gathered) {
    let mut seen = BTreeSet::new();
    for (institution, section) in settings.institutions.iter().zip(sections) {
        let sub = institution.sub.as_ref();
        let account = (institution.account.appid.as_str(), sub.map(|s| s.sub_mch_id.as_str()));
        if !seen.insert(account) {
            let problem = "is another institution's too; in independent mode an account calls for \
                           one hospital, and in service-provider mode `sub_mch_id` tells them \
                           apart";
            gathered.fault(section, "appid", problem);
        }
    }
    let mut codes = BTreeSet::new();
    for (institution, section) in settings.institutions.iter().zip(sections) {
        if !codes.insert(institution.org_no.as_str()) {
            gathered.fault(section, "org_no", "is another institution's too");
        }
    }
}
