//! `medpay migrate`.

use super::{Verdict, block_on};
use crate::config::{GATEWAY, GatewayConfiguration, PLATFORM, PlatformConfiguration, read_file};
use crate::{output, services};
use clap::ValueEnum;
use std::path::PathBuf;

/// Brings a database up to this version's tables. On SQLite the services do that by themselves.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Whose database.
    service: Service,
    /// The service's configuration, which names the database.
    #[arg(long)]
    config: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Service {
    Platform,
    Gateway,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let environment = crate::environment::read();
    let (database, schema) = match args.service {
        Service::Platform => {
            let values = read_file(PLATFORM, &args.config, &environment)?;
            let configuration = PlatformConfiguration::map(&values, &environment)?;
            (configuration.database, services::PLATFORM_SCHEMA)
        }
        Service::Gateway => {
            let values = read_file(GATEWAY, &args.config, &environment)?;
            let configuration = GatewayConfiguration::map(&values, &environment)?;
            (configuration.database, services::GATEWAY_SCHEMA)
        }
    };
    let applied = block_on(services::migrate(&database, schema))?;
    if applied.is_empty() {
        output::line("The tables are up to date.")?;
    }
    applied.iter().try_for_each(|name| output::line(format!("applied {name}")))?;
    Ok(Verdict::Yes)
}
