//! 下载对账单 (PROTOCOL 3.8): what was paid and given back on one day, by one merchant.

use super::day_bill;
use crate::access::Caller;
use crate::access::endpoint::Answer;
use crate::app::App;
use crate::orders::ledger;
use flate2::Compression;
use flate2::write::GzEncoder;
use medpay_domain::{Day, Timestamp};
use medpay_store::Vault;
use medpay_store::{StoreError, Tx};
use medpay_wire::bill::{Bill, Event, Row};
use medpay_wire::downloadbill::Request;
use medpay_wire::envelope::Failure;
use medpay_wire::err_code::{BillFault, ErrCode};
use medpay_wire::states::{BillType, TarType};
use std::io::Write as _;

/// From when a day's bill is given: 10:00 of the next day.
const READY_MS: i64 = 10 * 3600 * 1000;

/// How many days back there are bills: three months.
const DAYS_BACK: i32 = 92;

/// Why there is no bill.
#[derive(Debug, thiserror::Error)]
pub enum DownloadBillError {
    /// Nothing was paid or given back that day, or it is too long ago, or has not come yet.
    #[error("there is no such bill")]
    NoBill,
    /// It is given from 10:00 of the next day, once no order is in flight that may belong to it.
    #[error("the bill is not ready yet")]
    NotReady,
    /// It could not be packed.
    #[error("the bill could not be packed")]
    Packing(#[source] std::io::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DownloadBillError {
    /// The only place where this error meets the wire.
    pub fn failure(&self) -> Failure {
        match self {
            Self::NoBill => Failure::Bill(BillFault::NoBillExist),
            Self::NotReady => Failure::Bill(BillFault::Creating),
            Self::Packing(_) => Failure::Bill(BillFault::CompressGZip),
            Self::Store(_) => Failure::business(ErrCode::SystemError),
        }
    }
}

/// Answers the bill.
pub(crate) async fn serve(
    app: &App,
    caller: &Caller<'_>,
    request: Request,
) -> Result<Answer, DownloadBillError> {
    let day = request.bill_date;
    check_day(day, app.clock.now())?;
    let (merchant, vault) = (caller.merchant_key(), app.vault.clone());
    let rows = app
        .store
        .read("downloadbill", move |tx| {
            let (merchant, vault) = (merchant.clone(), vault.clone());
            Box::pin(async move { rows_of(tx, &vault, &merchant, day).await })
        })
        .await?;
    let wanted = |event: &Event| match request.bill_type {
        BillType::All => true,
        BillType::Success => matches!(event, Event::Payment(_)),
        BillType::Refund => matches!(event, Event::Refund(_)),
    };
    let rows: Vec<_> = rows.into_iter().filter(|row| wanted(&row.event)).collect();
    if rows.is_empty() {
        return Err(DownloadBillError::NoBill);
    }
    let text = Bill::new(rows).to_text().into_bytes();
    match request.tar_type {
        None => Ok(Answer::Raw { content_type: "text/plain; charset=utf-8", bytes: text }),
        Some(TarType::Gzip) => {
            let bytes = pack(&text).map_err(DownloadBillError::Packing)?;
            Ok(Answer::Raw { content_type: "application/gzip", bytes })
        }
    }
}

/// The rows of a bill that never changes once it was given: while the end of an order is open whose
/// money may have moved that day, there is none.
async fn rows_of(
    tx: &mut Tx,
    vault: &Vault,
    merchant: &str,
    day: Day,
) -> Result<Vec<Row>, DownloadBillError> {
    if ledger::in_flight_since_before(tx, merchant, day.end()).await? {
        return Err(DownloadBillError::NotReady);
    }
    Ok(day_bill::rows(tx, vault, merchant, day).await?)
}

/// Whether a bill of `day` is given at `now`.
fn check_day(day: Day, now: Timestamp) -> Result<(), DownloadBillError> {
    let today = now.day();
    if day > today || day < today.plus_days(-DAYS_BACK) {
        Err(DownloadBillError::NoBill)
    } else if now < day.end().plus_ms(READY_MS) {
        Err(DownloadBillError::NotReady)
    } else {
        Ok(())
    }
}

pub(super) fn pack(text: &[u8]) -> Result<Vec<u8>, std::io::Error> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(text)?;
    packer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(day: &str, now: &str) -> Option<&'static str> {
        let day = Day::from_wire(day).expect("a day");
        let now = Timestamp::from_wire(now).expect("a moment");
        check_day(day, now).err().map(|error| match error {
            DownloadBillError::NotReady => "not ready",
            _ => "no bill",
        })
    }

    #[test]
    fn a_bill_is_given_from_ten_of_the_next_day_for_three_months() {
        assert_eq!(verdict("20180620", "20180620235959"), Some("not ready"));
        assert_eq!(verdict("20180620", "20180621095959"), Some("not ready"));
        assert_eq!(verdict("20180620", "20180621100000"), None);
        assert_eq!(verdict("20180620", "20180920120000"), None);
        assert_eq!(verdict("20180620", "20180921120000"), Some("no bill"));
        assert_eq!(verdict("20180621", "20180620120000"), Some("no bill"));
    }
}
