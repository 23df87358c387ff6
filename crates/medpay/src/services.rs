//! The services, put together: settings, store, clock, chance and doors into one value, its router
//! on a listener, its workers on tasks.

use crate::clock::FollowedClock;
use crate::config::{
    ClockSource, Database, GatewayConfiguration, Listener, PlatformConfiguration,
    SandboxConfiguration,
};
use crate::listening::{self, Bound, Stop};
use crate::operations::{self, Ready};
use crate::outgoing;
use crate::system::{OsEntropy, SystemClock};
use anyhow::Context as _;
use axum::Router;
use medpay_client::{HttpTransport, Transport};
use medpay_domain::{Clock, Entropy};
use medpay_gateway::{Gateway, Stores};
use medpay_platform::app::Doors;
use medpay_platform::{App, Platform};
use medpay_sandbox::Sandbox;
use medpay_store::{Options, Schema, Store, no_faults};
use prometheus_client::registry::Registry;
use std::sync::Arc;
use tokio::task::JoinSet;

/// The platform's tables.
pub const PLATFORM_SCHEMA: Schema =
    Schema { name: "platform", migrations: medpay_platform::migrations::SCHEMA };

/// The gateway's tables.
pub const GATEWAY_SCHEMA: Schema =
    Schema { name: "gateway", migrations: medpay_gateway::migrations::SCHEMA };

/// Runs a service until SIGTERM or SIGINT, and lets it drain.
pub async fn until_signal<S>(service: impl FnOnce(Stop) -> S) -> anyhow::Result<()>
where
    S: Future<Output = anyhow::Result<()>>,
{
    let (stopper, stop) = Stop::new();
    let signal = tokio::spawn(stopper.stop_at_signal());
    let ended = service(stop).await;
    signal.abort();
    ended
}

/// Runs the platform until `stop`.
pub async fn platform(configuration: PlatformConfiguration, stop: Stop) -> anyhow::Result<()> {
    let listener = configuration.service.listener.clone();
    let ports = Ports::bind(&listener, "the platform", in_the_file)?;
    open_platform(configuration, &stop).await?.serve(ports, &listener, stop).await
}

/// Runs the gateway until `stop`.
pub async fn gateway(configuration: GatewayConfiguration, stop: Stop) -> anyhow::Result<()> {
    let ports = Ports::bind(&configuration.service.listener, "the gateway", in_the_file)?;
    serve_gateway(configuration, ports, stop).await
}

/// Runs the sandbox until `stop`.
pub async fn sandbox(configuration: SandboxConfiguration, stop: Stop) -> anyhow::Result<()> {
    let ports = Ports::bind(&configuration.service.listener, "the sandbox", in_the_file)?;
    let sandbox = open_sandbox(&configuration)?;
    serve_sandbox(&sandbox, ports, &configuration.service.listener, stop).await
}

/// How to choose another port where a configuration file names it.
fn in_the_file(key: &str) -> String {
    format!("choose another one with `{key}` in its configuration")
}

/// Opens the gateway and runs it until `stop`.
pub async fn serve_gateway(
    configuration: GatewayConfiguration,
    ports: Ports,
    stop: Stop,
) -> anyhow::Result<()> {
    let listener = configuration.service.listener.clone();
    open_gateway(configuration, &stop).await?.serve(ports, &listener, stop).await
}

/// The gateway, open and not yet served.
pub struct RunningGateway {
    /// The service.
    pub gateway: Gateway,
    stores: Vec<Store>,
}

impl RunningGateway {
    /// Serves it and runs its workers until `stop`; then lets both finish what they are at.
    pub async fn serve(self, ports: Ports, listener: &Listener, stop: Stop) -> anyhow::Result<()> {
        ports.announce("gateway");
        let mut working = JoinSet::new();
        for branch in self.gateway.branches() {
            let (all, branch) = (medpay_gateway::workers::ALL, Arc::clone(branch));
            working.spawn(medpay_store::workers::run(all, branch, stop.receiver()));
        }
        let ready = operations::ready(self.stores.clone());
        let operations = operations::router(registry(&self.stores), ready, stop.clone());
        let router = medpay_gateway::router::router(self.gateway.clone());
        let served = ports.serve(router, operations, listener, stop).await;
        let mut worked = Ok(());
        while let Some(ended) = working.join_next().await {
            worked = worked.and(ended.context("a worker"));
        }
        self.close().await;
        served.and(worked)
    }

    /// Closes its databases.
    pub async fn close(&self) {
        for store in &self.stores {
            store.close().await;
        }
    }
}

/// Opens what the gateway needs and puts it together; a followed clock is followed until `stop`.
pub async fn open_gateway(
    configuration: GatewayConfiguration,
    stop: &Stop,
) -> anyhow::Result<RunningGateway> {
    let http = outgoing::client(&configuration.service.outgoing)?;
    let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new(http));
    let settings = configuration.settings;
    let first = open_store(&configuration.database, GATEWAY_SCHEMA).await?;
    let stores = match &configuration.production_database {
        Some(database) => {
            let production = open_store(database, GATEWAY_SCHEMA).await?;
            Stores { test: Some(first.clone()), production: Some(production) }
        }
        None if settings.institutions.iter().all(|it| it.test) => {
            Stores { test: Some(first.clone()), production: None }
        }
        None => Stores { test: None, production: Some(first.clone()) },
    };
    let clock = clock(&configuration.clock, transport.clone(), "gateway", &first, stop).await?;
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    let gateway = Gateway::open(settings, &stores, &clock, &entropy, |settings, institution| {
        let transport = transport.clone();
        medpay_gateway::doors::Doors::over_http(transport, &clock, &entropy, settings, institution)
    });
    let stores = stores.test.into_iter().chain(stores.production).collect();
    Ok(RunningGateway { gateway, stores })
}

/// Runs an open sandbox until `stop`.
pub async fn serve_sandbox(
    sandbox: &Sandbox,
    ports: Ports,
    listener: &Listener,
    stop: Stop,
) -> anyhow::Result<()> {
    ports.announce("sandbox");
    let ready: Ready = Arc::new(|| Box::pin(async { true }));
    let operations = operations::router(Registry::default(), ready, stop.clone());
    ports.serve(sandbox.router(), operations, listener, stop).await
}

/// The platform, open and not yet served.
pub struct RunningPlatform {
    /// The service.
    pub app: Platform,
    router: Router,
    registry: Registry,
}

impl RunningPlatform {
    /// Serves it and runs its workers until `stop`; then lets both finish what they are at.
    pub async fn serve(self, ports: Ports, listener: &Listener, stop: Stop) -> anyhow::Result<()> {
        ports.announce("platform");
        let store = self.app.store.clone();
        let (all, app) = (medpay_platform::workers::ALL, Arc::clone(&self.app));
        let working = tokio::spawn(medpay_store::workers::run(all, app, stop.receiver()));
        let ready = operations::ready(vec![store.clone()]);
        let operations = operations::router(self.registry, ready, stop.clone());
        let served = ports.serve(self.router, operations, listener, stop).await;
        let worked = working.await;
        store.close().await;
        served?;
        worked.context("a worker")
    }
}

/// Opens what the platform needs and puts it together; a followed clock is followed until `stop`.
pub async fn open_platform(
    configuration: PlatformConfiguration,
    stop: &Stop,
) -> anyhow::Result<RunningPlatform> {
    let http = outgoing::client(&configuration.service.outgoing)?;
    let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new(http));
    let store = open_store(&configuration.database, PLATFORM_SCHEMA).await?;
    let clock = clock(&configuration.clock, transport.clone(), "platform", &store, stop).await?;
    let mut registry = registry(std::slice::from_ref(&store));
    let settings = configuration.settings;
    let doors = Doors::over_http(transport, &settings);
    let app = App::new(settings, store, clock, Arc::new(OsEntropy), doors);
    let metrics = medpay_platform::requests::Metrics::default();
    metrics.register(&mut registry);
    let router = medpay_platform::router::router_counted(Arc::clone(&app), metrics);
    Ok(RunningPlatform { app, router, registry })
}

/// Opens the sandbox's books.
pub fn open_sandbox(configuration: &SandboxConfiguration) -> anyhow::Result<Sandbox> {
    let http = outgoing::client(&configuration.service.outgoing)?;
    let settings = configuration.settings(http);
    let machine = Arc::new(SystemClock::new());
    Sandbox::open(settings, machine, Arc::new(OsEntropy)).context("the sandbox does not open")
}

/// Applies what is missing in `database`, and answers the names of what was.
pub async fn migrate(database: &Database, schema: Schema) -> anyhow::Result<Vec<String>> {
    let options = options(database)?;
    Store::migrate(&database.location, schema, &options)
        .await
        .with_context(|| format!("the tables of the {} cannot be brought up to date", schema.name))
}

/// Opens the store of a service.
pub async fn open_store(database: &Database, schema: Schema) -> anyhow::Result<Store> {
    let options = options(database)?;
    Store::open(&database.location, schema, &options, no_faults())
        .await
        .with_context(|| format!("the database of the {} does not open", schema.name))
}

fn options(database: &Database) -> anyhow::Result<Options> {
    let tls = match &database.location {
        medpay_store::Location::Sqlite(_) => None,
        medpay_store::Location::Postgres(_) => {
            Some(outgoing::database_tls(database.ca_file.as_deref())?)
        }
    };
    Ok(Options {
        readers: database.readers,
        writers: database.writers,
        queue: database.queue,
        tls,
        ..Options::default()
    })
}

/// The clock that `source` names; a followed one wakes the workers of `store` when it changes.
async fn clock(
    source: &ClockSource,
    transport: Arc<dyn Transport>,
    service: &str,
    store: &Store,
    stop: &Stop,
) -> anyhow::Result<Arc<dyn Clock>> {
    match source {
        ClockSource::System => Ok(Arc::new(SystemClock::new())),
        ClockSource::Follow(url) => {
            // Several processes of one service follow side by side.
            let name = format!("{service}-{}", OsEntropy.nonce());
            let clock = FollowedClock::start(transport, url.clone(), name, stop.clone()).await?;
            let store = store.clone();
            clock.on_change(Box::new(move || store.wake()));
            Ok(clock)
        }
    }
}

/// A registry with the stores' counters in it.
fn registry(stores: &[Store]) -> Registry {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(operations::StoreCounters(stores.to_vec())));
    registry
}

/// The two ports of a service, held before anything is opened, so that a port in use is told at
/// once.
#[derive(Debug)]
pub struct Ports {
    public: Bound,
    operations: Bound,
}

impl Ports {
    /// Takes the ports that `listener` names. `remedy` says how to choose another one, given the
    /// configuration's key.
    pub fn bind(
        listener: &Listener,
        whom: &str,
        remedy: impl Fn(&str) -> String,
    ) -> anyhow::Result<Self> {
        let operations = listener.operations_listen;
        Ok(Self {
            public: listening::bind(listener.listen, whom, &remedy("listen"))?,
            operations: listening::bind(operations, whom, &remedy("operations_listen"))?,
        })
    }

    fn announce(&self, service: &str) {
        tracing::info!(
            service,
            listen = %self.public.address,
            operations = %self.operations.address,
            "listening"
        );
    }

    async fn serve(
        self,
        public: Router,
        operations: Router,
        listener: &Listener,
        stop: Stop,
    ) -> anyhow::Result<()> {
        let plain = Listener { tls: None, ..listener.clone() };
        tokio::try_join!(
            listening::serve(self.public, public, listener, stop.clone()),
            listening::serve(self.operations, operations, &plain, stop),
        )?;
        Ok(())
    }
}
