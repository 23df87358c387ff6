//! The commands, a file each: it parses, calls one library function, and prints.

mod account;
mod audit;
mod backup;
mod call;
mod channels;
mod clock;
mod commission;
mod completions;
mod config;
mod demo;
mod feedback;
mod fields;
mod gateway;
mod his_check;
mod messages;
mod migrate;
mod platform;
mod queue;
mod replay;
mod sandbox;
mod sign;
mod verify;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// 微信医保支付: platform, hospital gateway and sandbox in one program.
///
/// Ends with 0 if all is well, with 1 if the answer is no (refused, a wrong signature, a difference
/// in the books), and with 2 if the question could not be asked.
#[derive(Debug, Parser)]
#[command(name = "medpay", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Brings the whole town up: platform, gateway and sandbox, in one process.
    Demo(demo::Args),
    /// Runs the platform.
    Platform(platform::Args),
    /// Runs the hospital's gateway; works its staff queue and reports.
    Gateway(gateway::Args),
    /// Runs the other parties: bureau, wallet, WeChat, courier, test clock, phone.
    Sandbox(sandbox::Args),
    /// Calls any interface of /payinsurance/*: signs, sends, checks the answer and shows both.
    Call(Box<call::Args>),
    /// Signs fields or a document: shows the text that is signed, and its digest.
    Sign(sign::Args),
    /// Checks the signature of a document, and tells what is wrong with it.
    Verify(verify::Args),
    /// Reads and moves a sandbox's test clock.
    Clock(clock::Args),
    /// Checks a HIS against the contract: tells what an implementation gets wrong.
    HisCheck(his_check::Args),
    /// Compares the books of platform, bureau, wallet and HIS.
    Audit(audit::Args),
    /// Takes up a notification or a refund that was left to a person.
    Replay(replay::Args),
    /// Brings a database up to this version's tables.
    Migrate(migrate::Args),
    /// Copies a service's SQLite database while the service works on.
    Backup(backup::Args),
    /// Checks, prints and documents configuration.
    Config(config::Args),
    /// Prints a completion script for a shell.
    Completions(completions::Args),
}

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// All is well.
    Yes,
    /// The answer is no.
    No,
}

impl From<bool> for Verdict {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(Verdict::Yes) => ExitCode::SUCCESS,
        Ok(Verdict::No) => ExitCode::from(1),
        Err(error) => {
            report(&error);
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one place where a command's error is told")]
fn report(error: &anyhow::Error) {
    let said = format!("medpay: {error:#}");
    crate::logging::copy_error(&said);
    eprintln!("{said}");
}

fn run(cli: Cli) -> anyhow::Result<Verdict> {
    match cli.command {
        Command::Demo(args) => demo::run(args),
        Command::Platform(args) => platform::run(&args),
        Command::Gateway(args) => gateway::run(&args),
        Command::Sandbox(args) => sandbox::run(&args),
        Command::Call(args) => call::run(&args),
        Command::Sign(args) => sign::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Clock(args) => clock::run(&args),
        Command::HisCheck(args) => his_check::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Migrate(args) => migrate::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Config(args) => config::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}

/// Runs `task` on the runtime of this process.
fn block_on<T>(task: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(task)
}
