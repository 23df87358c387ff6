//! `medpay demo`.

use super::{Verdict, block_on};
use crate::config::{Log, Reference};
use crate::{demo, logging};
use std::path::PathBuf;

/// Brings the whole town up in one process, with real HTTP between the parts, on loopback only.
///
/// Platform and WeChat's API listen on the base port, the gateway 100 above, the sandbox 200
/// above; health and metrics one above each.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where everything is kept; the same folder again goes on from there. Without it: a fresh
    /// temporary one.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The base port.
    #[arg(long, default_value_t = 8600, value_parser = clap::value_parser!(u16).range(1..=65_334))]
    port_base: u16,
    /// PostgreSQL instead of SQLite files: a URL, or `file:PATH` or `env:NAME` of one that holds a
    /// password. The schemas `platform` and `gateway` are used.
    #[arg(long)]
    database: Option<String>,
    /// Written when everything listens: addresses, credentials, persons, and doors for scripts.
    #[arg(long)]
    ready_file: Option<PathBuf>,
    /// Plays a patient's whole journey, prints a table of its steps, compares the books, and ends:
    /// with 0 only if all holds.
    #[arg(long)]
    play: bool,
    /// What is logged.
    #[arg(long, default_value = "warn")]
    log: String,
}

pub(super) fn run(args: Args) -> anyhow::Result<Verdict> {
    logging::start(&Log { json: false, level: args.log })?;
    let database = match args.database {
        None => None,
        Some(text) => Some(match Reference::parse(&text) {
            Some(reference) => super::fields::secret(&reference, &crate::environment::read())?,
            None => text,
        }),
    };
    let wish = demo::Wish {
        data: args.data,
        port_base: args.port_base,
        database,
        ready_file: args.ready_file,
        play: args.play,
    };
    block_on(demo::run(wish)).map(Verdict::from)
}
