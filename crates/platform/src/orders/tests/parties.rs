//! A bureau and a wallet with honest books that refuse, lose or hold back what a test says.

use crate::doors::{Bureau, Wallet};
use crate::testing::{FakeBureau, FakeWallet, TestClock};
use async_trait::async_trait;
use medpay_client::Unanswered;
use medpay_domain::{CashOrderId, Clock as _, Fen, InsuranceOrderId};
use medpay_wire::contracts::{bureau, wallet};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

/// What becomes of one call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// Done and answered.
    Done,
    /// Done, and the answer is lost.
    AnswerLost,
    /// It never arrives, and nobody knows.
    RequestLost,
    /// The connection is refused.
    NotSent,
    /// Refused, with this code.
    Refused(&'static str),
    /// Settled with a fen less than agreed.
    OtherAmounts,
}

#[derive(Clone)]
enum Word {
    Bureau(bureau::Outcome),
    Wallet(wallet::Outcome),
}

/// Both parties.
pub(super) struct Scripted {
    clock: Arc<TestClock>,
    insured: Arc<FakeBureau>,
    people: Arc<FakeWallet>,
    fates: Mutex<HashMap<&'static str, VecDeque<Fate>>>,
    answers: Mutex<HashMap<String, Word>>,
    /// Every call that moves money, a question for it included, without the order's number.
    pub calls: Mutex<Vec<String>>,
    /// What the bureau answers to pre_settle, where it is not what was asked.
    pub split: Mutex<Option<bureau::Split>>,
    /// Links that were put on a phone.
    pub presented: Mutex<Vec<wallet::Present>>,
    wrong_tries: Mutex<u32>,
    cash: Mutex<i64>,
    insurance: Mutex<(i64, i64)>,
}

/// The one right password.
pub(super) const PASSWORD: &str = "135790";

fn lost<A>() -> Result<A, Unanswered> {
    Err(Unanswered::Unknown("the answer was lost".to_owned()))
}

fn not_sent<A>() -> Result<A, Unanswered> {
    Err(Unanswered::NotSent("the connection was refused".to_owned()))
}

impl Scripted {
    pub(super) fn new(
        clock: Arc<TestClock>,
        insured: Arc<FakeBureau>,
        people: Arc<FakeWallet>,
    ) -> Self {
        Self {
            clock,
            insured,
            people,
            fates: Mutex::default(),
            answers: Mutex::default(),
            calls: Mutex::default(),
            split: Mutex::default(),
            presented: Mutex::default(),
            wrong_tries: Mutex::new(0),
            cash: Mutex::new(0),
            insurance: Mutex::new((0, 0)),
        }
    }

    /// Lays fates ready for the next calls of `what`; then every call is done.
    pub(super) fn lay(&self, what: &'static str, fates: &[Fate]) {
        self.fates.lock().expect("not poisoned").entry(what).or_default().extend(fates);
    }

    /// Cash held, insurance held, and bookings that stand, of 0 included.
    pub(super) fn held(&self) -> (i64, i64, i64) {
        let (insurance, bookings) = *self.insurance.lock().expect("not poisoned");
        (*self.cash.lock().expect("not poisoned"), insurance, bookings)
    }

    /// The calls since the last time, in one line.
    pub(super) fn heard(&self) -> String {
        std::mem::take(&mut *self.calls.lock().expect("not poisoned")).join(", ")
    }

    fn fate(&self, what: &'static str) -> Fate {
        let mut fates = self.fates.lock().expect("not poisoned");
        fates.get_mut(what).and_then(VecDeque::pop_front).unwrap_or(Fate::Done)
    }

    /// Notes a call and carries it out once, by its fate.
    fn act(
        &self,
        what: &'static str,
        key: &str,
        done: impl FnOnce(Fate) -> Word,
        refused: impl FnOnce(&str) -> Word,
    ) -> Result<Word, Unanswered> {
        let short = key.split_once('-').map_or(key, |(_, short)| short);
        self.calls.lock().expect("not poisoned").push(format!("{what} {short}"));
        let fate = self.fate(what);
        match fate {
            Fate::NotSent => return not_sent(),
            Fate::RequestLost => return lost(),
            _ => {}
        }
        let known = self.answers.lock().expect("not poisoned").get(key).cloned();
        let word = known.unwrap_or_else(|| {
            let word = match fate {
                Fate::Refused(code) => refused(code),
                _ => done(fate),
            };
            self.answers.lock().expect("not poisoned").insert(key.to_owned(), word.clone());
            word
        });
        if fate == Fate::AnswerLost { lost() } else { Ok(word) }
    }

    fn asked_about(&self, what: &'static str, key: &str) -> Result<Option<Word>, Unanswered> {
        let short = key.split_once('-').map_or(key, |(_, short)| short);
        self.calls.lock().expect("not poisoned").push(format!("{what} {short}"));
        match self.fate(what) {
            Fate::NotSent => not_sent(),
            Fate::RequestLost | Fate::AnswerLost => lost(),
            _ => Ok(self.answers.lock().expect("not poisoned").get(key).cloned()),
        }
    }

    fn settled(&self, ask: &bureau::Settle, fate: Fate) -> Word {
        let mut split = ask.split;
        if fate == Fate::OtherAmounts {
            let one = Fen::new(1).expect("not negative");
            split.insurance_fee = split.insurance_fee.checked_add(one).expect("small");
            split.fund_fee = split.fund_fee.checked_add(one).expect("small");
            split.cash_fee = split.cash_fee.checked_sub(one).unwrap_or(split.cash_fee);
        }
        let mut insurance = self.insurance.lock().expect("not poisoned");
        insurance.0 += split.insurance_fee.get();
        insurance.1 += 1;
        Word::Bureau(bureau::Outcome::Settled(bureau::Settlement {
            insurance_order_id: InsuranceOrderId::new(format!("I{}", split.insurance_fee.get())),
            split,
            response_content: "{\"akc190\" : \"1\"}".to_owned(),
            at: self.clock.now(),
        }))
    }
}

fn as_bureau(word: Word) -> Result<bureau::Outcome, Unanswered> {
    match word {
        Word::Bureau(outcome) => Ok(outcome),
        Word::Wallet(_) => lost(),
    }
}

fn as_wallet(word: Word) -> Result<wallet::Outcome, Unanswered> {
    match word {
        Word::Wallet(outcome) => Ok(outcome),
        Word::Bureau(_) => lost(),
    }
}

fn bureau_refuses(code: &str) -> Word {
    let (code, reason) = (code.to_owned(), "医保局拒绝".to_owned());
    Word::Bureau(bureau::Outcome::Refused(bureau::Refusal { code, reason }))
}

fn wallet_refuses(code: &str) -> Word {
    let (code, reason) = (code.to_owned(), "零钱余额不足".to_owned());
    Word::Wallet(wallet::Outcome::Refused(wallet::Refusal { code, reason }))
}

#[async_trait]
impl Bureau for Scripted {
    async fn find_insured(
        &self,
        ask: &bureau::FindInsured,
    ) -> Result<bureau::FoundInsured, Unanswered> {
        self.insured.find_insured(ask).await
    }

    async fn check_card(&self, ask: &bureau::CheckCard) -> Result<bureau::CheckedCard, Unanswered> {
        self.insured.check_card(ask).await
    }

    async fn register_visit(
        &self,
        ask: &bureau::RegisterVisit,
    ) -> Result<bureau::VisitRegistered, Unanswered> {
        self.insured.register_visit(ask).await
    }

    async fn pre_settle(&self, ask: &bureau::PreSettle) -> Result<bureau::PreSettled, Unanswered> {
        match self.fate("pre_settle") {
            Fate::Done => {}
            Fate::Refused(code) => {
                let (code, reason) = (code.to_owned(), "不在参保地".to_owned());
                return Ok(bureau::PreSettled::Refused(bureau::Refusal { code, reason }));
            }
            _ => return lost(),
        }
        let claim = &ask.claim;
        let split = self.split.lock().expect("not poisoned").unwrap_or(bureau::Split {
            insurance_fee: claim.insurance_fee,
            cash_fee: claim.cash_fee,
            self_fee: Fen::ZERO,
            fund_fee: claim.insurance_fee,
            other_fee: Fen::ZERO,
        });
        Ok(bureau::PreSettled::PreSettled(split))
    }

    async fn settle(&self, ask: &bureau::Settle) -> Result<bureau::Outcome, Unanswered> {
        let done = |fate| self.settled(ask, fate);
        as_bureau(self.act("settle", &ask.key, done, bureau_refuses)?)
    }

    async fn reverse(&self, ask: &bureau::Reverse) -> Result<bureau::Outcome, Unanswered> {
        let done = |_| {
            let amount: i64 = ask.insurance_order_id.as_str()[1..].parse().expect("an amount");
            let mut insurance = self.insurance.lock().expect("not poisoned");
            insurance.0 -= amount;
            insurance.1 -= 1;
            Word::Bureau(bureau::Outcome::Reversed { at: self.clock.now() })
        };
        as_bureau(self.act("reverse", &ask.key, done, bureau_refuses)?)
    }

    async fn query(&self, ask: &bureau::Query) -> Result<bureau::Outcome, Unanswered> {
        match self.asked_about("query", &ask.key)? {
            Some(word) => as_bureau(word),
            None => Ok(bureau::Outcome::Unknown),
        }
    }

    async fn day(&self, _: &bureau::ListDay) -> Result<bureau::DayList, Unanswered> {
        lost()
    }
}

#[async_trait]
impl Wallet for Scripted {
    async fn identify_by_code(
        &self,
        ask: &wallet::IdentifyByCode,
    ) -> Result<wallet::Identified, Unanswered> {
        self.people.identify_by_code(ask).await
    }

    async fn identify_by_auth_code(
        &self,
        ask: &wallet::IdentifyByAuthCode,
    ) -> Result<wallet::Identified, Unanswered> {
        self.people.identify_by_auth_code(ask).await
    }

    async fn confirm(&self, ask: &wallet::Confirm) -> Result<wallet::Confirmed, Unanswered> {
        if self.fate("confirm") != Fate::Done {
            return lost();
        }
        if ask.password == PASSWORD {
            let confirmation = format!("confirmed {}", ask.cash_fee);
            return Ok(wallet::Confirmed::Confirmed { confirmation });
        }
        let mut tries = self.wrong_tries.lock().expect("not poisoned");
        *tries += 1;
        Ok(match 3_u32.saturating_sub(*tries) {
            0 => wallet::Confirmed::Locked { until: self.clock.now().plus_seconds(3600) },
            tries_left => wallet::Confirmed::WrongPassword { tries_left },
        })
    }

    async fn present(&self, ask: &wallet::Present) -> Result<wallet::Presented, Unanswered> {
        if self.fate("present") != Fate::Done {
            return lost();
        }
        self.presented.lock().expect("not poisoned").push(ask.clone());
        Ok(wallet::Presented::Presented)
    }

    async fn capture(&self, ask: &wallet::Capture) -> Result<wallet::Outcome, Unanswered> {
        assert_eq!(ask.confirmation, format!("confirmed {}", ask.cash_fee));
        let done = |_| {
            *self.cash.lock().expect("not poisoned") += ask.cash_fee.get();
            Word::Wallet(wallet::Outcome::Captured {
                cash_order_id: CashOrderId::new(format!("C{}", ask.key)),
                coupon_fee: Fen::new(1).expect("not negative"),
                at: self.clock.now(),
            })
        };
        as_wallet(self.act("capture", &ask.key, done, wallet_refuses)?)
    }

    async fn refund(&self, ask: &wallet::Refund) -> Result<wallet::Outcome, Unanswered> {
        let done = |_| {
            *self.cash.lock().expect("not poisoned") -= ask.cash_fee.get();
            Word::Wallet(wallet::Outcome::Refunded { at: self.clock.now() })
        };
        as_wallet(self.act("refund", &ask.key, done, wallet_refuses)?)
    }

    async fn query(&self, ask: &wallet::Query) -> Result<wallet::Outcome, Unanswered> {
        match self.asked_about("query", &ask.key)? {
            Some(word) => as_wallet(word),
            None => Ok(wallet::Outcome::Unknown),
        }
    }

    async fn day(&self, _: &wallet::ListDay) -> Result<wallet::DayList, Unanswered> {
        lost()
    }
}
