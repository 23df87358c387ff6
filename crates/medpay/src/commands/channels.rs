//! `medpay gateway channels`.

use super::audit::{day, days};
use super::{Verdict, gateway};
use crate::output;
use medpay_domain::Day;
use medpay_gateway::channels::{self, Brought, Report};
use std::path::PathBuf;

/// What each channel brought on some days: visits, orders and money.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The first business day, `yyyyMMdd`.
    #[arg(long, value_parser = day)]
    from: Day,
    /// The last business day, `yyyyMMdd`.
    #[arg(long, value_parser = day)]
    to: Day,
    /// The gateway's configuration.
    #[arg(long)]
    config: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    days(args.from, args.to)?;
    let reports = gateway::with(&args.config, async |gateway| {
        let mut reports = vec![];
        for site in gateway.branches().flat_map(|branch| branch.sites()) {
            reports.push(channels::report(site, args.from, args.to).await?);
        }
        Ok(reports)
    })?;
    if args.json {
        output::json(&reports)?;
    } else {
        reports.iter().try_for_each(print)?;
    }
    Ok(Verdict::Yes)
}

fn print(report: &Report) -> anyhow::Result<()> {
    for line in &report.lines {
        let Brought { visits, orders, paid_orders, cash_fen, insurance_fen, refunded_fen } =
            line.brought;
        output::line(format!(
            "{} {} {}: {visits} visits, {orders} orders, {paid_orders} paid, cash {cash_fen} fen, \
             insurance {insurance_fen} fen, refunded {refunded_fen} fen",
            report.org_no, line.day, line.channel
        ))?;
    }
    Ok(())
}
