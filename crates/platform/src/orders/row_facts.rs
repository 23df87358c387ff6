//! The columns that hold an order's state and the holds on it, in both directions.

use super::rows::Columns;
use medpay_domain::platform::order::reservation::{Hold, Reservations};
use medpay_domain::platform::order::{CashTxn, Closing, InsuranceTxn, Leg, Refusal, Split, State};
use medpay_domain::{CashOrderId, Fen, InsuranceOrderId, MedRefundId, Timestamp};
use medpay_store::Vault;
use medpay_store::{Arg, StoreError, args};

/// The words of kinds, legs and closings in the database.
pub(crate) mod leg_word {
    use medpay_domain::platform::order::{Closing, Kind, Leg};

    pub(crate) const fn kind(kind: Kind) -> &'static str {
        match kind {
            Kind::CashOnly => "cash",
            Kind::Mixed => "mixed",
            Kind::InsuranceOnly => "insurance",
        }
    }

    pub(crate) fn parse_kind(word: &str) -> Option<Kind> {
        let all = [Kind::CashOnly, Kind::Mixed, Kind::InsuranceOnly];
        all.into_iter().find(|one| kind(*one) == word)
    }

    pub(crate) const fn leg(leg: Leg) -> &'static str {
        match leg {
            Leg::Cash => "cash",
            Leg::Insurance => "insurance",
        }
    }

    pub(crate) fn parse_leg(word: &str) -> Option<Leg> {
        [Leg::Cash, Leg::Insurance].into_iter().find(|one| leg(*one) == word)
    }

    pub(crate) const fn closing(closing: Closing) -> &'static str {
        match closing {
            Closing::Expired => "expired",
            Closing::Asked => "asked",
        }
    }

    pub(crate) fn parse_closing(word: &str) -> Option<Closing> {
        [Closing::Expired, Closing::Asked].into_iter().find(|one| closing(*one) == word)
    }
}

/// The facts of a state, each in a column of its own; a fact that does not hold is NULL or 0.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    state: String,
    attempt: u32,
    confirmation: Option<String>,
    refusals: u32,
    refusal: Option<Refusal>,
    cash: Option<CashTxn>,
    returned_at: Option<Timestamp>,
    settled: Option<InsuranceTxn>,
    paid_at: Option<Timestamp>,
    late: bool,
    closing: Option<Closing>,
}

impl Facts {
    pub(crate) fn of(state: &State) -> Self {
        let mut facts = Self {
            state: state.code().to_owned(),
            attempt: state.attempt(),
            refusal: state.refusal().cloned(),
            cash: state.cash().cloned(),
            settled: state.settlement().cloned(),
            ..Self::default()
        };
        match state {
            State::CashPending { confirmation, .. } => {
                facts.confirmation = Some(confirmation.clone());
            }
            State::InsuranceReversing { refusals, .. } | State::CashReturning { refusals, .. } => {
                facts.refusals = *refusals;
            }
            State::Paid { paid_at, late, .. } => {
                facts.paid_at = Some(*paid_at);
                facts.late = *late;
            }
            State::SystemRefunded { at, .. } => facts.returned_at = Some(*at),
            State::Closed { closing, .. } => facts.closing = Some(*closing),
            State::Created { .. } | State::InsurancePending { .. } => {}
        }
        facts
    }

    /// `state` to `closing`, in the order of the table; the bureau's words are sealed.
    pub(crate) fn columns(&self, vault: &Vault) -> Vec<Arg> {
        let (refusal, cash, settled) =
            (self.refusal.as_ref(), self.cash.as_ref(), self.settled.as_ref());
        args![
            self.state,
            self.attempt,
            self.confirmation,
            self.refusals,
            refusal.map(|it| leg_word::leg(it.leg)),
            refusal.map(|it| it.code.clone()),
            refusal.map(|it| it.reason.clone()),
            cash.map(|it| it.cash_order_id.clone()),
            cash.map(|it| it.coupon),
            cash.map(|it| it.at),
            self.returned_at,
            settled.map(|it| it.insurance_order_id.clone()),
            settled.map(|it| it.split.insurance),
            settled.map(|it| it.split.cash),
            settled.map(|it| it.split.self_fee),
            settled.map(|it| it.split.fund_fee),
            settled.map(|it| it.split.other_fee),
            settled.map(|it| it.at),
            settled.map(|it| vault.seal(&it.response_content)),
            self.paid_at,
            self.late,
            self.closing.map(leg_word::closing)
        ]
    }

    pub(crate) fn read(from: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            state: from.take()?,
            attempt: from.take()?,
            confirmation: from.take()?,
            refusals: from.take()?,
            refusal: read_refusal(from)?,
            cash: read_cash(from)?,
            returned_at: from.take()?,
            settled: read_settled(from)?,
            paid_at: from.take()?,
            late: from.take()?,
            closing: match from.take::<Option<String>>()? {
                None => None,
                Some(word) => {
                    Some(leg_word::parse_closing(&word).ok_or_else(|| from.corrupt("closing"))?)
                }
            },
        })
    }

    /// The state that these facts are; an error if one is missing.
    pub(crate) fn state(self, from: &Columns<'_>) -> Result<State, StoreError> {
        let Self { attempt, refusals, refusal, cash, settled, late, .. } = self;
        let missing = |column| move || from.corrupt(column);
        Ok(match self.state.as_str() {
            "created" => State::Created { attempt, refused: refusal },
            "cash_pending" => State::CashPending {
                attempt,
                confirmation: self.confirmation.ok_or_else(missing("confirmation"))?,
            },
            "insurance_pending" => State::InsurancePending { attempt, cash },
            "insurance_reversing" => State::InsuranceReversing {
                attempt,
                refusals,
                cash,
                settled: settled.ok_or_else(missing("insurance_order_id"))?,
            },
            "paid" => State::Paid {
                attempt,
                cash,
                insurance: settled,
                paid_at: self.paid_at.ok_or_else(missing("paid_at_ms"))?,
                late,
            },
            "cash_returning" => State::CashReturning {
                attempt,
                refusals,
                cash: cash.ok_or_else(missing("cash_order_id"))?,
                refusal: refusal.ok_or_else(missing("refusal_code"))?,
            },
            "system_refunded" => State::SystemRefunded {
                attempt,
                cash: cash.ok_or_else(missing("cash_order_id"))?,
                refusal: refusal.ok_or_else(missing("refusal_code"))?,
                at: self.returned_at.ok_or_else(missing("cash_returned_at_ms"))?,
            },
            "closed" => State::Closed {
                attempt,
                closing: self.closing.ok_or_else(missing("closing"))?,
                refused: refusal,
            },
            _ => return Err(from.corrupt("state")),
        })
    }
}

fn read_refusal(from: &mut Columns<'_>) -> Result<Option<Refusal>, StoreError> {
    let leg: Option<String> = from.take()?;
    let (code, reason): (Option<String>, Option<String>) = (from.take()?, from.take()?);
    let Some(leg) = leg else { return Ok(None) };
    let leg: Leg = leg_word::parse_leg(&leg).ok_or_else(|| from.corrupt("refusal_leg"))?;
    let code = code.ok_or_else(|| from.corrupt("refusal_code"))?;
    let reason = reason.ok_or_else(|| from.corrupt("refusal_reason"))?;
    Ok(Some(Refusal { leg, code, reason }))
}

fn read_cash(from: &mut Columns<'_>) -> Result<Option<CashTxn>, StoreError> {
    let id: Option<CashOrderId> = from.take()?;
    let (coupon, at): (Option<Fen>, Option<Timestamp>) = (from.take()?, from.take()?);
    let Some(cash_order_id) = id else { return Ok(None) };
    Ok(Some(CashTxn {
        cash_order_id,
        coupon: coupon.ok_or_else(|| from.corrupt("coupon_fee"))?,
        at: at.ok_or_else(|| from.corrupt("cash_taken_at_ms"))?,
    }))
}

fn read_settled(from: &mut Columns<'_>) -> Result<Option<InsuranceTxn>, StoreError> {
    let id: Option<InsuranceOrderId> = from.take()?;
    let mut fees = [None; 5];
    for fee in &mut fees {
        *fee = from.take::<Option<Fen>>()?;
    }
    let at: Option<Timestamp> = from.take()?;
    let response_content = from.open("response_content")?;
    let Some(insurance_order_id) = id else { return Ok(None) };
    let missing = || from.corrupt("settled_insurance_fee");
    let [insurance, cash, self_fee, fund_fee, other_fee] = fees;
    Ok(Some(InsuranceTxn {
        insurance_order_id,
        split: Split {
            insurance: insurance.ok_or_else(missing)?,
            cash: cash.ok_or_else(missing)?,
            self_fee: self_fee.ok_or_else(missing)?,
            fund_fee: fund_fee.ok_or_else(missing)?,
            other_fee: other_fee.ok_or_else(missing)?,
        },
        response_content: response_content.ok_or_else(|| from.corrupt("response_content"))?,
        at: at.ok_or_else(|| from.corrupt("settled_at_ms"))?,
    }))
}

/// The holds of refunds: who, and when it was given back.
#[derive(Debug)]
pub(crate) struct HoldColumns {
    cash: (Option<MedRefundId>, Option<Timestamp>),
    insurance: (Option<MedRefundId>, Option<Timestamp>),
}

impl HoldColumns {
    pub(crate) fn of(holds: &Reservations) -> Self {
        let pair = |hold: &Hold| match hold {
            Hold::Free => (None, None),
            Hold::Reserved(by) => (Some(by.clone()), None),
            Hold::GivenBack { by, at } => (Some(by.clone()), Some(*at)),
        };
        Self { cash: pair(&holds.cash), insurance: pair(&holds.insurance) }
    }

    pub(crate) fn columns(&self) -> Vec<Arg> {
        args![self.cash.0, self.cash.1, self.insurance.0, self.insurance.1]
    }

    pub(crate) fn read(from: &mut Columns<'_>) -> Result<Self, StoreError> {
        let cash = (from.take()?, from.take()?);
        let insurance = (from.take()?, from.take()?);
        Ok(Self { cash, insurance })
    }

    pub(crate) fn reservations(self, from: &Columns<'_>) -> Result<Reservations, StoreError> {
        let hold = |pair, column| match pair {
            (None, None) => Ok(Hold::Free),
            (Some(by), None) => Ok(Hold::Reserved(by)),
            (Some(by), Some(at)) => Ok(Hold::GivenBack { by, at }),
            (None, Some(_)) => Err(from.corrupt(column)),
        };
        Ok(Reservations {
            cash: hold(self.cash, "cash_reserved_by")?,
            insurance: hold(self.insurance, "insurance_reserved_by")?,
        })
    }
}
