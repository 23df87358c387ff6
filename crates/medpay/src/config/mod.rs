//! Configuration: one TOML file per service, overridable by the environment.
//!
//! Each key is declared once (`*_keys.rs`); reading, checking, printing and
//! `docs/configuration.md` follow from the declarations. Then a service's own file maps the values
//! to that service's `Settings`, with the rules that join several keys.

mod cities;
mod faults;
mod gateway;
mod gateway_keys;
mod keys;
mod paths;
mod platform;
mod platform_keys;
mod reading;
mod sandbox;
mod sandbox_keys;
mod secret;
mod service;
mod shared_keys;
mod shown;
mod values;

pub use cities::{CITY, built_in as built_in_cities};
pub use faults::{Fault, Faults, Place};
pub use gateway::GatewayConfiguration;
pub use gateway_keys::GATEWAY;
pub use keys::{Declaration, Key, Kind, Preset};
pub use platform::PlatformConfiguration;
pub use platform_keys::PLATFORM;
pub use reading::{Environment, read};
pub use sandbox::SandboxConfiguration;
pub use sandbox_keys::SANDBOX;
pub use secret::Reference;
pub use service::{Admission, ClockSource, Database, Listener, Log, Outgoing, Service};
pub use shown::{documentation, to_toml};
pub use values::{Section, Values};

use anyhow::Context as _;
use std::path::Path;

/// Reads the file at `path` and lets `environment` override it.
pub fn read_file(
    declaration: Declaration,
    path: &Path,
    environment: &Environment,
) -> anyhow::Result<Values> {
    let text = std::fs::read_to_string(path).with_context(|| {
        format!(
            "the configuration {} cannot be read; --config names the file of the {}",
            path.display(),
            declaration.service
        )
    })?;
    Ok(read(declaration, &path.display().to_string(), &text, environment)?)
}

/// Everything wrong so far, gathered so that one start tells all.
#[derive(Default, Debug)]
struct Gathered(Vec<Fault>);

impl Gathered {
    /// Notes that the value at `path` has `problem`.
    fn fault(&mut self, section: &Section<'_>, path: &str, problem: &str) {
        self.0.push(section.fault(path, problem));
    }

    /// The secret at `path`; empty, and noted, if it cannot be fetched.
    fn secret(&mut self, section: &Section<'_>, path: &str, source: &Source<'_>) -> String {
        let Some(reference) = section.secret(path) else { return String::new() };
        match reference.resolve(&source.folder, source.environment) {
            Ok(secret) => secret,
            Err(error) => {
                self.fault(section, path, &format!("cannot be fetched: {error:#}"));
                String::new()
            }
        }
    }

    fn finish(self) -> Result<(), Faults> {
        if self.0.is_empty() { Ok(()) } else { Err(Faults(self.0)) }
    }
}

/// Where secrets are fetched from.
struct Source<'a> {
    folder: std::path::PathBuf,
    environment: &'a Environment,
}
