//! `medpay replay`.

use super::{Verdict, block_on};
use crate::config::{PLATFORM, PlatformConfiguration, read_file};
use crate::listening::Stop;
use crate::{output, services};
use clap::ValueEnum;
use medpay_domain::{MedRefundId, MedTransId};
use medpay_platform::notifications::deliver;
use medpay_platform::refunds::give_back;
use std::path::PathBuf;

/// Takes up what the platform has given up and left to a person; `medpay audit` names it. A running
/// platform does the work.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A payment notification, or a refund that the wallet refused too often.
    what: What,
    /// The order's `med_trans_id`, or the refund's `med_refund_id`.
    number: String,
    /// The platform's configuration.
    #[arg(long)]
    config: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// Sent again, from the beginning of its schedule; an acknowledged one too.
    Notification,
    /// The wallet is asked again, under a new key.
    Refund,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let environment = crate::environment::read();
    let values = read_file(PLATFORM, &args.config, &environment)?;
    let configuration = PlatformConfiguration::map(&values, &environment)?;
    let taken_up = block_on(async {
        let (stopper, stop) = Stop::new();
        let app = services::open_platform(configuration, &stop).await?.app;
        let number = args.number.as_str();
        let taken_up = match args.what {
            What::Notification => deliver::replay(&app, &MedTransId::new(number)).await?,
            What::Refund => give_back::ask_again(&app, &MedRefundId::new(number)).await?,
        };
        stopper.stop();
        app.store.close().await;
        Ok(taken_up)
    })?;
    output::line(match (args.what, taken_up) {
        (What::Notification, true) => "It will be sent again at once.",
        (What::Notification, false) => {
            "Nothing to send again: no paid order has this number, or its notification still waits."
        }
        (What::Refund, true) => "The wallet will be asked again at once.",
        (What::Refund, false) => {
            "Nothing to ask again: no refund of this number waits for a person."
        }
    })?;
    Ok(Verdict::from(taken_up))
}
