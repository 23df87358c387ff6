//! The doors with a line of a saga test in them: the parties behind it are honest, and what goes
//! wrong, goes wrong on the line.

use super::keepers::{AnsweringHospital, Fate, KeepingBureau, KeepingWallet};
use super::{FakeBureau, FakeMessenger, FakeWallet};
use crate::doors::{Bureau, Hospital, Messenger, Wallet};
use crate::settings::Environment;
use async_trait::async_trait;
use medpay_client::Unanswered;
use medpay_domain::Appid;
use medpay_store::testing::saga::{Line, NoAnswer};
use medpay_wire::contracts::{bureau, wallet};
use medpay_wire::public_account::{TemplateMessage, TemplateSent};
use std::sync::Arc;

const NO: &[Fate] = &[Fate::Refused];

fn heard<A>(carried: Result<Result<A, Unanswered>, NoAnswer>) -> Result<A, Unanswered> {
    match carried {
        Ok(answer) => answer,
        Err(NoAnswer::NotSent) => Err(Unanswered::NotSent("the line is down".to_owned())),
        Err(NoAnswer::Unknown) => Err(Unanswered::Unknown("the line went dead".to_owned())),
    }
}

/// The bureau at the other end.
pub(super) struct BureauOnLine {
    pub line: Arc<Line>,
    pub insured: Arc<FakeBureau>,
    pub books: Arc<KeepingBureau>,
}

#[async_trait]
impl Bureau for BureauOnLine {
    async fn find_insured(
        &self,
        ask: &bureau::FindInsured,
    ) -> Result<bureau::FoundInsured, Unanswered> {
        let act = async |no| {
            if no {
                Ok(bureau::FoundInsured::CardUnknown)
            } else {
                self.insured.find_insured(ask).await
            }
        };
        heard(self.line.carry("find_insured", |no| Box::pin(act(no))).await)
    }

    async fn check_card(&self, ask: &bureau::CheckCard) -> Result<bureau::CheckedCard, Unanswered> {
        let act = async |no| {
            if no { Ok(bureau::CheckedCard::Unknown) } else { self.insured.check_card(ask).await }
        };
        heard(self.line.carry("check_card", |no| Box::pin(act(no))).await)
    }

    async fn register_visit(
        &self,
        ask: &bureau::RegisterVisit,
    ) -> Result<bureau::VisitRegistered, Unanswered> {
        let act = |no| {
            self.books.registrations.lay(if no { NO } else { &[] });
            self.books.register_visit(ask)
        };
        heard(self.line.carry("register_visit", act).await)
    }

    async fn pre_settle(&self, ask: &bureau::PreSettle) -> Result<bureau::PreSettled, Unanswered> {
        let act = |no| {
            self.books.pre_settlements.lay(if no { NO } else { &[] });
            self.books.pre_settle(ask)
        };
        heard(self.line.carry("pre_settle", act).await)
    }

    async fn settle(&self, ask: &bureau::Settle) -> Result<bureau::Outcome, Unanswered> {
        let act = |no| {
            self.books.settlements.lay(if no { NO } else { &[] });
            self.books.settle(ask)
        };
        heard(self.line.carry("settle", act).await)
    }

    async fn reverse(&self, ask: &bureau::Reverse) -> Result<bureau::Outcome, Unanswered> {
        let act = |no| {
            self.books.reversals.lay(if no { NO } else { &[] });
            self.books.reverse(ask)
        };
        heard(self.line.carry("reverse", act).await)
    }

    async fn query(&self, ask: &bureau::Query) -> Result<bureau::Outcome, Unanswered> {
        heard(self.line.carry("query bureau", |_| self.books.query(ask)).await)
    }

    async fn day(&self, ask: &bureau::ListDay) -> Result<bureau::DayList, Unanswered> {
        self.books.day(ask).await
    }
}

/// The wallet at the other end.
pub(super) struct WalletOnLine {
    pub line: Arc<Line>,
    pub people: Arc<FakeWallet>,
    pub books: Arc<KeepingWallet>,
}

#[async_trait]
impl Wallet for WalletOnLine {
    async fn identify_by_code(
        &self,
        ask: &wallet::IdentifyByCode,
    ) -> Result<wallet::Identified, Unanswered> {
        let act = async |no| {
            if no {
                Ok(wallet::Identified::Expired)
            } else {
                self.people.identify_by_code(ask).await
            }
        };
        heard(self.line.carry("identify_by_code", |no| Box::pin(act(no))).await)
    }

    async fn identify_by_auth_code(
        &self,
        ask: &wallet::IdentifyByAuthCode,
    ) -> Result<wallet::Identified, Unanswered> {
        let act = async |no| {
            if no {
                Ok(wallet::Identified::Expired)
            } else {
                self.people.identify_by_auth_code(ask).await
            }
        };
        heard(self.line.carry("identify_by_auth_code", |no| Box::pin(act(no))).await)
    }

    async fn confirm(&self, ask: &wallet::Confirm) -> Result<wallet::Confirmed, Unanswered> {
        let act = async |no| {
            if no {
                Ok(wallet::Confirmed::WrongPassword { tries_left: 1 })
            } else {
                self.books.confirm(ask).await
            }
        };
        heard(self.line.carry("confirm", |no| Box::pin(act(no))).await)
    }

    async fn present(&self, ask: &wallet::Present) -> Result<wallet::Presented, Unanswered> {
        heard(self.line.carry("present", |_| self.books.present(ask)).await)
    }

    async fn capture(&self, ask: &wallet::Capture) -> Result<wallet::Outcome, Unanswered> {
        let act = |no| {
            self.books.captures.lay(if no { NO } else { &[] });
            self.books.capture(ask)
        };
        heard(self.line.carry("capture", act).await)
    }

    async fn refund(&self, ask: &wallet::Refund) -> Result<wallet::Outcome, Unanswered> {
        let act = |no| {
            self.books.refunds.lay(if no { NO } else { &[] });
            self.books.refund(ask)
        };
        heard(self.line.carry("refund", act).await)
    }

    async fn query(&self, ask: &wallet::Query) -> Result<wallet::Outcome, Unanswered> {
        heard(self.line.carry("query wallet", |_| self.books.query(ask)).await)
    }

    async fn day(&self, ask: &wallet::ListDay) -> Result<wallet::DayList, Unanswered> {
        self.books.day(ask).await
    }
}

/// The hospital at the other end: its no is an answer other than SUCCESS.
pub(super) struct HospitalOnLine {
    pub line: Arc<Line>,
    pub hospital: Arc<AnsweringHospital>,
}

#[async_trait]
impl Hospital for HospitalOnLine {
    async fn notify(
        &self,
        environment: Environment,
        notify_url: &str,
        document: String,
    ) -> Result<(u16, Vec<u8>), Unanswered> {
        let act = |no| {
            if no {
                let fail = "<xml><return_code>FAIL</return_code></xml>";
                let mut answers = self.hospital.answers.lock().expect("not poisoned");
                answers.push_back(Some((200, fail)));
            }
            self.hospital.notify(environment, notify_url, document.clone())
        };
        heard(self.line.carry("notify", act).await)
    }
}

/// WeChat's messages at the other end.
pub(super) struct MessengerOnLine {
    pub line: Arc<Line>,
    pub messenger: Arc<FakeMessenger>,
}

#[async_trait]
impl Messenger for MessengerOnLine {
    async fn send(
        &self,
        appid: &Appid,
        message: &TemplateMessage,
    ) -> Result<TemplateSent, Unanswered> {
        let act = |no| {
            if no {
                // The template is not the account's.
                self.messenger.answers.lock().expect("not poisoned").push_back(Some(40037));
            }
            self.messenger.send(appid, message)
        };
        heard(self.line.carry("send", act).await)
    }
}
