//! `medpay gateway messages`.

use super::{Verdict, gateway};
use crate::output;
use medpay_gateway::messages;
use serde_json::json;
use std::path::PathBuf;

/// What became of the newest messages to patients; without a word of them, and without a person.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How many of each hospital at most.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// The gateway's configuration.
    #[arg(long)]
    config: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let listed = gateway::with(&args.config, async |gateway| {
        let mut listed = Vec::new();
        for site in gateway.sites() {
            for message in messages::list(&site, args.limit).await? {
                listed.push(json!({
                    "org_no": site.institution.org_no.as_str(),
                    "key": message.key,
                    "kind": message.kind,
                    "standing": format!("{:?}", message.standing).to_lowercase(),
                    "reason": message.reason,
                    "code": message.code,
                    "way": message.way,
                    "attempts": message.attempts,
                    "created_at": message.created_at.wire(),
                }));
            }
        }
        Ok(listed)
    })?;
    if args.json {
        output::json(&listed)?;
    } else {
        for message in &listed {
            let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
            output::line(format!(
                "{} {} {} {} {} {}",
                text("created_at"),
                text("org_no"),
                text("kind"),
                text("standing"),
                text("way"),
                text("reason")
            ))?;
        }
    }
    Ok(Verdict::Yes)
}
