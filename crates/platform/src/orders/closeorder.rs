//! `POST /payinsurance/closeorder` (PROTOCOL 3.7): only an order that nobody is paying.

use super::find::find;
use super::moving::{Decision, NotMoved, move_order};
use crate::access::Caller;
use crate::app::App;
use medpay_domain::platform::order::{Event, State};
use medpay_store::StoreError;
use medpay_wire::closeorder::{Reply, Request};
use medpay_wire::envelope::Failure;
use medpay_wire::err_code::ErrCode;

/// Why an order is not closed, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum CloseOrderError {
    /// No such order of this merchant.
    #[error("there is no such order")]
    NotExist,
    /// It is paid.
    #[error("the order is paid")]
    Paid,
    /// It is closed.
    #[error("the order is closed")]
    Closed,
    /// A debit was asked for, or the payer's money is going back or went back.
    #[error("the order's state does not allow it")]
    State,
    /// Ours.
    #[error("the order could not be closed")]
    NotMoved(#[from] NotMoved),
}

impl From<StoreError> for CloseOrderError {
    fn from(error: StoreError) -> Self {
        Self::NotMoved(error.into())
    }
}

impl CloseOrderError {
    /// The only place where this error meets the wire.
    pub fn failure(&self) -> Failure {
        match self {
            Self::NotExist => Failure::business(ErrCode::OrderNotExist),
            Self::Paid => Failure::business(ErrCode::OrderPaid),
            Self::Closed => Failure::business(ErrCode::OrderClosed),
            Self::State => Failure::business(ErrCode::TradeStateError),
            Self::NotMoved(_) => Failure::business(ErrCode::SystemError),
        }
    }

    /// Why an order in this state cannot be closed; none if it can.
    const fn of(state: &State) -> Option<Self> {
        match state {
            State::Created { .. } => None,
            State::Paid { .. } => Some(Self::Paid),
            State::Closed { .. } => Some(Self::Closed),
            State::CashPending { .. }
            | State::InsurancePending { .. }
            | State::InsuranceReversing { .. }
            | State::CashReturning { .. }
            | State::SystemRefunded { .. } => Some(Self::State),
        }
    }
}

/// Closes the order.
pub(crate) async fn serve(
    app: &App,
    caller: &Caller<'_>,
    request: Request,
) -> Result<Reply, CloseOrderError> {
    let found = find(app, &caller.merchant_key(), &request.order).await?;
    let found = found.ok_or(CloseOrderError::NotExist)?;
    if let Some(error) = CloseOrderError::of(&found.order.state) {
        return Err(error);
    }
    // Whether it is open is judged again where it is written: somebody may be paying by now.
    let id = &found.order.med_trans_id;
    let moved = move_order(app, "close order", id, None, |stored| match stored.order.state {
        State::Created { .. } => Event::CloseAsked.into(),
        _ => Decision::default(),
    })
    .await?;
    let closed_now = moved.order.version == found.version + 1;
    match CloseOrderError::of(&moved.order.order.state) {
        Some(CloseOrderError::Closed) if closed_now => Ok(Reply),
        Some(error) => Err(error),
        None => Err(CloseOrderError::State),
    }
}
