//! `medpay gateway commission`.

use super::audit::{day, days};
use super::{Verdict, gateway};
use crate::output;
use medpay_domain::Day;
use medpay_gateway::staff::commission;
use std::path::PathBuf;

/// The orders of hospitals under a service provider that were paid on some days.
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
    let days = days(args.from, args.to)?;
    let commission =
        gateway::with(
            &args.config,
            async |gateway| Ok(commission::of_days(gateway, &days).await?),
        )?;
    if args.json {
        output::json(&commission)?;
        return Ok(Verdict::Yes);
    }
    for order in &commission.orders {
        output::line(format!(
            "{} {} {}/{} {}: cash {} fen, refunded {}, basis {}",
            order.paid_at,
            order.site,
            order.mch_id,
            order.sub_mch_id,
            order.hosp_out_trade_no,
            order.cash_fen,
            order.cash_refunded_fen,
            order.basis_fen
        ))?;
    }
    for total in &commission.totals {
        output::line(format!(
            "{}: {} orders, basis {} fen, at {} bp {} fen",
            total.site, total.orders, total.basis_fen, total.commission_bp, total.commission_fen
        ))?;
    }
    Ok(Verdict::Yes)
}
