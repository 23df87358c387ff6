//! `medpay audit`: compares what the platform says with what bureau and wallet list of the same
//! days (books 1, 3 and 4 of DESIGN "The books"; book 2 belongs to the gateway).
//!
//! It only reads, and runs on a live system: while it looks, orders go on. So it looks twice, and a
//! difference counts only if both looks saw it.

mod look;
pub(crate) mod movement;
mod report;
#[cfg(test)]
mod tests;

pub use report::{
    BookReport, DifferenceReport, FlightReport, GivenUpReport, LegReport, Report, Silence,
};

use crate::app::App;
use medpay_domain::Day;
use medpay_store::StoreError;
use std::collections::BTreeSet;

/// Compares the books of `days`.
pub async fn run(app: &App, days: &[Day]) -> Result<Report, StoreError> {
    let days: BTreeSet<Day> = days.iter().copied().collect();
    let first = look::look(app, &days).await?;
    if first.is_equal() {
        return Ok(first);
    }
    let mut second = look::look(app, &days).await?;
    second.keep_seen_in(&first);
    Ok(second)
}
