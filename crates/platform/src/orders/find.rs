//! Finding an order of the caller's: another merchant's is as if it were not there.

use super::rows::{self, StoredOrder};
use crate::app::App;
use medpay_store::StoreError;
use medpay_wire::caller_fields::OrderRef;

/// The order that `reference` names among those of `merchant`.
pub(super) async fn find(
    app: &App,
    merchant: &str,
    reference: &OrderRef,
) -> Result<Option<StoredOrder>, StoreError> {
    let (merchant, reference) = (merchant.to_owned(), reference.clone());
    let vault = app.vault.clone();
    app.store
        .read("find order of merchant", move |tx| {
            let (merchant, reference) = (merchant.clone(), reference.clone());
            let vault = vault.clone();
            Box::pin(async move {
                let found = match &reference {
                    OrderRef::MedTransId(number) => rows::load(tx, &vault, number).await?,
                    OrderRef::HospOutTradeNo(number) => {
                        rows::load_by_hospital(tx, &vault, &merchant, number).await?
                    }
                };
                Ok(found.filter(|found| found.merchant == merchant))
            })
        })
        .await
}
