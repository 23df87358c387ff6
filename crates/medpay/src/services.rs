//! The services, put together: settings, store, clock, chance and doors into one value, its router
//! on a listener, its workers on tasks.

use crate::admission::{Admission, AdmissionCounters, Busy, admit};
use crate::clock::FollowedClock;
use crate::config::{
    self, ClockSource, Database, GatewayConfiguration, Listener, PlatformConfiguration,
    SandboxConfiguration,
};
use crate::listening::{self, Bound, Stop};
use crate::operations;
use crate::outgoing;
use crate::readiness::{Readiness, Watched};
use crate::system::{OsEntropy, SystemClock};
use anyhow::Context as _;
use axum::Router;
use axum::middleware::from_fn_with_state;
use medpay_client::{HttpTransport, Transport};
use medpay_domain::{Clock, Entropy};
use medpay_gateway::{Gateway, Stores};
use medpay_platform::app::Doors;
use medpay_platform::{App, Platform};
use medpay_sandbox::Sandbox;
use medpay_store::{FaultHook, Options, Schema, Store, no_faults};
use prometheus_client::registry::Registry;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
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
    stores: Vec<Watched>,
    limits: config::Admission,
}

impl RunningGateway {
    /// Serves it and runs its workers until `stop`; then lets both finish what they are at.
    pub async fn serve(self, ports: Ports, listener: &Listener, stop: Stop) -> anyhow::Result<()> {
        ports.announce("gateway");
        let ended = stop.after(listener.leave_seconds);
        let mut working = JoinSet::new();
        for branch in self.gateway.branches() {
            let (all, branch) = (medpay_gateway::workers::ALL, Arc::clone(branch));
            working.spawn(medpay_store::workers::run(all, branch, ended.receiver()));
        }
        let gateway = self.gateway.clone();
        let busy: Busy = Arc::new(move |path| medpay_gateway::busy::answer(&gateway, path));
        let admission = Arc::new(Admission::new(self.limits, busy));
        let router = medpay_gateway::router::router(self.gateway.clone());
        let stores: Vec<_> = self.stores.iter().map(|watched| watched.store.clone()).collect();
        let service = Service {
            router: router.layer(from_fn_with_state(Arc::clone(&admission), admit)),
            registry: registry(&stores, admission),
            stores: self.stores,
            working,
        };
        service.run(ports, listener, stop).await
    }

    /// Closes its databases.
    pub async fn close(&self) {
        for watched in &self.stores {
            watched.store.close().await;
        }
    }
}

/// A service with its workers at work.
struct Service {
    router: Router,
    registry: Registry,
    stores: Vec<Watched>,
    working: JoinSet<()>,
}

impl Service {
    /// Serves until `stop`; then the requests under way end, the workers' round ends, and the
    /// stores are closed, each within the listener's bound. Operators are answered throughout.
    async fn run(self, ports: Ports, listener: &Listener, stop: Stop) -> anyhow::Result<()> {
        let Self { router, registry, stores, mut working } = self;
        let patience = Duration::from_secs(listener.drain_seconds);
        let readiness = Readiness::of(stores.clone(), Arc::new(SystemClock::new()));
        let operations = operations::router(registry, readiness, stop.clone());
        let ending = async move |served: anyhow::Result<()>| {
            let mut worked = Ok(());
            let all = async {
                while let Some(ended) = working.join_next().await {
                    worked = std::mem::replace(&mut worked, Ok(())).and(ended.context("a worker"));
                }
            };
            if tokio::time::timeout(patience, all).await.is_err() {
                tracing::warn!("workers are left at their round; what they leased runs out");
            }
            for Watched { store, .. } in stores {
                if tokio::time::timeout(patience.max(CLOSING), store.close()).await.is_err() {
                    tracing::warn!("the database is left with writes still waiting for it");
                }
            }
            served.and(worked)
        };
        ports.serve(router, operations, listener, stop, ending).await
    }
}

/// How long closing a database may take at least.
const CLOSING: Duration = Duration::from_secs(1);

/// Opens what the gateway needs and puts it together; a followed clock is followed until `stop`.
pub async fn open_gateway(
    configuration: GatewayConfiguration,
    stop: &Stop,
) -> anyhow::Result<RunningGateway> {
    let http = outgoing::client(&configuration.service.outgoing)?;
    let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new(http));
    let settings = configuration.settings;
    let mut watched = Vec::new();
    let mut open = async |database: &Database| {
        let store = open_store(database, GATEWAY_SCHEMA).await?;
        watched.push(watch(&store, GATEWAY_SCHEMA, database));
        anyhow::Ok(store)
    };
    let first = open(&configuration.database).await?;
    let stores = match &configuration.production_database {
        Some(database) => {
            let production = open(database).await?;
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
    Ok(RunningGateway { gateway, stores: watched, limits: configuration.admission })
}

/// Runs an open sandbox until `stop`.
pub async fn serve_sandbox(
    sandbox: &Sandbox,
    ports: Ports,
    listener: &Listener,
    stop: Stop,
) -> anyhow::Result<()> {
    ports.announce("sandbox");
    let readiness = Readiness::of(Vec::new(), Arc::new(SystemClock::new()));
    let operations = operations::router(Registry::default(), readiness, stop.clone());
    ports.serve(sandbox.router(), operations, listener, stop, async |served| served).await
}

/// The platform, open and not yet served.
pub struct RunningPlatform {
    /// The service.
    pub app: Platform,
    router: Router,
    registry: Registry,
    stores: Vec<Watched>,
}

impl RunningPlatform {
    /// Serves it and runs its workers until `stop`; then lets both finish what they are at.
    pub async fn serve(self, ports: Ports, listener: &Listener, stop: Stop) -> anyhow::Result<()> {
        ports.announce("platform");
        let ended = stop.after(listener.leave_seconds);
        let (all, app) = (medpay_platform::workers::ALL, Arc::clone(&self.app));
        let mut working = JoinSet::new();
        working.spawn(medpay_store::workers::run(all, app, ended.receiver()));
        let Self { router, registry, stores, .. } = self;
        Service { router, registry, stores, working }.run(ports, listener, stop).await
    }
}

/// Opens what the platform needs and puts it together; a followed clock is followed until `stop`.
pub async fn open_platform(
    configuration: PlatformConfiguration,
    stop: &Stop,
) -> anyhow::Result<RunningPlatform> {
    open_platform_with(configuration, stop, no_faults()).await
}

/// The same over a store in which `faults` reaches: for tests and benches, which put the service
/// together in their own process. No configuration leads here.
pub async fn open_platform_with(
    configuration: PlatformConfiguration,
    stop: &Stop,
    faults: Arc<dyn FaultHook>,
) -> anyhow::Result<RunningPlatform> {
    let http = outgoing::client(&configuration.service.outgoing)?;
    let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new(http));
    let store = open_store_with(&configuration.database, PLATFORM_SCHEMA, faults).await?;
    let stores = vec![watch(&store, PLATFORM_SCHEMA, &configuration.database)];
    let clock = clock(&configuration.clock, transport.clone(), "platform", &store, stop).await?;
    let settings = configuration.settings;
    let doors = Doors::over_http(transport, &settings);
    let app = App::new(settings, store.clone(), clock, Arc::new(OsEntropy), doors);
    let asked = Arc::clone(&app);
    let busy: Busy = Arc::new(move |path| medpay_platform::access::busy::answer(&asked, path));
    let admission = Arc::new(Admission::new(configuration.admission, busy));
    let mut registry = registry(&[store], Arc::clone(&admission));
    let metrics = medpay_platform::requests::Metrics::default();
    metrics.register(&mut registry);
    let router = medpay_platform::router::router_counted(Arc::clone(&app), metrics)
        .layer(from_fn_with_state(admission, admit));
    Ok(RunningPlatform { app, router, registry, stores })
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
    open_store_with(database, schema, no_faults()).await
}

fn watch(store: &Store, schema: Schema, database: &Database) -> Watched {
    Watched { store: store.clone(), schema, location: database.location.clone() }
}

async fn open_store_with(
    database: &Database,
    schema: Schema,
    faults: Arc<dyn FaultHook>,
) -> anyhow::Result<Store> {
    let options = options(database)?;
    Store::open(&database.location, schema, &options, faults)
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

/// A registry with the counters of stores and admission in it.
fn registry(stores: &[Store], admission: Arc<Admission>) -> Registry {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(operations::StoreCounters(stores.to_vec())));
    registry.register_collector(Box::new(AdmissionCounters(admission)));
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
        listening::open_as_many_files_as_allowed();
        Ok(Self {
            public: listening::bind(listener.listen, whom, &remedy("listen"))?,
            operations: listening::bind(operations, whom, &remedy("operations_listen"))?,
        })
    }

    /// Where requests will be served.
    pub const fn public_address(&self) -> SocketAddr {
        self.public.address
    }

    /// Where operators will be answered.
    pub const fn operations_address(&self) -> SocketAddr {
        self.operations.address
    }

    fn announce(&self, service: &str) {
        tracing::info!(
            service,
            listen = %self.public.address,
            operations = %self.operations.address,
            "listening"
        );
    }

    /// Serves both until `stop`. What `ending` does, given how the public one went, is done before
    /// the operators' one closes.
    async fn serve(
        self,
        public: Router,
        operations: Router,
        listener: &Listener,
        stop: Stop,
        ending: impl AsyncFnOnce(anyhow::Result<()>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let plain = Listener { tls: None, leave_seconds: 0, drain_seconds: 1, ..listener.clone() };
        let (last, all_done) = Stop::new();
        let for_operators = listening::serve(self.operations, operations, &plain, all_done);
        let for_public = async {
            let served = listening::serve(self.public, public, listener, stop).await;
            let ended = ending(served).await;
            last.stop();
            ended
        };
        tokio::try_join!(for_public, for_operators)?;
        Ok(())
    }
}
