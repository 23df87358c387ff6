//! An old and a new release at once on one PostgreSQL: expand, then contract
//! (`docs/decisions/0013-expand-then-contract.md`).
//!
//! A clean clone holds one release. So the new one is this test's own process: the same crates with
//! migrations of one and two numbers more. Where an older binary is at hand (`make chaos OLD=…`),
//! that and the present one are put side by side as well.

use super::processes::{Audit, Town, medpay};
use super::{LOOK, Work, seed_of, tell, variable};
use anyhow::{bail, ensure};
use medpay::clock::FollowedClock;
use medpay::config::{
    ClockSource, Environment, Outgoing, PLATFORM, PlatformConfiguration, read_file,
};
use medpay::listening::{Stop, Stopper};
use medpay::outgoing;
use medpay::services::PLATFORM_SCHEMA;
use medpay::system::OsEntropy;
use medpay_client::{HttpTransport, Transport};
use medpay_domain::Day;
use medpay_platform::app::Doors;
use medpay_platform::{App, Platform};
use medpay_store::testing::{Engine, run};
use medpay_store::{Location, Migration, Options, Schema, Store, StoreError, args, no_faults};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::task::JoinHandle;

/// The environment variable that names the binary of an older release.
const OLD_VARIABLE: &str = "MEDPAY_CHAOS_OLD";
/// How many orders are begun in each stage.
const ORDERS: u64 = 25;
/// How many stages a new process has to be found.
const STAGES: u32 = 40;
/// What a release may add while the one before it works: what that neither reads nor writes.
const EXPAND: &str = "ALTER TABLE orders ADD COLUMN channel TEXT;
    CREATE INDEX orders_by_channel ON orders (channel);
    CREATE TABLE channels (name TEXT PRIMARY KEY, opened_at_ms BIGINT NOT NULL);";
/// What the next may take away while it works: what it does not use any more.
const CONTRACT: &str = "DROP INDEX orders_by_channel;
    ALTER TABLE orders DROP COLUMN channel;
    DROP TABLE channels;";

#[test]
fn an_old_and_a_new_release_work_side_by_side() {
    run(Engine::Postgres, async |_| {
        if let Err(error) = expand_then_contract().await {
            panic!("{error:#}");
        }
        if let Some(old) = variable(OLD_VARIABLE)
            && let Err(error) = replace(Path::new(&old)).await
        {
            panic!("{old}: {error:#}");
        }
    });
}

/// The schema of a release with `more` behind the present migrations.
fn schema_with(more: &[(&'static str, &'static str)]) -> Schema {
    let mut migrations = PLATFORM_SCHEMA.migrations.to_vec();
    for &(name, sql) in more {
        let number = u32::try_from(migrations.len() + 1).expect("a small number");
        migrations.push(Migration { number, name, sql });
    }
    // As long as the process lives, as those of a program do.
    Schema { migrations: migrations.leak(), ..PLATFORM_SCHEMA }
}

async fn expand_then_contract() -> anyhow::Result<()> {
    let next = schema_with(&[("expand", EXPAND)]);
    let after_next = schema_with(&[("expand", EXPAND), ("contract", CONTRACT)]);
    let seed = seed_of(Engine::Postgres) ^ 0x0E1D;
    let mut town = Town::found(Engine::Postgres, seed).await?;
    let work = Work::new(&town, seed).await?;
    let working = work.begin(seed, u64::MAX);
    let mut stage = Stage { work: &work, begun: 0 };
    stage.passes().await;

    // The schema is expanded under processes of the old release, and one is replaced.
    let configuration = configuration(&town)?;
    ensure!(migrate(&configuration, next).await? == ["0008_expand"]);
    stage.passes().await;
    town.kill("platform-2")?;
    refuses_to_start(&town)?;
    let new = Release::start(&town, "platform-2", next).await?;
    new.fill_in("wechat").await?;
    stage.passes_until_served(&new).await;
    ensure!(new.served() > 0, "nobody came to the new release");
    new.fill_in("wechat").await?;

    // The last process of the old release ends. Only then may the next one contract.
    town.kill("platform-1")?;
    stage.passes().await;
    ensure!(migrate(&configuration, after_next).await? == ["0009_contract"]);
    stage.passes().await;
    let newest = Release::start(&town, "platform-1", after_next).await?;
    stage.passes_until_served(&newest).await;
    ensure!(newest.served() > 0, "nobody came to the newest release");
    work.no_more();
    let (hospital, patients) = working.ended().await?;
    let audit = town.until_quiet_as(async || newest.audit(&town).await, Audit::is_quiet).await?;
    ensure!(audit.is_equal(), "{audit}\n{}", town.logs());
    tell(&format!("releases side by side; hospital: {hospital}; patients: {patients}"));
    new.end().await;
    newest.end().await;
    Ok(())
}

/// Replaces a real older release by the present one, one process after the other, under load.
async fn replace(old: &Path) -> anyhow::Result<()> {
    let seed = seed_of(Engine::Postgres) ^ 0x01D;
    let mut town = Town::found_by(Engine::Postgres, seed, old).await?;
    let work = Work::new(&town, seed).await?;
    let working = work.begin(seed, u64::MAX);
    let mut stage = Stage { work: &work, begun: 0 };
    stage.passes().await;
    for service in ["platform", "gateway"] {
        let mut command = Command::new(medpay());
        command.args(["migrate", service, "--config"]);
        command.arg(town.configuration(&format!("{service}-1"))?);
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        stage.passes().await;
    }
    for service in ["platform-2", "gateway-2", "platform-1", "gateway-1", "sandbox"] {
        town.kill(service)?;
        town.run_by(service, &medpay())?;
        town.start(service).await?;
        stage.passes().await;
    }
    work.no_more();
    let (hospital, patients) = working.ended().await?;
    let audit = town.until_quiet().await?;
    ensure!(audit.is_equal(), "{audit}\n{}", town.logs());
    tell(&format!("an older release replaced; hospital: {hospital}; patients: {patients}"));
    Ok(())
}

/// Some more orders.
struct Stage<'a> {
    work: &'a Work,
    begun: u64,
}

impl Stage<'_> {
    /// Connections to the other process live on, so it may take a while until one is made to this.
    async fn passes_until_served(&mut self, release: &Release) {
        for _ in 0..STAGES {
            self.passes().await;
            if release.served() > 0 {
                return;
            }
        }
    }

    async fn passes(&mut self) {
        self.begun = self.begun.max(self.work.load.begun()) + ORDERS;
        while self.work.load.begun() < self.begun {
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn configuration(town: &Town) -> anyhow::Result<PlatformConfiguration> {
    let environment = Environment::new();
    let values = read_file(PLATFORM, town.configuration("platform-2")?, &environment)?;
    Ok(PlatformConfiguration::map(&values, &environment)?)
}

async fn migrate(
    configuration: &PlatformConfiguration,
    schema: Schema,
) -> anyhow::Result<Vec<String>> {
    let options = Options::default();
    Ok(Store::migrate(&configuration.database.location, schema, &options).await?)
}

/// An old process that has ended does not come back: what a newer schema means it cannot know.
fn refuses_to_start(town: &Town) -> anyhow::Result<()> {
    let mut command = Command::new(medpay());
    let output = command.args(["platform", "--config"]).arg(town.configuration("platform-2")?);
    let output = output.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(2) && said.contains("newer"), "it said: {said}");
    Ok(())
}

/// A platform of another release, in this process.
struct Release {
    app: Platform,
    stopper: Stopper,
    serving: JoinHandle<()>,
    working: JoinHandle<()>,
    served: Arc<AtomicU64>,
}

impl Release {
    /// Starts one in the place of `service`, behind its door.
    async fn start(town: &Town, service: &str, schema: Schema) -> anyhow::Result<Self> {
        let configuration = configuration(town)?;
        let http = outgoing::client(&Outgoing::direct())?;
        let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new(http));
        let location: &Location = &configuration.database.location;
        let store = Store::open(location, schema, &Options::default(), no_faults()).await?;
        let ClockSource::Follow(url) = configuration.clock else { bail!("no test clock") };
        let (stopper, stop) = Stop::new();
        let name = format!("{service}-of-another-release");
        let clock = FollowedClock::start(Arc::clone(&transport), url, name, stop.clone()).await?;
        let woken = store.clone();
        clock.on_change(Box::new(move || woken.wake()));
        let doors = Doors::over_http(transport, &configuration.settings);
        let app = App::new(configuration.settings, store, clock, Arc::new(OsEntropy), doors);
        let served = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&served);
        let router = medpay_platform::router::router(Arc::clone(&app)).layer(
            axum::middleware::from_fn(move |request, next: axum::middleware::Next| {
                counted.fetch_add(1, Ordering::SeqCst);
                next.run(request)
            }),
        );
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, town.port(service)?));
        let listener = tokio::net::TcpListener::bind(address).await?;
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let serving = tokio::spawn(async move {
            // It ends with the test.
            let _ = axum::serve(listener, service).await;
        });
        let all = medpay_platform::workers::ALL;
        let working =
            tokio::spawn(medpay_store::workers::run(all, Arc::clone(&app), stop.receiver()));
        Ok(Self { app, stopper, serving, working, served })
    }

    /// How many requests came to it.
    fn served(&self) -> u64 {
        self.served.load(Ordering::SeqCst)
    }

    /// Fills the new column in, some rows at a time, while the old release goes on writing rows
    /// without it.
    async fn fill_in(&self, channel: &'static str) -> anyhow::Result<()> {
        loop {
            let filled: Result<u64, StoreError> = self
                .app
                .store
                .write("fill in a new column", move |tx| {
                    Box::pin(async move {
                        let some = "UPDATE orders SET channel = $1 WHERE med_trans_id IN
                            (SELECT med_trans_id FROM orders WHERE channel IS NULL
                              ORDER BY med_trans_id LIMIT 10)";
                        tx.exec(some, args![channel]).await
                    })
                })
                .await;
            if filled? == 0 {
                return Ok(());
            }
        }
    }

    /// The audit, the platform's side by this release: `medpay` refuses a newer schema.
    async fn audit(&self, town: &Town) -> anyhow::Result<Audit> {
        let today: Day = self.app.clock.now().day();
        let days = [today.plus_days(-1), today];
        let platform = medpay_platform::audit::run(&self.app, &days).await?;
        Ok(Audit { platform, gateway: town.audit_gateway().await? })
    }

    async fn end(self) {
        self.stopper.stop();
        self.serving.abort();
        let _ = self.working.await;
        self.app.store.close().await;
    }
}
