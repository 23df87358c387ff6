//! `medpay audit`.

use super::{Verdict, block_on, gateway};
use crate::config::{PLATFORM, PlatformConfiguration, read_file};
use crate::listening::Stop;
use crate::{output, services};
use anyhow::{Context as _, bail};
use medpay_domain::Day;
use medpay_platform::audit;
use std::path::{Path, PathBuf};

/// Compares the platform's books with the day lists of bureau and wallet, and its notifications
/// and bills with its orders (books 1, 3 and 4); and the gateway's paid orders with the day lists
/// of its hospitals' HIS (book 2). Only reads; a live system may be audited.
///
/// While something is in flight the books are compared as bounds, and what is in flight is listed
/// with its age.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The platform's configuration.
    #[arg(long, required_unless_present = "gateway_config")]
    config: Option<PathBuf>,
    /// The gateway's configuration.
    #[arg(long)]
    gateway_config: Option<PathBuf>,
    /// The first business day, `yyyyMMdd`; yesterday if it is not given.
    #[arg(long, value_parser = day)]
    from: Option<Day>,
    /// The last business day, `yyyyMMdd`; today if it is not given.
    #[arg(long, value_parser = day)]
    to: Option<Day>,
    /// Print JSON; of both, as the members `platform` and `gateway`.
    #[arg(long)]
    json: bool,
}

/// More days than this are asked for by mistake.
const MOST_DAYS: usize = 366;

/// A day of the command line.
pub(super) fn day(text: &str) -> Result<Day, String> {
    Day::from_wire(text).ok_or_else(|| "must be a day, yyyyMMdd".to_owned())
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let platform = args.config.as_ref().map(|config| of_platform(args, config)).transpose()?;
    let gateway =
        args.gateway_config.as_ref().map(|config| of_gateway(args, config)).transpose()?;
    if args.json {
        match (&platform, &gateway) {
            (Some(platform), Some(gateway)) => {
                output::json(&serde_json::json!({ "platform": platform, "gateway": gateway }))?;
            }
            (Some(report), None) => output::json(report)?,
            (None, report) => output::json(report)?,
        }
    } else {
        let platform = platform.as_ref().map(ToString::to_string);
        let gateway = gateway.as_ref().map(ToString::to_string);
        for report in platform.iter().chain(&gateway) {
            output::line(report.trim_end())?;
        }
    }
    let equal = platform.is_none_or(|it| it.equal) && gateway.is_none_or(|it| it.equal);
    Ok(Verdict::from(equal))
}

fn of_platform(args: &Args, config: &Path) -> anyhow::Result<audit::Report> {
    let environment = crate::environment::read();
    let values = read_file(PLATFORM, config, &environment)?;
    let configuration = PlatformConfiguration::map(&values, &environment)?;
    block_on(async {
        let (stopper, stop) = Stop::new();
        let running = services::open_platform(configuration, &stop).await?;
        let days = args.days(running.app.clock.now().day())?;
        let report = audit::run(&running.app, &days).await.context("the platform's own books")?;
        stopper.stop();
        running.app.store.close().await;
        Ok(report)
    })
}

fn of_gateway(args: &Args, config: &Path) -> anyhow::Result<medpay_gateway::audit::Report> {
    gateway::with(config, async |gateway| {
        let site = gateway.branches().flat_map(|branch| branch.sites()).next();
        let site = site.context("the gateway serves no hospital")?;
        let days = args.days(site.clock.now().day())?;
        medpay_gateway::audit::run(gateway, &days).await.context("the gateway's own book")
    })
}

impl Args {
    fn days(&self, today: Day) -> anyhow::Result<Vec<Day>> {
        days(self.from.unwrap_or(today.plus_days(-1)), self.to.unwrap_or(today))
    }
}

/// Every day from `from` to `to`.
pub(super) fn days(from: Day, to: Day) -> anyhow::Result<Vec<Day>> {
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
