//! A hospital's gateway on a fresh database, with other parties that answer what a test tells
//! them: for this crate's own tests.

pub(crate) mod keepers;
mod paid;
pub(crate) mod pair;
mod parties;
pub(crate) mod stage;

pub(crate) use paid::PAYER;
pub(crate) use parties::{FakeHis, FakePlatform, FakePublicAccount, Said};

use crate::doors::Doors;
use crate::gateway::{Branch, Gateway, Site, Stores};
use crate::settings::{Callback, His, Hospital, Institution, Rules, Settings, Unconfirmed};
use axum::Router;
use axum::body::Body;
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, Method, Request, StatusCode};
use medpay_domain::{
    Appid, City, CityId, Clock, Dialect, Entropy, Fen, MchId, OrgNo, Secret, SumRule,
};
use medpay_store::Schema;
use medpay_store::testing::{Sequence, TestClock, TestDb};
use medpay_wire::his::signature::HisSecret;
use medpay_wire::sign::ApiKey;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tower::ServiceExt as _;

/// The word of the hospital in addresses.
pub(crate) const SITE: &str = "yunshan";
/// The word of the second one, under a service provider.
pub(crate) const UNDER_PROVIDER: &str = "haitang";

/// Two hospitals of one test environment, and everybody around them. The clock stands at
/// 2026-06-01 10:15 until a test moves it; no worker runs by itself.
pub(crate) struct World {
    /// The service.
    pub gateway: Gateway,
    /// All addresses.
    pub router: Router,
    /// What workers work on.
    pub branch: Arc<Branch>,
    /// The first hospital.
    pub site: Arc<Site>,
    /// Time.
    pub clock: Arc<TestClock>,
    /// The first hospital's platform.
    pub platform: Arc<FakePlatform>,
    /// The first hospital's HIS.
    pub his: Arc<FakeHis>,
    /// The first hospital's account.
    pub public_account: Arc<FakePublicAccount>,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
}

/// An answer as a browser got it.
pub(crate) struct Answered {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answered {
    /// Where it leads; empty if nowhere.
    pub(crate) fn location(&self) -> &str {
        self.headers.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default()
    }

    /// The value of the first hidden field of this name.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let Some((_, rest)) = self.body.split_once(&mark) else {
            panic!("no field {name} in {}", self.body)
        };
        rest.split('"').next().unwrap_or_default().to_owned()
    }
}

impl World {
    /// On a fresh database, with [`settings`].
    pub(crate) async fn new(db: &TestDb) -> Self {
        Self::with(db, settings()).await
    }

    /// On a fresh database, with other settings.
    pub(crate) async fn with(db: &TestDb, settings: Settings) -> Self {
        let schema = Schema { name: "gateway", migrations: crate::SCHEMA };
        let store = db.open(schema).await;
        let clock = Arc::new(TestClock::at("20260601101500"));
        let platform = Arc::new(FakePlatform::default());
        let his = Arc::new(FakeHis::default());
        let public_account = Arc::new(FakePublicAccount::default());
        let doors = Doors {
            platform: platform.clone(),
            his: his.clone(),
            public_account: public_account.clone(),
        };
        let stores = Stores { test: Some(store), production: None };
        let time: Arc<dyn Clock> = clock.clone();
        let chance: Arc<dyn Entropy> = Arc::new(Sequence::default());
        let gateway = Gateway::open(settings, &stores, &time, &chance, |_, _| doors.clone());
        let router = crate::router::router(gateway.clone());
        let branch = gateway.branches().next().expect("the test branch").clone();
        let site = gateway.site(SITE).expect("the first hospital");
        let cookies = Arc::default();
        Self { gateway, router, branch, site, clock, platform, his, public_account, cookies }
    }

    /// Sends a request as it is, without the browser's cookies.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answered {
        let Ok(answer) = self.router.clone().oneshot(request).await;
        let (parts, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a whole body");
        let body = String::from_utf8_lossy(&body).into_owned();
        Answered { status: parts.status, headers: parts.headers, body }
    }

    /// Opens a path as a browser that keeps cookies.
    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.browse(Request::get(path), Body::empty()).await
    }

    /// Posts a form as a page of ours in that browser does.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answered {
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| {
                let value = medpay_wire::public_account::encode_component(value);
                format!("{name}={value}")
            })
            .collect();
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .header("origin", "http://gateway.test")
            .header("host", "gateway.test");
        self.browse(request, Body::from(pairs.join("&"))).await
    }

    /// The browser's cookies, as it sends them.
    pub(crate) fn cookies(&self) -> String {
        let cookies = self.cookies.lock().expect("not poisoned");
        let pairs: Vec<String> =
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    async fn browse(&self, request: http::request::Builder, body: Body) -> Answered {
        let kept: Vec<String> = {
            let cookies = self.cookies.lock().expect("not poisoned");
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect()
        };
        let request =
            if kept.is_empty() { request } else { request.header(COOKIE, kept.join("; ")) };
        let answer = self.send(request.body(body).expect("a request")).await;
        let mut cookies = self.cookies.lock().expect("not poisoned");
        for text in answer.headers.get_all(SET_COOKIE) {
            let text = text.to_str().expect("text").split(';').next().unwrap_or_default();
            if let Some((name, value)) = text.split_once('=') {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Logs `openid` in through WeChat's page, in the browser.
    pub(crate) async fn login(&self, openid: &str) {
        self.public_account.coming(openid);
        self.cookies.lock().expect("not poisoned").clear();
        let away = self.get(&self.site.path("")).await;
        let state = away
            .location()
            .split("state=")
            .nth(1)
            .and_then(|rest| rest.split(['&', '#']).next())
            .expect("a state")
            .to_owned();
        let path = format!("{}?code=CODE&state={state}", self.site.path("/login"));
        let back = self.get(&path).await;
        assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    }
}

/// Two hospitals: one by itself, one under a provider.
pub(crate) fn settings() -> Settings {
    Settings {
        public_url: "http://gateway.test".into(),
        api_url: "http://platform.test".into(),
        open_url: "http://open.test".into(),
        paths: BTreeMap::new(),
        call_timeout_ms: 1_000,
        lease_ms: 5_000,
        page_key: Secret::new(*b"page key page key page key page!"),
        digest_key: Secret::new(*b"digest key digest key digest key"),
        frame_ancestors: None,
        institutions: vec![institution(SITE, None), institution(UNDER_PROVIDER, Some("sub"))],
    }
}

fn institution(site: &str, sub: Option<&str>) -> Institution {
    Institution {
        site: site.into(),
        org_no: OrgNo::new(format!("H-{site}")),
        name: "云杉市第一人民医院（模拟）".into(),
        city: City {
            id: CityId::new("440300"),
            name: "深圳".into(),
            dialect: Dialect::Shenzhen,
            sum_rule: SumRule::Strict,
            bureau_word: "医保".into(),
            insurance_refund_same_day: true,
            real_name_authorization: true,
        },
        test: true,
        appid: Appid::new(format!("wx-{site}")),
        mch_id: MchId::new(format!("mch-{site}")),
        api_key: ApiKey::new("0123456789abcdef0123456789abcdef").expect("32 characters"),
        sub_appid: sub.map(|_| Appid::new(format!("wx-sub-{site}"))),
        sub_mch_id: sub.map(|_| MchId::new(format!("sub-{site}"))),
        hospital: Some(hospital(sub.is_some())),
    }
}

fn hospital(under_provider: bool) -> Hospital {
    let templates = crate::messages::Kind::ALL
        .map(|kind| (kind.word().to_owned(), format!("template-{}", kind.word())));
    Hospital {
        secret: Secret::new(*b"secret"),
        sub_secret: under_provider.then(|| Secret::new(*b"sub secret")),
        callback: Callback {
            token: Secret::new(*b"AAAAA"),
            aes_key: None,
            only_encrypted: false,
            subscribe_reply: true,
            bind_hint: true,
        },
        verify_files: BTreeMap::new(),
        templates: templates.into_iter().collect(),
        his: His {
            url: "http://his.test".into(),
            secret: HisSecret::new("0123456789abcdef0123456789abcdef").expect("32 characters"),
        },
        rules: Rules {
            unconfirmed: Unconfirmed::Refund,
            confirm_seconds: 1_800,
            order_seconds: 1_800,
            qr_seconds: 259_200,
            quiet_from_hour: 22,
            quiet_until_hour: 7,
            bind_reminder_days: 30,
            booking_days: 7,
            visit_card_by_hand: true,
            visit_cards_max: 5,
            commission_bp: 20,
            cash_limit: Fen::new(2_000_000).expect("an amount"),
        },
        faq: Vec::new(),
        guide_file: None,
    }
}
