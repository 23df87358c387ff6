//! What the tests of every party need: a machine's clock that stands still, chance that is counted,
//! two accounts, and books in a folder of their own.

use crate::persons::{Person, Persons};
use crate::settings::{Account, HisSettings, PersonCookie, Settings, Template};
use crate::{Sandbox, WeChat};
use medpay_domain::{
    Appid, CityId, Clock, Dialect, Elapsed, Entropy, Fen, MchId, OrgNo, Timestamp,
};
use medpay_wire::his::signature::HisSecret;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const SECRET: &str = "secret-of-the-test-account";
pub(crate) const TEMPLATE: &str = "TEMPLATE-1";
/// Reaches people who do not follow the account.
pub(crate) const SCAN_TEMPLATE: &str = "TEMPLATE-2";

/// Noon of 2018-06-20 in Beijing.
pub(crate) fn noon() -> Timestamp {
    Timestamp::from_wire("20180620120000").expect("a moment")
}

/// A machine whose clocks move only when they are told to.
pub(crate) struct Machine {
    pub(crate) now: AtomicI64,
    pub(crate) elapsed: AtomicI64,
}

impl Machine {
    pub(crate) fn at_noon() -> Arc<Self> {
        Arc::new(Self { now: AtomicI64::new(noon().as_ms()), elapsed: AtomicI64::new(0) })
    }
}

impl Clock for Machine {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.now.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Elapsed {
        Elapsed(self.elapsed.load(Ordering::SeqCst))
    }
}

fn template(id: &str, to_strangers: bool) -> Template {
    let content = "{{first.DATA}}\n缴费金额：{{keyword1.DATA}}\n备注：{{remark.DATA}}".to_owned();
    Template { id: id.to_owned(), content, to_strangers }
}

/// Bytes that never repeat in one process.
pub(crate) struct Counted;

static COUNT: AtomicU64 = AtomicU64::new(1);

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        let count = COUNT.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        let mixed = count.iter().rev().chain(&[0x5a; 8]).cycle();
        bytes.iter_mut().zip(mixed).for_each(|(byte, mixed)| *byte = *mixed);
    }
}

pub(crate) fn chance() -> Arc<Counted> {
    Arc::new(Counted)
}

pub(crate) fn fen(value: i64) -> Fen {
    Fen::new(value).expect("not negative")
}

pub(crate) fn appid() -> Appid {
    Appid::new("wxt000000000000001")
}

pub(crate) fn account() -> Account {
    Account {
        appid: appid(),
        name: "测试医院一号".to_owned(),
        secret: SECRET.to_owned(),
        mch_id: Some(MchId::new("1900000001")),
        api_key: Some(KEY.to_owned()),
        templates: vec![template(TEMPLATE, false), template(SCAN_TEMPLATE, true)],
        callback: None,
        mini_pages: None,
    }
}

pub(crate) const HIS_SECRET: &str = "secret-of-his-and-gateway-32-long";

/// The HIS of a hospital in Shenzhen, beside no gateway.
pub(crate) fn his() -> HisSettings {
    HisSettings {
        org_no: OrgNo::new("H44030000001"),
        name: "测试医院一号".to_owned(),
        city_id: CityId::new("440300"),
        secret: HisSecret::new(HIS_SECRET).expect("long enough"),
        gateway_url: "http://127.0.0.1:9/his/H44030000001".to_owned(),
        dialect: Dialect::Shenzhen,
    }
}

pub(crate) fn person(id: &str) -> Person {
    Persons::built_in().get(id).expect("a person").clone()
}

pub(crate) fn wechat(folder: &Path) -> Arc<WeChat> {
    wechat_of(folder, account())
}

pub(crate) fn wechat_of(folder: &Path, account: Account) -> Arc<WeChat> {
    let town = "http://sandbox.example";
    let opened = WeChat::open(folder, Persons::built_in(), vec![account], town, chance());
    Arc::new(opened.expect("a book"))
}

/// A client like the binary's: TLS by aws-lc-rs, no redirects, no proxy.
pub(crate) fn http() -> reqwest::Client {
    // Another test of this process may have installed it before.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("a client")
}

/// Settings of a sandbox whose own address, whose platform's and whose account are given.
pub(crate) fn settings_of(
    folder: &Path,
    public_url: &str,
    platform_url: &str,
    account: Account,
) -> Settings {
    Settings {
        data_dir: folder.to_path_buf(),
        public_url: public_url.to_owned(),
        platform_url: platform_url.to_owned(),
        persons: Persons::built_in(),
        accounts: vec![account],
        late_reversal_cities: Vec::new(),
        person_cookies: vec![PersonCookie {
            name: "h_session".to_owned(),
            path: "/h/1".to_owned(),
        }],
        his: vec![his()],
        http: http(),
        in_place: false,
    }
}

/// A whole sandbox.
pub(crate) fn opened(settings: Settings) -> Sandbox {
    Sandbox::open(settings, Machine::at_noon(), chance()).expect("a sandbox")
}
