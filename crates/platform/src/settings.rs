//! What an operator decides. The binary reads it from TOML (`docs/configuration.md`); here it is
//! plain values, already checked.

use medpay_domain::{Appid, City, CityId, MchId, OrgNo, Secret};
use medpay_wire::interface::Interface;
use medpay_wire::sign::ApiKey;
use std::collections::{BTreeMap, BTreeSet};

/// Everything an operator decides of the platform.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address under which patients and hospitals reach this service, without a final slash.
    pub public_url: String,
    /// WeChat's OAuth2 page, without the path: `https://open.weixin.qq.com` or the sandbox.
    pub open_url: String,
    /// Where other `/cgi-bin/*` and `/sns/*` calls are passed on to.
    pub wechat_url: String,
    /// The counterparties of test institutions.
    pub test: Counterparties,
    /// The counterparties of production institutions; none if this platform has no production.
    pub production: Option<Counterparties>,
    /// The institutions admitted, in configuration order. Checked: no two share a key.
    pub institutions: Vec<Institution>,
    /// The cities of the institutions.
    pub cities: Vec<City>,
    /// By interface name, the paths at which it is served in place of [`documented_paths`]: most
    /// of these are a best guess (PROTOCOL 3.3, 9.3). Checked: each begins with `/`, none is used
    /// twice or begins with one of [`OWN_PATHS`].
    pub paths: BTreeMap<String, Vec<String>>,
    /// How long an unpaid order lives, in seconds: 1800 unless told otherwise (PROTOCOL 3.1).
    pub order_expiry_seconds: i64,
    /// How long a bind link lives, in seconds: 1800 unless told otherwise.
    pub bind_link_seconds: i64,
    /// How many wrong tries at the bind form one person has a day: 5.
    pub bind_tries: u32,
    /// How long an access_token lives, in seconds: 7200 (PROTOCOL 7.1).
    pub token_seconds: i64,
    /// Waits between the attempts of a payment notification, in seconds (PROTOCOL 6.2).
    pub notify_schedule_seconds: Vec<i64>,
    /// The shape of access_token refusals (PROTOCOL 1.1).
    pub token_error_shape: TokenErrorShape,
    /// How long a call of a counterparty may take, in machine milliseconds.
    pub call_timeout_ms: u64,
    /// How long a worker holds a job, in machine milliseconds; more than `call_timeout_ms`.
    pub lease_ms: i64,
    /// Who may frame the pages, as in `Content-Security-Policy: frame-ancestors`; none is nobody.
    /// The sandbox's phone needs itself here; refused where an institution is in production.
    pub frame_ancestors: Option<String>,
    /// Signs page sessions and form tokens; made by the binary, at least 32 bytes.
    pub page_key: Secret,
    /// Digests what must be searched among personal data; at least 32 bytes, never changed.
    pub digest_key: Secret,
}

/// What the paths begin with that are the platform's own, beside its interfaces.
pub const OWN_PATHS: [&str; 4] = ["/cgi-bin", "/sns", "/bind", "/pay"];

/// The paths of an interface unless told otherwise: the document's, and for orderquery also the
/// other name that it might have (PROTOCOL 3.3).
pub fn documented_paths(interface: &Interface) -> Vec<&'static str> {
    let mut paths = vec![interface.path];
    if interface.name == medpay_wire::orderquery::SPEC.name {
        paths.push("/payinsurance/queryorder");
    }
    paths
}

/// The parties behind the doors, for one environment.
#[derive(Debug, Clone)]
pub struct Counterparties {
    /// Base address of the bureau's contract (`docs/contracts/bureau.md`).
    pub bureau_url: String,
    /// Base address of the wallet's contract (`docs/contracts/wallet.md`).
    pub wallet_url: String,
    /// The courier that carries notifications; only a test environment may have one.
    pub courier_url: Option<String>,
}

/// JSON or XML (PROTOCOL 1.1: both were seen).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenErrorShape {
    /// `return_code=SUCCESS, result_code=FAIL, err_code=40001`.
    Xml,
    /// `{"errcode":40001,"errmsg":"…"}`.
    Json,
}

/// Where an institution's orders go. An institution never changes it here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Environment {
    /// The bureau's test environment.
    Test,
    /// Real money.
    Production,
}

impl Environment {
    /// Its word in the database and in configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Production => "production",
        }
    }

    /// The one of a word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "test" => Some(Self::Test),
            "production" => Some(Self::Production),
            _ => None,
        }
    }
}

/// A hospital as it was admitted (guide §4.2, §4.3).
#[derive(Debug, Clone)]
pub struct Institution {
    /// Its name, as patients read it.
    pub name: String,
    /// 医疗机构编码.
    pub org_no: OrgNo,
    /// Its city, the default of `city_id`.
    pub city_id: CityId,
    /// Test or production.
    pub environment: Environment,
    /// The calling account: the hospital's own, or the service provider's.
    pub account: Account,
    /// The merchant whose key signs: the hospital's own, or the service provider's.
    pub merchant: Merchant,
    /// In service-provider mode, the hospital under the provider; none in independent mode.
    pub sub: Option<SubMerchant>,
    /// The interfaces it may call, by path name (`getmedinfo`, …).
    pub permissions: BTreeSet<String>,
    /// Calls a second; none is no limit.
    pub calls_per_second: Option<u32>,
    /// Whether it may sign with HMAC-SHA256 (PROTOCOL 1.3; off unless asked for).
    pub hmac_sha256: bool,
    /// Hosts that `url` and `return_url` may lead to without a warning; empty is any.
    pub return_hosts: Vec<String>,
    /// Hosts that `notify_url` may name although private or not https (production only looks).
    pub notify_hosts: Vec<String>,
    /// Whether the account opened 城市服务, a condition of sendmsg (选用接口 §1.5).
    pub city_services: bool,
    /// The account's template ids of message types 1 to 4; none where it has not applied.
    pub templates: [Option<String>; 4],
}

/// A public account or mini-program.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its id.
    pub appid: Appid,
    /// Its secret, which buys an access_token.
    pub secret: Secret,
    /// Whether it is a mini-program: then links come with `bind_appid` and `pay_appid`.
    pub mini_program: bool,
}

/// A merchant of WeChat Pay.
#[derive(Debug, Clone)]
pub struct Merchant {
    /// 商户号.
    pub mch_id: MchId,
    /// Its API key.
    pub api_key: ApiKey,
}

/// A hospital under a service provider.
#[derive(Debug, Clone)]
pub struct SubMerchant {
    /// 子商户号.
    pub sub_mch_id: MchId,
    /// 子商户公众号, and its secret if it calls by itself.
    pub sub_account: Option<Account>,
}

impl Settings {
    /// The counterparties of `environment`; none if production is not configured.
    pub fn counterparties(&self, environment: Environment) -> Option<&Counterparties> {
        match environment {
            Environment::Test => Some(&self.test),
            Environment::Production => self.production.as_ref(),
        }
    }

    /// The paths at which `interface` is served.
    pub fn paths_of(&self, interface: &Interface) -> Vec<&str> {
        match self.paths.get(interface.name) {
            Some(paths) => paths.iter().map(String::as_str).collect(),
            None => documented_paths(interface),
        }
    }

    /// The city with this id.
    pub fn city(&self, id: &CityId) -> Option<&City> {
        self.cities.iter().find(|city| city.id == *id)
    }
}
