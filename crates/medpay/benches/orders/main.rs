//! `make bench`: durable signed orders over HTTP, 64 connections, as a ratio to the limit measured
//! in the same run: SQLite's natural group commit inside one process.
//!
//! Each order is a cash-only unifiedorder with its own number and its own right signature; it is
//! answered after its commit reached the disk. The limit is 64 threads that hand one row of about
//! 900 bytes each to one writer thread, which commits whatever is queued and then answers
//! (PERFORMANCE of the design, "natural group commit"). Rounds of both are interleaved; the host's
//! noise falls on both, so only the ratio is printed as the result.

mod limit;
mod load;

use anyhow::Context as _;
use std::io::Write as _;

/// Rounds of limit and product, interleaved.
const ROUNDS: usize = 5;
/// Length of a measured round, in milliseconds.
const ROUND_MS: i64 = 4_000;
/// Connections, and threads of the limit.
pub(crate) const CLIENTS: usize = 64;

fn main() -> anyhow::Result<()> {
    let mut ratios = Vec::with_capacity(ROUNDS);
    let mut out = std::io::stdout().lock();
    writeln!(out, "round   limit rows/s   orders/s   ratio   commits/order")?;
    for round in 1..=ROUNDS {
        let limit = limit::rows_per_second(ROUND_MS).context("measure the limit")?;
        let product = load::orders_per_second(ROUND_MS).context("measure the platform")?;
        let permille = product.per_second * 1000 / limit.max(1);
        let commits = product.commits * 1000 / product.orders.max(1);
        writeln!(
            out,
            "{round:>5} {limit:>14} {:>10}   {}   {}",
            product.per_second,
            ratio(permille),
            ratio(commits)
        )?;
        ratios.push(permille);
    }
    ratios.sort_unstable();
    let (least, median, most) = (ratios[0], ratios[ROUNDS / 2], ratios[ROUNDS - 1]);
    writeln!(
        out,
        "durable signed unifiedorder over HTTP ÷ in-process group commit, {CLIENTS} clients: \
         {} ({}..{}), median of {ROUNDS} rounds (must 0.35, aim 0.55)",
        ratio(median),
        ratio(least),
        ratio(most)
    )?;
    Ok(())
}

/// Thousandths, written as a decimal.
fn ratio(permille: u64) -> String {
    format!("{}.{:03}", permille / 1000, permille % 1000)
}
