//! The columns that hold where a payment stands, in both directions. A fact that does not hold is
//! NULL or 0.

use crate::payments::payment::Payment;
use medpay_domain::Fen;
use medpay_domain::hospital::payment::{
    Accepted, Charge, Confirmation, Ending, Event, Kind, Payment as Money, Receipt, Refusal,
    Returned, State,
};
use medpay_domain::{MedTransId, Timestamp};
use medpay_store::{Arg, FromCell, Row, StoreError, Vault, args};
use medpay_wire::fields::Fields;
use medpay_wire::his::bills::{BillKind, PayWith};

pub(super) const fn bill_kind(kind: BillKind) -> &'static str {
    match kind {
        BillKind::Registration => "registration",
        BillKind::Outpatient => "outpatient",
    }
}

pub(super) fn parse_bill_kind(word: &str) -> Option<BillKind> {
    [BillKind::Registration, BillKind::Outpatient].into_iter().find(|one| bill_kind(*one) == word)
}

pub(super) const fn pay_with(pay_with: PayWith) -> &'static str {
    match pay_with {
        PayWith::Insurance => "insurance",
        PayWith::Cash => "cash",
    }
}

pub(super) fn parse_pay_with(word: &str) -> Option<PayWith> {
    [PayWith::Insurance, PayWith::Cash].into_iter().find(|one| pay_with(*one) == word)
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::CashOnly => "cash",
        Kind::Mixed => "mixed",
        Kind::InsuranceOnly => "insurance",
    }
}

fn parse_kind(word: &str) -> Option<Kind> {
    let all = [Kind::CashOnly, Kind::Mixed, Kind::InsuranceOnly];
    all.into_iter().find(|one| kind(*one) == word)
}

/// What another party said, in an event.
pub(super) fn refusal(event: &Event) -> (Option<String>, Option<String>) {
    let refusal = match event {
        Event::BillRefused { refusal }
        | Event::OrderRefused { refusal }
        | Event::HisRefused { refusal } => Some(refusal),
        _ => None,
    };
    refusal.map(|refusal| (refusal.code.clone(), refusal.reason.clone())).unzip()
}

/// `holds_bill` to `insurance_returned_fee`.
pub(super) fn moving(payment: &Payment, vault: &Vault) -> Vec<Arg> {
    let (state, confirmation) = (&payment.money.state, &payment.money.confirmation);
    let charge = state.charge();
    let refusal = state.ending().and_then(Ending::refusal);
    let (receipt, his_refusal) = match confirmation {
        Confirmation::Confirmed(receipt) => (Some(receipt), None),
        Confirmation::Refused(refusal) => (None, Some(refusal)),
        _ => (None, None),
    };
    args![
        payment.money.holds_bill(),
        payment.request.as_ref().map(|request| vault.seal(&request.to_xml())),
        state.code(),
        charge.map(|charge| kind(charge.kind)),
        charge.map(|charge| charge.total),
        charge.map(|charge| charge.cash),
        charge.map(|charge| charge.insurance),
        state.med_trans_id(),
        pay_url(state),
        state.ending().map(Ending::code),
        refusal.map(|refusal| refusal.code.clone()),
        refusal.map(|refusal| refusal.reason.clone()),
        payment.paid_at(),
        matches!(state, State::Paid { late: true, .. }),
        payment.heard_at,
        payment.response_content.as_ref().map(|content| vault.seal(content)),
        confirmation.code(),
        receipt.map(|receipt| receipt.receipt_no.clone()),
        receipt.and_then(|receipt| receipt.queue_no.clone()),
        receipt.map(|receipt| receipt.guide.clone()),
        his_refusal.map(|refusal| refusal.code.clone()),
        his_refusal.map(|refusal| refusal.reason.clone()),
        payment.money.returned.cash,
        payment.money.returned.insurance
    ]
}

fn pay_url(state: &State) -> Option<&str> {
    match state {
        State::Ordered { accepted, .. } | State::Closing { accepted, .. } => {
            accepted.pay_url.as_deref()
        }
        _ => None,
    }
}

/// The facts as they lie in the row.
struct Facts {
    state: String,
    charge: Option<Charge>,
    med_trans_id: Option<MedTransId>,
    pay_url: Option<String>,
    ending: Option<Ending>,
    paid_at: Option<Timestamp>,
    late: bool,
}

/// Completes a payment with what has happened to it.
pub(super) fn read_moving(
    from: &mut Columns<'_>,
    mut payment: Payment,
) -> Result<Payment, StoreError> {
    // Derived from the state; it stands in the row for the index.
    let _: bool = from.take()?;
    payment.request = match from.open("request")? {
        None => None,
        Some(text) => {
            let fields = Fields::from_xml(text.as_bytes());
            Some(fields.map_err(|_| from.corrupt("request"))?)
        }
    };
    let facts = Facts {
        state: from.take()?,
        charge: read_charge(from)?,
        med_trans_id: from.take()?,
        pay_url: from.take()?,
        ending: read_ending(from)?,
        paid_at: from.take()?,
        late: from.take()?,
    };
    payment.heard_at = from.take()?;
    payment.response_content = from.open("response_content")?;
    payment.money = Money {
        state: facts.state(from)?,
        confirmation: read_confirmation(from)?,
        returned: Returned { cash: from.take()?, insurance: from.take()? },
    };
    Ok(payment)
}

fn read_charge(from: &mut Columns<'_>) -> Result<Option<Charge>, StoreError> {
    let word: Option<String> = from.take()?;
    let fees: [Option<Fen>; 3] = [from.take()?, from.take()?, from.take()?];
    match (word, fees) {
        (Some(word), [Some(total), Some(cash), Some(insurance)]) => {
            let kind = parse_kind(&word).ok_or_else(|| from.corrupt("kind"))?;
            Ok(Some(Charge { kind, total, cash, insurance }))
        }
        (None, _) => Ok(None),
        _ => Err(from.corrupt("total_fee")),
    }
}

fn read_refusal(from: &mut Columns<'_>) -> Result<Option<Refusal>, StoreError> {
    let (code, reason): (Option<String>, Option<String>) = (from.take()?, from.take()?);
    Ok(code.zip(reason).map(|(code, reason)| Refusal { code, reason }))
}

fn read_ending(from: &mut Columns<'_>) -> Result<Option<Ending>, StoreError> {
    let word: Option<String> = from.take()?;
    let refusal = read_refusal(from)?;
    let Some(word) = word else { return Ok(None) };
    let ending = match (word.as_str(), refusal) {
        ("expired", _) => Ending::Expired,
        ("given_up", _) => Ending::GivenUp,
        ("bill_voided", _) => Ending::BillVoided,
        ("system_refunded", _) => Ending::SystemRefunded,
        ("bill_refused", Some(refusal)) => Ending::BillRefused(refusal),
        ("order_refused", Some(refusal)) => Ending::OrderRefused(refusal),
        _ => return Err(from.corrupt("ending")),
    };
    Ok(Some(ending))
}

impl Facts {
    fn state(self, from: &Columns<'_>) -> Result<State, StoreError> {
        let missing = |column| move || from.corrupt(column);
        let charge = self.charge.ok_or_else(missing("kind"));
        let number = self.med_trans_id.clone().ok_or_else(missing("med_trans_id"));
        let ending = self.ending.clone().ok_or_else(missing("ending"));
        let accepted = |pay_url| {
            Ok::<_, StoreError>(Accepted {
                med_trans_id: self.med_trans_id.clone().ok_or_else(missing("med_trans_id"))?,
                pay_url,
            })
        };
        Ok(match self.state.as_str() {
            "offered" => State::Offered,
            "ordering" => State::Ordering { charge: charge?, ending: self.ending },
            "ordered" => State::Ordered { charge: charge?, accepted: accepted(self.pay_url)? },
            "closing" => State::Closing {
                charge: charge?,
                accepted: accepted(self.pay_url)?,
                ending: ending?,
            },
            "returning" => State::Returning { charge: charge?, med_trans_id: number? },
            "paid" => State::Paid {
                charge: charge?,
                med_trans_id: number?,
                at: self.paid_at.ok_or_else(missing("paid_at_ms"))?,
                late: self.late,
            },
            "ended" => State::Ended {
                charge: self.charge,
                med_trans_id: self.med_trans_id.clone(),
                ending: ending?,
            },
            _ => return Err(from.corrupt("state")),
        })
    }
}

fn read_confirmation(from: &mut Columns<'_>) -> Result<Confirmation, StoreError> {
    let word: String = from.take()?;
    let receipt_no: Option<String> = from.take()?;
    let (queue_no, guide): (_, Option<String>) = (from.take()?, from.take()?);
    let refusal = read_refusal(from)?;
    Ok(match word.as_str() {
        "not_due" => Confirmation::NotDue,
        "paid" => Confirmation::Asked,
        "confirmed" => Confirmation::Confirmed(Receipt {
            receipt_no: receipt_no.ok_or_else(|| from.corrupt("receipt_no"))?,
            queue_no,
            guide: guide.unwrap_or_default(),
        }),
        "refused_by_his" => {
            let missing = || from.corrupt("his_refusal_code");
            Confirmation::Refused(refusal.ok_or_else(missing)?)
        }
        "silent_his" => Confirmation::Silent,
        "confirmed_by_staff" => Confirmation::ByStaff,
        _ => return Err(from.corrupt("confirmation")),
    })
}

/// A row, read from left to right.
pub(super) struct Columns<'a> {
    row: &'a Row,
    vault: &'a Vault,
    next: usize,
    key: String,
}

impl<'a> Columns<'a> {
    pub(super) fn new(row: &'a Row, vault: &'a Vault) -> Result<Self, StoreError> {
        Ok(Self { row, vault, next: 0, key: row.get(0)? })
    }

    /// The next column.
    pub(super) fn take<T: FromCell>(&mut self) -> Result<T, StoreError> {
        self.next += 1;
        self.row.get(self.next - 1)
    }

    /// The next column, opened.
    pub(super) fn open(&mut self, column: &'static str) -> Result<Option<String>, StoreError> {
        let sealed: Option<String> = self.take()?;
        sealed.map(|it| self.vault.open(&it).map_err(|_| self.corrupt(column))).transpose()
    }

    /// The next column, opened; it is never NULL.
    pub(super) fn opened(&mut self, column: &'static str) -> Result<String, StoreError> {
        self.open(column)?.ok_or_else(|| self.corrupt(column))
    }

    /// The next column, as what `parse` makes of its text.
    pub(super) fn word<T>(
        &mut self,
        column: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        parse(&self.take::<String>()?).ok_or_else(|| self.corrupt(column))
    }

    /// The row does not hold what this program writes.
    pub(super) fn corrupt(&self, column: &'static str) -> StoreError {
        StoreError::Corrupt { table: "payment_orders", column, key: self.key.clone() }
    }
}
