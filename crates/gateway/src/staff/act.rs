//! What staff can do about an order in the queue. Whoever does the same again is told that it is
//! done; every action keeps who did it, when and what.

use super::queue::{self, Kind};
use super::rows::{self, Action};
use crate::gateway::{Gateway, Site};
use crate::payments::{self, Again, NotMoved, Payment};
use crate::refunds::{self, AskError, AskedBy, Scope, Wish};
use medpay_domain::hospital::payment::Confirmation;
use medpay_domain::{HospOutRefundNo, HospOutTradeNo, Timestamp};
use medpay_store::{StoreError, Tx};
use std::sync::Arc;

/// Why nothing was done. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// No hospital of this gateway has such an order.
    #[error("there is no such order here")]
    NoSuchOrder,
    /// Nothing of it waits in the queue.
    #[error("nothing of this order waits for a person")]
    NothingWaits,
    /// It is not paid.
    #[error("the order is not paid")]
    NotPaid,
    /// The gateway itself still asks the HIS.
    #[error("the gateway is still asking the HIS to confirm it; wait for that")]
    StillAsked,
    /// All of it has been given back.
    #[error("the order has been given back")]
    GivenBack,
    /// A refund of it is under way, so it is not confirmed.
    #[error("a refund of the order is under way")]
    Refunding,
    /// A refund cannot begin.
    #[error(transparent)]
    Refund(AskError),
    /// The HIS did not answer; the order stays in the queue.
    #[error("the HIS did not answer")]
    HisSilent,
    /// The HIS refused; the order stays in the queue.
    #[error("the HIS refused: {0}")]
    HisRefused(String),
    /// The payment cannot be moved so.
    #[error(transparent)]
    NotMoved(NotMoved),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NotMoved> for ActError {
    fn from(error: NotMoved) -> Self {
        match error {
            NotMoved::Store(error) => Self::Store(error),
            other => Self::NotMoved(other),
        }
    }
}

impl From<AskError> for ActError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Store(error) => Self::Store(error),
            AskError::NotPaid => Self::NotPaid,
            other => Self::Refund(other),
        }
    }
}

/// How an order is confirmed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum How {
    /// The HIS is asked again.
    AskHis,
    /// A member of staff has entered it in the HIS by hand: how, in words.
    ByHand(String),
}

/// What a confirmation came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Confirmed {
    /// It is confirmed now.
    Now,
    /// It was before.
    Already,
}

/// Confirms a paid order in the HIS, and takes it from the queue.
pub async fn confirm(
    gateway: &Gateway,
    hosp_out_trade_no: &HospOutTradeNo,
    by: &str,
    how: How,
) -> Result<Confirmed, ActError> {
    let (site, payment) = find(gateway, hosp_out_trade_no).await?;
    if !payment.is_paid() {
        return Err(ActError::NotPaid);
    }
    match &payment.money.confirmation {
        Confirmation::Confirmed(_) | Confirmation::ByStaff => return Ok(Confirmed::Already),
        _ if payment.money.wholly_returned() => return Err(ActError::GivenBack),
        Confirmation::Asked if how == How::AskHis => return Err(ActError::StillAsked),
        _ => {}
    }
    let now = site.clock.now();
    let (action, note) = match &how {
        How::AskHis => ("confirm", String::new()),
        How::ByHand(note) => ("confirm_by_hand", note.clone()),
    };
    let done = Done { site: Arc::clone(&site), payment, action: act(action, by, note, now) };
    done.refuse_if_refunding().await?;
    if how == How::AskHis {
        match payments::confirm_again(&site, hosp_out_trade_no).await? {
            Again::Confirmed => {}
            Again::Refused(refusal) => return Err(ActError::HisRefused(refusal.reason)),
            Again::Silent => return Err(ActError::HisSilent),
        }
    }
    done.write_confirmed(how != How::AskHis, now).await?;
    Ok(Confirmed::Now)
}

/// Begins a refund that a member of staff has decided. The queue keeps its items until the money
/// is back.
pub async fn refund(
    gateway: &Gateway,
    hosp_out_trade_no: &HospOutTradeNo,
    by: &str,
    scope: Scope,
    reason: &str,
) -> Result<HospOutRefundNo, ActError> {
    let (site, payment) = find(gateway, hosp_out_trade_no).await?;
    if payment.money.his_is_to_know() && payment.is_paid() {
        return Err(ActError::StillAsked);
    }
    let now = site.clock.now();
    let wish =
        Wish { by: AskedBy::Staff, by_name: Some(by.to_owned()), scope, reason: reason.to_owned() };
    let action = act("refund", by, format!("{} {reason}", scope.code()).trim().to_owned(), now);
    let store = site.store.clone();
    store
        .write("staff want a refund", move |tx| {
            let (site, payment) = (Arc::clone(&site), payment.clone());
            let (wish, action) = (wish.clone(), action.clone());
            Box::pin(async move {
                let number = refunds::ask_for(tx, &site, &payment, &wish, now).await?;
                let order = &payment.hosp_out_trade_no;
                rows::insert_action(tx, site.org_no(), order, &action).await?;
                Ok(number)
            })
        })
        .await
}

/// Takes everything of an order from the queue: somebody has looked, and nothing is to be done.
pub async fn dismiss(
    gateway: &Gateway,
    hosp_out_trade_no: &HospOutTradeNo,
    by: &str,
    note: &str,
) -> Result<u64, ActError> {
    for branch in gateway.branches() {
        for site in branch.sites() {
            let (site, number) = (Arc::clone(site), hosp_out_trade_no.clone());
            let action = act("dismiss", by, note.to_owned(), site.clock.now());
            let store = site.store.clone();
            let closed: u64 = store
                .write("staff dismiss an order", move |tx| {
                    let (site, number) = (Arc::clone(&site), number.clone());
                    let action = action.clone();
                    Box::pin(async move { closed(tx, &site, &number, &action).await })
                })
                .await?;
            if closed > 0 {
                return Ok(closed);
            }
        }
    }
    Err(ActError::NothingWaits)
}

async fn closed(
    tx: &mut Tx,
    site: &Site,
    number: &HospOutTradeNo,
    action: &Action,
) -> Result<u64, ActError> {
    let closed = rows::close(tx, site.org_no(), number, None, action.at).await?;
    if closed > 0 {
        rows::insert_action(tx, site.org_no(), number, action).await?;
    }
    Ok(closed)
}

/// The order with this number, of whichever hospital.
async fn find(
    gateway: &Gateway,
    hosp_out_trade_no: &HospOutTradeNo,
) -> Result<(Arc<Site>, Payment), ActError> {
    for branch in gateway.branches() {
        for site in branch.sites() {
            if let Some(payment) = payments::find(site, hosp_out_trade_no).await? {
                return Ok((Arc::clone(site), payment));
            }
        }
    }
    Err(ActError::NoSuchOrder)
}

fn act(what: &str, by: &str, note: String, at: Timestamp) -> Action {
    Action { what: what.to_owned(), by: by.to_owned(), note, at }
}

/// What somebody has done.
#[derive(Clone)]
struct Done {
    site: Arc<Site>,
    payment: Payment,
    action: Action,
}

impl Done {
    async fn refuse_if_refunding(&self) -> Result<(), ActError> {
        let shown = refunds::is_open(&self.site, &self.payment.hosp_out_trade_no).await?;
        if shown { Err(ActError::Refunding) } else { Ok(()) }
    }

    async fn write_confirmed(&self, by_hand: bool, now: Timestamp) -> Result<(), ActError> {
        let done = self.clone();
        self.site
            .store
            .write("staff confirm an order", move |tx| {
                let done = done.clone();
                Box::pin(async move {
                    let (site, order) = (&done.site, &done.payment.hosp_out_trade_no);
                    if by_hand {
                        payments::confirmed_by_staff(tx, site, order, now).await?;
                    }
                    queue::settle(tx, site, order, Kind::Unconfirmed, now).await?;
                    rows::insert_action(tx, site.org_no(), order, &done.action).await?;
                    Ok(())
                })
            })
            .await
    }
}
