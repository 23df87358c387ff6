//! `medpay gateway menu` and `medpay gateway poster`: what is set up once at an account.

use super::{Verdict, gateway};
use crate::output;
use anyhow::{Context as _, bail};
use medpay_gateway::account::{menu, poster};
use medpay_gateway::channels::Channel;
use std::path::PathBuf;

/// Sets the menu of every hospital's account.
#[derive(Debug, clap::Args)]
pub(super) struct Menu {
    /// The gateway's configuration.
    #[arg(long)]
    config: PathBuf,
}

pub(super) fn set_menu(args: &Menu) -> anyhow::Result<Verdict> {
    gateway::with(&args.config, async |gateway| {
        for site in gateway.sites() {
            let name = &site.institution.site;
            let answer = menu::publish(&site).await.with_context(|| name.clone())?;
            if answer.errcode != 0 {
                bail!("{name}: the account refuses the menu: {}", answer.errmsg);
            }
            output::line(format!("{name}: the menu is set"))?;
        }
        Ok(Verdict::Yes)
    })
}

/// Makes the QR code of a poster: who follows the account by it is counted for its channel.
#[derive(Debug, clap::Args)]
pub(super) struct Poster {
    /// The hospital's word in addresses.
    site: String,
    /// The channel, such as `poster:2f-hall`.
    channel: String,
    /// The gateway's configuration.
    #[arg(long)]
    config: PathBuf,
}

pub(super) fn make_poster(args: &Poster) -> anyhow::Result<Verdict> {
    let channel = Channel::parse(&args.channel)
        .context("the channel must have 1 to 64 letters, digits or `:`, `-`, `_`, `.`")?;
    gateway::with(&args.config, async |gateway| {
        let site = gateway.site(&args.site).context("no such site")?;
        match poster::make(&site, &channel).await? {
            Ok(code) => output::line(code.url)?,
            Err(refused) => bail!("the account refuses: {}", refused.errmsg),
        }
        Ok(Verdict::Yes)
    })
}
