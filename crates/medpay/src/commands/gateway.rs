//! `medpay gateway`, and what staff do beside it.

use super::{Verdict, account, block_on, channels, commission, feedback, messages, queue};
use crate::config::{GATEWAY, GatewayConfiguration, read_file};
use crate::listening::Stop;
use crate::{logging, services};
use anyhow::bail;
use medpay_gateway::Gateway;
use std::path::{Path, PathBuf};

/// Runs the gateway until SIGTERM; or, with a word behind it, does one thing on its database.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    /// Its configuration; every key is in docs/configuration.md.
    #[arg(long)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// What went otherwise than it should and waits for a person.
    #[command(subcommand)]
    Queue(queue::What),
    /// What a service provider is paid for: order by order the cash part less its refunds.
    Commission(commission::Args),
    /// Where orders came from, by day.
    Channels(channels::Args),
    /// What became of the messages to patients.
    Messages(messages::Args),
    /// What patients wrote in 就医反馈.
    Feedback(feedback::Args),
    /// Sets the menu of every hospital's account.
    Menu(account::Menu),
    /// Makes the QR code of a poster.
    Poster(account::Poster),
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    match (&args.what, &args.config) {
        (Some(What::Queue(what)), _) => queue::run(what),
        (Some(What::Commission(args)), _) => commission::run(args),
        (Some(What::Channels(args)), _) => channels::run(args),
        (Some(What::Messages(args)), _) => messages::run(args),
        (Some(What::Feedback(args)), _) => feedback::run(args),
        (Some(What::Menu(args)), _) => account::set_menu(args),
        (Some(What::Poster(args)), _) => account::make_poster(args),
        (None, Some(config)) => serve(config),
        (None, None) => bail!("--config is missing"),
    }
}

fn serve(config: &Path) -> anyhow::Result<Verdict> {
    let configuration = read(config)?;
    logging::start(&configuration.service.log)?;
    block_on(services::until_signal(|stop| services::gateway(configuration, stop)))?;
    Ok(Verdict::Yes)
}

fn read(config: &Path) -> anyhow::Result<GatewayConfiguration> {
    let environment = crate::environment::read();
    let values = read_file(GATEWAY, config, &environment)?;
    Ok(GatewayConfiguration::map(&values, &environment)?)
}

/// Opens the gateway of `config`, without serving it, and does one thing with it.
pub(super) fn with<T>(
    config: &Path,
    work: impl AsyncFnOnce(&Gateway) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let configuration = read(config)?;
    block_on(async {
        let (stopper, stop) = Stop::new();
        let running = services::open_gateway(configuration, &stop).await?;
        let done = work(&running.gateway).await;
        stopper.stop();
        running.close().await;
        done
    })
}
