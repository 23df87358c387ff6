//! `medpay config`.

use super::Verdict;
use crate::config::{
    CITY, Declaration, Faults, GATEWAY, GatewayConfiguration, PLATFORM, PlatformConfiguration,
    SANDBOX, SandboxConfiguration, Values, documentation, read_file, to_toml,
};
use crate::output;
use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

/// Checks, prints and documents configuration.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reads a file as its service would, secrets included, and tells all that is wrong.
    Check {
        /// Whose file it is.
        service: Service,
        /// The file.
        file: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Prints what is in force, environment and defaults included. Secrets are not fetched: they
    /// show as the references to them.
    Print {
        /// Whose file it is.
        service: Service,
        /// The file.
        file: PathBuf,
    },
    /// Prints the table of all keys, as in docs/configuration.md.
    Keys {
        /// Of which file.
        file: Table,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Table {
    Platform,
    Gateway,
    Sandbox,
    City,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Service {
    Platform,
    Gateway,
    Sandbox,
}

impl Service {
    const fn declaration(self) -> Declaration {
        match self {
            Self::Platform => PLATFORM,
            Self::Gateway => GATEWAY,
            Self::Sandbox => SANDBOX,
        }
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let environment = crate::environment::read();
    match &args.command {
        Command::Keys { file } => {
            let declaration = match file {
                Table::Platform => PLATFORM,
                Table::Gateway => GATEWAY,
                Table::Sandbox => SANDBOX,
                Table::City => CITY,
            };
            output::bytes(documentation(declaration).as_bytes())?;
        }
        Command::Print { service, file } => {
            let values = read_file(service.declaration(), file, &environment)?;
            output::bytes(to_toml(&values).as_bytes())?;
        }
        Command::Check { service, file, json } => {
            let map = |values: &Values| match service {
                Service::Platform => PlatformConfiguration::map(values, &environment).map(drop),
                Service::Gateway => GatewayConfiguration::map(values, &environment).map(drop),
                Service::Sandbox => SandboxConfiguration::map(values, &environment).map(drop),
            };
            let checked = read_file(service.declaration(), file, &environment)
                .and_then(|values| Ok(map(&values)?));
            return told(checked, *json);
        }
    }
    Ok(Verdict::Yes)
}

fn told(checked: anyhow::Result<()>, json: bool) -> anyhow::Result<Verdict> {
    let faults = match checked {
        Ok(()) => Vec::new(),
        // A file that cannot be read is no answer about what it says.
        Err(error) => error.downcast::<Faults>()?.0,
    };
    if json {
        let listed: Vec<_> = faults
            .iter()
            .map(|fault| {
                serde_json::json!({ "place": fault.place.to_string(), "problem": fault.problem })
            })
            .collect();
        output::json(&serde_json::json!({ "right": faults.is_empty(), "faults": listed }))?;
    } else if faults.is_empty() {
        output::line("The configuration is right.")?;
    } else {
        faults.iter().try_for_each(|fault| output::line(fault.to_string()))?;
    }
    Ok(Verdict::from(faults.is_empty()))
}
