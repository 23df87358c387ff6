//! `medpay backup`.

use super::{Verdict, block_on};
use crate::config::{GATEWAY, GatewayConfiguration, PLATFORM, PlatformConfiguration, read_file};
use crate::output;
use anyhow::{Context as _, bail};
use clap::ValueEnum;
use medpay_store::{Location, backup};
use std::path::PathBuf;

/// Copies a service's SQLite database into a new file, as it stands at one moment, while the
/// service works on. docs/backup.md tells what to keep beside it and how to go back to it.
///
/// A database on PostgreSQL is backed up by PostgreSQL's own programs: `pg_dump` with both schemas
/// in one call, or `pg_basebackup`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Whose database.
    service: Service,
    /// The service's configuration, which names the database.
    #[arg(long)]
    config: PathBuf,
    /// The file to write; nothing is overwritten.
    #[arg(long)]
    to: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Service {
    /// The platform's.
    Platform,
    /// The gateway's, `database`.
    Gateway,
    /// The gateway's of production beside test, `production.database`.
    GatewayProduction,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let Location::Sqlite(from) = location(args)? else {
        bail!(
            "this database is on PostgreSQL, which is backed up by its own programs: \
             `pg_dump --schema=platform --schema=gateway` in one call, or pg_basebackup"
        );
    };
    let length = block_on(async { Ok(backup::sqlite(&from, &args.to).await?) })?;
    output::line(format!("wrote {} ({length} bytes)", args.to.display()))?;
    Ok(Verdict::Yes)
}

fn location(args: &Args) -> anyhow::Result<Location> {
    let environment = crate::environment::read();
    let database = match args.service {
        Service::Platform => {
            let values = read_file(PLATFORM, &args.config, &environment)?;
            PlatformConfiguration::map(&values, &environment)?.database
        }
        Service::Gateway | Service::GatewayProduction => {
            let values = read_file(GATEWAY, &args.config, &environment)?;
            let configuration = GatewayConfiguration::map(&values, &environment)?;
            if matches!(args.service, Service::Gateway) {
                configuration.database
            } else {
                let production = configuration.production_database;
                production.context("the configuration names no `production.database`")?
            }
        }
    };
    Ok(database.location)
}
