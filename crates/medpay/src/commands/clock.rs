//! `medpay clock`.

use super::{Verdict, block_on};
use crate::config::Outgoing;
use crate::{outgoing, output};
use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::Subcommand;
use medpay_client::Transport as _;
use medpay_domain::Timestamp;
use medpay_wire::contracts::clock::{Change, Reading};

/// Reads and moves a sandbox's test clock. Platform and gateway that follow it move with it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The sandbox's address.
    #[arg(long, default_value = "http://127.0.0.1:8800")]
    sandbox: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tells how the clock stands.
    Read,
    /// Lets time stand still.
    Freeze,
    /// Lets time go on from where it stands.
    Run,
    /// Jumps forward.
    Advance {
        /// By this: `90s`, `30m`, `2h`, `1d`, or several of them such as `1d2h`.
        by: Span,
    },
    /// Jumps to a moment.
    Set {
        /// The moment in Beijing, `yyyyMMddHHmmss`.
        to: Moment,
    },
}

#[derive(Clone, Copy, Debug)]
struct Span {
    seconds: i64,
}

impl std::str::FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || "must be a time span such as 90s, 30m, 2h, 1d or 1d2h".to_owned();
        let (mut seconds, mut number) = (0_i64, String::new());
        for c in text.chars() {
            let unit = match c {
                '0'..='9' => {
                    number.push(c);
                    continue;
                }
                's' => 1,
                'm' => 60,
                'h' => 3600,
                'd' => 86_400,
                _ => return Err(wrong()),
            };
            let count: i64 = number.parse().map_err(|_| wrong())?;
            number.clear();
            seconds = count
                .checked_mul(unit)
                .and_then(|more| seconds.checked_add(more))
                .ok_or_else(wrong)?;
        }
        if text.is_empty() || !number.is_empty() { Err(wrong()) } else { Ok(Self { seconds }) }
    }
}

#[derive(Clone, Copy, Debug)]
struct Moment(Timestamp);

impl std::str::FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Timestamp::from_wire(text)
            .map(Self)
            .ok_or_else(|| "must be a moment in Beijing, yyyyMMddHHmmss".to_owned())
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let change = match args.command {
        Command::Read => None,
        Command::Freeze => Some(Change::Freeze),
        Command::Run => Some(Change::Run),
        Command::Advance { by } => Some(Change::Advance { seconds: by.seconds }),
        Command::Set { to } => Some(Change::Set { to: to.0 }),
    };
    let reading = block_on(ask(&args.sandbox, change))?;
    if args.json {
        output::json(&reading)?;
    } else {
        let stands = if reading.frozen { ", standing still" } else { "" };
        output::line(format!("{}{stands}", reading.now))?;
    }
    Ok(Verdict::Yes)
}

async fn ask(sandbox: &str, change: Option<Change>) -> anyhow::Result<Reading> {
    let url = format!("{}/clock", sandbox.trim_end_matches('/'));
    let transport = outgoing::direct()?;
    let request = match change {
        None => http::Request::get(&url).body(Bytes::new())?,
        Some(change) => http::Request::post(&url)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(Bytes::from(serde_json::to_vec(&change)?))?,
    };
    let answer = transport
        .send(request, Outgoing::COMMAND_TIMEOUT_MS)
        .await
        .with_context(|| format!("no test clock at {url}; --sandbox names the sandbox"))?;
    if !answer.status().is_success() {
        let text = String::from_utf8_lossy(answer.body());
        bail!("the test clock answered {}: {}", answer.status(), text.trim());
    }
    serde_json::from_slice(answer.body()).with_context(|| format!("{url} is not a test clock"))
}
