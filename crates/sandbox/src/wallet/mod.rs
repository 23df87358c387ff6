//! The payer's wallet (微信支付): knows who holds a phone, checks passwords, takes and gives back cash,
//! and shows cashiers on the phone.
//!
//! Passwords are compared with the person's and never written down.

mod books;
mod refusals;
#[cfg(test)]
mod tests;

use crate::books::{self as common, Book, BookError};
use crate::faults::{AmountFault, Armed, Delivery, Fault};
use crate::once::{Command, Plan, Way, answer_once, answer_question};
use crate::persons::{Behaviour, Person, Persons};
use crate::wechat::{Redeemed, WeChat};
use medpay_domain::{CashOrderId, Entropy, Fen, Timestamp};
use medpay_wire::contracts::phone::AuthCode;
use medpay_wire::contracts::wallet::{
    Capture, Confirm, Confirmed, DayKind, DayList, Identified, IdentifyByAuthCode, IdentifyByCode,
    ListDay, Outcome, Present, Presented, Query, Refund, Refusal,
};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;

pub use books::Cashier;

/// How long a pay code can be scanned.
const AUTH_CODE_SECONDS: u32 = 300;
/// How long after the password the cash can be taken.
const CONFIRMATION_SECONDS: i64 = 2 * 3600;
/// How many wrong passwords in a row lock the wallet.
const TRIES: u32 = 5;
/// For how long they do.
const LOCK_SECONDS: i64 = 3 * 3600;
/// How often the channel of amount 145 is down before it refuses.
const CHANNEL_DOWN_TIMES: u32 = 2;
/// How long after the capture cash can be given back.
const REFUND_DAYS: i32 = 365;
/// What the coupon of amount 102 pays at most, in fen.
const COUPON_FEN: i64 = 10;

/// The wallet of every person.
pub struct Wallet {
    book: Book,
    persons: Persons,
    wechat: Arc<WeChat>,
    entropy: Arc<dyn Entropy>,
}

impl Wallet {
    /// Opens the wallet whose book is in `folder`. OAuth codes are WeChat's to redeem.
    pub fn open(
        folder: &Path,
        persons: Persons,
        wechat: Arc<WeChat>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, BookError> {
        let book = Book::open(folder, "wallet.db", books::SCHEMA)?;
        book.write(|book| {
            persons.iter().try_for_each(|it| books::open_wallet(book, &it.id, it.wallet))
        })?;
        Ok(Self { book, persons, wechat, entropy })
    }

    /// `identify_by_code`: uses the code up.
    pub fn identify_by_code(
        &self,
        question: &IdentifyByCode,
        now: Timestamp,
    ) -> Result<Delivery<Identified>, BookError> {
        // Decided before the code is used up, so that a question that was not heard can be asked
        // again.
        let fate = answer_question(&self.book, "identify_by_code", None, |_| Ok(()))?;
        let redeem = || {
            Ok::<_, BookError>(match self.wechat.redeem(&question.appid, &question.code, now)? {
                Redeemed::Person(person) => Identified::Person {
                    openid: person.openid(&question.appid),
                    real_name: person.insured_name.clone(),
                },
                Redeemed::Unknown => Identified::Invalid,
                Redeemed::Used | Redeemed::TooOld => Identified::Expired,
            })
        };
        Ok(match fate {
            Delivery::Answer(()) => Delivery::Answer(redeem()?),
            Delivery::Late(()) => Delivery::Late(redeem()?),
            Delivery::Lost => Delivery::Lost,
            Delivery::Down => Delivery::Down,
        })
    }

    /// `identify_by_auth_code`: the code stays good until its time is over.
    pub fn identify_by_auth_code(
        &self,
        question: &IdentifyByAuthCode,
        now: Timestamp,
    ) -> Result<Delivery<Identified>, BookError> {
        let shown_by = self.book.read(|book| books::auth_code(book, &question.auth_code))?;
        let shown_by = shown_by.and_then(|(id, until)| Some((self.persons.get(&id)?, until)));
        let silent = |(person, _): &(&Person, _)| person.behaviour == Behaviour::PayCodeUnanswered;
        if shown_by.as_ref().is_some_and(silent) {
            return Ok(Delivery::Down);
        }
        answer_question(&self.book, "identify_by_auth_code", None, |_| {
            Ok(match shown_by.filter(|_| self.wechat.knows(&question.appid)) {
                None => Identified::Invalid,
                Some((_, until)) if now >= until => Identified::Expired,
                Some((person, _)) => Identified::Person {
                    openid: person.openid(&question.appid),
                    real_name: person.insured_name.clone(),
                },
            })
        })
    }

    /// Shows a fresh pay code on the person's phone.
    pub fn show_auth_code(&self, person: &Person, now: Timestamp) -> Result<AuthCode, BookError> {
        let mut chance = [0_u8; 16];
        self.entropy.fill(&mut chance);
        // 18 digits that begin with 10 to 15, as the official ones.
        let digits: String = chance.iter().map(|byte| char::from(b'0' + byte % 10)).collect();
        let auth_code = format!("13{digits}");
        let until = now.plus_seconds(i64::from(AUTH_CODE_SECONDS));
        self.book.write(|book| books::save_auth_code(book, &auth_code, &person.id, until))?;
        Ok(AuthCode { auth_code, expires_in_seconds: AUTH_CODE_SECONDS })
    }

    /// `confirm`: checks the password and counts wrong ones.
    pub fn confirm(
        &self,
        question: &Confirm,
        now: Timestamp,
    ) -> Result<Delivery<Confirmed>, BookError> {
        let payer = self.persons.by_openid(&question.appid, &question.openid);
        let Some(person) = payer.filter(|_| self.wechat.knows(&question.appid)) else {
            return Ok(Delivery::Answer(Confirmed::NoSuchPayer));
        };
        self.book.write(|book| {
            let way = match Plan::armed(common::take_armed(book, "confirm")?) {
                None | Some(Plan::Refuse) => Way::Plain,
                Some(Plan::Do(way)) => way,
                Some(Plan::NotDone) => return Ok(Delivery::Lost),
                Some(Plan::Down) => return Ok(Delivery::Down),
            };
            Ok(way.deliver(self.confirm_now(book, person, question, now)?))
        })
    }

    fn confirm_now(
        &self,
        book: &Connection,
        person: &Person,
        question: &Confirm,
        now: Timestamp,
    ) -> Result<Confirmed, BookError> {
        let locked_until = now.plus_seconds(LOCK_SECONDS);
        if person.behaviour == Behaviour::WalletLocked {
            return Ok(Confirmed::Locked { until: locked_until });
        }
        let tries = books::tries(book, &person.id)?;
        if let Some(until) = tries.locked_until.filter(|until| now < *until) {
            return Ok(Confirmed::Locked { until });
        }
        // A lock that is over begins the count anew.
        let wrong = if tries.locked_until.is_some() { 0 } else { tries.wrong };
        if question.password == person.password {
            books::save_tries(book, &person.id, 0, None)?;
            let confirmation = self.entropy.nonce();
            books::save_confirmation(book, &confirmation, &person.id, question.cash_fee, now)?;
            return Ok(Confirmed::Confirmed { confirmation });
        }
        let wrong = wrong + 1;
        if wrong >= TRIES {
            books::save_tries(book, &person.id, wrong, Some(locked_until))?;
            return Ok(Confirmed::Locked { until: locked_until });
        }
        books::save_tries(book, &person.id, wrong, None)?;
        Ok(Confirmed::WrongPassword { tries_left: TRIES - wrong })
    }

    /// `capture`: takes cash that the payer has confirmed.
    pub fn capture(&self, order: &Capture, now: Timestamp) -> Result<Delivery<Outcome>, BookError> {
        let payer = self.persons.by_openid(&order.appid, &order.openid);
        self.book.write(|book| {
            let plan = || {
                if AmountFault::of(order.total_fee) == Some(AmountFault::CashChannelDown)
                    && common::count_unanswered(book, &order.key)? <= CHANNEL_DOWN_TIMES
                {
                    return Ok(Plan::Down);
                }
                Ok(Plan::Do(way_of_person(payer)))
            };
            answer_once(book, command("capture", &order.key), plan, || {
                let taken = self.capture_now(book, payer, order, now)?;
                Ok(taken.unwrap_or_else(Outcome::Refused))
            })
        })
    }

    fn capture_now(
        &self,
        book: &Connection,
        payer: Option<&Person>,
        order: &Capture,
        now: Timestamp,
    ) -> Result<Result<Outcome, Refusal>, BookError> {
        let Some(person) = payer.filter(|_| self.wechat.knows(&order.appid)) else {
            return Ok(Err(refusals::no_such_payer()));
        };
        let confirmed = books::use_confirmation(book, &order.confirmation, &order.key)?;
        let good = confirmed.is_some_and(|confirmed| {
            confirmed.person == person.id
                && confirmed.cash_fee == order.cash_fee
                && now < confirmed.at.plus_seconds(CONFIRMATION_SECONDS)
        });
        if !good || order.cash_fee.is_zero() {
            return Ok(Err(refusals::not_confirmed()));
        }
        let fault = AmountFault::of(order.total_fee);
        match fault {
            Some(AmountFault::PaymentFails) => return Ok(Err(refusals::payment_failed())),
            Some(AmountFault::WalletShort) => return Ok(Err(refusals::not_enough())),
            Some(AmountFault::CashChannelDown) => return Ok(Err(refusals::channel_down())),
            _ => {}
        }
        let coupon_fee = match fault {
            Some(AmountFault::Coupon) => {
                Fen::new(COUPON_FEN).unwrap_or_default().min(order.cash_fee)
            }
            _ => Fen::ZERO,
        };
        let from_wallet = order.cash_fee.checked_sub(coupon_fee).unwrap_or_default();
        let Some(left) = books::wallet(book, &person.id)?.checked_sub(from_wallet) else {
            return Ok(Err(refusals::not_enough()));
        };
        books::save_wallet(book, &person.id, left)?;
        let cash_order_id = self.new_cash_order_id(now);
        books::save_capture(book, &cash_order_id, &person.id, order, coupon_fee, now)?;
        let (key, fee) = (&order.key, order.cash_fee);
        books::save_entry(book, key, DayKind::Captured, &cash_order_id, fee, now)?;
        Ok(Ok(Outcome::Captured { cash_order_id, coupon_fee, at: now }))
    }

    /// 支付子单号: 28 digits, as WeChat Pay's.
    fn new_cash_order_id(&self, now: Timestamp) -> CashOrderId {
        let mut chance = [0_u8; 10];
        self.entropy.fill(&mut chance);
        let digits: String = chance.iter().map(|byte| char::from(b'0' + byte % 10)).collect();
        CashOrderId::new(format!("4200{}{digits}", now.wire()))
    }

    /// `refund`: gives a capture back, whole and once.
    pub fn refund(&self, order: &Refund, now: Timestamp) -> Result<Delivery<Outcome>, BookError> {
        self.book.write(|book| {
            let captured = books::capture(book, &order.cash_order_id)?;
            let plan = || {
                let lost = captured.as_ref().is_some_and(|captured| {
                    AmountFault::of(captured.total_fee) == Some(AmountFault::RefundAnswerLost)
                });
                let payer = captured.as_ref().and_then(|it| self.persons.get(&it.person));
                Ok(Plan::Do(if lost { Way::Lost } else { way_of_person(payer) }))
            };
            answer_once(book, command("refund", &order.key), plan, || {
                let given = refund_now(book, captured.as_ref(), order, now)?;
                Ok(given.unwrap_or_else(Outcome::Refused))
            })
        })
    }

    /// `query`: the first answer to a key of `capture` or `refund`.
    pub fn query(&self, question: &Query) -> Result<Delivery<Outcome>, BookError> {
        answer_question(&self.book, "query", None, |book| {
            Ok(match common::first_answer(book, &question.key)? {
                Some((call, answer)) if call == "capture" || call == "refund" => {
                    serde_json::from_str(&answer)?
                }
                _ => Outcome::Unknown,
            })
        })
    }

    /// `present`: puts a cashier on the payer's phone.
    pub fn present(&self, order: &Present) -> Result<Delivery<Presented>, BookError> {
        let payer = self.persons.by_openid(&order.appid, &order.openid);
        let payer = payer.filter(|_| self.wechat.knows(&order.appid));
        let command = Command {
            call: "present",
            key: &order.key,
            reused: Presented::NoSuchPayer,
            refused: Presented::NoSuchPayer,
        };
        self.book.write(|book| {
            answer_once(
                book,
                command,
                || Ok(Plan::Do(Way::Plain)),
                || {
                    let Some(person) = payer else { return Ok(Presented::NoSuchPayer) };
                    books::save_cashier(book, &order.key, &person.id, &order.url)?;
                    Ok(Presented::Presented)
                },
            )
        })
    }

    /// The cashiers that wait on the person's phone, newest last.
    pub fn cashiers(&self, person: &Person) -> Result<Vec<Cashier>, BookError> {
        self.book.read(|book| books::cashiers(book, &person.id))
    }

    /// Takes a cashier off the phone: it was paid at.
    pub fn close_cashier(&self, key: &str) -> Result<(), BookError> {
        self.book.write(|book| books::close_cashier(book, key))
    }

    /// `day`: what was taken and given back, in that order.
    pub fn day(&self, question: &ListDay) -> Result<Delivery<DayList>, BookError> {
        answer_question(&self.book, "day", None, |book| {
            Ok(DayList { entries: books::entries(book, question.day)? })
        })
    }

    /// What the person's wallet holds now.
    pub fn balance(&self, person: &Person) -> Result<Fen, BookError> {
        self.book.read(|book| books::wallet(book, &person.id))
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

fn command<'a>(call: &'static str, key: &'a str) -> Command<'a, Outcome> {
    Command {
        call,
        key,
        reused: Outcome::Refused(refusals::key_reused()),
        refused: Outcome::Refused(refusals::armed()),
    }
}

fn way_of_person(person: Option<&Person>) -> Way {
    match person.map(|person| person.behaviour) {
        Some(Behaviour::AnswersLost) => Way::Lost,
        _ => Way::Plain,
    }
}

fn refund_now(
    book: &Connection,
    captured: Option<&books::Captured>,
    order: &Refund,
    now: Timestamp,
) -> Result<Result<Outcome, Refusal>, BookError> {
    let Some(captured) = captured else { return Ok(Err(refusals::capture_unknown())) };
    if captured.cash_fee != order.cash_fee {
        return Ok(Err(refusals::refund_amount()));
    }
    if captured.refunded {
        return Ok(Err(refusals::already_refunded()));
    }
    if now.day() > captured.at.day().plus_days(REFUND_DAYS) {
        return Ok(Err(refusals::overdue()));
    }
    let refused_once = AmountFault::of(captured.total_fee)
        == Some(AmountFault::CashReturnRefusedOnce)
        && books::first_refund_try(book, &order.cash_order_id)?;
    if refused_once {
        return Ok(Err(refusals::refund_refused()));
    }
    let back = captured.cash_fee.checked_sub(captured.coupon_fee).unwrap_or_default();
    let held = books::wallet(book, &captured.person)?;
    books::save_wallet(book, &captured.person, held.checked_add(back).unwrap_or(held))?;
    books::save_refund(book, &order.cash_order_id, &order.key)?;
    let (id, fee) = (&order.cash_order_id, captured.cash_fee);
    books::save_entry(book, &order.key, DayKind::Refunded, id, fee, now)?;
    Ok(Ok(Outcome::Refunded { at: now }))
}
