//! A hospital's gateway as the stage of saga tests: parties that keep books at the end of a line,
//! and processes that come and go.

use super::keepers::{self, KeepingHis, KeepingPlatform};
use super::{FakeHis, FakePlatform, FakePublicAccount, SITE, World, settings};
use crate::audit;
use crate::doors::{Doors, His, Platform, PublicAccount};
use crate::gateway::{Branch, Gateway, Stores};
use crate::settings::Unconfirmed;
use crate::staff::queue;
use crate::visit_cards::{self, VisitCard};
use async_trait::async_trait;
use axum::body::Body;
use http::Request;
use medpay_client::{Downloaded, Unanswered};
use medpay_domain::{CardNo, CardType, Clock, Entropy, IdDigest, Openid, PersonName};
use medpay_store::testing::saga::{Line, NoAnswer, Stage};
use medpay_store::testing::{Sequence, TestClock};
use medpay_store::workers::{Worker, Workplace as _};
use medpay_store::{Schema, Store, StoreError};
use medpay_wire::envelope::{GatewayError, Reply};
use medpay_wire::fields::Fields;
use medpay_wire::his::Refusal;
use medpay_wire::interface::Interface;
use medpay_wire::public_account::menu::Menu;
use medpay_wire::public_account::qrcode::{Qrcode, QrcodeRequest};
use medpay_wire::public_account::{TemplateMessage, TemplateSent};
use medpay_wire::sign::sign_into;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

/// The queues of each worker.
const QUEUES: [(&str, &[&str]); 7] = [
    ("follow payments", &["follow", "release"]),
    ("confirm in the HIS", &["confirm"]),
    ("refund", &["refund"]),
    ("window", &["window"]),
    ("report registration", &["report registration"]),
    ("remind", &["remind", "bind_reminder"]),
    ("send messages", &["message"]),
];

/// Everybody around a hospital's gateway. Where a HIS refuses a payment, `STAFF` decide; otherwise
/// it goes back by itself.
pub(crate) struct Around<const STAFF: bool> {
    line: Arc<Line>,
    clock: Arc<TestClock>,
    entropy: Arc<Sequence>,
    platform: Arc<KeepingPlatform>,
    his: Arc<KeepingHis>,
    account: Arc<FakePublicAccount>,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
}

/// A running process, and whom it talks to.
pub(crate) struct Scene {
    pub world: World,
    pub platform: Arc<KeepingPlatform>,
    pub his: Arc<KeepingHis>,
}

impl Scene {
    /// Sends the next notification that the hospital has not acknowledged; answers whether none is
    /// left.
    pub(crate) async fn notify(&self) -> bool {
        let Some((number, mut notice)) = self.platform.notice() else { return true };
        let key = &self.world.site.institution.api_key;
        sign_into(&mut notice, key);
        let path = format!("/notify/{SITE}");
        let request = Request::post(path).body(Body::from(notice.to_xml())).expect("a request");
        let answer = self.world.send(request).await;
        let answer = Fields::from_xml(answer.body.as_bytes()).expect("a document");
        if answer.get("return_code") == Some("SUCCESS") {
            self.platform.acknowledged(&number);
        }
        false
    }

    /// Gives the follower `openid` the visit card of the HIS's patient.
    pub(crate) async fn visit_card(&self, openid: &str) {
        let card = VisitCard {
            card_id: "CARD1".into(),
            patient_id: keepers::PATIENT.into(),
            visit_card_no: CardNo::new("00010001"),
            name: PersonName::new(keepers::NAME),
            card_type: CardType::IdCard,
            id_digest: IdDigest::new(keepers::DIGEST),
        };
        visit_cards::given(&self.world.site, &Openid::new(openid), card).await;
    }

    /// What the platform holds, how a bill stands at the HIS, and why staff must look.
    pub(crate) async fn books(&self, bill_no: &str) -> String {
        let ((cash, insurance), open) = (self.platform.held(), self.platform.open_orders());
        let bill = self.his.stands(bill_no);
        let staff = queue::list(&self.world.gateway).await.expect("the queue can be read");
        let staff: Vec<_> = staff.iter().map(|one| one.kind).collect();
        let mut text = format!("{cash}+{insurance}, bill {bill}");
        if open > 0 {
            let _ = write!(text, ", {open} open");
        }
        if !staff.is_empty() {
            let _ = write!(text, ", staff: {}", staff.join(" "));
        }
        text
    }

    /// How many different messages WeChat was given, through either way.
    pub(crate) fn messages(&self) -> usize {
        let sent = self.world.public_account.sent.lock().expect("not poisoned");
        let accepted: BTreeSet<_> = sent.iter().map(|it| it.client_msg_id.clone()).collect();
        accepted.len()
    }
}

fn unanswered(no_answer: NoAnswer) -> Unanswered {
    match no_answer {
        NoAnswer::NotSent => Unanswered::NotSent("the line is down".to_owned()),
        NoAnswer::Unknown => Unanswered::Unknown("the line went dead".to_owned()),
    }
}

struct PlatformOnLine(Arc<Line>, Arc<KeepingPlatform>);

#[async_trait]
impl Platform for PlatformOnLine {
    async fn call(
        &self,
        interface: &'static Interface,
        fields: Fields,
    ) -> Result<Reply, Unanswered> {
        let act = |no| std::future::ready(self.1.answer(interface.name, &fields, no));
        self.0.carry(interface.name, act).await.map_err(unanswered)
    }

    async fn download(&self, _: Fields) -> Result<Downloaded, Unanswered> {
        Err(unanswered(NoAnswer::NotSent))
    }
}

struct HisOnLine(Arc<Line>, Arc<KeepingHis>);

#[async_trait]
impl His for HisOnLine {
    async fn post(
        &self,
        name: &'static str,
        key: &str,
        body: Vec<u8>,
    ) -> Result<Result<Vec<u8>, Refusal>, Unanswered> {
        let act = |no| std::future::ready(self.1.answer(name, key, &body, no));
        self.0.carry(name, act).await.map_err(unanswered)
    }
}

struct AccountOnLine(Arc<Line>, Arc<FakePublicAccount>);

#[async_trait]
impl PublicAccount for AccountOnLine {
    async fn openid_of(&self, code: &str) -> Result<Result<Openid, GatewayError>, Unanswered> {
        self.1.openid_of(code).await
    }

    async fn send(&self, message: &TemplateMessage) -> Result<TemplateSent, Unanswered> {
        let act = |no| {
            if no {
                self.1.send_once(FakePublicAccount::sent_with(43004));
            }
            self.1.send(message)
        };
        self.0.carry("send", act).await.map_err(unanswered)?
    }

    async fn create_menu(&self, menu: &Menu) -> Result<GatewayError, Unanswered> {
        self.1.create_menu(menu).await
    }

    async fn follows(&self, openid: &Openid) -> Result<Result<bool, GatewayError>, Unanswered> {
        self.1.follows(openid).await
    }

    async fn create_qrcode(
        &self,
        ask: &QrcodeRequest,
    ) -> Result<Result<Qrcode, GatewayError>, Unanswered> {
        self.1.create_qrcode(ask).await
    }
}

impl<const STAFF: bool> Stage for Around<STAFF> {
    type Process = Scene;
    const SCHEMA: Schema = Schema { name: "gateway", migrations: crate::SCHEMA };
    const STANDING: &'static [&'static str] = &["bind_round"];

    fn set(line: &Arc<Line>) -> Self {
        let clock = Arc::new(TestClock::at("20260601101500"));
        Self {
            line: line.clone(),
            entropy: Arc::default(),
            platform: Arc::new(KeepingPlatform::new(clock.clone())),
            his: Arc::new(KeepingHis::new(clock.clone())),
            account: Arc::default(),
            cookies: Arc::default(),
            clock,
        }
    }

    fn clock(&self) -> &TestClock {
        &self.clock
    }

    fn start(&self, store: Store) -> Scene {
        let mut settings = settings();
        for institution in &mut settings.institutions {
            let hospital = institution.hospital.as_mut().expect("they have patients");
            hospital.rules.unconfirmed =
                if STAFF { Unconfirmed::Queue } else { Unconfirmed::Refund };
        }
        let line = || self.line.clone();
        let doors = Doors {
            platform: Arc::new(PlatformOnLine(line(), self.platform.clone())),
            his: Arc::new(HisOnLine(line(), self.his.clone())),
            public_account: Arc::new(AccountOnLine(line(), self.account.clone())),
        };
        let stores = Stores { test: Some(store), production: None };
        let time: Arc<dyn Clock> = self.clock.clone();
        let chance: Arc<dyn Entropy> = self.entropy.clone();
        let gateway = Gateway::open(settings, &stores, &time, &chance, |_, _| doors.clone());
        let branch = gateway.branches().next().expect("the test branch").clone();
        let world = World {
            router: crate::router::router(gateway.clone()),
            branch,
            site: gateway.site(SITE).expect("the first hospital"),
            gateway,
            clock: self.clock.clone(),
            platform: Arc::new(FakePlatform::default()),
            his: Arc::new(FakeHis::default()),
            public_account: self.account.clone(),
            cookies: self.cookies.clone(),
        };
        Scene { world, platform: self.platform.clone(), his: self.his.clone() }
    }

    async fn work(&self, scene: &Scene, queues: &BTreeSet<String>) -> Result<(), StoreError> {
        let branch = &scene.world.branch;
        let due = |worker: &&Worker<Branch>| {
            let own = QUEUES.iter().find(|(name, _)| *name == worker.name);
            let (_, own) = own.expect("every worker has its queues in the list");
            own.iter().any(|queue| queues.contains(*queue))
        };
        for worker in crate::workers::ALL.iter().filter(due) {
            (worker.run_once)(branch, branch.clock().now()).await?;
        }
        Ok(())
    }

    async fn wrong(&self, scene: &Scene) -> Vec<String> {
        let today = self.clock.now().day();
        // Only the first hospital has patients in these tests, and both have its HIS.
        let days = [today.plus_days(-1), today];
        let mut report =
            audit::run(&scene.world.gateway, &days).await.expect("the book can be read");
        report.sites.retain(|site| site.site == SITE);
        let site = &report.sites[0];
        let clean = site.differences.is_empty() && site.silent.is_empty();
        if clean { Vec::new() } else { vec![report.to_string()] }
    }
}
