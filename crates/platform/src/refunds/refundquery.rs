//! 查询退款 (PROTOCOL 3.6).

use super::rows::{self, StoredRefund};
use crate::access::Caller;
use crate::app::App;
use crate::orders;
use medpay_domain::platform::refund::State;
use medpay_store::Vault;
use medpay_store::{StoreError, Tx};
use medpay_wire::envelope::Failure;
use medpay_wire::err_code::ErrCode;
use medpay_wire::refundquery::{RefundRef, Reply, Request};
use medpay_wire::states::RefundState;

/// Why there is nothing to answer.
#[derive(Debug, thiserror::Error)]
pub enum RefundQueryError {
    /// No such refund of this merchant.
    #[error("no such refund")]
    RefundNotExist,
    /// Asked by an order's number, and there is no such order of this merchant.
    #[error("no such order")]
    OrderNotExist,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RefundQueryError {
    /// The only place where this error meets the wire.
    pub fn failure(&self) -> Failure {
        match self {
            Self::RefundNotExist => Failure::business(ErrCode::RefundNotExist),
            Self::OrderNotExist => Failure::business(ErrCode::OrderNotExist),
            Self::Store(_) => Failure::business(ErrCode::SystemError),
        }
    }
}

/// Answers how far a refund is.
pub(crate) async fn serve(
    app: &App,
    caller: &Caller<'_>,
    request: Request,
) -> Result<Reply, RefundQueryError> {
    let (merchant, refund) = (caller.merchant_key(), request.refund);
    let vault = app.vault.clone();
    let stored = app
        .store
        .read("refundquery", move |tx| {
            let (merchant, refund) = (merchant.clone(), refund.clone());
            let vault = vault.clone();
            Box::pin(async move { find(tx, &vault, &merchant, &refund).await })
        })
        .await?;
    Ok(reply(stored))
}

/// The refund meant; of an order's refunds the latest.
async fn find(
    tx: &mut Tx,
    vault: &Vault,
    merchant: &str,
    refund: &RefundRef,
) -> Result<StoredRefund, RefundQueryError> {
    let found = match refund {
        RefundRef::MedRefundId(number) => rows::load(tx, number).await?,
        RefundRef::HospOutRefundNo(number) => rows::load_by_hospital(tx, merchant, number).await?,
        RefundRef::MedTransId(number) => {
            let order = orders::rows::load(tx, vault, number).await?;
            latest(tx, merchant, order).await?
        }
        RefundRef::HospOutTradeNo(number) => {
            let order = orders::rows::load_by_hospital(tx, vault, merchant, number).await?;
            latest(tx, merchant, order).await?
        }
    };
    found.filter(|stored| stored.merchant == merchant).ok_or(RefundQueryError::RefundNotExist)
}

async fn latest(
    tx: &mut Tx,
    merchant: &str,
    order: Option<orders::rows::StoredOrder>,
) -> Result<Option<StoredRefund>, RefundQueryError> {
    let order =
        order.filter(|order| order.merchant == merchant).ok_or(RefundQueryError::OrderNotExist)?;
    Ok(rows::of_order(tx, &order.order.med_trans_id).await?.pop())
}

/// The answer. A part that is not in the refund has no status; a failed refund moved nothing.
fn reply(stored: StoredRefund) -> Reply {
    use RefundState::{Fail, Processing, Success};
    let (whole, insurance, cash) = match &stored.refund.state {
        State::InsurancePending => (Processing, Processing, Processing),
        State::CashPending { .. } | State::CashStuck { .. } => (Processing, Success, Processing),
        State::Succeeded { .. } => (Success, Success, Success),
        State::Failed { .. } => (Fail, Fail, Fail),
    };
    let legs = stored.refund.legs;
    Reply {
        med_trans_id: Some(stored.med_trans_id),
        hosp_out_trade_no: Some(stored.hosp_out_trade_no),
        hosp_out_refund_no: Some(stored.hosp_out_refund_no),
        med_refund_id: stored.med_refund_id,
        cash_refund_fee: stored.cash_fee,
        insurance_refund_fee: stored.insurance_fee,
        insurance_refund_status: legs.insurance().then_some(insurance),
        cash_refund_status: legs.cash().then_some(cash),
        med_refund_state: whole,
    }
}
