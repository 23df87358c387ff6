//! The platform on a fresh database, with other parties that do what a test tells them: for this
//! crate's own tests.

pub(crate) mod keepers;
mod on_line;
pub(crate) mod pair;
mod parties;
pub(crate) mod stage;

pub(crate) use parties::{FakeBureau, FakeHospital, FakeMessenger, FakeWallet, FakeWeChat, Person};

use crate::app::{App, Doors, Parties, Platform};
use crate::doors::closed::Closed;
use crate::migrations;
use crate::settings::{
    Account, Counterparties, Environment, Institution, Merchant, Settings, SubMerchant,
    TokenErrorShape,
};
use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode};
use medpay_domain::{Appid, City, CityId, Dialect, MchId, OrgNo, Secret, SumRule};
use medpay_store::Schema;
use medpay_store::testing::TestDb;
pub(crate) use medpay_store::testing::{Sequence, TestClock};
use medpay_wire::fields::Fields;
use medpay_wire::interfaces;
use medpay_wire::sign::{ApiKey, md5, sign_into};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tower::ServiceExt as _;

/// The hospital by itself.
pub(crate) const HOSPITAL: usize = 0;
/// A hospital under a provider, with an account of its own.
pub(crate) const UNDER_PROVIDER: usize = 1;
/// Another hospital of the same provider, without an account.
pub(crate) const SECOND_UNDER_PROVIDER: usize = 2;

/// A platform and everybody around it.
pub(crate) struct World {
    pub app: Platform,
    pub router: Router,
    pub clock: Arc<TestClock>,
    pub bureau: Arc<FakeBureau>,
    pub wallet: Arc<FakeWallet>,
    pub messenger: Arc<FakeMessenger>,
    pub hospital: Arc<FakeHospital>,
    pub wechat: Arc<FakeWeChat>,
    /// The token of every call; none is a fresh one each time.
    kept_token: Arc<Mutex<Option<String>>>,
    nonces: Mutex<u32>,
}

/// An answer as the caller got it.
pub(crate) struct Answered {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answered {
    /// Its fields.
    pub(crate) fn fields(&self) -> Fields {
        Fields::from_xml(self.body.as_bytes()).expect("an XML answer")
    }

    /// What it comes to, in one word: `SUCCESS`, an `err_code`, or `return_msg` without the rid.
    pub(crate) fn word(&self) -> String {
        if self.body.starts_with('{') {
            return self.body.split(" rid: ").next().unwrap_or_default().to_owned();
        }
        let fields = self.fields();
        let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
        match (fields.get("return_code"), fields.get("result_code")) {
            (Some("FAIL"), _) => {
                text("return_msg").split(" rid: ").next().unwrap_or_default().to_owned()
            }
            (_, Some("FAIL")) => text("err_code"),
            (_, code) => code.unwrap_or("nothing").to_owned(),
        }
    }
}

impl World {
    /// On a fresh database, everything as in [`settings`].
    pub(crate) async fn new(db: &TestDb) -> Self {
        Self::with(db, settings()).await
    }

    /// On a fresh database, with other settings.
    pub(crate) async fn with(db: &TestDb, settings: Settings) -> Self {
        let schema = Schema { name: "platform", migrations: migrations::SCHEMA };
        let store = db.open(schema).await;
        let clock = Arc::new(TestClock::at("20180620090000"));
        let bureau = Arc::new(FakeBureau::default());
        let wallet = Arc::new(FakeWallet::default());
        let messenger = Arc::new(FakeMessenger::default());
        let hospital = Arc::new(FakeHospital::default());
        let wechat = Arc::new(FakeWeChat::default());
        let doors = Doors {
            test: Parties { bureau: bureau.clone(), wallet: wallet.clone() },
            production: Parties { bureau: Arc::new(Closed), wallet: Arc::new(Closed) },
            messenger: messenger.clone(),
            hospital: hospital.clone(),
            wechat: wechat.clone(),
        };
        let app = App::new(settings, store, clock.clone(), Arc::new(Sequence::default()), doors);
        let router = crate::router::router(app.clone());
        Self {
            app,
            router,
            clock,
            bureau,
            wallet,
            messenger,
            hospital,
            wechat,
            kept_token: Arc::default(),
            nonces: Mutex::new(0),
        }
    }

    /// One of the institutions.
    pub(crate) fn institution(&self, index: usize) -> &Institution {
        &self.app.settings.institutions[index]
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answered {
        let Ok(answer) = self.router.clone().oneshot(request).await;
        let (parts, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a whole body");
        let body = String::from_utf8_lossy(&body).into_owned();
        Answered { status: parts.status, headers: parts.headers, body }
    }

    /// A GET.
    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// A POST of bytes.
    pub(crate) async fn post(&self, path: &str, body: impl Into<Body>) -> Answered {
        let request = Request::builder().method(Method::POST).uri(path).body(body.into());
        self.send(request.expect("a request")).await
    }

    /// Buys an access_token of an account.
    pub(crate) async fn token(&self, account: &Account) -> String {
        let secret = String::from_utf8(account.secret.reveal().to_vec()).expect("text");
        let appid = account.appid.as_str();
        let path =
            format!("/cgi-bin/token?grant_type=client_credential&appid={appid}&secret={secret}");
        let answer: serde_json::Value =
            serde_json::from_str(&self.get(&path).await.body).expect("JSON");
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    /// From now on every call goes with one token of the institution.
    pub(crate) async fn keep_token(&self, institution: usize) {
        let token = self.token(&self.institution(institution).account.clone()).await;
        *self.kept_token.lock().expect("not poisoned") = Some(token);
    }

    /// A nonce that was not there before.
    pub(crate) fn nonce(&self) -> String {
        let mut nonces = self.nonces.lock().expect("not poisoned");
        *nonces += 1;
        format!("nonce{:027}", *nonces)
    }

    /// Signs the fields with the institution's key, adds its merchant where the interface has one,
    /// and calls with a token.
    pub(crate) async fn call(
        &self,
        institution: usize,
        interface: &str,
        fields: &[(&str, &str)],
    ) -> Answered {
        let institution = self.institution(institution).clone();
        let kept = self.kept_token.lock().expect("not poisoned").clone();
        let token = match kept {
            Some(token) => token,
            None => self.token(&institution.account).await,
        };
        let mut document: Fields = fields.iter().copied().collect();
        let spec = interfaces::named(interface).expect("an interface");
        if spec.carries_merchant {
            document.set("appid", institution.account.appid.as_str());
            document.set("mch_id", institution.merchant.mch_id.as_str());
            if let Some(sub) = &institution.sub {
                document.set("sub_mch_id", sub.sub_mch_id.as_str());
            }
        }
        self.call_as(&institution, &token, interface, document).await
    }

    /// Signs and sends fields as they are, but for a nonce.
    pub(crate) async fn call_as(
        &self,
        institution: &Institution,
        token: &str,
        interface: &str,
        mut document: Fields,
    ) -> Answered {
        let key = &institution.merchant.api_key;
        if document.get("nonce_str").is_none() {
            document.set("nonce_str", self.nonce());
        }
        sign_into(&mut document, key);
        let path = format!("/payinsurance/{interface}?access_token={token}");
        let answer = self.post(&path, document.to_xml()).await;
        assert_eq!(answer.status, StatusCode::OK, "every answered refusal is 200");
        Self::check_sign(&answer, interface, key);
        answer
    }

    /// A success of a signed interface is signed with the caller's key, and so is a refusal.
    fn check_sign(answer: &Answered, interface: &str, key: &ApiKey) {
        if !answer.body.starts_with('<') {
            return;
        }
        let fields = answer.fields();
        let spec = interfaces::named(interface).expect("an interface");
        if fields.get("sign").is_some() {
            assert!(spec.signed_reply, "{interface} is not signed");
            assert_eq!(fields.get("sign"), Some(md5(&fields, key).as_str()), "{interface}");
        } else if spec.signed_reply {
            assert_ne!(fields.get("result_code"), Some("SUCCESS"), "{interface} is signed");
        }
    }
}

fn key(letter: char) -> ApiKey {
    ApiKey::new(&letter.to_string().repeat(32)).expect("a key")
}

fn account(appid: &str) -> Account {
    Account {
        appid: Appid::new(appid),
        secret: Secret::new(format!("secret-of-{appid}")),
        mini_program: false,
    }
}

fn institution(name: &str, org_no: &str) -> Institution {
    Institution {
        name: name.to_owned(),
        org_no: OrgNo::new(org_no),
        city_id: CityId::new("440300"),
        environment: Environment::Test,
        account: account("wxhospital"),
        merchant: Merchant { mch_id: MchId::new("1900000001"), api_key: key('a') },
        sub: None,
        permissions: interfaces::ALL.iter().map(|one| one.name.to_owned()).collect(),
        calls_per_second: None,
        hmac_sha256: false,
        return_hosts: Vec::new(),
        notify_hosts: Vec::new(),
        city_services: true,
        templates: [1, 2, 3, 4].map(|number| Some(format!("template-{number}"))),
    }
}

/// Three institutions of a test platform in Shenzhen: see the constants above.
pub(crate) fn settings() -> Settings {
    let under_provider = |name: &str, org_no: &str, sub: SubMerchant| Institution {
        account: account("wxprovider"),
        merchant: Merchant { mch_id: MchId::new("1900000002"), api_key: key('b') },
        sub: Some(sub),
        ..institution(name, org_no)
    };
    let sub = |sub_mch_id: &str, appid: Option<&str>| SubMerchant {
        sub_mch_id: MchId::new(sub_mch_id),
        sub_account: appid.map(account),
    };
    Settings {
        public_url: "http://pay.example".to_owned(),
        open_url: "http://open.example".to_owned(),
        wechat_url: "http://wechat.example".to_owned(),
        test: Counterparties {
            bureau_url: "http://bureau.example".to_owned(),
            wallet_url: "http://wallet.example".to_owned(),
            courier_url: None,
        },
        production: None,
        institutions: vec![
            institution("晴川医院", "H440300001"),
            under_provider("云山医院", "H440300002", sub("1900000011", Some("wxsubhospital"))),
            under_provider("碧水医院", "H440300003", sub("1900000012", None)),
        ],
        cities: vec![City {
            id: CityId::new("440300"),
            name: "深圳".to_owned(),
            dialect: Dialect::Shenzhen,
            sum_rule: SumRule::Strict,
            bureau_word: "人社".to_owned(),
            insurance_refund_same_day: true,
            real_name_authorization: true,
        }],
        paths: BTreeMap::new(),
        order_expiry_seconds: 1800,
        bind_link_seconds: 1800,
        bind_tries: 5,
        token_seconds: 7200,
        notify_schedule_seconds: vec![15, 15, 30],
        token_error_shape: TokenErrorShape::Xml,
        call_timeout_ms: 5000,
        lease_ms: 10_000,
        frame_ancestors: None,
        page_key: Secret::new([7; 32]),
        digest_key: Secret::new([9; 32]),
    }
}
