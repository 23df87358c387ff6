//! `sandbox.toml` as the sandbox's settings.

use super::{Environment, Faults, Gathered, Section, Service, Source, Values};
use medpay_domain::{Appid, City, CityId, Dialect, MchId, OrgNo};
use medpay_sandbox::{
    Account, Callback, Encryption, HisSettings, PersonCookie, Persons, Settings, Template,
};
use medpay_wire::message::MsgType;
use std::path::PathBuf;

/// The keys of a table's templates, by message type 1 to 4.
pub(super) const TEMPLATES: [&str; 4] = [
    "templates.outpatient",
    "templates.outpatient_discount",
    "templates.registration",
    "templates.booking",
];

/// The message types of these keys.
const MESSAGE_TYPES: [MsgType; 4] =
    [MsgType::Outpatient, MsgType::OutpatientDiscount, MsgType::Registration, MsgType::Booking];

/// Everything that `medpay sandbox` needs.
#[derive(Debug)]
pub struct SandboxConfiguration {
    /// Listener, log and way out.
    pub service: Service,
    data_dir: PathBuf,
    public_url: String,
    platform_url: String,
    accounts: Vec<Account>,
    late_reversal_cities: Vec<CityId>,
    person_cookies: Vec<PersonCookie>,
    hospitals: Vec<HisSettings>,
}

impl SandboxConfiguration {
    /// Maps `values`, fetching secrets.
    pub fn map(values: &Values, environment: &Environment) -> Result<Self, Faults> {
        let root = values.root();
        let source = Source { folder: values.folder(), environment };
        let mut gathered = Gathered::default();
        let service = Service::map(&root, &source, &mut gathered);
        let accounts = root
            .list("accounts")
            .iter()
            .map(|section| account(section, &source, &mut gathered))
            .collect();
        let cities = super::cities::all(None).unwrap_or_default();
        let hospitals = root
            .list("hospitals")
            .iter()
            .map(|section| hospital(section, &cities, &source, &mut gathered))
            .collect();
        gathered.finish()?;
        let Some(data_dir) = root.path("data_dir") else { unreachable!("`data_dir` is needed") };
        Ok(Self {
            service,
            data_dir,
            public_url: root.sure_text("public_url"),
            platform_url: root.sure_text("platform_url"),
            accounts,
            person_cookies: person_cookies(&root),
            hospitals,
            late_reversal_cities: root
                .texts("late_reversal_cities")
                .into_iter()
                .map(CityId::new)
                .collect(),
        })
    }

    /// The sandbox's own settings; courier and phone reach others over `http`.
    pub fn settings(&self, http: reqwest::Client) -> Settings {
        Settings {
            data_dir: self.data_dir.clone(),
            public_url: self.public_url.clone(),
            platform_url: self.platform_url.clone(),
            persons: Persons::built_in(),
            accounts: self.accounts.clone(),
            late_reversal_cities: self.late_reversal_cities.clone(),
            person_cookies: self.person_cookies.clone(),
            his: self.hospitals.clone(),
            http,
            in_place: false,
        }
    }
}

fn account(section: &Section<'_>, source: &Source<'_>, gathered: &mut Gathered) -> Account {
    let api_key = section
        .secret("api_key")
        .map(|_| super::platform::api_key(section, source, gathered).reveal().to_owned());
    Account {
        appid: Appid::new(section.sure_text("appid")),
        name: section.sure_text("name"),
        secret: gathered.secret(section, "secret", source),
        mch_id: section.text("mch_id").map(MchId::new),
        api_key,
        templates: templates(section),
        callback: callback(section, source, gathered),
        mini_pages: section.text("mini_pages"),
    }
}

/// Those of the platform's messages, and those of the account's own.
fn templates(section: &Section<'_>) -> Vec<Template> {
    let platforms = TEMPLATES.iter().zip(MESSAGE_TYPES).filter_map(|(path, kind)| {
        let content = kind.template().to_owned();
        section.text(path).map(|id| Template { id, content, to_strangers: true })
    });
    let messages = section.list("messages");
    let own = messages.iter().map(|message| Template {
        id: message.sure_text("template"),
        content: message.sure_text("content"),
        to_strangers: false,
    });
    platforms.chain(own).collect()
}

fn callback(
    section: &Section<'_>,
    source: &Source<'_>,
    gathered: &mut Gathered,
) -> Option<Callback> {
    let url = section.text("callback.url")?;
    if section.secret("callback.token").is_none() {
        gathered.fault(section, "callback.token", "is needed with `callback.url`");
        return None;
    }
    let token = gathered.secret(section, "callback.token", source);
    let word = section.sure_text("callback.encryption");
    let key = super::gateway::aes_key(section, source, gathered);
    let encryption = match (word.as_str(), key) {
        ("compatible", Some(key)) => Encryption::Compatible(key),
        ("safe", Some(key)) => Encryption::Safe(key),
        ("plain", _) => Encryption::Plain,
        (_, None) if section.secret("callback.aes_key").is_some() => Encryption::Plain,
        _ => {
            let problem = "is needed unless `callback.encryption` is plain";
            gathered.fault(section, "callback.aes_key", problem);
            Encryption::Plain
        }
    };
    Some(Callback { url, token, encryption })
}

fn hospital(
    section: &Section<'_>,
    cities: &[City],
    source: &Source<'_>,
    gathered: &mut Gathered,
) -> HisSettings {
    let city_id = CityId::new(section.sure_text("city_id"));
    let city = cities.iter().find(|city| city.id == city_id);
    if city.is_none() {
        gathered.fault(section, "city_id", "names a city of which there is no file");
    }
    let secret = gathered.secret(section, "his_secret", source);
    HisSettings {
        org_no: OrgNo::new(section.sure_text("org_no")),
        name: section.sure_text("name"),
        city_id,
        secret: super::gateway::his_key(section, "his_secret", secret, gathered),
        gateway_url: section.sure_text("gateway_url"),
        dialect: city.map_or(Dialect::Opaque, |city| city.dialect),
    }
}

fn person_cookies(root: &Section<'_>) -> Vec<PersonCookie> {
    let cookie = |text: String| {
        let (name, path) = text.split_once(' ').unwrap_or((&text, "/"));
        PersonCookie { name: name.to_owned(), path: path.to_owned() }
    };
    root.texts("person_cookies").into_iter().map(cookie).collect()
}
