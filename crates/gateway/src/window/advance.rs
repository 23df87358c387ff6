//! A scan is moved on step by step, each one committed before the next.

use super::rows::{self, Scan};
use super::scan::Event;
use super::step;
use crate::gateway::Site;
use crate::payments;
use medpay_domain::HospOutTradeNo;
use medpay_store::StoreError;
use std::sync::Arc;

/// More steps than a scan has.
const STEPS: u32 = 6;

/// How far a scan came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Came {
    /// Nothing is left to do.
    ToItsEnd,
    /// Somebody did not answer.
    NoFurther,
}

/// The scan of this number.
pub(super) async fn find(site: &Site, scan_no: &str) -> Result<Option<Scan>, StoreError> {
    let (vault, org_no, scan_no) = (site.vault.clone(), site.org_no().clone(), scan_no.to_owned());
    site.store
        .read("find a scan", move |tx| {
            let (vault, org_no, scan_no) = (vault.clone(), org_no.clone(), scan_no.clone());
            Box::pin(async move { rows::find(tx, &vault, &org_no, &scan_no).await })
        })
        .await
}

/// Moves a scan on as far as it goes now.
pub(super) async fn advance(site: &Arc<Site>, scan_no: &str) -> Result<Came, StoreError> {
    for _ in 0..STEPS {
        let Some(mut scan) = find(site, scan_no).await? else { return Ok(Came::ToItsEnd) };
        if scan.state.has_ended() {
            return Ok(Came::ToItsEnd);
        }
        let Some(event) = step::take(site, &mut scan).await else { return Ok(Came::NoFurther) };
        move_on(site, scan, &event).await?;
    }
    Ok(Came::NoFurther)
}

/// Writes down what `event` leads to. Where somebody else has moved the scan meanwhile, only an
/// order counts, which must not be left alone.
pub(super) async fn move_on(
    site: &Arc<Site>,
    mut scan: Scan,
    event: &Event,
) -> Result<(), StoreError> {
    loop {
        let step = match scan.state.after(event) {
            Ok(step) => step,
            Err(error) => {
                tracing::error!(scan_no = scan.number, %error, "a scan cannot be moved");
                return Ok(());
            }
        };
        scan.state = step.state;
        if save(site, &scan).await? {
            tracing::info!(scan_no = scan.number, state = scan.state.code(), "a scan moved");
            return match step.close {
                Some(order) => close(site, &order).await,
                None => Ok(()),
            };
        }
        let Event::Begun(_) = event else { return Ok(()) };
        let Some(now) = find(site, &scan.number).await? else { return Ok(()) };
        scan = now;
    }
}

async fn save(site: &Site, scan: &Scan) -> Result<bool, StoreError> {
    let (vault, org_no, now) = (site.vault.clone(), site.org_no().clone(), site.clock.now());
    let scan = scan.clone();
    site.store
        .write("move a scan", move |tx| {
            let (vault, org_no, scan) = (vault.clone(), org_no.clone(), scan.clone());
            Box::pin(async move { rows::save(tx, &vault, &org_no, &scan, now).await })
        })
        .await
}

/// Closes an order that nobody wants any more, as far as that goes now; its own worker goes on.
pub(super) async fn close(site: &Arc<Site>, order: &HospOutTradeNo) -> Result<(), StoreError> {
    match payments::close(site, order).await {
        Ok(_) => Ok(()),
        Err(payments::NotMoved::Store(error)) => Err(error),
        // Paid meanwhile: then it is paid.
        Err(error) => {
            tracing::info!(%order, %error, "an order at the window could not be closed");
            Ok(())
        }
    }
}
