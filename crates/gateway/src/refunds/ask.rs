//! Begins a refund: what goes back is reserved in the transaction that wants it.

use super::rows::{self, StoredRefund};
use super::{AskedBy, Scope, give_back};
use crate::gateway::Site;
use crate::payments::Payment;
use medpay_domain::hospital::payment::State as Money;
use medpay_domain::hospital::refund::{
    CancelNumbers, NotReserved, Outcome, Position, Question, Refund,
};
use medpay_domain::{Entropy, HospOutRefundNo, Timestamp};
use medpay_store::{StoreError, Tx};

/// 退款原因 has 80 characters at most.
pub(super) const MAX_REASON: usize = 80;

/// Why a refund does not begin. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// There is no payment to give back.
    #[error("the order is not paid")]
    NotPaid,
    /// Another refund of it has not ended.
    #[error("another refund is under way")]
    Busy,
    /// Nothing can go back.
    #[error(transparent)]
    NotReserved(#[from] NotReserved),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who asks for a refund, of what, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wish {
    /// Who.
    pub by: AskedBy,
    /// The member of staff, by name or sign.
    pub by_name: Option<String>,
    /// All of it, or the cash only.
    pub scope: Scope,
    /// Why; cut at 80 characters.
    pub reason: String,
}

/// Asks for everything of `payment` that has not gone back, in the transaction that wants it.
pub async fn ask(
    tx: &mut Tx,
    site: &Site,
    payment: &Payment,
    by: AskedBy,
    reason: &str,
    now: Timestamp,
) -> Result<HospOutRefundNo, AskError> {
    let wish = Wish { by, by_name: None, scope: Scope::All, reason: reason.to_owned() };
    ask_for(tx, site, payment, &wish, now).await
}

/// Asks for what `wish` says.
///
/// Of two that ask at once, on the same facts, the second finds the number of its refund taken and
/// is told that one is under way. So nothing is reserved twice, on whatever stale facts.
pub async fn ask_for(
    tx: &mut Tx,
    site: &Site,
    payment: &Payment,
    wish: &Wish,
    now: Timestamp,
) -> Result<HospOutRefundNo, AskError> {
    let before = rows::of_order(tx, site.org_no(), &payment.hosp_out_trade_no).await?;
    if before.iter().any(StoredRefund::is_open) {
        return Err(AskError::Busy);
    }
    let position = position(site, payment, &before).ok_or(AskError::NotPaid)?;
    let due = position.reserve(wish.scope, now)?;
    let stored = StoredRefund {
        org_no: site.org_no().clone(),
        hosp_out_refund_no: new_number(now, site.entropy.as_ref()),
        hosp_out_trade_no: payment.hosp_out_trade_no.clone(),
        bill_no: payment.bill.bill_no.clone(),
        nth: before.last().map_or(1, |last| last.nth + 1),
        by: wish.by,
        by_name: wish.by_name.clone(),
        reason: wish.reason.chars().take(MAX_REASON).collect(),
        scope: wish.scope,
        refund: Refund::start(due).0,
        cancel: CancelNumbers::default(),
        asked_at: now,
        changed_at: now,
        version: 1,
    };
    if !rows::insert(tx, &stored).await? {
        return Err(AskError::Busy);
    }
    give_back::push(tx, &stored, Question::Grant, now).await?;
    Ok(stored.hosp_out_refund_no)
}

/// What of a paid order is still there, by its refunds; none if it is not paid.
pub(crate) fn position(
    site: &Site,
    payment: &Payment,
    refunds: &[StoredRefund],
) -> Option<Position> {
    let Money::Paid { charge, at, .. } = &payment.money.state else { return None };
    let back = refunds
        .iter()
        .filter(|stored| matches!(stored.refund.state.outcome(), Some(Outcome::Returned { .. })));
    let back: Vec<_> = back.map(|stored| stored.refund.due).collect();
    Some(Position {
        cash: charge.cash,
        insurance: charge.kind.has_insurance().then_some(charge.insurance),
        cash_is_back: back.iter().any(|due| due.cash.is_some()),
        insurance_is_back: back.iter().any(|due| due.insurance.is_some()),
        paid_at: *at,
        same_day: site.institution.city.insurance_refund_same_day,
    })
}

/// A fresh 医院退款单号: 27 characters, the moment in front so that a reader can place it.
fn new_number(now: Timestamp, entropy: &dyn Entropy) -> HospOutRefundNo {
    let nonce = entropy.nonce();
    HospOutRefundNo::new(format!("R{}{}", now.wire(), nonce.get(..12).unwrap_or_default()))
}
