//! 退款: the HIS is asked whether the money of a paid order may go back, the platform gives it back,
//! the HIS is told how it ended (guide §4.1.5, PROTOCOL 3.5).
//!
//! `ask` reserves what is to go back and leaves the rest to the worker of `give_back`. How far a
//! refund is stands in the order's own refunds, not in the order.

mod answers;
mod ask;
pub(crate) mod give_back;
mod page;
mod record;
pub(crate) mod rows;
#[cfg(test)]
mod sagas;
pub(crate) mod shown;
#[cfg(test)]
mod tests;

pub use ask::{AskError, Wish, ask, ask_for};
pub use medpay_domain::hospital::refund::Scope;
pub use medpay_wire::his::refunds::AskedBy;

use crate::gateway::{Gateway, Site};
use axum::Router;
use axum::routing::get;
use medpay_domain::HospOutTradeNo;
use medpay_store::StoreError;

/// The pages:
///
/// - `/orders/{hosp_out_trade_no}/refund`: what would come back and until when; the wish for it;
///   how far it is.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new().route("/orders/{hosp_out_trade_no}/refund", get(page::view).post(page::want))
}

/// Whether a refund of the order has not ended.
pub async fn is_open(site: &Site, hosp_out_trade_no: &HospOutTradeNo) -> Result<bool, StoreError> {
    let refunds = of_order(site, hosp_out_trade_no).await?;
    Ok(refunds.iter().any(rows::StoredRefund::is_open))
}

/// Every refund of an order, oldest first.
pub(crate) async fn of_order(
    site: &Site,
    hosp_out_trade_no: &HospOutTradeNo,
) -> Result<Vec<rows::StoredRefund>, StoreError> {
    let (org_no, number) = (site.org_no().clone(), hosp_out_trade_no.clone());
    site.store
        .read("refunds of an order", move |tx| {
            let (org_no, number) = (org_no.clone(), number.clone());
            Box::pin(async move { rows::of_order(tx, &org_no, &number).await })
        })
        .await
}
