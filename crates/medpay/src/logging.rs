//! The log: text or JSON on standard error. Where [`COPY_VARIABLE`] names a directory, a copy of
//! it, down to the last detail, goes into a file there: `.ci/test` looks in those of a whole run
//! for what must not be in a log (docs/privacy.md).

use crate::config::Log;
use crate::environment;
use anyhow::Context as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, registry};

/// The environment variable that names the directory of the copies.
pub const COPY_VARIABLE: &str = "MEDPAY_LOG_COPY";

/// All of ours. Of the libraries what they say at `info`: more would slow down the tests that
/// measure.
const COPIED: &str = "info,medpay=trace";

/// Sets the log up for this process.
pub fn start(settings: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.level)
        .with_context(|| format!("`log.level` is not understood: {}", settings.level))?;
    let shown = layer().with_writer(std::io::stderr);
    let shown = if settings.json {
        shown.json().flatten_event(true).with_filter(filter).boxed()
    } else {
        shown.with_ansi(false).with_filter(filter).boxed()
    };
    let copied = copy().map(|file| {
        let copied = layer().with_ansi(false).with_writer(Mutex::new(file));
        copied.with_filter(EnvFilter::new(COPIED))
    });
    let started = registry().with(shown).with(copied).try_init();
    started.map_err(|error| anyhow::anyhow!("the log cannot be set up: {error}"))
}

/// Adds what a command says when it fails to the copy, if there is one.
pub fn copy_error(said: &str) {
    if let Some(mut file) = copy() {
        let _ = writeln!(file, "{said}");
    }
}

/// The file of this process.
fn copy() -> Option<File> {
    let directory = environment::read().remove(COPY_VARIABLE).filter(|one| !one.is_empty())?;
    let name = format!("medpay-{}.log", std::process::id());
    File::options().create(true).append(true).open(Path::new(&directory).join(name)).ok()
}
