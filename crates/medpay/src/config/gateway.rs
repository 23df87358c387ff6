//! `gateway.toml` as the gateway's settings.

use super::platform::{TEST_APPID_PREFIX, TEST_PREFIX, api_key, is_official, long_key};
use super::{
    Admission, ClockSource, Database, Environment, Faults, Gathered, Section, Service, Source,
    Values,
};
use medpay_domain::{Appid, City, CityId, Dialect, Fen, MchId, OrgNo, Secret, SumRule};
use medpay_gateway::messages::Kind;
use medpay_gateway::settings::{
    Callback, His, Hospital, Institution, Rules, Settings, Unconfirmed,
};
use medpay_wire::his::signature::HisSecret;
use medpay_wire::interfaces;
use medpay_wire::public_account::crypto::EncodingAesKey;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Everything that `medpay gateway` needs.
#[derive(Debug)]
pub struct GatewayConfiguration {
    /// Listener, log and way out.
    pub service: Service,
    /// How much it takes on at once.
    pub admission: Admission,
    /// The database of test institutions, and of production ones where there are no others.
    pub database: Database,
    /// That of production institutions beside test ones.
    pub production_database: Option<Database>,
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
        let admission = Admission::map(&root);
        let database = Database::map(&root, &source, &mut gathered);
        let production_database =
            Database::map_at("production.database", &root, &source, &mut gathered);
        let settings = settings(&root, &source, &mut gathered);
        let all_test = settings.institutions.iter().all(|institution| institution.test);
        let clock = ClockSource::map(&root, all_test, &mut gathered);
        join(&root, &settings, &mut gathered);
        databases(&root, &settings, database.as_ref(), production_database.as_ref(), &mut gathered);
        gathered.finish()?;
        let Some(database) = database else { unreachable!("no database is a fault") };
        Ok(Self { service, admission, database, production_database, clock, settings })
    }
}

fn settings(root: &Section<'_>, source: &Source<'_>, gathered: &mut Gathered) -> Settings {
    let cities = super::cities::all(root.path("cities_dir").as_deref()).unwrap_or_else(|error| {
        gathered.fault(root, "cities_dir", &format!("is of no use: {error:#}"));
        Vec::new()
    });
    let paths = interfaces::ALL.iter().map(|interface| {
        let path = root.sure_text(&format!("paths.{}", interface.name));
        (interface.name.to_owned(), path)
    });
    Settings {
        public_url: root.sure_text("public_url"),
        api_url: root.sure_text("api_url"),
        open_url: root.sure_text("open_url"),
        paths: paths.collect(),
        call_timeout_ms: root.sure_whole("call_timeout_ms"),
        lease_ms: root.sure_whole("lease_ms"),
        page_key: long_key(root, "page_key", source, gathered),
        digest_key: long_key(root, "digest_key", source, gathered),
        frame_ancestors: root.text("frame_ancestors"),
        institutions: root
            .list("institutions")
            .iter()
            .map(|section| institution(section, &cities, source, gathered))
            .collect(),
    }
}

fn institution(
    section: &Section<'_>,
    cities: &[City],
    source: &Source<'_>,
    gathered: &mut Gathered,
) -> Institution {
    let org_no = section.sure_text("org_no");
    let hospital = hospital(section, source, gathered);
    if hospital.is_some() {
        for path in ["name", "city_id"] {
            if section.text(path).is_none() {
                gathered.fault(section, path, "is needed with `his.url`");
            }
        }
        if section.text("sub_appid").is_some() && section.secret("sub_secret").is_none() {
            gathered.fault(section, "sub_secret", "is needed with `sub_appid` and `his.url`");
        }
    }
    Institution {
        site: section.text("site").unwrap_or_else(|| org_no.clone()),
        org_no: OrgNo::new(org_no),
        name: section.text("name").unwrap_or_default(),
        city: city(section, cities, gathered),
        test: section.sure_text("environment") == "test",
        appid: Appid::new(section.sure_text("appid")),
        mch_id: MchId::new(section.sure_text("mch_id")),
        api_key: api_key(section, source, gathered),
        sub_appid: section.text("sub_appid").map(Appid::new),
        sub_mch_id: section.text("sub_mch_id").map(MchId::new),
        hospital,
    }
}

/// The city that is named; one of which nothing is known where none is needed.
fn city(section: &Section<'_>, cities: &[City], gathered: &mut Gathered) -> City {
    let id = CityId::new(section.text("city_id").unwrap_or_default());
    if let Some(city) = cities.iter().find(|city| city.id == id) {
        return city.clone();
    }
    if section.text("city_id").is_some() {
        gathered.fault(section, "city_id", "names a city of which there is no file");
    }
    City {
        id,
        name: String::new(),
        dialect: Dialect::Opaque,
        sum_rule: SumRule::Slack,
        bureau_word: "医保".into(),
        insurance_refund_same_day: true,
        real_name_authorization: false,
    }
}

fn hospital(
    section: &Section<'_>,
    source: &Source<'_>,
    gathered: &mut Gathered,
) -> Option<Hospital> {
    let url = section.text("his.url")?;
    let mut needed = |path: &str| {
        if section.secret(path).is_none() {
            gathered.fault(section, path, "is needed with `his.url`");
            return String::new();
        }
        gathered.secret(section, path, source)
    };
    let (secret, token, his_secret) =
        (needed("secret"), needed("callback.token"), needed("his.secret"));
    let sub_secret = section
        .secret("sub_secret")
        .map(|_| Secret::new(gathered.secret(section, "sub_secret", source)));
    let templates = Kind::ALL.into_iter().filter_map(|kind| {
        let id = section.text(&format!("templates.{}", kind.word()))?;
        Some((kind.word().to_owned(), id))
    });
    Some(Hospital {
        secret: Secret::new(secret),
        sub_secret,
        callback: Callback {
            token: Secret::new(token),
            aes_key: aes_key(section, source, gathered),
            only_encrypted: section.flag("callback.only_encrypted"),
            subscribe_reply: section.flag("callback.subscribe_reply"),
            bind_hint: section.flag("callback.bind_hint"),
        },
        verify_files: verify_files(section, gathered),
        templates: templates.collect(),
        his: His { url, secret: his_key(section, "his.secret", his_secret, gathered) },
        rules: rules(section),
        faq: section
            .list("faq")
            .iter()
            .map(|entry| (entry.sure_text("question"), entry.sure_text("answer")))
            .collect(),
        guide_file: section.path("guide_file"),
    })
}

fn rules(section: &Section<'_>) -> Rules {
    Rules {
        unconfirmed: match section.sure_text("unconfirmed").as_str() {
            "queue" => Unconfirmed::Queue,
            _ => Unconfirmed::Refund,
        },
        confirm_seconds: section.sure_whole("confirm_seconds"),
        order_seconds: section.sure_whole("order_seconds"),
        qr_seconds: section.sure_whole("qr_seconds"),
        quiet_from_hour: section.sure_whole("quiet_from_hour"),
        quiet_until_hour: section.sure_whole("quiet_until_hour"),
        bind_reminder_days: section.sure_whole("bind_reminder_days"),
        booking_days: section.sure_whole("booking_days"),
        visit_card_by_hand: section.flag("visit_card_by_hand"),
        visit_cards_max: section.sure_whole("visit_cards_max"),
        commission_bp: section.sure_whole("commission_bp"),
        cash_limit: Fen::new(section.sure_whole("cash_limit_fen")).unwrap_or_default(),
    }
}

/// A secret that opens nothing stands in for a wrong one until the configuration is refused.
pub(super) fn his_key(
    section: &Section<'_>,
    path: &str,
    text: String,
    gathered: &mut Gathered,
) -> HisSecret {
    let known = !text.is_empty();
    HisSecret::new(text).unwrap_or_else(|| {
        if known {
            gathered.fault(section, path, "is too short: 32 characters or more");
        }
        let Some(key) = HisSecret::new("-".repeat(32)) else { unreachable!("it is long enough") };
        key
    })
}

pub(super) fn aes_key(
    section: &Section<'_>,
    source: &Source<'_>,
    gathered: &mut Gathered,
) -> Option<EncodingAesKey> {
    section.secret("callback.aes_key")?;
    let before = gathered.0.len();
    let text = gathered.secret(section, "callback.aes_key", source);
    let key = EncodingAesKey::new(&text);
    if key.is_none() && gathered.0.len() == before {
        gathered.fault(section, "callback.aes_key", "must be 43 letters and digits");
    }
    key
}

fn verify_files(section: &Section<'_>, gathered: &mut Gathered) -> BTreeMap<String, String> {
    let Some(folder) = section.path("verify_dir") else { return BTreeMap::new() };
    read_verify_files(&folder).unwrap_or_else(|error| {
        gathered.fault(section, "verify_dir", &format!("is of no use: {error}"));
        BTreeMap::new()
    })
}

fn read_verify_files(folder: &Path) -> std::io::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let is_text = Path::new(&name).extension().is_some_and(|it| it == "txt");
        if name.starts_with("MP_verify_") && is_text {
            let content = std::fs::read_to_string(folder.join(&name))?;
            files.insert(name, content);
        }
    }
    Ok(files)
}

/// The rules that join several keys.
fn join(root: &Section<'_>, settings: &Settings, gathered: &mut Gathered) {
    if settings.lease_ms <= i64::try_from(settings.call_timeout_ms).unwrap_or(i64::MAX) {
        gathered.fault(root, "lease_ms", "must be more than `call_timeout_ms`");
    }
    let mut words = BTreeSet::new();
    let mut codes = BTreeSet::new();
    for (institution, section) in settings.institutions.iter().zip(&root.list("institutions")) {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if institution.site.is_empty() || !institution.site.chars().all(fits) {
            gathered.fault(section, "site", "must be letters, digits, `-` and `_`");
        }
        if !words.insert(institution.site.as_str()) {
            let problem = "is another institution's too; give one of them a `site`";
            gathered.fault(section, "site", problem);
        }
        if !codes.insert((institution.test, institution.org_no.as_str())) {
            gathered.fault(section, "org_no", "is another institution's of this environment too");
        }
        if institution.test {
            no_official_host(settings, institution, section, gathered);
        } else {
            production(root, settings, institution, section, gathered);
        }
    }
}

/// Which credentials carry the visible prefix of a test.
fn test_credentials(institution: &Institution) -> [(&'static str, bool); 3] {
    let secret = institution.hospital.as_ref().map(|hospital| hospital.secret.reveal());
    [
        ("appid", institution.appid.as_str().starts_with(TEST_APPID_PREFIX)),
        ("api_key", institution.api_key.reveal().starts_with(TEST_PREFIX)),
        ("secret", secret.is_some_and(|it| it.starts_with(TEST_PREFIX.as_bytes()))),
    ]
}

fn no_official_host(
    settings: &Settings,
    institution: &Institution,
    section: &Section<'_>,
    gathered: &mut Gathered,
) {
    if !test_credentials(institution).iter().any(|(_, is_test)| *is_test) {
        return;
    }
    for url in [&settings.api_url, &settings.open_url] {
        if is_official(url) {
            let problem = format!("is a test account, which must not reach {url}");
            gathered.fault(section, "appid", &problem);
        }
    }
}

fn production(
    root: &Section<'_>,
    settings: &Settings,
    institution: &Institution,
    section: &Section<'_>,
    gathered: &mut Gathered,
) {
    for (path, url) in [("public_url", &settings.public_url), ("api_url", &settings.api_url)] {
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

/// Test and production never share a database (guide §5.2 a).
fn databases(
    root: &Section<'_>,
    settings: &Settings,
    database: Option<&Database>,
    production: Option<&Database>,
    gathered: &mut Gathered,
) {
    let has = |test: bool| settings.institutions.iter().any(|it| it.test == test);
    let both = has(true) && has(false);
    let path = "production.database";
    match production {
        None if both => gathered.fault(
            root,
            path,
            "is needed: there are test and production institutions, and they never share one",
        ),
        Some(_) if !both => {
            gathered.fault(root, path, "is only for production beside test; give `database`");
        }
        Some(production) if database.is_some_and(|it| it.location == production.location) => {
            gathered.fault(root, path, "is the database of the test institutions too");
        }
        _ => {}
    }
}
