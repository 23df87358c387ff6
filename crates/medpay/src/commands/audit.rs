//! `medpay audit`.

use super::{Verdict, block_on};
use crate::config::{PLATFORM, PlatformConfiguration, read_file};
use crate::listening::Stop;
use crate::{output, services};
use anyhow::{Context as _, bail};
use medpay_domain::Day;
use medpay_platform::audit;
use std::path::PathBuf;

/// Compares the platform's books with the day lists of bureau and wallet, and its notifications
/// and bills with its orders. Only reads; a live system may be audited.
///
/// While something is in flight the books are compared as bounds, and what is in flight is listed
/// with its age.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The platform's configuration.
    #[arg(long)]
    config: PathBuf,
    /// The first business day, `yyyyMMdd`; yesterday if it is not given.
    #[arg(long, value_parser = day)]
    from: Option<Day>,
    /// The last business day, `yyyyMMdd`; today if it is not given.
    #[arg(long, value_parser = day)]
    to: Option<Day>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// More days than this are asked for by mistake.
const MOST_DAYS: usize = 366;

fn day(text: &str) -> Result<Day, String> {
    Day::from_wire(text).ok_or_else(|| "must be a day, yyyyMMdd".to_owned())
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let environment = crate::environment::read();
    let values = read_file(PLATFORM, &args.config, &environment)?;
    let configuration = PlatformConfiguration::map(&values, &environment)?;
    let report = block_on(async {
        let (stopper, stop) = Stop::new();
        let running = services::open_platform(configuration, &stop).await?;
        let today = running.app.clock.now().day();
        let days = days(args.from.unwrap_or(today.plus_days(-1)), args.to.unwrap_or(today))?;
        let report = audit::run(&running.app, &days).await.context("the platform's own books")?;
        stopper.stop();
        running.app.store.close().await;
        Ok(report)
    })?;
    if args.json {
        output::json(&report)?;
    } else {
        output::line(report.to_string().trim_end())?;
    }
    Ok(Verdict::from(report.equal))
}

fn days(from: Day, to: Day) -> anyhow::Result<Vec<Day>> {
    if from > to {
        bail!("--from {from} is after --to {to}");
    }
    let days: Vec<Day> = std::iter::successors(Some(from), |day| Some(day.next()))
        .take_while(|d| *d <= to)
        .collect();
    if days.len() > MOST_DAYS {
        bail!("--from {from} --to {to} are {} days; at most {MOST_DAYS} can be asked", days.len());
    }
    Ok(days)
}
