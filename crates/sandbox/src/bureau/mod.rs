//! The bureau (人社/医保): knows who is insured, pre-settles, settles, reverses.
//!
//! Its rules are the sandbox's own invention, told in `docs/contracts/bureau.md`; its words to the
//! hospital follow the samples of PROTOCOL 4.1.

mod books;
mod refusals;
mod response;
mod splits;
#[cfg(test)]
mod tests;

use crate::books::{self as common, Book, BookError};
use crate::faults::{AmountFault, Armed, Delivery, Fault};
use crate::once::{Command, Plan, Way, answer_once, answer_question};
use crate::persons::{Behaviour, Person, Persons};
use medpay_domain::{CardNo, CityId, Entropy, Fen, InsuranceOrderId, Timestamp};
use medpay_wire::contracts::bureau::{
    CheckCard, CheckedCard, Claim, DayKind, DayList, FindInsured, FoundInsured, Insured, ListDay,
    Outcome, PreSettle, PreSettled, Query, RegisterVisit, Reverse, Settle, Settlement, Split,
    VisitRegistered,
};
use medpay_wire::id_card;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;

/// How long a city that gives back late does so.
const LATE_REVERSAL_DAYS: i32 = 365;

/// The bureau.
pub struct Bureau {
    book: Book,
    persons: Persons,
    entropy: Arc<dyn Entropy>,
    late_reversal_cities: Vec<CityId>,
}

impl Bureau {
    /// Opens the bureau whose book is in `folder`. In `late_reversal_cities` it gives back for a
    /// year, elsewhere only on the day of the settlement.
    pub fn open(
        folder: &Path,
        persons: Persons,
        late_reversal_cities: Vec<CityId>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, BookError> {
        let book = Book::open(folder, "bureau.db", books::SCHEMA)?;
        book.write(|book| {
            persons.iter().try_for_each(|it| books::open_account(book, &it.id, it.account))
        })?;
        Ok(Self { book, persons, entropy, late_reversal_cities })
    }

    /// `find_insured`. A `bureau_out_once_bound` person is found the first time only.
    pub fn find_insured(
        &self,
        question: &FindInsured,
    ) -> Result<Delivery<FoundInsured>, BookError> {
        let refused = || FoundInsured::Refused(refusals::out_of_service());
        let mut found = self.judge(question);
        if let Some(person) = self.by_card_no(&question.medical_card_no) {
            let found_before = || self.book.write(|book| books::found_before(book, &person.id));
            let agrees = matches!(found, FoundInsured::Found(_));
            match person.behaviour {
                Behaviour::BureauOut => found = refused(),
                Behaviour::BureauOutOnceBound if agrees && found_before()? => found = refused(),
                _ => {}
            }
        }
        answer_question(&self.book, "find_insured", Some(refused()), |_| Ok(found))
    }

    fn by_card_no(&self, medical_card_no: &CardNo) -> Option<&Person> {
        self.persons.iter().find(|person| {
            person.medical_card_no == *medical_card_no && person.behaviour != Behaviour::NotInsured
        })
    }

    fn judge(&self, question: &FindInsured) -> FoundInsured {
        let Some(person) = self.by_card_no(&question.medical_card_no) else {
            return FoundInsured::CardUnknown;
        };
        if person.insured_name != question.name {
            return FoundInsured::NameMismatch;
        }
        let number = id_card::normalise(person.card_type, person.insured_id_no.reveal());
        if person.card_type != question.card_type
            || number != id_card::normalise(question.card_type, question.id_no.reveal())
        {
            return FoundInsured::DocumentMismatch;
        }
        FoundInsured::Found(told_of(person))
    }

    /// `check_card`. Out of service for whom it is so, whether found before or not.
    pub fn check_card(&self, question: &CheckCard) -> Result<Delivery<CheckedCard>, BookError> {
        let refused = CheckedCard::Refused(refusals::armed());
        answer_question(&self.book, "check_card", Some(refused), |_| {
            Ok(match self.by_card_id(&question.medical_card_id).map(in_service) {
                Some(Ok(person)) => CheckedCard::Valid(told_of(person)),
                Some(Err(refusal)) => CheckedCard::Refused(refusal),
                None => CheckedCard::Unknown,
            })
        })
    }

    fn by_card_id(&self, medical_card_id: &CardNo) -> Option<&Person> {
        self.persons.iter().find(|person| {
            person.medical_card_id == *medical_card_id && person.behaviour != Behaviour::NotInsured
        })
    }

    /// The insured person of a 医疗证号, if the bureau is in service for them.
    fn insured(&self, medical_card_id: &CardNo) -> Result<&Person, refusals::Refused> {
        self.by_card_id(medical_card_id).ok_or_else(refusals::person_unknown).and_then(in_service)
    }

    /// How the first answer to a command about this person travels, unless its amount says more.
    fn way_of_person(&self, medical_card_id: &CardNo) -> Way {
        let lost = |person: &Person| {
            person.medical_card_id == *medical_card_id && person.behaviour == Behaviour::AnswersLost
        };
        if self.persons.iter().any(lost) { Way::Lost } else { Way::Plain }
    }

    /// `register_visit`.
    pub fn register_visit(
        &self,
        visit: &RegisterVisit,
        now: Timestamp,
    ) -> Result<Delivery<VisitRegistered>, BookError> {
        let command = Command {
            call: "register_visit",
            key: &visit.key,
            reused: VisitRegistered::Refused(refusals::key_reused()),
            refused: VisitRegistered::Refused(refusals::armed()),
        };
        let plan = || Ok(Plan::Do(self.way_of_person(&visit.medical_card_id)));
        self.book.write(|book| {
            answer_once(book, command, plan, || {
                Ok(match self.insured(&visit.medical_card_id) {
                    Ok(person) => VisitRegistered::Registered {
                        response_content: response::of_visit(person, visit, now),
                    },
                    Err(refusal) => VisitRegistered::Refused(refusal),
                })
            })
        })
    }

    /// `pre_settle`: agrees to the split it is asked about as long as the person's account and the
    /// fund cover it, else answers how far they go. Books nothing.
    pub fn pre_settle(&self, question: &PreSettle) -> Result<Delivery<PreSettled>, BookError> {
        let claim = &question.claim;
        let refused = PreSettled::Refused(refusals::armed());
        answer_question(&self.book, "pre_settle", Some(refused), |book| {
            Ok(match self.insured(&claim.medical_card_id) {
                Ok(person) => {
                    let account = books::account(book, &person.id)?;
                    match splits::of(claim, person.medical_insurance_type, account) {
                        Some(split) => PreSettled::PreSettled(split),
                        None => PreSettled::Refused(refusals::amounts()),
                    }
                }
                Err(refusal) => PreSettled::Refused(refusal),
            })
        })
    }

    /// What the hospital's own line to the bureau answers (HIS 预结算): the split that
    /// [`Self::pre_settle`] agrees to, whatever is armed. None for who is not insured.
    pub fn would_split(&self, claim: &Claim) -> Result<Option<Split>, BookError> {
        let Some(person) = self.by_card_id(&claim.medical_card_id) else { return Ok(None) };
        let account = self.account(person)?;
        Ok(splits::of(claim, person.medical_insurance_type, account))
    }

    /// `settle`.
    pub fn settle(&self, order: &Settle, now: Timestamp) -> Result<Delivery<Outcome>, BookError> {
        let plan = || {
            Ok(Plan::Do(match AmountFault::of(order.claim.total_fee) {
                Some(AmountFault::BureauLate) => Way::Late,
                Some(AmountFault::BureauAnswerLost) => Way::Lost,
                _ => self.way_of_person(&order.claim.medical_card_id),
            }))
        };
        self.book.write(|book| {
            answer_once(book, command("settle", &order.key), plan, || {
                let settled = self.settle_now(book, order, now)?;
                Ok(settled.map_or_else(Outcome::Refused, Outcome::Settled))
            })
        })
    }

    fn settle_now(
        &self,
        book: &Connection,
        order: &Settle,
        now: Timestamp,
    ) -> Result<Result<Settlement, refusals::Refused>, BookError> {
        let claim = &order.claim;
        let person = match self.insured(&claim.medical_card_id) {
            Ok(person) => person,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Some(refusal) = refusal_on_demand(person, claim) {
            return Ok(Err(refusal));
        }
        let split = match AmountFault::of(claim.total_fee) {
            Some(AmountFault::OtherAmounts) => splits::shifted(order.split),
            _ => order.split,
        };
        if !splits::agrees(&order.split, claim, person.medical_insurance_type) {
            return Ok(Err(refusals::amounts()));
        }
        let account = books::account(book, &person.id)?;
        let Some(account) = account.checked_sub(split.self_fee) else {
            return Ok(Err(refusals::account_short()));
        };
        books::save_account(book, &person.id, account)?;
        let insurance_order_id = self.new_insurance_order_id(now);
        books::save_settlement(book, &insurance_order_id, &person.id, order, &split, now)?;
        let fee = split.insurance_fee;
        books::save_entry(book, &order.key, DayKind::Settled, &insurance_order_id, fee, now)?;
        let response_content =
            response::of_settlement(person, claim, &split, &insurance_order_id, now);
        Ok(Ok(Settlement { insurance_order_id, split, response_content, at: now }))
    }

    /// 医保子单号: the time and chance, 32 characters at most.
    fn new_insurance_order_id(&self, now: Timestamp) -> InsuranceOrderId {
        let chance = self.entropy.nonce();
        InsuranceOrderId::new(format!("YB{}{}", now.wire(), chance.get(..14).unwrap_or(&chance)))
    }

    /// `reverse`: gives the whole settlement back to fund and account.
    pub fn reverse(&self, order: &Reverse, now: Timestamp) -> Result<Delivery<Outcome>, BookError> {
        self.book.write(|book| {
            let plan = || {
                let settled = books::settlement(book, &order.insurance_order_id)?;
                let lost = settled.is_some_and(|settled| {
                    let fault = AmountFault::of(settled.total_fee);
                    fault == Some(AmountFault::ReversalAnswerLost)
                        || self
                            .persons
                            .get(&settled.person)
                            .is_some_and(|person| person.behaviour == Behaviour::AnswersLost)
                });
                Ok(Plan::Do(if lost { Way::Lost } else { Way::Plain }))
            };
            answer_once(book, command("reverse", &order.key), plan, || {
                self.reverse_now(book, order, now)
            })
        })
    }

    fn reverse_now(
        &self,
        book: &Connection,
        order: &Reverse,
        now: Timestamp,
    ) -> Result<Outcome, BookError> {
        let Some(settled) = books::settlement(book, &order.insurance_order_id)? else {
            return Ok(Outcome::Refused(refusals::settlement_unknown()));
        };
        if settled.reversed {
            return Ok(Outcome::Refused(refusals::already_reversed()));
        }
        // Without the HIS's cancel numbers it is the platform that corrects a settlement.
        let asked_by_hospital = order.cancel_bill_no.is_some() || order.cancel_serial_no.is_some();
        let days = if self.late_reversal_cities.contains(&settled.city_id) {
            LATE_REVERSAL_DAYS
        } else {
            0
        };
        if asked_by_hospital && now.day() > settled.at.day().plus_days(days) {
            return Ok(Outcome::Refused(refusals::closed_day()));
        }
        let account = books::account(book, &settled.person)?;
        let account = account.checked_add(settled.self_fee).unwrap_or(account);
        books::save_account(book, &settled.person, account)?;
        books::save_reversal(book, &order.insurance_order_id, &order.key)?;
        let (id, fee) = (&order.insurance_order_id, settled.insurance_fee);
        books::save_entry(book, &order.key, DayKind::Reversed, id, fee, now)?;
        Ok(Outcome::Reversed { at: now })
    }

    /// `query`: the first answer to a key of `settle` or `reverse`.
    pub fn query(&self, question: &Query) -> Result<Delivery<Outcome>, BookError> {
        answer_question(&self.book, "query", None, |book| {
            Ok(match common::first_answer(book, &question.key)? {
                Some((call, answer)) if call == "settle" || call == "reverse" => {
                    serde_json::from_str(&answer)?
                }
                _ => Outcome::Unknown,
            })
        })
    }

    /// `day`: what was booked and undone, in that order.
    pub fn day(&self, question: &ListDay) -> Result<Delivery<DayList>, BookError> {
        answer_question(&self.book, "day", None, |book| {
            Ok(DayList { entries: books::entries(book, question.day)? })
        })
    }

    /// What a person's own account holds now.
    pub fn account(&self, person: &Person) -> Result<Fen, BookError> {
        self.book.read(|book| books::account(book, &person.id))
    }

    /// Arms a fault for the next `times` calls of `call`; `*` for any.
    pub fn arm(&self, call: &str, fault: Fault, times: u32) -> Result<(), BookError> {
        self.book.write(|book| common::arm(book, call, fault, times))
    }

    /// Forgets every armed fault.
    pub fn disarm(&self) -> Result<(), BookError> {
        self.book.write(|book| common::disarm(book))
    }

    /// What is armed.
    pub fn armed(&self) -> Result<Vec<Armed>, BookError> {
        self.book.read(common::armed)
    }
}

/// What the bureau tells of a person.
fn told_of(person: &Person) -> Insured {
    Insured {
        medical_card_no: person.medical_card_no.clone(),
        medical_card_id: person.medical_card_id.clone(),
        medical_comp_no: person.medical_comp_no.clone(),
        medical_insurance_type: person.medical_insurance_type.map(|kind| kind.to_string()),
        medical_user_id: person.medical_user_id(),
        id_digest: id_card::digest(person.card_type, person.insured_id_no.reveal()),
    }
}

fn in_service(person: &Person) -> Result<&Person, refusals::Refused> {
    match person.behaviour {
        Behaviour::BureauOut | Behaviour::BureauOutOnceBound => Err(refusals::out_of_service()),
        _ => Ok(person),
    }
}

fn command<'a>(call: &'static str, key: &'a str) -> Command<'a, Outcome> {
    Command {
        call,
        key,
        reused: Outcome::Refused(refusals::key_reused()),
        refused: Outcome::Refused(refusals::armed()),
    }
}

fn refusal_on_demand(person: &Person, claim: &Claim) -> Option<refusals::Refused> {
    match person.behaviour {
        Behaviour::AccountShort => return Some(refusals::account_short()),
        Behaviour::BureauRefuses => return Some(refusals::not_covered()),
        _ => {}
    }
    match AmountFault::of(claim.total_fee)? {
        AmountFault::AccountShort => Some(refusals::account_short()),
        AmountFault::BureauRefuses => Some(refusals::not_covered()),
        // Cash can only be given back where some was taken, and then the wallet has refused.
        AmountFault::PaymentFails if claim.cash_fee.is_zero() => Some(refusals::not_covered()),
        AmountFault::CashReturnRefusedOnce if !claim.cash_fee.is_zero() => {
            Some(refusals::not_covered())
        }
        _ => None,
    }
}
