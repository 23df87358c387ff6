//! A bureau and a wallet that keep honest books, and lose answers or refuse when a test says so.

use super::{
    FakeBureau, FakeHospital, FakeMessenger, FakeWallet, FakeWeChat, Sequence, TestClock, World,
    settings,
};
use crate::app::{App, Doors, Parties};
use crate::doors::closed::Closed;
use crate::doors::{Bureau, Hospital, Wallet};
use crate::migrations;
use crate::notifications::deliver;
use crate::orders::settle;
use crate::refunds::give_back;
use crate::settings::{Environment, Settings};
use async_trait::async_trait;
use medpay_client::Unanswered;
use medpay_domain::{CashOrderId, Clock, Fen, InsuranceOrderId};
use medpay_store::testing::TestDb;
use medpay_store::{Schema, args};
use medpay_wire::contracts::{bureau, wallet};
use medpay_wire::notification::Acknowledgement;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex};

/// The one right password of every wallet.
pub(crate) const PASSWORD: &str = "135790";

/// What becomes of one call that moves money.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// It is done and answered.
    Done,
    /// It is done, and the answer is lost.
    DoneUnheard,
    /// It never arrives, and nobody knows.
    Lost,
    /// It is refused.
    Refused,
    /// It is done with a fen less than agreed.
    OtherAmounts,
}

/// Decides the fates of calls to come; after the last one every call is done.
#[derive(Default)]
pub(crate) struct Fates(Mutex<VecDeque<Fate>>);

impl Fates {
    /// Lays fates ready.
    pub(crate) fn lay(&self, fates: &[Fate]) {
        self.0.lock().expect("not poisoned").extend(fates);
    }

    fn next(&self) -> Fate {
        self.0.lock().expect("not poisoned").pop_front().unwrap_or(Fate::Done)
    }
}

fn lost<A>() -> Result<A, Unanswered> {
    Err(Unanswered::Unknown("the answer was lost".to_owned()))
}

fn refusal(code: &str) -> bureau::Refusal {
    bureau::Refusal { code: code.to_owned(), reason: "医保局拒绝".to_owned() }
}

/// A fen less of insurance, and one more of cash.
fn other_amounts(split: bureau::Split) -> bureau::Split {
    let one = Fen::new(1).expect("not negative");
    let less = |fen: Fen| fen.checked_sub(one).unwrap_or(fen);
    bureau::Split {
        insurance_fee: less(split.insurance_fee),
        fund_fee: less(split.fund_fee),
        cash_fee: split.cash_fee.checked_add(one).expect("small"),
        ..split
    }
}

/// A bureau with a book.
pub(crate) struct KeepingBureau {
    clock: Arc<dyn Clock>,
    answers: Mutex<HashMap<String, bureau::Outcome>>,
    /// Its day list; a test may write in it.
    pub book: Mutex<Vec<bureau::DayEntry>>,
    /// Of `settle`.
    pub settlements: Fates,
    /// Of `reverse`.
    pub reversals: Fates,
    /// Of `query`, where [`Fate::Lost`] is no answer and all else the truth.
    pub queries: Fates,
    /// Of `pre_settle`; it answers the split that was asked for.
    pub pre_settlements: Fates,
    /// Of `register_visit`.
    pub registrations: Fates,
    /// Whether a settlement can be undone on its own day only.
    pub closes_the_day: Mutex<bool>,
    visits: Mutex<HashMap<String, bureau::VisitRegistered>>,
    /// Every call that moves money, by key, as often as it came.
    pub asked: Mutex<Vec<String>>,
}

impl KeepingBureau {
    /// An empty book.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            answers: Mutex::default(),
            book: Mutex::default(),
            settlements: Fates::default(),
            reversals: Fates::default(),
            queries: Fates::default(),
            pre_settlements: Fates::default(),
            registrations: Fates::default(),
            closes_the_day: Mutex::default(),
            visits: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    fn known(&self, key: &str) -> Option<bureau::Outcome> {
        self.answers.lock().expect("not poisoned").get(key).cloned()
    }

    fn write(&self, key: &str, outcome: &bureau::Outcome, entry: Option<bureau::DayEntry>) {
        self.answers.lock().expect("not poisoned").insert(key.to_owned(), outcome.clone());
        self.book.lock().expect("not poisoned").extend(entry);
    }

    /// Books `split` under `key`.
    pub(crate) fn book(&self, key: &str, split: bureau::Split) -> bureau::Settlement {
        let settlement = bureau::Settlement {
            insurance_order_id: InsuranceOrderId::new(format!("I-{key}")),
            split,
            response_content: "{\"akc190\": 1}".to_owned(),
            at: self.clock.now(),
        };
        let entry = bureau::DayEntry {
            key: key.to_owned(),
            kind: bureau::DayKind::Settled,
            insurance_order_id: settlement.insurance_order_id.clone(),
            insurance_fee: split.insurance_fee,
            at: settlement.at,
        };
        self.write(key, &bureau::Outcome::Settled(settlement.clone()), Some(entry));
        settlement
    }

    fn booked(&self, id: &InsuranceOrderId) -> bureau::DayEntry {
        let book = self.book.lock().expect("not poisoned");
        let line = book.iter().find(|line| line.insurance_order_id == *id);
        line.expect("only what was settled is reversed").clone()
    }

    /// The insurance that it holds, in fen, and the bookings that stand, of 0 included.
    pub(crate) fn held(&self) -> (i64, usize) {
        let book = self.book.lock().expect("not poisoned");
        let of = |kind| book.iter().filter(move |line| line.kind == kind);
        let sum = |kind| of(kind).map(|line| line.insurance_fee.get()).sum::<i64>();
        let (settled, reversed) = (bureau::DayKind::Settled, bureau::DayKind::Reversed);
        (sum(settled) - sum(reversed), of(settled).count() - of(reversed).count())
    }

    /// How many registrations it knows, and how many of them it refused.
    pub(crate) fn visits(&self) -> (usize, usize) {
        let visits = self.visits.lock().expect("not poisoned");
        let refused =
            |one: &&bureau::VisitRegistered| matches!(one, bureau::VisitRegistered::Refused(_));
        (visits.len(), visits.values().filter(refused).count())
    }

    /// The keys that stand for a second debit of the same money, or for a second way back of it.
    pub(crate) fn asked_twice(&self) -> Vec<String> {
        let answers = self.answers.lock().expect("not poisoned");
        let book = self.book.lock().expect("not poisoned");
        let undone = |id: &InsuranceOrderId| {
            let mut undone = book.iter().filter(|line| line.kind == bureau::DayKind::Reversed);
            undone.any(|line| line.insurance_order_id == *id)
        };
        let open = |key: &String| match answers.get(key) {
            Some(bureau::Outcome::Refused(_)) => false,
            Some(bureau::Outcome::Settled(settled)) => !undone(&settled.insurance_order_id),
            _ => true,
        };
        asked_twice(&self.asked.lock().expect("not poisoned"), open)
    }
}

/// The keys that differ from an earlier one only in their attempt, although that is not over: it
/// was neither refused nor undone.
fn asked_twice(asked: &[String], open: impl Fn(&String) -> bool) -> Vec<String> {
    let debit = |key: &str| key.rsplit_once('-').map_or(key, |(debit, _)| debit).to_owned();
    let mut seen: HashMap<String, BTreeSet<&String>> = HashMap::new();
    for key in asked.iter().filter(|key| open(key)) {
        seen.entry(debit(key)).or_default().insert(key);
    }
    seen.into_values().filter(|keys| keys.len() > 1).flatten().cloned().collect()
}

#[async_trait]
impl Bureau for KeepingBureau {
    async fn find_insured(
        &self,
        _: &bureau::FindInsured,
    ) -> Result<bureau::FoundInsured, Unanswered> {
        lost()
    }

    async fn check_card(&self, _: &bureau::CheckCard) -> Result<bureau::CheckedCard, Unanswered> {
        lost()
    }

    async fn register_visit(
        &self,
        ask: &bureau::RegisterVisit,
    ) -> Result<bureau::VisitRegistered, Unanswered> {
        let fate = self.registrations.next();
        let mut visits = self.visits.lock().expect("not poisoned");
        let answer = visits.entry(ask.key.clone()).or_insert_with(|| match fate {
            Fate::Refused => bureau::VisitRegistered::Refused(refusal("NO_SUCH_VISIT")),
            _ => bureau::VisitRegistered::Registered { response_content: "{}".to_owned() },
        });
        Ok(answer.clone())
    }

    async fn pre_settle(&self, ask: &bureau::PreSettle) -> Result<bureau::PreSettled, Unanswered> {
        let claim = &ask.claim;
        Ok(match self.pre_settlements.next() {
            Fate::Refused => bureau::PreSettled::Refused(refusal("NOT_COVERED")),
            _ => bureau::PreSettled::PreSettled(bureau::Split {
                insurance_fee: claim.insurance_fee,
                cash_fee: claim.cash_fee,
                self_fee: Fen::ZERO,
                fund_fee: claim.insurance_fee,
                other_fee: Fen::ZERO,
            }),
        })
    }

    async fn settle(&self, ask: &bureau::Settle) -> Result<bureau::Outcome, Unanswered> {
        self.asked.lock().expect("not poisoned").push(ask.key.clone());
        let fate = self.settlements.next();
        if fate == Fate::Lost {
            return lost();
        }
        if let Some(known) = self.known(&ask.key) {
            return Ok(known);
        }
        if fate == Fate::Refused {
            let (code, reason) = ("ACCOUNT_SHORT".to_owned(), "个人账户余额不足".to_owned());
            let outcome = bureau::Outcome::Refused(bureau::Refusal { code, reason });
            self.write(&ask.key, &outcome, None);
            return Ok(outcome);
        }
        let split = if fate == Fate::OtherAmounts { other_amounts(ask.split) } else { ask.split };
        let settlement = self.book(&ask.key, split);
        if fate == Fate::DoneUnheard { lost() } else { Ok(bureau::Outcome::Settled(settlement)) }
    }

    async fn reverse(&self, ask: &bureau::Reverse) -> Result<bureau::Outcome, Unanswered> {
        self.asked.lock().expect("not poisoned").push(ask.key.clone());
        let fate = self.reversals.next();
        if fate == Fate::Lost {
            return lost();
        }
        if let Some(known) = self.known(&ask.key) {
            return if fate == Fate::DoneUnheard { lost() } else { Ok(known) };
        }
        let at = self.clock.now();
        let booked = self.booked(&ask.insurance_order_id);
        let closed = *self.closes_the_day.lock().expect("not poisoned");
        if fate == Fate::Refused || (closed && at.day() != booked.at.day()) {
            let (code, reason) = ("CLOSED_DAY".to_owned(), "当日已结算".to_owned());
            let outcome = bureau::Outcome::Refused(bureau::Refusal { code, reason });
            self.write(&ask.key, &outcome, None);
            return Ok(outcome);
        }
        let entry = bureau::DayEntry {
            key: ask.key.clone(),
            kind: bureau::DayKind::Reversed,
            insurance_order_id: ask.insurance_order_id.clone(),
            insurance_fee: booked.insurance_fee,
            at,
        };
        let outcome = bureau::Outcome::Reversed { at };
        self.write(&ask.key, &outcome, Some(entry));
        if fate == Fate::DoneUnheard { lost() } else { Ok(outcome) }
    }

    async fn query(&self, ask: &bureau::Query) -> Result<bureau::Outcome, Unanswered> {
        match self.queries.next() {
            Fate::Lost => lost(),
            _ => Ok(self.known(&ask.key).unwrap_or(bureau::Outcome::Unknown)),
        }
    }

    async fn day(&self, ask: &bureau::ListDay) -> Result<bureau::DayList, Unanswered> {
        let book = self.book.lock().expect("not poisoned");
        let entries = book.iter().filter(|line| line.at.day() == ask.day).cloned().collect();
        Ok(bureau::DayList { entries })
    }
}

/// A wallet with a book.
pub(crate) struct KeepingWallet {
    clock: Arc<dyn Clock>,
    answers: Mutex<HashMap<String, wallet::Outcome>>,
    /// Its day list; a test may write in it.
    pub book: Mutex<Vec<wallet::DayEntry>>,
    /// Of `refund`.
    pub refunds: Fates,
    /// Of `capture`.
    pub captures: Fates,
    /// Whether it lists nothing, for lack of an answer.
    pub mute: Mutex<bool>,
    /// The link that was last put on a phone.
    pub presented: Mutex<Option<wallet::Present>>,
    /// Every call that moves money, by key, as often as it came.
    pub asked: Mutex<Vec<String>>,
}

impl KeepingWallet {
    /// An empty book.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            answers: Mutex::default(),
            book: Mutex::default(),
            refunds: Fates::default(),
            captures: Fates::default(),
            mute: Mutex::default(),
            presented: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    fn known(&self, key: &str) -> Option<wallet::Outcome> {
        self.answers.lock().expect("not poisoned").get(key).cloned()
    }

    fn write(&self, key: &str, outcome: &wallet::Outcome, entry: Option<wallet::DayEntry>) {
        self.answers.lock().expect("not poisoned").insert(key.to_owned(), outcome.clone());
        self.book.lock().expect("not poisoned").extend(entry);
    }

    /// The cash that it holds, in fen.
    pub(crate) fn held(&self) -> i64 {
        let book = self.book.lock().expect("not poisoned");
        let signed = |line: &wallet::DayEntry| match line.kind {
            wallet::DayKind::Captured => line.cash_fee.get(),
            wallet::DayKind::Refunded => -line.cash_fee.get(),
        };
        book.iter().map(signed).sum()
    }

    /// The keys that stand for a second debit of the same money, or for a second way back of it.
    pub(crate) fn asked_twice(&self) -> Vec<String> {
        let answers = self.answers.lock().expect("not poisoned");
        let open = |key: &String| !matches!(answers.get(key), Some(wallet::Outcome::Refused(_)));
        asked_twice(&self.asked.lock().expect("not poisoned"), open)
    }

    /// Takes `cash_fee` under `key`.
    pub(crate) fn take(&self, key: &str, cash_fee: Fen) -> wallet::DayEntry {
        let entry = wallet::DayEntry {
            key: key.to_owned(),
            kind: wallet::DayKind::Captured,
            cash_order_id: CashOrderId::new(format!("C-{key}")),
            cash_fee,
            at: self.clock.now(),
        };
        let outcome = wallet::Outcome::Captured {
            cash_order_id: entry.cash_order_id.clone(),
            coupon_fee: Fen::ZERO,
            at: entry.at,
        };
        self.write(key, &outcome, Some(entry.clone()));
        entry
    }
}

#[async_trait]
impl Wallet for KeepingWallet {
    async fn identify_by_code(
        &self,
        _: &wallet::IdentifyByCode,
    ) -> Result<wallet::Identified, Unanswered> {
        lost()
    }

    async fn identify_by_auth_code(
        &self,
        _: &wallet::IdentifyByAuthCode,
    ) -> Result<wallet::Identified, Unanswered> {
        lost()
    }

    async fn confirm(&self, ask: &wallet::Confirm) -> Result<wallet::Confirmed, Unanswered> {
        Ok(if ask.password == PASSWORD {
            let confirmation = format!("confirmed {}", ask.cash_fee);
            wallet::Confirmed::Confirmed { confirmation }
        } else {
            wallet::Confirmed::WrongPassword { tries_left: 2 }
        })
    }

    async fn present(&self, ask: &wallet::Present) -> Result<wallet::Presented, Unanswered> {
        *self.presented.lock().expect("not poisoned") = Some(ask.clone());
        Ok(wallet::Presented::Presented)
    }

    async fn capture(&self, ask: &wallet::Capture) -> Result<wallet::Outcome, Unanswered> {
        self.asked.lock().expect("not poisoned").push(ask.key.clone());
        let fate = self.captures.next();
        if let Some(known) = self.known(&ask.key) {
            return Ok(known);
        }
        if fate == Fate::Refused {
            let (code, reason) = ("NOTENOUGH".to_owned(), "零钱余额不足".to_owned());
            let outcome = wallet::Outcome::Refused(wallet::Refusal { code, reason });
            self.write(&ask.key, &outcome, None);
            return Ok(outcome);
        }
        self.take(&ask.key, ask.cash_fee);
        self.known(&ask.key).map_or_else(lost, Ok)
    }

    async fn refund(&self, ask: &wallet::Refund) -> Result<wallet::Outcome, Unanswered> {
        self.asked.lock().expect("not poisoned").push(ask.key.clone());
        let fate = self.refunds.next();
        if fate == Fate::Lost {
            return lost();
        }
        if let Some(known) = self.known(&ask.key) {
            return if fate == Fate::DoneUnheard { lost() } else { Ok(known) };
        }
        let at = self.clock.now();
        if fate == Fate::Refused {
            let (code, reason) = ("ACCOUNT_ABNORMAL".to_owned(), "收款账户异常".to_owned());
            let outcome = wallet::Outcome::Refused(wallet::Refusal { code, reason });
            self.write(&ask.key, &outcome, None);
            return Ok(outcome);
        }
        let entry = wallet::DayEntry {
            key: ask.key.clone(),
            kind: wallet::DayKind::Refunded,
            cash_order_id: ask.cash_order_id.clone(),
            cash_fee: ask.cash_fee,
            at,
        };
        let outcome = wallet::Outcome::Refunded { at };
        self.write(&ask.key, &outcome, Some(entry));
        if fate == Fate::DoneUnheard { lost() } else { Ok(outcome) }
    }

    async fn query(&self, ask: &wallet::Query) -> Result<wallet::Outcome, Unanswered> {
        Ok(self.known(&ask.key).unwrap_or(wallet::Outcome::Unknown))
    }

    async fn day(&self, ask: &wallet::ListDay) -> Result<wallet::DayList, Unanswered> {
        if *self.mute.lock().expect("not poisoned") {
            return lost();
        }
        let book = self.book.lock().expect("not poisoned");
        let entries = book.iter().filter(|line| line.at.day() == ask.day).cloned().collect();
        Ok(wallet::DayList { entries })
    }
}

/// A hospital that acknowledges, unless a test laid another answer ready.
#[derive(Default)]
pub(crate) struct AnsweringHospital {
    /// What it was told, with the address.
    pub told: Mutex<Vec<(String, String)>>,
    /// Its next answers: status and body, or none.
    pub answers: Mutex<VecDeque<Option<(u16, &'static str)>>>,
}

#[async_trait]
impl Hospital for AnsweringHospital {
    async fn notify(
        &self,
        _: Environment,
        notify_url: &str,
        document: String,
    ) -> Result<(u16, Vec<u8>), Unanswered> {
        self.told.lock().expect("not poisoned").push((notify_url.to_owned(), document));
        let answer = self.answers.lock().expect("not poisoned").pop_front();
        match answer {
            None => Ok((200, Acknowledgement::Accepted.to_xml().into_bytes())),
            Some(Some((status, body))) => Ok((status, body.as_bytes().to_vec())),
            Some(None) => lost(),
        }
    }
}

/// A world whose bureau, wallet and hospital keep books.
pub(crate) struct Town {
    pub world: World,
    pub bureau: Arc<KeepingBureau>,
    pub wallet: Arc<KeepingWallet>,
    pub hospital: Arc<AnsweringHospital>,
}

impl Town {
    /// On a fresh database.
    pub(crate) async fn new(db: &TestDb) -> Self {
        Self::with(db, settings()).await
    }

    /// On a fresh database, with other settings.
    pub(crate) async fn with(db: &TestDb, settings: Settings) -> Self {
        let schema = Schema { name: "platform", migrations: migrations::SCHEMA };
        let store = db.open(schema).await;
        let clock = Arc::new(TestClock::at("20180620090000"));
        let bureau = Arc::new(KeepingBureau::new(clock.clone()));
        let wallet = Arc::new(KeepingWallet::new(clock.clone()));
        let hospital = Arc::new(AnsweringHospital::default());
        let (messenger, wechat) =
            (Arc::new(FakeMessenger::default()), Arc::new(FakeWeChat::default()));
        let doors = Doors {
            test: Parties { bureau: bureau.clone(), wallet: wallet.clone() },
            production: Parties { bureau: Arc::new(Closed), wallet: Arc::new(Closed) },
            messenger: messenger.clone(),
            hospital: hospital.clone(),
            wechat: wechat.clone(),
        };
        let entropy = Arc::new(Sequence::default());
        let app = App::new(settings, store, clock.clone(), entropy, doors);
        let router = crate::router::router(app.clone());
        let world = World {
            app,
            router,
            clock,
            bureau: Arc::new(FakeBureau::default()),
            wallet: Arc::new(FakeWallet::default()),
            messenger,
            hospital: Arc::new(FakeHospital::default()),
            wechat,
            kept_token: Arc::default(),
            nonces: Mutex::new(0),
        };
        Self { world, bureau, wallet, hospital }
    }

    /// The service.
    pub(crate) fn app(&self) -> &App {
        &self.world.app
    }

    /// Runs every worker until nothing is due.
    pub(crate) async fn work(&self) {
        let now = self.app().clock.now();
        settle::run_once(self.app(), now).await.expect("settled");
        give_back::run_once(self.app(), now).await.expect("given back");
        deliver::run_once(self.app(), now).await.expect("delivered");
    }

    /// Changes rows behind the platform's back.
    pub(crate) async fn alter(&self, sql: &'static str) {
        let changed = self
            .app()
            .store
            .write("a test alters rows", move |tx| {
                Box::pin(async move { tx.exec(sql, args![]).await })
            })
            .await;
        assert_eq!(changed, Ok(1), "{sql}");
    }
}
