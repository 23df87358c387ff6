//! `medpay demo`: the whole town in one process, with real HTTP between its parts.
//!
//! It writes the three services' configuration files into its data folder and then runs them as
//! `medpay platform|gateway|sandbox --config` would, so that each can be stopped here and run by
//! itself there.

mod ready;
mod town;

pub use ready::institutions;
pub use town::{Hospital, Town};

use crate::listening::Stop;
use crate::services::{self, Ports};
use crate::system::{OsEntropy, SystemClock};
use crate::{outgoing, output};
use anyhow::Context as _;
use medpay_acceptance::journey::{self, Player};
use medpay_acceptance::ready::{Institution, Ready};
use medpay_client::HttpTransport;
use medpay_platform::{Platform, audit};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::JoinSet;

/// What is wanted of a demo.
#[derive(Debug)]
pub struct Wish {
    /// Where everything is kept; a fresh temporary folder if none is named.
    pub data: Option<PathBuf>,
    /// Platform here, gateway 100 above, sandbox 200 above.
    pub port_base: u16,
    /// PostgreSQL; SQLite files without.
    pub database: Option<String>,
    /// Written when everything listens.
    pub ready_file: Option<PathBuf>,
    /// Whether to play the journey and end.
    pub play: bool,
}

/// Runs a demo until a signal, or until the journey is played; answers whether all held.
pub async fn run(wish: Wish) -> anyhow::Result<bool> {
    let temporary = match &wish.data {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("medpay-demo-").tempdir()?),
    };
    let data = match (&wish.data, &temporary) {
        (Some(folder), _) => folder.clone(),
        (None, Some(folder)) => folder.path().to_owned(),
        (None, None) => unreachable!("one of them was made"),
    };
    let town = Town::found(&data, wish.port_base, wish.database.as_deref(), &OsEntropy)?;
    let (stopper, stop) = Stop::new();
    let mut open = open(&town, &stop).await?;
    let ready = ready::of(&town, &open.transport).await?;
    if let Some(path) = &wish.ready_file {
        write_ready(path, &ready)?;
    }
    let held = if wish.play {
        let held = play(&ready, &open).await;
        stopper.stop();
        held
    } else {
        tell(&town, &ready)?;
        let signal = tokio::spawn(stopper.stop_at_signal());
        // A service that ends by itself has failed; the others are not left alone.
        let ended = open.services.join_next().await;
        signal.abort();
        ended.transpose()?.unwrap_or(Ok(())).map(|()| true)
    };
    while let Some(ended) = open.services.join_next().await {
        ended??;
    }
    held
}

/// The open town.
struct Open {
    app: Platform,
    transport: HttpTransport,
    services: JoinSet<anyhow::Result<()>>,
}

async fn open(town: &Town, stop: &Stop) -> anyhow::Result<Open> {
    let remedy = |_: &str| "choose other ports with --port-base".to_owned();
    let (platform, gateway, sandbox) = town.configurations()?;
    let listeners = [&platform.service, &gateway.service, &sandbox.service];
    let [for_platform, for_gateway, for_sandbox] = listeners.map(|part| part.listener.clone());
    let platform_ports = Ports::bind(&for_platform, "the demo's platform", remedy)?;
    let gateway_ports = Ports::bind(&for_gateway, "the demo's gateway", remedy)?;
    let sandbox_ports = Ports::bind(&for_sandbox, "the demo's sandbox", remedy)?;
    if town.on_postgres() {
        services::migrate(&platform.database, services::PLATFORM_SCHEMA).await?;
        services::migrate(&gateway.database, services::GATEWAY_SCHEMA).await?;
    }
    let transport = HttpTransport::new(outgoing::client(&platform.service.outgoing)?);
    let mut services = JoinSet::new();
    // The others follow its clock, so it is served first.
    let parties = services::open_sandbox(&sandbox)?;
    let until = stop.clone();
    services.spawn(async move {
        services::serve_sandbox(&parties, sandbox_ports, &for_sandbox, until).await
    });
    let hospitals = services::open_gateway(gateway, stop).await?;
    let sites: Vec<_> = hospitals.gateway.sites().collect();
    let until = stop.clone();
    services.spawn(async move { hospitals.serve(gateway_ports, &for_gateway, until).await });
    let running = services::open_platform(platform, stop).await?;
    let app = Arc::clone(&running.app);
    let until = stop.clone();
    services.spawn(async move { running.serve(platform_ports, &for_platform, until).await });
    for site in sites {
        medpay_gateway::account::menu::publish(&site)
            .await
            .with_context(|| format!("the menu of {}", site.institution.name))?;
    }
    Ok(Open { app, transport, services })
}

/// Written beside and moved into place, so that whoever waits for the file finds all of it.
fn write_ready(path: &Path, ready: &Ready) -> anyhow::Result<()> {
    let unwritable = || format!("the ready file {} cannot be written", path.display());
    let beside = path.with_extension("writing");
    let text = serde_json::to_string_pretty(ready)?;
    std::fs::write(&beside, text + "\n").with_context(unwritable)?;
    std::fs::rename(&beside, path).with_context(unwritable)
}

fn tell(town: &Town, ready: &Ready) -> anyhow::Result<()> {
    let of_first =
        |url: fn(&Institution) -> Option<String>| ready.institutions.iter().find_map(url);
    output::line("微信医保支付 模拟环境: the town is up. Press Ctrl-C to stop it.")?;
    for (what, address) in [
        ("patient's phone", format!("{}/phone", ready.sandbox_url)),
        ("platform", ready.platform_url.clone()),
        ("gateway", ready.gateway_url.clone()),
        ("hospital's HIS", of_first(|it| it.his_url.clone()).unwrap_or_default()),
        ("sandbox", ready.sandbox_url.clone()),
        ("data", town.data.display().to_string()),
    ] {
        output::line(format!("  {what:<16} {address}"))?;
    }
    Ok(())
}

async fn play(ready: &Ready, open: &Open) -> anyhow::Result<bool> {
    let player = Player {
        transport: Arc::new(open.transport.clone()),
        clock: Arc::new(SystemClock::new()),
        entropy: Arc::new(OsEntropy),
    };
    let first_day = open.app.clock.now().day();
    let results = journey::play(ready, &player).await;
    output::line(journey::table(&results).trim_end())?;
    let last_day = open.app.clock.now().day();
    let days: Vec<_> = std::iter::successors(Some(first_day), |day| Some(day.next()))
        .take_while(|day| *day <= last_day)
        .collect();
    let report = audit::run(&open.app, &days).await.context("audit")?;
    output::line(report.to_string().trim_end())?;
    Ok(results.iter().all(|result| result.ok) && report.equal)
}
