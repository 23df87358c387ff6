//! `medpay completions`.

use super::{Cli, Verdict};
use crate::output;
use clap::CommandFactory as _;
use clap_complete::Shell;

/// Prints a completion script, such as `medpay completions bash > /etc/bash_completion.d/medpay`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell.
    shell: Shell,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "medpay", &mut script);
    output::bytes(&script)?;
    Ok(Verdict::Yes)
}
