//! What a sandbox is made of.

use crate::persons::Persons;
use medpay_domain::{Appid, CityId, Dialect, MchId, OrgNo};
use medpay_wire::his::signature::HisSecret;
use medpay_wire::public_account::crypto::EncodingAesKey;
use std::fmt;
use std::path::PathBuf;

/// Where a sandbox keeps its books, where it can be reached, and whom it knows.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of the parties' books, made if it is missing.
    pub data_dir: PathBuf,
    /// The sandbox's own address as patients open it, without a slash at the end.
    pub public_url: String,
    /// The platform's address: the phone follows its links and nobody else's.
    pub platform_url: String,
    /// The invented people: [`Persons::built_in`] unless a test wants others.
    pub persons: Persons,
    /// The public accounts of the test institutions.
    pub accounts: Vec<Account>,
    /// Cities whose bureau gives insurance money back for a year; in all others only on the day
    /// it was paid (guide, FAQ).
    pub late_reversal_cities: Vec<CityId>,
    /// The cookies in which pages on the phone's own host remember who opened them. A real phone
    /// is one person's; this one forgets them when another person takes it.
    pub person_cookies: Vec<PersonCookie>,
    /// The hospitals whose HIS it plays.
    pub his: Vec<HisSettings>,
    /// How courier, phone and HIS reach the others. It must not follow redirects by itself and
    /// needs no cookie store: the phone does both, as a person's browser.
    pub http: reqwest::Client,
    /// Commands of the parties run where they are called and not where they may wait for a disk:
    /// for simulation, where one thread keeps a seed's order.
    pub in_place: bool,
}

/// A hospital whose HIS the sandbox plays.
#[derive(Clone, Debug)]
pub struct HisSettings {
    /// 医疗机构编码: the word in the HIS's addresses.
    pub org_no: OrgNo,
    /// The hospital's name.
    pub name: String,
    /// Its city.
    pub city_id: CityId,
    /// What HIS and gateway share.
    pub secret: HisSecret,
    /// Where the gateway serves its half of the contract: the base of `/v1/<name>`, such as
    /// `http://127.0.0.1:8180/his/H44030000001`.
    pub gateway_url: String,
    /// How the city's bureau wants `request_content`.
    pub dialect: Dialect,
}

/// A page's cookie that names a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonCookie {
    /// Its name.
    pub name: String,
    /// Its path.
    pub path: String,
}

/// A test institution's public account (公众号 or mini-program) and the key of its merchant number.
#[derive(Clone)]
pub struct Account {
    /// Its id.
    pub appid: Appid,
    /// Its name, as a patient reads it.
    pub name: String,
    /// The secret with which it redeems OAuth codes.
    pub secret: String,
    /// The merchant number that signs its notifications; none if another account's does.
    pub mch_id: Option<MchId>,
    /// That number's API key (32 characters).
    pub api_key: Option<String>,
    /// The message templates that it may send.
    pub templates: Vec<Template>,
    /// Where its own server takes messages and events; none if it has no server.
    pub callback: Option<Callback>,
    /// Where the pages of a mini-program are served as web pages: the base of their paths. None of
    /// a 公众号.
    pub mini_pages: Option<String>,
}

/// An account's own server (服务器配置 of the account's console, PROTOCOL 7.4).
#[derive(Clone)]
pub struct Callback {
    /// Its address.
    pub url: String,
    /// The token that signs every post.
    pub token: String,
    /// 消息加解密方式.
    pub encryption: Encryption,
}

/// How an account's messages are written (消息加解密方式).
#[derive(Clone, Debug)]
pub enum Encryption {
    /// 明文模式.
    Plain,
    /// 兼容模式: plain and encrypted beside each other; the answer may be either.
    Compatible(EncodingAesKey),
    /// 安全模式.
    Safe(EncodingAesKey),
}

/// Masks the token.
impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("url", &self.url)
            .field("encryption", &self.encryption)
            .finish_non_exhaustive()
    }
}

/// Masks the secret and the key.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("appid", &self.appid)
            .field("name", &self.name)
            .field("mch_id", &self.mch_id)
            .field("templates", &self.templates)
            .field("callback", &self.callback)
            .finish_non_exhaustive()
    }
}

/// A message template of an account (PROTOCOL 7.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    /// `template_id`.
    pub id: String,
    /// Its text in WeChat's form: lines with `{{first.DATA}}`, `{{keyword1.DATA}}`, ….
    pub content: String,
    /// Whether it reaches people who do not follow the account, as 城市服务 lets the platform's
    /// messages after a scan do (选用接口 §1.5).
    pub to_strangers: bool,
}
