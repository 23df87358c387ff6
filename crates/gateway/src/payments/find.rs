//! Finding payments.

use super::payment::Payment;
use super::rows::orders;
use crate::channels::Channel;
use crate::gateway::Site;
use medpay_domain::{BillNo, Day, Fen, HospOutTradeNo, Openid, Timestamp};
use medpay_store::StoreError;

/// The payment with this number, if it is the hospital's.
pub async fn find(
    site: &Site,
    hosp_out_trade_no: &HospOutTradeNo,
) -> Result<Option<Payment>, StoreError> {
    let (org_no, vault) = (site.org_no().clone(), site.vault.clone());
    let number = hosp_out_trade_no.clone();
    site.store
        .read("find payment", move |tx| {
            let (org_no, vault, number) = (org_no.clone(), vault.clone(), number.clone());
            Box::pin(async move { orders::load(tx, &vault, &org_no, &number).await })
        })
        .await
}

/// The payments that a person began on the phone, newest first, 100 at most.
pub async fn of_openid(site: &Site, openid: &Openid) -> Result<Vec<Payment>, StoreError> {
    let (org_no, vault) = (site.org_no().clone(), site.vault.clone());
    let digest = digest(site, openid);
    site.store
        .read("payments of a person", move |tx| {
            let (org_no, vault, digest) = (org_no.clone(), vault.clone(), digest.clone());
            Box::pin(async move { orders::of_payer(tx, &vault, &org_no, &digest).await })
        })
        .await
}

/// The payment that holds a bill: open, or paid and not wholly given back.
pub async fn of_bill(site: &Site, bill_no: &BillNo) -> Result<Option<Payment>, StoreError> {
    let (org_no, vault, bill_no) = (site.org_no().clone(), site.vault.clone(), bill_no.clone());
    site.store
        .read("payment of a bill", move |tx| {
            let (org_no, vault, bill_no) = (org_no.clone(), vault.clone(), bill_no.clone());
            Box::pin(async move { orders::holder(tx, &vault, &org_no, &bill_no).await })
        })
        .await
}

/// What was paid on a day, by the platform's time; given back since or not.
pub async fn paid_on(site: &Site, day: Day) -> Result<Vec<Payment>, StoreError> {
    let (org_no, vault) = (site.org_no().clone(), site.vault.clone());
    site.store
        .read("payments of a day", move |tx| {
            let (org_no, vault) = (org_no.clone(), vault.clone());
            Box::pin(async move {
                orders::paid_between(tx, &vault, &org_no, day.start(), day.end()).await
            })
        })
        .await
}

/// The orders of one channel in a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfChannel {
    /// Where they came from.
    pub channel: Channel,
    /// How many were begun.
    pub begun: i64,
    /// How many of those are paid.
    pub paid: i64,
    /// Their cash parts.
    pub cash: Fen,
    /// Their insurance parts.
    pub insurance: Fen,
    /// What of both was given back.
    pub returned: Fen,
}

/// The orders that were begun from `from` on and before `to`, by channel.
pub async fn by_channel(
    site: &Site,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<OfChannel>, StoreError> {
    let org_no = site.org_no().clone();
    site.store
        .read("payments by channel", move |tx| {
            let org_no = org_no.clone();
            Box::pin(async move { orders::by_channel(tx, &org_no, from, to).await })
        })
        .await
}

/// By what a person's payments are searched.
pub(super) fn digest(site: &Site, openid: &Openid) -> String {
    site.vault.digest(site.institution.own_appid().as_str(), openid.reveal())
}
