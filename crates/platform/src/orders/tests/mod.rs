//! Orders from the request to the last answer, on both engines, against scripted parties.

mod at_the_cashier;
mod dying;
mod ordering;
mod parties;
mod sagas;
mod settling;
mod stepped;
mod storing;

use super::rows::StoredOrder;
use super::{expire, settle};
use crate::app::{App, Doors, Parties};
use crate::cards::tests::{Browser, between, bind};
use crate::doors::closed::Closed;
use crate::settings::Settings;
use crate::testing::{Answered, HOSPITAL, Person, Sequence, World, settings};
use medpay_domain::{MedTransId, Timestamp};
use medpay_store::testing::TestDb;
use medpay_store::{FaultHook, Options, Schema, no_faults};
use medpay_wire::fields::Fields;
use parties::{PASSWORD, Scripted};
use std::sync::Arc;

/// The payer, under the hospital's account; the bound card is [`Person::LIN`]'s.
const PAYER: &str = "oPayer";

/// A world with scripted parties, in which the payer has bound a card.
struct Town {
    world: World,
    parties: Arc<Scripted>,
}

impl Town {
    async fn new(db: &TestDb) -> Self {
        Self::with(db, settings()).await
    }

    async fn with(db: &TestDb, settings: Settings) -> Self {
        Self::with_faults(db, settings, no_faults()).await
    }

    /// With a database that fails when `hook` says so.
    async fn with_faults(db: &TestDb, settings: Settings, hook: Arc<dyn FaultHook>) -> Self {
        let mut world = World::with(db, settings).await;
        let schema = Schema { name: "platform", migrations: crate::migrations::SCHEMA };
        world.app.store.close().await;
        let store = db.open_with(schema, Options::default(), hook).await;
        let (clock, people) = (world.clock.clone(), world.wallet.clone());
        let parties = Arc::new(Scripted::new(clock, world.bureau.clone(), people));
        let doors = Doors {
            test: Parties { bureau: parties.clone(), wallet: parties.clone() },
            production: Parties { bureau: Arc::new(Closed), wallet: Arc::new(Closed) },
            messenger: world.messenger.clone(),
            hospital: world.hospital.clone(),
            wechat: world.wechat.clone(),
        };
        world.app = App::new(
            self::settings_of(&world),
            store,
            world.clock.clone(),
            Arc::new(Sequence::default()),
            doors,
        );
        world.router = crate::router::router(world.app.clone());
        bind(&world, HOSPITAL, PAYER, Person::LIN).await;
        Self { world, parties }
    }

    fn app(&self) -> &App {
        &self.world.app
    }

    /// Orders, and answers the fields of the reply.
    async fn order(&self, number: &str, kind: &str, cash: i64, insurance: i64) -> Fields {
        let answer = self.ask(number, &fees(kind, cash, insurance)).await;
        assert_eq!(answer.word(), "SUCCESS", "{}", answer.body);
        answer.fields()
    }

    /// Calls unifiedorder with a request's usual fields and these in their place.
    async fn ask(&self, number: &str, changes: &[(&str, &str)]) -> Answered {
        let digest = Person::LIN.id_md5();
        let mut fields = usual(number, &digest);
        fields.push(("openid", PAYER));
        fields.push(("return_url", "https://his.example/done"));
        for (name, value) in changes {
            fields.retain(|(kept, _)| kept != name);
            fields.push((name, value));
        }
        self.world.call(HOSPITAL, "unifiedorder", &fields).await
    }

    /// Calls an interface that asks about an order by the hospital's number.
    async fn about(&self, interface: &str, number: &str) -> Answered {
        self.world.call(HOSPITAL, interface, &[("hosp_out_trade_no", number)]).await
    }

    /// `med_trade_state/cash_trade_status/insurance_trade_status`.
    async fn states(&self, number: &str) -> String {
        let fields = self.about("orderquery", number).await.fields();
        let state = |name| fields.get(name).unwrap_or_default().to_owned();
        let names = ["med_trade_state", "cash_trade_status", "insurance_trade_status"];
        names.map(state).join("/")
    }

    /// Types the password at the cashier of a reply's `pay_url`.
    async fn pay(&self, reply: &Fields) -> Answered {
        self.pay_with(reply, PASSWORD).await
    }

    async fn pay_with(&self, reply: &Fields, password: &str) -> Answered {
        let link = link_of(reply);
        let mut browser = Browser::new(&self.world);
        let page = browser.open(&link, PAYER, Person::LIN.name).await;
        browser.post(&link, &page, &[("password", password)]).await
    }

    /// Runs both workers until nothing is due.
    async fn work(&self) {
        let now = self.world.clock_now();
        settle::run_once(self.app(), now).await.expect("settled");
        expire::run_once(self.app(), now).await.expect("expired");
    }

    /// Works, and lets time pass, until nobody is asked any more.
    async fn come_to_rest(&self) {
        for _ in 0..50 {
            self.work().await;
            let waiting = self.app().store.pending_jobs(super::SETTLE_QUEUE).await;
            if waiting.expect("read").is_empty() {
                return;
            }
            self.world.clock.advance_seconds(61);
        }
        panic!("the order does not come to rest");
    }

    /// The order as it lies in the database.
    async fn stored(&self, reply: &Fields) -> StoredOrder {
        let id = MedTransId::new(reply.get("med_trans_id").expect("a number"));
        super::testing::load_from(self.app(), &id).await
    }
}

impl World {
    fn clock_now(&self) -> Timestamp {
        self.app.clock.now()
    }
}

fn settings_of(world: &World) -> Settings {
    let mut copy = settings();
    copy.institutions.clone_from(&world.app.settings.institutions);
    copy
}

/// The path of a reply's link.
fn link_of(reply: &Fields) -> String {
    let url = reply.get("pay_url").expect("a link");
    url.strip_prefix("http://pay.example").expect("our own address").to_owned()
}

fn outcome(page: &Answered) -> &str {
    between(&page.body, "data-outcome=\"", "\"")
}

/// The amounts of an order whose total is their sum.
fn fees(kind: &str, cash: i64, insurance: i64) -> Vec<(&'static str, &'static str)> {
    let text = |amount: i64| -> &'static str { Box::leak(amount.to_string().into_boxed_str()) };
    let pay_type: &'static str = Box::leak(kind.to_owned().into_boxed_str());
    vec![
        ("pay_type", pay_type),
        ("total_fee", text(cash + insurance)),
        ("cash_fee", text(cash)),
        ("insurance_fee", text(insurance)),
    ]
}

/// What an order has beside payer and amounts.
fn usual<'a>(number: &'a str, digest: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("order_type", "DiagPay"),
        ("hosp_out_trade_no", number),
        ("hospital_name", "晴川医院"),
        ("total_fee", "905"),
        ("cash_fee", "100"),
        ("insurance_fee", "805"),
        ("allow_fee_change", "0"),
        ("spbill_create_ip", "10.193.0.1"),
        ("notify_url", "http://his.example/notify"),
        ("body", "门诊费用"),
        ("pay_type", "3"),
        ("user_card_type", "1"),
        ("user_card_no", digest),
        ("user_name", "林晴"),
        ("serial_no", "S1"),
        ("org_no", "H440300001"),
        ("gmt_out_create", "20180620085900"),
        ("request_content", "{ \"a\" : 1.50 }"),
        ("bill_no", "B1"),
        ("extends", "x"),
    ]
}
