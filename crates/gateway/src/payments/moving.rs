//! Moving a payment: load it, decide, apply, save, in one transaction; run again when somebody else
//! moved it meanwhile. Money moves nowhere but here.

use super::payment::{Payer, Payment};
use super::rows::orders;
use super::{CONFIRM_QUEUE, RELEASE_QUEUE, find, hand_over, jobs, told};
use crate::gateway::Site;
use medpay_domain::hospital::payment::{Effect, Event, IllegalEvent};
use medpay_domain::{Fen, HospOutTradeNo, Openid, Timestamp};
use medpay_store::{StoreError, Tx};
use medpay_wire::fields::Fields;
use std::sync::Arc;

/// How often a move is tried again when another one was faster.
const TRIES: u32 = 20;

/// Why a payment was not moved.
#[derive(Debug, thiserror::Error)]
pub enum NotMoved {
    /// Another transaction changed it since it was read.
    #[error("the payment moved meanwhile")]
    Stale,
    /// There is none of that number.
    #[error("there is no such payment")]
    NoSuchPayment,
    /// Somebody must look.
    #[error(transparent)]
    Illegal(#[from] IllegalEvent),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is to happen to a payment, once it was looked at.
#[derive(Debug, Clone, Default)]
pub(super) struct Decision {
    /// The event; none leaves the payment as it is.
    pub(super) event: Option<Event>,
    /// What the bureau answered, if that has come with it.
    pub(super) response_content: Option<String>,
    /// What the platform is to be asked from now on.
    pub(super) request: Option<Fields>,
    /// Who paid, where only a pay code was known.
    pub(super) paid_by: Option<Openid>,
}

impl From<Event> for Decision {
    fn from(event: Event) -> Self {
        Self { event: Some(event), ..Self::default() }
    }
}

/// Moves a payment by what `decide` says of it.
pub(super) async fn move_payment<D>(
    site: &Arc<Site>,
    label: &'static str,
    hosp_out_trade_no: &HospOutTradeNo,
    decide: D,
) -> Result<Payment, NotMoved>
where
    D: Fn(&Payment) -> Decision + Clone + Send + Sync + 'static,
{
    let now = site.clock.now();
    for _ in 0..TRIES {
        let (number, decide) = (hosp_out_trade_no.clone(), decide.clone());
        let of_site = Arc::clone(site);
        let moved = site
            .store
            .write(label, move |tx| {
                let (number, decide) = (number.clone(), decide.clone());
                let site = Arc::clone(&of_site);
                Box::pin(async move { attempt(tx, &site, &number, &decide, now).await })
            })
            .await;
        match moved {
            Err(NotMoved::Stale) => {}
            other => return other,
        }
    }
    Err(NotMoved::Stale)
}

async fn attempt(
    tx: &mut Tx,
    site: &Site,
    hosp_out_trade_no: &HospOutTradeNo,
    decide: &(impl Fn(&Payment) -> Decision + Sync),
    now: Timestamp,
) -> Result<Payment, NotMoved> {
    let mut payment = load(tx, site, hosp_out_trade_no).await?;
    let decision = decide(&payment);
    settle(tx, site, &mut payment, decision, now).await?;
    Ok(payment)
}

/// Carries a decision out on a payment that was read in this transaction.
pub(super) async fn settle(
    tx: &mut Tx,
    site: &Site,
    payment: &mut Payment,
    decision: Decision,
    now: Timestamp,
) -> Result<(), NotMoved> {
    let Some(event) = &decision.event else { return Ok(()) };
    if decision.response_content.is_some() {
        payment.response_content = decision.response_content;
    }
    if decision.request.is_some() {
        payment.request = decision.request;
    }
    if let Some(openid) = decision.paid_by
        && payment.paid_by.is_none()
        && matches!(payment.payer, Payer::Scan(_))
    {
        let digest = find::digest(site, &openid);
        let number = &payment.hosp_out_trade_no;
        orders::write_payer(tx, &site.vault, number, &openid, &digest).await?;
        payment.paid_by = Some(openid);
    }
    step(tx, site, payment, event, now).await?;
    Ok(())
}

/// The payment with this number, in a transaction.
pub(super) async fn load(
    tx: &mut Tx,
    site: &Site,
    hosp_out_trade_no: &HospOutTradeNo,
) -> Result<Payment, NotMoved> {
    orders::load(tx, &site.vault, site.org_no(), hosp_out_trade_no)
        .await?
        .ok_or(NotMoved::NoSuchPayment)
}

/// Moves a payment that was read in this transaction, and pushes what that causes. Answers whether
/// anything moved.
pub(super) async fn step(
    tx: &mut Tx,
    site: &Site,
    payment: &mut Payment,
    event: &Event,
    now: Timestamp,
) -> Result<bool, NotMoved> {
    let before = payment.money.clone();
    let was_paid = payment.is_paid();
    let effects = payment.money.apply(event)?;
    if payment.money == before {
        return Ok(false);
    }
    if payment.is_paid() && !was_paid {
        payment.heard_at = Some(now);
    }
    if !orders::save(tx, &site.vault, payment, event, now).await? {
        return Err(NotMoved::Stale);
    }
    payment.version += 1;
    for effect in effects {
        carry(tx, site, payment, effect, now).await?;
    }
    Ok(true)
}

async fn carry(
    tx: &mut Tx,
    site: &Site,
    payment: &Payment,
    effect: Effect,
    now: Timestamp,
) -> Result<(), NotMoved> {
    let job = |queue| jobs::job(queue, &payment.org_no, &payment.hosp_out_trade_no, now);
    match effect {
        Effect::Release => {
            tx.push_job(&job(RELEASE_QUEUE)).await?;
        }
        Effect::Confirm => {
            tx.push_job(&job(CONFIRM_QUEUE)).await?;
        }
        Effect::TellPayer => told::tell(tx, site, payment, now).await?,
        Effect::HandOver => hand_over::hand_over(tx, site, payment, now).await?,
    }
    Ok(())
}

/// A refund gave `cash` and `insurance` back: in the transaction that learnt of it.
pub async fn refunded(
    tx: &mut Tx,
    site: &Site,
    hosp_out_trade_no: &HospOutTradeNo,
    cash: Fen,
    insurance: Fen,
    now: Timestamp,
) -> Result<(), NotMoved> {
    let mut payment = load(tx, site, hosp_out_trade_no).await?;
    step(tx, site, &mut payment, &Event::GivenBack { cash, insurance }, now).await?;
    Ok(())
}

/// A member of staff has written the payment down in the HIS by hand: in the transaction that
/// closes the queue's item.
pub async fn confirmed_by_staff(
    tx: &mut Tx,
    site: &Site,
    hosp_out_trade_no: &HospOutTradeNo,
    now: Timestamp,
) -> Result<(), NotMoved> {
    let mut payment = load(tx, site, hosp_out_trade_no).await?;
    step(tx, site, &mut payment, &Event::StaffConfirmed, now).await?;
    Ok(())
}
