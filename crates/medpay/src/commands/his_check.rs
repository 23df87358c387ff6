//! `medpay his-check`.

use super::{Verdict, block_on, fields};
use crate::clock::FollowedClock;
use crate::config::{Outgoing, Reference};
use crate::listening::Stop;
use crate::system::{OsEntropy, SystemClock};
use crate::{outgoing, output};
use anyhow::Context as _;
use medpay_acceptance::his_check::{self, Target, TestPatient};
use medpay_client::{HttpTransport, Transport};
use medpay_domain::{CardType, Clock, Entropy as _, PersonName};
use medpay_wire::his::signature::HisSecret;
use medpay_wire::id_card;
use std::sync::Arc;

/// Runs the conformance cases of the HIS contract (docs/contracts/his.md) against any HIS.
///
/// It books places of the coming days for one test patient, and pays and refunds some of them: run
/// it against a test environment. It ends with 1 if a case does not hold.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Address of the HIS, without `/v1`.
    #[arg(long)]
    url: String,
    /// Where the shared secret is: `file:PATH` or `env:NAME`.
    #[arg(long)]
    secret: Reference,
    /// Name of a patient of the test environment; made there if it is not known.
    #[arg(long)]
    name: String,
    /// That patient's ID-card number.
    #[arg(long)]
    id_no: String,
    /// The test clock that the HIS follows, if it does not keep the machine's time.
    #[arg(long)]
    clock: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let secret = fields::secret(&args.secret, &crate::environment::read())?;
    let secret = HisSecret::new(secret).context("--secret is too short: 32 characters or more")?;
    let http = outgoing::client(&Outgoing::direct())?;
    let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new(http));
    let card_type = CardType::IdCard;
    let patient = TestPatient {
        name: PersonName::new(args.name.as_str()),
        card_type,
        id_digest: id_card::digest(card_type, &args.id_no),
    };
    let report = block_on(async {
        let (stopper, stop) = Stop::new();
        let clock: Arc<dyn Clock> = match &args.clock {
            None => Arc::new(SystemClock::new()),
            Some(url) => {
                let name = format!("his-check-{}", OsEntropy.nonce());
                FollowedClock::start(transport.clone(), url.clone(), name, stop).await?
            }
        };
        let entropy = Arc::new(OsEntropy);
        let url = args.url.clone();
        let target = Target { transport, url, secret, clock, entropy, patient };
        let report = his_check::run(target).await;
        stopper.stop();
        Ok(report)
    })?;
    if args.json {
        output::json(&report)?;
    } else {
        output::line(report.to_string().trim_end())?;
    }
    Ok(Verdict::from(report.passed()))
}
