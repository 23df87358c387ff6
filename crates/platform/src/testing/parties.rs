//! Other parties that answer what a test lays ready, and remember what they were asked.

use crate::doors::wechat::{Answer, Call};
use crate::doors::{Bureau, Hospital, Messenger, Wallet, WeChat};
use crate::settings::Environment;
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use medpay_client::Unanswered;
use medpay_domain::{Appid, CardNo, CardType, MedicalUserId, Openid, PersonName};
use medpay_wire::contracts::{bureau, wallet};
use medpay_wire::id_card;
use medpay_wire::public_account::{TemplateMessage, TemplateSent};
use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

/// An invented person.
#[derive(Clone, Copy)]
pub(crate) struct Person {
    pub name: &'static str,
    pub id_no: &'static str,
    pub medical_card_no: &'static str,
}

impl Person {
    pub(crate) const LIN: Self =
        Self { name: "林晴", id_no: "44030019000101004X", medical_card_no: "600000001" };
    pub(crate) const GAO: Self =
        Self { name: "高远", id_no: "440300199001011238", medical_card_no: "600000002" };

    /// `idcard_md5` and `user_card_no`.
    pub(crate) fn id_md5(self) -> String {
        id_card::digest(CardType::IdCard, self.id_no).reveal().to_owned()
    }

    /// What the bureau holds of the person.
    pub(crate) fn insured(self) -> bureau::Insured {
        bureau::Insured {
            medical_card_no: CardNo::new(self.medical_card_no),
            medical_card_id: CardNo::new(format!("Y{}", self.medical_card_no)),
            medical_comp_no: None,
            medical_insurance_type: Some("1".to_owned()),
            medical_user_id: MedicalUserId::new(format!("user-{}", self.medical_card_no)),
            id_digest: id_card::digest(CardType::IdCard, self.id_no),
        }
    }
}

fn lost<A>() -> Result<A, Unanswered> {
    Err(Unanswered::Unknown("the answer was lost".to_owned()))
}

fn not_told<A>() -> Result<A, Unanswered> {
    Err(Unanswered::NotSent("the test has told nothing of this".to_owned()))
}

/// Takes the next answer that was laid ready; the last one stays.
fn next<A: Clone>(answers: &Mutex<VecDeque<A>>) -> Option<A> {
    let mut answers = answers.lock().expect("not poisoned");
    if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
}

/// Insures [`Person::LIN`] and [`Person::GAO`].
#[derive(Default)]
pub(crate) struct FakeBureau {
    /// How `register_visit` answers, in turn; `None` is a lost answer.
    pub visits: Mutex<VecDeque<Option<bureau::VisitRegistered>>>,
    /// The keys of `register_visit`, in turn.
    pub visit_keys: Mutex<Vec<String>>,
    /// How `check_card` answers, in turn; nothing laid ready is the truth.
    pub checks: Mutex<VecDeque<bureau::CheckedCard>>,
    /// What `check_card` was asked, in turn.
    pub checked: Mutex<Vec<bureau::CheckCard>>,
    /// Whether `find_insured` and `check_card` give no answer.
    pub silent: Mutex<bool>,
}

#[async_trait]
impl Bureau for FakeBureau {
    async fn find_insured(
        &self,
        ask: &bureau::FindInsured,
    ) -> Result<bureau::FoundInsured, Unanswered> {
        if *self.silent.lock().expect("not poisoned") {
            return lost();
        }
        let person = [Person::LIN, Person::GAO]
            .into_iter()
            .find(|one| one.medical_card_no == ask.medical_card_no.reveal());
        let Some(person) = person else { return Ok(bureau::FoundInsured::CardUnknown) };
        if person.name != ask.name.reveal() {
            return Ok(bureau::FoundInsured::NameMismatch);
        }
        if person.id_no != ask.id_no.reveal() {
            return Ok(bureau::FoundInsured::DocumentMismatch);
        }
        Ok(bureau::FoundInsured::Found(person.insured()))
    }

    async fn check_card(&self, ask: &bureau::CheckCard) -> Result<bureau::CheckedCard, Unanswered> {
        self.checked.lock().expect("not poisoned").push(ask.clone());
        if *self.silent.lock().expect("not poisoned") {
            return lost();
        }
        let known = [Person::LIN, Person::GAO].map(Person::insured);
        let truth = known.into_iter().find(|one| one.medical_card_id == ask.medical_card_id);
        let truth = truth.map_or(bureau::CheckedCard::Unknown, bureau::CheckedCard::Valid);
        Ok(next(&self.checks).unwrap_or(truth))
    }

    async fn register_visit(
        &self,
        ask: &bureau::RegisterVisit,
    ) -> Result<bureau::VisitRegistered, Unanswered> {
        self.visit_keys.lock().expect("not poisoned").push(ask.key.clone());
        next(&self.visits).flatten().map_or_else(lost, Ok)
    }

    async fn pre_settle(&self, _: &bureau::PreSettle) -> Result<bureau::PreSettled, Unanswered> {
        not_told()
    }

    async fn settle(&self, _: &bureau::Settle) -> Result<bureau::Outcome, Unanswered> {
        not_told()
    }

    async fn reverse(&self, _: &bureau::Reverse) -> Result<bureau::Outcome, Unanswered> {
        not_told()
    }

    async fn query(&self, _: &bureau::Query) -> Result<bureau::Outcome, Unanswered> {
        not_told()
    }

    async fn day(&self, _: &bureau::ListDay) -> Result<bureau::DayList, Unanswered> {
        not_told()
    }
}

/// Knows codes.
#[derive(Default)]
pub(crate) struct FakeWallet {
    /// Who stands behind an OAuth code or a pay code, by code.
    pub codes: Mutex<HashMap<String, (Openid, PersonName)>>,
    /// Codes that were, and are not any more.
    pub expired: Mutex<Vec<String>>,
}

impl FakeWallet {
    /// Lays a code ready.
    pub(crate) fn know(&self, code: &str, openid: &str, name: &str) {
        let person = (Openid::new(openid), PersonName::new(name));
        self.codes.lock().expect("not poisoned").insert(code.to_owned(), person);
    }

    fn identify(&self, code: &str) -> wallet::Identified {
        if self.expired.lock().expect("not poisoned").iter().any(|one| one == code) {
            return wallet::Identified::Expired;
        }
        match self.codes.lock().expect("not poisoned").get(code).cloned() {
            Some((openid, real_name)) => wallet::Identified::Person { openid, real_name },
            None => wallet::Identified::Invalid,
        }
    }
}

#[async_trait]
impl Wallet for FakeWallet {
    async fn identify_by_code(
        &self,
        ask: &wallet::IdentifyByCode,
    ) -> Result<wallet::Identified, Unanswered> {
        Ok(self.identify(&ask.code))
    }

    async fn identify_by_auth_code(
        &self,
        ask: &wallet::IdentifyByAuthCode,
    ) -> Result<wallet::Identified, Unanswered> {
        Ok(self.identify(&ask.auth_code))
    }

    async fn confirm(&self, _: &wallet::Confirm) -> Result<wallet::Confirmed, Unanswered> {
        not_told()
    }

    async fn present(&self, _: &wallet::Present) -> Result<wallet::Presented, Unanswered> {
        not_told()
    }

    async fn capture(&self, _: &wallet::Capture) -> Result<wallet::Outcome, Unanswered> {
        not_told()
    }

    async fn refund(&self, _: &wallet::Refund) -> Result<wallet::Outcome, Unanswered> {
        not_told()
    }

    async fn query(&self, _: &wallet::Query) -> Result<wallet::Outcome, Unanswered> {
        not_told()
    }

    async fn day(&self, _: &wallet::ListDay) -> Result<wallet::DayList, Unanswered> {
        not_told()
    }
}

/// Keeps what is sent.
#[derive(Default)]
pub(crate) struct FakeMessenger {
    /// What was sent, with its account.
    pub sent: Mutex<Vec<(Appid, TemplateMessage)>>,
    /// The `errcode` of each answer, in turn; `None` is a lost answer; nothing laid ready is 0.
    pub answers: Mutex<VecDeque<Option<i64>>>,
}

#[async_trait]
impl Messenger for FakeMessenger {
    async fn send(
        &self,
        appid: &Appid,
        message: &TemplateMessage,
    ) -> Result<TemplateSent, Unanswered> {
        self.sent.lock().expect("not poisoned").push((appid.clone(), message.clone()));
        let answer = self.answers.lock().expect("not poisoned").pop_front().unwrap_or(Some(0));
        match answer {
            Some(errcode) => Ok(TemplateSent { errcode, errmsg: String::new(), msgid: None }),
            None => lost(),
        }
    }
}

/// Acknowledges nothing.
#[derive(Default)]
pub(crate) struct FakeHospital {
    /// What it was told.
    pub documents: Mutex<Vec<String>>,
}

#[async_trait]
impl Hospital for FakeHospital {
    async fn notify(
        &self,
        _: Environment,
        _: &str,
        document: String,
    ) -> Result<(u16, Vec<u8>), Unanswered> {
        self.documents.lock().expect("not poisoned").push(document);
        not_told()
    }
}

/// Answers every call alike.
#[derive(Default)]
pub(crate) struct FakeWeChat {
    /// What was passed on.
    pub calls: Mutex<Vec<Call>>,
}

#[async_trait]
impl WeChat for FakeWeChat {
    async fn pass_on(&self, call: Call) -> Result<Answer, Unanswered> {
        self.calls.lock().expect("not poisoned").push(call);
        Ok(Answer {
            status: StatusCode::ACCEPTED,
            content_type: Some(HeaderValue::from_static("text/plain")),
            body: Bytes::from_static(b"as it is"),
        })
    }
}
