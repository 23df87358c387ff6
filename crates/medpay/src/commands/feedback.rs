//! `medpay gateway feedback`.

use super::{Verdict, gateway};
use crate::output;
use medpay_gateway::help::feedback;
use serde_json::json;
use std::path::PathBuf;

/// What patients wrote in 就医反馈, newest first; with how to reach them, where they said so.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
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
            let written = feedback::list(&site).await?;
            listed.push((site.institution.org_no.clone(), written));
        }
        Ok(listed)
    })?;
    if args.json {
        let all: Vec<_> = listed
            .iter()
            .map(|(org_no, written)| json!({ "org_no": org_no.as_str(), "feedback": written }))
            .collect();
        output::json(&all)?;
    } else {
        for (org_no, written) in &listed {
            for one in written {
                let at = one.written_at.wire();
                output::line(format!("{at} {org_no} {}: {}", one.category, one.content))?;
            }
        }
    }
    Ok(Verdict::Yes)
}
