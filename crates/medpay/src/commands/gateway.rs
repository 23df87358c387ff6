//! `medpay gateway`.

use super::{Verdict, block_on};
use crate::config::{GATEWAY, GatewayConfiguration, read_file};
use crate::{logging, services};
use std::path::PathBuf;

/// Runs the gateway until SIGTERM.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its configuration; every key is in docs/configuration.md.
    #[arg(long)]
    config: PathBuf,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let environment = crate::environment::read();
    let values = read_file(GATEWAY, &args.config, &environment)?;
    let configuration = GatewayConfiguration::map(&values, &environment)?;
    logging::start(&configuration.service.log)?;
    block_on(services::until_signal(|stop| services::gateway(configuration, stop)))?;
    Ok(Verdict::Yes)
}
