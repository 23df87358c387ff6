//! The log: text or JSON on standard error.

use crate::config::Log;
use anyhow::Context as _;
use tracing_subscriber::EnvFilter;

/// Sets the log up for this process.
pub fn start(settings: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.level)
        .with_context(|| format!("`log.level` is not understood: {}", settings.level))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if settings.json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.with_ansi(false).try_init()
    };
    started.map_err(|error| anyhow::anyhow!("the log cannot be set up: {error}"))
}
