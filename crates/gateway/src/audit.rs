//! `medpay audit`, the hospital's side: book 2 of DESIGN "The books". The HIS has confirmed a bill
//! exactly when its order is paid and not wholly refunded; one bill is never paid twice.
//!
//! It only reads, and runs on a live system: while it looks, orders go on. So it looks twice, and a
//! difference counts only if both looks saw it.

mod look;
mod report;
#[cfg(test)]
mod tests;

pub use report::{DifferenceReport, FlightReport, Report, Silence, SiteReport};

use crate::gateway::Gateway;
use medpay_domain::Day;
use medpay_store::StoreError;
use std::collections::BTreeSet;

/// Compares the book of `days` at every hospital that has a HIS.
pub async fn run(gateway: &Gateway, days: &[Day]) -> Result<Report, StoreError> {
    let days: BTreeSet<Day> = days.iter().copied().collect();
    let first = look::look(gateway, &days).await?;
    if first.equal {
        return Ok(first);
    }
    let mut second = look::look(gateway, &days).await?;
    second.keep_seen_in(&first);
    Ok(second)
}
