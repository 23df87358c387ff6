//! The other parties, as a test wants them. Each keeps what it was asked; what is not told is
//! answered by silence, and a call that nobody expected shows in the list.

use crate::doors::{His, Platform, PublicAccount};
use async_trait::async_trait;
use medpay_client::{Downloaded, Unanswered};
use medpay_domain::Openid;
use medpay_wire::envelope::{GatewayError, Refused, Reply};
use medpay_wire::fields::Fields;
use medpay_wire::his::{Call, Refusal, RefusalCode};
use medpay_wire::interface::Interface;
use medpay_wire::public_account::menu::Menu;
use medpay_wire::public_account::qrcode::{Qrcode, QrcodeRequest};
use medpay_wire::public_account::{TemplateMessage, TemplateSent};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard};

/// What a party says to one call.
#[derive(Clone, Debug)]
pub(crate) enum Said<A> {
    /// This.
    Answer(A),
    /// Nothing, and nothing was done.
    NotSent,
    /// Nothing, and nobody knows.
    Unknown,
}

impl<A> Said<A> {
    fn outcome(self) -> Result<A, Unanswered> {
        match self {
            Self::Answer(answer) => Ok(answer),
            Self::NotSent => Err(Unanswered::NotSent("told not to answer".into())),
            Self::Unknown => Err(Unanswered::Unknown("told not to answer".into())),
        }
    }
}

/// Answers by name: those that are said once come first, in their order; then the standing one.
struct Script<A> {
    once: BTreeMap<String, VecDeque<Said<A>>>,
    always: BTreeMap<String, Said<A>>,
}

impl<A> Default for Script<A> {
    fn default() -> Self {
        Self { once: BTreeMap::new(), always: BTreeMap::new() }
    }
}

impl<A: Clone> Script<A> {
    fn next(&mut self, name: &str) -> Said<A> {
        let once = self.once.get_mut(name).and_then(VecDeque::pop_front);
        once.or_else(|| self.always.get(name).cloned()).unwrap_or(Said::NotSent)
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().expect("not poisoned")
}

/// A platform.
#[derive(Default)]
pub(crate) struct FakePlatform {
    script: Mutex<Script<Reply>>,
    asked: Mutex<Vec<(&'static str, Fields)>>,
}

impl FakePlatform {
    /// From now on `interface` answers this.
    pub(crate) fn always(&self, interface: &'static str, said: Said<Reply>) {
        lock(&self.script).always.insert(interface.to_owned(), said);
    }

    /// The next call of `interface` answers this, before what it always answers.
    pub(crate) fn once(&self, interface: &'static str, said: Said<Reply>) {
        lock(&self.script).once.entry(interface.to_owned()).or_default().push_back(said);
    }

    /// A refusal with this code.
    pub(crate) fn refused(err_code: &str) -> Said<Reply> {
        Said::Answer(Reply::Refused(Refused::Business {
            err_code: err_code.to_owned(),
            err_code_des: format!("拒绝 {err_code}"),
        }))
    }

    /// A success with these fields.
    pub(crate) fn success(fields: &[(&str, &str)]) -> Said<Reply> {
        let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned()));
        Said::Answer(Reply::Success(fields.collect()))
    }

    /// What `interface` was asked, oldest first.
    pub(crate) fn asked(&self, interface: &str) -> Vec<Fields> {
        let asked = lock(&self.asked);
        asked.iter().filter(|(name, _)| *name == interface).map(|(_, it)| it.clone()).collect()
    }
}

#[async_trait]
impl Platform for FakePlatform {
    async fn call(
        &self,
        interface: &'static Interface,
        fields: Fields,
    ) -> Result<Reply, Unanswered> {
        lock(&self.asked).push((interface.name, fields));
        lock(&self.script).next(interface.name).outcome()
    }

    async fn download(&self, fields: Fields) -> Result<Downloaded, Unanswered> {
        lock(&self.asked).push(("downloadbill", fields));
        Err(Unanswered::NotSent("told not to answer".into()))
    }
}

/// What a HIS answered, and what it was asked.
type HisAnswer = Result<Vec<u8>, Refusal>;

/// A HIS.
#[derive(Default)]
pub(crate) struct FakeHis {
    script: Mutex<Script<HisAnswer>>,
    asked: Mutex<Vec<(&'static str, String, Vec<u8>)>>,
}

impl FakeHis {
    /// From now on the call answers this.
    pub(crate) fn always<C: Call>(&self, answer: &C::Answer) {
        let body = serde_json::to_vec(answer).expect("JSON");
        lock(&self.script).always.insert(C::NAME.to_owned(), Said::Answer(Ok(body)));
    }

    /// The next one answers this, before what it always answers.
    pub(crate) fn once<C: Call>(&self, answer: &C::Answer) {
        let body = serde_json::to_vec(answer).expect("JSON");
        self.push(C::NAME, Said::Answer(Ok(body)));
    }

    /// The next one is refused.
    pub(crate) fn refuse_once<C: Call>(&self, code: RefusalCode) {
        let refusal = Refusal { code, message: "told to refuse".into() };
        self.push(C::NAME, Said::Answer(Err(refusal)));
    }

    /// From now on it is refused.
    pub(crate) fn refuse<C: Call>(&self, code: RefusalCode) {
        let refusal = Refusal { code, message: "told to refuse".into() };
        lock(&self.script).always.insert(C::NAME.to_owned(), Said::Answer(Err(refusal)));
    }

    /// The next one is not answered: nobody knows what was done.
    pub(crate) fn lose_once<C: Call>(&self) {
        self.push(C::NAME, Said::Unknown);
    }

    /// From now on it is not reached.
    pub(crate) fn silent<C: Call>(&self) {
        lock(&self.script).always.insert(C::NAME.to_owned(), Said::NotSent);
    }

    /// What the call was asked, oldest first, with its idempotency keys.
    pub(crate) fn asked<C: Call>(&self) -> Vec<(String, C)> {
        let asked = lock(&self.asked);
        let of_call = asked.iter().filter(|(name, ..)| *name == C::NAME);
        of_call
            .map(|(_, key, body)| (key.clone(), serde_json::from_slice(body).expect("JSON")))
            .collect()
    }

    fn push(&self, name: &str, said: Said<HisAnswer>) {
        lock(&self.script).once.entry(name.to_owned()).or_default().push_back(said);
    }
}

#[async_trait]
impl His for FakeHis {
    async fn post(
        &self,
        name: &'static str,
        key: &str,
        body: Vec<u8>,
    ) -> Result<HisAnswer, Unanswered> {
        lock(&self.asked).push((name, key.to_owned(), body));
        lock(&self.script).next(name).outcome()
    }
}

/// A public account. Everybody follows it, unless told otherwise.
#[derive(Default)]
pub(crate) struct FakePublicAccount {
    coming: Mutex<Option<String>>,
    strangers: Mutex<Vec<String>>,
    sends: Mutex<VecDeque<Said<TemplateSent>>>,
    /// What was sent, with repeats.
    pub(crate) sent: Mutex<Vec<TemplateMessage>>,
    /// The menus that were set.
    pub(crate) menus: Mutex<Vec<Menu>>,
}

impl FakePublicAccount {
    /// The next code is this person's.
    pub(crate) fn coming(&self, openid: &str) {
        *lock(&self.coming) = Some(openid.to_owned());
    }

    /// This person does not follow the account.
    pub(crate) fn stranger(&self, openid: &str) {
        lock(&self.strangers).push(openid.to_owned());
    }

    /// The next message is answered so.
    pub(crate) fn send_once(&self, said: Said<TemplateSent>) {
        lock(&self.sends).push_back(said);
    }

    /// An answer to a message: 0, or an error code.
    pub(crate) fn sent_with(errcode: i64) -> Said<TemplateSent> {
        let text = format!(r#"{{"errcode":{errcode},"errmsg":"told so","msgid":1}}"#);
        Said::Answer(serde_json::from_str(&text).expect("an answer"))
    }
}

#[async_trait]
impl PublicAccount for FakePublicAccount {
    async fn openid_of(&self, _: &str) -> Result<Result<Openid, GatewayError>, Unanswered> {
        Ok(match lock(&self.coming).take() {
            Some(openid) => Ok(Openid::new(openid)),
            None => Err(GatewayError::new(40163, "code been used", "rid")),
        })
    }

    async fn send(&self, message: &TemplateMessage) -> Result<TemplateSent, Unanswered> {
        lock(&self.sent).push(message.clone());
        if let Some(said) = lock(&self.sends).pop_front() {
            return said.outcome();
        }
        let follows = !lock(&self.strangers).contains(&message.touser);
        Self::sent_with(if follows { 0 } else { 43004 }).outcome()
    }

    async fn create_menu(&self, menu: &Menu) -> Result<GatewayError, Unanswered> {
        lock(&self.menus).push(menu.clone());
        Ok(GatewayError::new(0, "ok", "rid"))
    }

    async fn follows(&self, openid: &Openid) -> Result<Result<bool, GatewayError>, Unanswered> {
        Ok(Ok(!lock(&self.strangers).iter().any(|it| it == openid.reveal())))
    }

    async fn create_qrcode(
        &self,
        _: &QrcodeRequest,
    ) -> Result<Result<Qrcode, GatewayError>, Unanswered> {
        Err(Unanswered::NotSent("told not to answer".into()))
    }
}
