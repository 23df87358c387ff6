//! What the HIS asks at a window: take this code, how does it stand, give it up.

use super::advance::{advance, close, find, move_on};
use super::rows::{self, Scan};
use super::scan::{Event, State, Why};
use super::{QUEUE, job_key, step, told, worker};
use crate::gateway::Site;
use crate::payments;
use medpay_domain::HospOutTradeNo;
use medpay_store::{Lease, NewJob, StoreError};
use medpay_wire::his::events::{CodeScanned, ScanState};
use std::sync::Arc;

/// Why there is nothing to tell of a scan.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScanError {
    /// There is no scan of this number.
    #[error("no such scan")]
    NoSuchScan,
    /// The number stands for another code, bill or registration.
    #[error("scan_no was used for another scan")]
    NumberReused,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes a code that was scanned: goes as far as the others answer, and tells how far that is. The
/// same scan again is told what became of it.
pub(crate) async fn scanned(site: &Arc<Site>, ask: CodeScanned) -> Result<ScanState, ScanError> {
    let scan_no = ask.scan_no.clone();
    let sent = serde_json::to_string(&ask).unwrap_or_default();
    let sent_digest = site.vault.digest("scan", &sent);
    if let Some(lease) = keep(site, ask, sent_digest.clone()).await? {
        let came = advance(site, &scan_no).await?;
        match worker::end(site, lease, came).await {
            // It took long, so the worker has taken it up.
            Ok(()) | Err(StoreError::LeaseLost(_)) => {}
            Err(error) => return Err(error.into()),
        }
    } else {
        let known = find(site, &scan_no).await?.ok_or(ScanError::NoSuchScan)?;
        if known.sent_digest != sent_digest {
            return Err(ScanError::NumberReused);
        }
    }
    state(site, &scan_no).await
}

/// What became of a scan.
pub(crate) async fn state(site: &Arc<Site>, scan_no: &str) -> Result<ScanState, ScanError> {
    let scan = find(site, scan_no).await?.ok_or(ScanError::NoSuchScan)?;
    let payment = match &scan.state {
        State::Ordered(order) => payments::find(site, order).await?,
        State::Asking | State::Registering | State::Ordering | State::Failed(_) => None,
    };
    Ok(told::tell(&scan, payment.as_ref()))
}

/// Gives a scan up: what is not ordered yet never will be, an order is closed if it is not paid.
pub(crate) async fn cancel(site: &Arc<Site>, scan_no: &str) -> Result<ScanState, ScanError> {
    let scan = find(site, scan_no).await?.ok_or(ScanError::NoSuchScan)?;
    match &scan.state {
        State::Ordered(order) => close(site, order).await?,
        State::Failed(_) => {}
        State::Asking | State::Registering | State::Ordering => {
            let begun = payments::of_bill(site, &scan.bill_no).await?;
            let event = match begun.filter(|payment| step::is_of(&payment.payer, &scan)) {
                Some(payment) => Event::Begun(payment.hosp_out_trade_no),
                None => Event::Ended(Why::Cancelled),
            };
            move_on(site, scan, &event).await?;
            if let Event::Begun(order) = &event {
                close(site, order).await?;
            }
        }
    }
    state(site, scan_no).await
}

/// Writes a new scan down, with its job in our hands; none if its number is there already.
async fn keep(
    site: &Arc<Site>,
    ask: CodeScanned,
    sent_digest: String,
) -> Result<Option<Lease>, StoreError> {
    let (now, elapsed, lease_ms) = (site.clock.now(), site.clock.elapsed(), site.settings.lease_ms);
    let nonce = site.entropy.nonce();
    let chance = nonce.get(..12).unwrap_or_default();
    let scan = Scan {
        number: ask.scan_no,
        sent_digest,
        bill_no: ask.bill_no,
        pay_with: ask.pay_with,
        window: ask.window,
        registration: ask.registration,
        register_no: HospOutTradeNo::new(format!("V{}{chance}", now.wire())),
        auth_code: Some(ask.auth_code),
        token: None,
        patient: None,
        patient_id: None,
        state: State::Asking,
        created_at: now,
        version: 1,
    };
    let key = job_key(site.org_no(), &scan.number);
    let payload = site.org_no().as_str().to_owned();
    let job = NewJob { queue: QUEUE, key, payload, due: now.plus_seconds(worker::WAIT_SECONDS) };
    let (vault, org_no) = (site.vault.clone(), site.org_no().clone());
    site.store
        .write("keep a scan", move |tx| {
            let (vault, org_no) = (vault.clone(), org_no.clone());
            let (scan, job) = (scan.clone(), job.clone());
            Box::pin(async move {
                if !rows::insert(tx, &vault, &org_no, &scan).await? {
                    return Ok(None);
                }
                tx.push_job(&job).await?;
                tx.lease_job(QUEUE, &job.key, elapsed, lease_ms).await
            })
        })
        .await
}
