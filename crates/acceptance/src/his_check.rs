//! The conformance cases of the HIS contract (`docs/contracts/his.md`), run over HTTP against any
//! HIS: `medpay his-check`.
//!
//! Each case has a name, which is a sentence that holds of a right HIS, and stands by itself: it
//! books its own place and leaves nothing open. A HIS needs nothing but a patient of its test
//! environment and a few free places in the coming days.

mod bookings;
mod books;
mod caller;
mod manners;
mod patients;
mod payments;
mod refunds;

use caller::{Caller, Fault};
use medpay_client::Transport;
use medpay_domain::{CardType, Clock, Entropy, IdDigest, PersonName};
use medpay_wire::his::signature::HisSecret;
use serde::Serialize;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

/// The HIS to check, and what it is checked with; all handed in.
pub struct Target {
    /// How it is reached.
    pub transport: Arc<dyn Transport>,
    /// Its address, without `/v1` and without a final slash.
    pub url: String,
    /// Signs.
    pub secret: HisSecret,
    /// The time that the HIS keeps: the machine's, or the test clock of its town.
    pub clock: Arc<dyn Clock>,
    /// For idempotency keys and numbers.
    pub entropy: Arc<dyn Entropy>,
    /// A patient of the test environment; made if the HIS does not know the person yet.
    pub patient: TestPatient,
}

/// Who is booked and billed.
#[derive(Clone, Debug)]
pub struct TestPatient {
    /// 姓名.
    pub name: PersonName,
    /// 证件类型.
    pub card_type: CardType,
    /// MD5 of the document number.
    pub id_digest: IdDigest,
}

/// What a check found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Every case, in order.
    pub cases: Vec<Outcome>,
}

/// What became of one case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Outcome {
    /// What holds of a right HIS.
    pub name: &'static str,
    /// What did not hold; none if all did.
    pub fault: Option<String>,
}

impl Report {
    /// Whether every case held.
    pub fn passed(&self) -> bool {
        self.cases.iter().all(|case| case.fault.is_none())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in &self.cases {
            match &case.fault {
                None => writeln!(f, "ok    {}", case.name)?,
                Some(fault) => writeln!(f, "FAIL  {}\n      {fault}", case.name)?,
            }
        }
        let failed = self.cases.iter().filter(|case| case.fault.is_some()).count();
        writeln!(f, "{} of {} cases hold", self.cases.len() - failed, self.cases.len())
    }
}

type Run<'a> = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>>;

/// A case: its name and what it does.
struct Case {
    name: &'static str,
    run: for<'a> fn(&'a Caller) -> Run<'a>,
}

/// Names a case after its function.
macro_rules! cases {
    ($($folder:ident: $($case:ident),+ $(,)?);* $(;)?) => {
        &[$($(Case {
            name: stringify!($case),
            run: |caller| Box::pin($folder::$case(caller)),
        }),+),*]
    };
}

/// Every case, the simplest first.
const CASES: &[Case] = cases! {
    manners:
        an_unsigned_call_is_refused,
        a_call_signed_with_another_secret_is_refused,
        a_call_signed_too_long_ago_is_refused,
        a_body_that_was_altered_is_refused,
        a_call_that_does_not_exist_is_not_found,
        a_missing_member_is_named,
        unknown_members_are_ignored,
        a_command_without_a_key_is_refused;
    patients:
        a_visit_card_is_made_once,
        a_patient_is_found_by_name_and_document,
        another_name_finds_nobody,
        a_patient_of_nobody_is_not_found,
        anothers_result_is_not_found;
    bookings:
        departments_doctors_and_schedules_belong_together,
        a_booking_takes_one_place,
        the_same_key_books_once,
        a_key_used_for_other_words_is_refused,
        a_booking_is_listed,
        a_cancelled_booking_gives_its_place_back;
    payments:
        a_bill_adds_up,
        a_locked_bill_is_not_locked_for_another_order,
        a_released_bill_can_be_locked_again,
        other_amounts_are_not_confirmed,
        a_payment_is_confirmed_once,
        a_paid_bill_is_not_locked_again;
    books:
        a_payment_is_in_the_list_of_its_day_once;
    refunds:
        a_refund_is_granted_and_told_once,
        a_refund_that_failed_leaves_the_bill_paid,
};

/// Runs every case against `target`, one after the other.
pub async fn run(target: Target) -> Report {
    let caller = Caller::new(target);
    let mut cases = Vec::new();
    for case in CASES {
        let fault = (case.run)(&caller).await.err().map(|fault| fault.to_string());
        cases.push(Outcome { name: case.name, fault });
    }
    Report { cases }
}

/// The names of all cases.
pub fn names() -> impl Iterator<Item = &'static str> {
    CASES.iter().map(|case| case.name)
}
