//! The journey of `medpay demo --play`: a patient's whole way, from an unbound card to a bill that
//! is checked against what was paid.
//!
//! The steps are data ([`steps`]); what each does and asserts is one of the [`Action`]s, told in
//! the files of the folder. At the first institution of the ready file the whole way is gone, at
//! every other one a mixed order is paid and found in the bill.

mod bills;
mod messages;
mod orders;
mod purchase;
mod refunds;
mod town;
mod visit;
mod window;

use crate::ready::Ready;
use medpay_client::Transport;
use medpay_domain::{Clock, Entropy};
use medpay_wire::states::MsgType;
use purchase::Purchase;
use std::fmt::Write as _;
use std::sync::Arc;
use town::{Fault, Town};
use visit::Visit;

/// What a journey is played with; all handed in.
pub struct Player {
    /// How the target is reached.
    pub transport: Arc<dyn Transport>,
    /// Machine time, by which steps are measured and answers waited for. (Business time is asked of
    /// the target.)
    pub clock: Arc<dyn Clock>,
    /// Nonces and the hospital's numbers.
    pub entropy: Arc<dyn Entropy>,
}

/// One thing that is done and asserted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Action {
    /// The day is long enough for a refund; if not, the test clock is moved to the morning.
    EarlyEnough,
    Token,
    /// getmedinfo answers 80004.
    CardIsUnbound,
    /// getbindurl, then the page.
    Bind,
    /// getmedinfo answers every field.
    CardIsBound,
    PreRegister,
    /// unifiedorder, twice: the second gets the first answer.
    Order(Purchase),
    /// The password at the cashier.
    Pay(Purchase),
    /// The notification arrived and was acknowledged.
    Notified(Purchase),
    /// orderquery shows what was paid.
    Queried(Purchase),
    /// sendmsg, and the text in the patient's inbox.
    Message(MsgType, Purchase),
    /// The pay code, and qrcodegetmedinfo.
    Scan,
    ScanPreRegister,
    ScanOrder,
    /// Ordered and paid; the bureau refuses; the cash is back.
    SystemRefunded,
    RefundAll(Purchase),
    RefundCashOnly(Purchase),
    /// refundquery until it succeeded.
    Refunded(Purchase),
    /// closeorder, once and again.
    Close,
    NextDay,
    /// Insurance money is not given back on another day.
    TooLate,
    /// downloadbill, plain and GZIP, against everything of this journey.
    Bill,
}

/// A step: its name, at which institution of the ready file, and what is done there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// As the table prints it.
    pub name: String,
    institution: usize,
    action: Action,
}

/// How a step went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepResult {
    /// The step's name.
    pub name: String,
    /// Whether everything asserted in it held.
    pub ok: bool,
    /// What was found, or what did not hold. No personal data.
    pub detail: String,
    /// How long it took, in machine milliseconds.
    pub elapsed_ms: i64,
}

/// The steps against this target.
pub fn steps(ready: &Ready) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut add = |institution: usize, name: &str, action| {
        let name = match institution {
            0 => name.to_owned(),
            _ => format!("{} · {name}", ready.institutions[institution].name),
        };
        steps.push(Step { name, institution, action });
    };
    whole_way(&mut |name, action| add(0, name, action));
    let others: Vec<usize> =
        (1..ready.institutions.len()).filter(|&at| ready.institutions[at].is_test()).collect();
    for &at in &others {
        add(at, "token", Action::Token);
        add(at, "getmedinfo: 80004, no card is bound", Action::CardIsUnbound);
        add(at, "getbindurl, bind on the page", Action::Bind);
        add(at, "getmedinfo: every field", Action::CardIsBound);
        add(at, "unifiedorder", Action::Order(Purchase::Mixed));
        add(at, "cashier", Action::Pay(Purchase::Mixed));
        add(at, "notification", Action::Notified(Purchase::Mixed));
        add(at, "orderquery", Action::Queried(Purchase::Mixed));
    }
    add(0, "clock: the next day, 10:00", Action::NextDay);
    add(0, "token: a new one, the old is two hours old", Action::Token);
    add(0, "refund: too late for insurance money", Action::TooLate);
    add(0, "refund: cash only, a day later", Action::RefundAll(Purchase::CashOnly));
    add(0, "refundquery: cash only", Action::Refunded(Purchase::CashOnly));
    add(0, "downloadbill, plain and GZIP", Action::Bill);
    for &at in &others {
        add(at, "token", Action::Token);
        add(at, "downloadbill, plain and GZIP", Action::Bill);
    }
    steps
}

/// The way at the first institution, up to the end of the day.
fn whole_way(add: &mut dyn FnMut(&str, Action)) {
    add("clock", Action::EarlyEnough);
    add("token", Action::Token);
    add("getmedinfo: 80004, no card is bound", Action::CardIsUnbound);
    add("getbindurl, bind on the page", Action::Bind);
    add("getmedinfo: every field", Action::CardIsBound);
    add("preregister", Action::PreRegister);
    for purchase in Purchase::KINDS {
        let what = purchase.words();
        add(&format!("unifiedorder: {what}"), Action::Order(purchase));
        add(&format!("cashier: {what}"), Action::Pay(purchase));
        add(&format!("notification: {what}"), Action::Notified(purchase));
        add(&format!("orderquery: {what}"), Action::Queried(purchase));
    }
    for (kind, purchase) in [
        (MsgType::Outpatient, Purchase::Mixed),
        (MsgType::OutpatientDiscount, Purchase::InsuranceOnly),
        (MsgType::Registration, Purchase::ZeroInsurance),
        (MsgType::Booking, Purchase::CashOnly),
    ] {
        add(&format!("sendmsg: type {kind}, in the inbox"), Action::Message(kind, purchase));
    }
    add("scan: auth_code, qrcodegetmedinfo", Action::Scan);
    add("scan: qrcodepreregister", Action::ScanPreRegister);
    add("scan: qrcodeunifiedorder", Action::ScanOrder);
    add("scan: cashier on the phone", Action::Pay(Purchase::Scanned));
    add("scan: notification", Action::Notified(Purchase::Scanned));
    add("scan: orderquery", Action::Queried(Purchase::Scanned));
    add("the bureau refuses: SYS_REFUNDED", Action::SystemRefunded);
    add("refund: full", Action::RefundAll(Purchase::Mixed));
    add("refundquery: full", Action::Refunded(Purchase::Mixed));
    add("refund: CASH_ONLY", Action::RefundCashOnly(Purchase::Scanned));
    add("refundquery: CASH_ONLY", Action::Refunded(Purchase::Scanned));
    add("closeorder", Action::Close);
}

/// Plays the journey. Once a step did not hold, the rest is not tried.
pub async fn play(ready: &Ready, player: &Player) -> Vec<StepResult> {
    let town = Town::new(ready, player);
    let mut visits = match Visit::all(&town) {
        Ok(visits) => visits,
        Err(fault) => return vec![failed("ready file", &fault.to_string())],
    };
    let mut results = Vec::new();
    let mut lost = false;
    for step in steps(ready) {
        if lost {
            results.push(failed(&step.name, "not tried: a step before it did not hold"));
            continue;
        }
        let began = player.clock.elapsed();
        let outcome = match visits.get_mut(&step.institution) {
            Some(visit) => perform(step.action, visit).await,
            None => Err(Fault::Wrong("no patient for this institution".to_owned())),
        };
        let elapsed_ms = player.clock.elapsed().0 - began.0;
        lost = outcome.is_err();
        results.push(match outcome {
            Ok(detail) => StepResult { name: step.name, ok: true, detail, elapsed_ms },
            Err(fault) => {
                StepResult { name: step.name, ok: false, detail: fault.to_string(), elapsed_ms }
            }
        });
    }
    results
}

fn failed(name: &str, why: &str) -> StepResult {
    StepResult { name: name.to_owned(), ok: false, detail: why.to_owned(), elapsed_ms: 0 }
}

async fn perform(action: Action, visit: &mut Visit<'_>) -> Result<String, Fault> {
    match action {
        Action::EarlyEnough => visit.town.early_enough().await,
        Action::Token => visit.buy_token().await,
        Action::CardIsUnbound => visit.card_is_unbound().await,
        Action::Bind => visit.bind().await,
        Action::CardIsBound => visit.card_is_bound().await,
        Action::PreRegister => visit.preregister().await,
        Action::Order(purchase) => visit.order(purchase).await,
        Action::Pay(purchase) => visit.pay(purchase).await,
        Action::Notified(purchase) => visit.notified(purchase).await,
        Action::Queried(purchase) => visit.queried(purchase).await,
        Action::Message(kind, purchase) => visit.message(kind, purchase).await,
        Action::Scan => visit.scan().await,
        Action::ScanPreRegister => visit.scan_preregister().await,
        Action::ScanOrder => visit.scan_order().await,
        Action::SystemRefunded => visit.system_refunded().await,
        Action::RefundAll(purchase) => visit.refund(purchase, None).await,
        Action::RefundCashOnly(purchase) => visit.refund_cash_only(purchase).await,
        Action::Refunded(purchase) => visit.refunded(purchase).await,
        Action::Close => visit.close().await,
        Action::NextDay => visit.town.next_day().await,
        Action::TooLate => visit.too_late().await,
        Action::Bill => visit.bill().await,
    }
}

/// The results as a table, one line each, and a sum.
pub fn table(results: &[StepResult]) -> String {
    let width = results.iter().map(|result| columns(&result.name)).max().unwrap_or(0);
    let mut text = String::new();
    for result in results {
        let mark = if result.ok { "ok  " } else { "FAIL" };
        let padding = " ".repeat(width - columns(&result.name));
        let StepResult { name, detail, elapsed_ms, .. } = result;
        let _ = writeln!(text, "{mark} {name}{padding} {elapsed_ms:>6} ms  {detail}");
    }
    let held = results.iter().filter(|result| result.ok).count();
    let elapsed_ms: i64 = results.iter().map(|result| result.elapsed_ms).sum();
    let _ = writeln!(text, "{held} of {} steps held, {elapsed_ms} ms", results.len());
    text
}

/// How wide a terminal shows `text`: Chinese characters take two columns.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if ('\u{2e80}'..='\u{ffe0}').contains(&c) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests;
