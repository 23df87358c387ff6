//! The town's services as processes behind doors: each started from the configuration that a demo
//! wrote, several of one kind on PostgreSQL, one of each kind on SQLite.

use super::disk::Disk;
use super::proxy::{Place, Proxy};
use super::server::Server;
use super::{Chance, LOOK, PATIENCE};
use crate::demo::free_port_base;
use anyhow::{Context as _, bail, ensure};
use medpay::config::Outgoing;
use medpay::outgoing;
use medpay_acceptance::ready::Ready;
use medpay_client::{HttpTransport, Transport as _};
use medpay_store::testing::Engine;
use medpay_wire::contracts::clock::Reading;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The environment variable that names another binary to be tried than the one that was built for
/// the tests: `make chaos` names one that nobody builds anew meanwhile.
const BINARY_VARIABLE: &str = "MEDPAY_CHAOS_BINARY";
/// The database of the town on its own PostgreSQL.
pub(super) const DATABASE: &str = "town";
/// How long a call of another party may take, in milliseconds of machine time.
const CALL_MS: u32 = 2_000;
/// How long a job is held, in milliseconds of machine time; a stop is longer.
pub(super) const LEASE_MS: u64 = 4_000;
/// How long an answer of a service may take before it counts as none.
const ANSWER_MS: u64 = 5_000;

/// The binary under test.
pub(super) fn medpay() -> PathBuf {
    PathBuf::from(
        super::variable(BINARY_VARIABLE).unwrap_or_else(|| env!("CARGO_BIN_EXE_medpay").to_owned()),
    )
}

/// Both sides of `medpay audit`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Audit {
    pub(super) platform: medpay_platform::audit::Report,
    pub(super) gateway: medpay_gateway::audit::Report,
}

impl Audit {
    /// Whether every party was heard.
    pub(super) fn is_heard(&self) -> bool {
        let heard = self.gateway.sites.iter().all(|site| site.silent.is_empty());
        heard && self.platform.silent.is_empty()
    }

    /// Whether nothing is in flight, and every party was heard.
    pub(super) fn is_quiet(&self) -> bool {
        self.platform.quiet && self.gateway.quiet && self.is_heard()
    }

    /// Whether the four books are equal.
    pub(super) fn is_equal(&self) -> bool {
        self.platform.equal && self.gateway.equal
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.platform, self.gateway)
    }
}

/// A town whose services are processes.
pub(super) struct Town {
    /// What a script may know. Its addresses are those of the doors.
    pub(super) ready: Ready,
    pub(super) disk: Disk,
    /// On PostgreSQL, the server.
    pub(super) server: Option<Server>,
    transport: HttpTransport,
    doors: BTreeMap<&'static str, Proxy>,
    services: BTreeMap<&'static str, Service>,
    directory: tempfile::TempDir,
    /// The place of the town's database behind PostgreSQL's door.
    pub(super) database_url: Option<String>,
}

/// A service that was started, or will be.
struct Service {
    configuration: PathBuf,
    /// Where it listens; its operators' port is the next one.
    port: u16,
    program: PathBuf,
    running: Option<Running>,
}

/// A process that is ended with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // SIGKILL: no instruction more. Fails only if the process has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a service is: `platform` of `platform-2`.
pub(super) fn kind_of(service: &str) -> &str {
    service.split('-').next().unwrap_or(service)
}

impl Town {
    /// Lets a demo make the town's credentials, configuration files and tables, puts doors where
    /// its services would listen, and starts the services behind them.
    pub(super) async fn found(engine: Engine, seed: u64) -> anyhow::Result<Self> {
        Self::found_by(engine, seed, &medpay()).await
    }

    /// The same, all of it the work of `program`.
    pub(super) async fn found_by(
        engine: Engine,
        seed: u64,
        program: &Path,
    ) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("medpay-chaos-").tempdir()?;
        std::fs::set_permissions(directory.path(), Permissions::from_mode(0o755))?;
        let files = match engine {
            Engine::Sqlite => "/data/platform.db:/data/gateway.db",
            Engine::Postgres => "/base/:/pg_wal/",
        };
        let disk = Disk::new(directory.path(), files)?;
        let server = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(Server::start(directory.path(), &disk).await?),
        };
        let port_base = free_port_base();
        let mut command = Command::new(program);
        command.arg("demo").arg("--data").arg(directory.path().join("data"));
        command.arg("--port-base").arg(port_base.to_string());
        if let Some(server) = &server {
            server.sql("postgres", &format!("CREATE DATABASE {DATABASE}"))?;
            let folder = server.socket();
            let folder = folder.parent().context("a folder")?.to_string_lossy();
            let host = folder.replace('/', "%2F");
            command.arg("--database").arg(format!("postgres://postgres@{host}/{DATABASE}"));
        }
        let ready = made_by_a_demo(command, directory.path()).await?;
        let mut town = Self {
            ready,
            disk,
            server,
            transport: HttpTransport::new(outgoing::client(&Outgoing::direct())?),
            doors: BTreeMap::new(),
            services: BTreeMap::new(),
            directory,
            database_url: None,
        };
        town.build(port_base, seed, program).await?;
        Ok(town)
    }

    /// Writes the services' own configurations, opens the doors, and starts everything.
    async fn build(&mut self, port_base: u16, seed: u64, program: &Path) -> anyhow::Result<()> {
        let (first, second) = (free_port_base(), free_port_base());
        let services: &[(&'static str, u16, u16)] = if self.server.is_some() {
            &[
                ("sandbox", port_base + 200, first),
                ("platform-1", port_base, first + 100),
                ("platform-2", port_base, first + 200),
                ("gateway-1", port_base + 100, second),
                ("gateway-2", port_base + 100, second + 100),
            ]
        } else {
            &[
                ("sandbox", port_base + 200, first),
                ("platform-1", port_base, first + 100),
                ("gateway-1", port_base + 100, second),
            ]
        };
        for &(service, public, own) in services {
            let configuration = self.move_behind_its_door(service, public, own)?;
            let (port, program) = (own, program.to_owned());
            let stands = Service { configuration, port, program, running: None };
            self.services.insert(service, stands);
        }
        for (door, public) in
            [("platform", port_base), ("gateway", port_base + 100), ("sandbox", port_base + 200)]
        {
            let behind = services.iter().filter(|(service, ..)| kind_of(service) == door);
            let places = behind.map(|&(_, _, own)| Place::Port(own)).collect();
            self.doors.insert(door, Proxy::open(public, places, seed).await?);
        }
        if let Some(server) = &self.server {
            let port = second + 200;
            let places = vec![Place::Socket(server.socket())];
            self.doors.insert("postgres", Proxy::open(port, places, seed).await?);
            let url = format!("postgres://postgres@127.0.0.1:{port}/{DATABASE}");
            std::fs::write(self.data().join("secrets/database_url"), &url)?;
            self.database_url = Some(url);
        }
        self.start_all().await?;
        self.in_the_morning().await
    }

    /// The configuration that the demo wrote, for one of several processes that listens elsewhere.
    fn move_behind_its_door(&self, service: &str, from: u16, to: u16) -> anyhow::Result<PathBuf> {
        let kind = kind_of(service);
        let mut text = std::fs::read_to_string(self.data().join(format!("{kind}.toml")))?;
        for above in [0, 1] {
            let listens = |port: u16| format!("listen = \"127.0.0.1:{}\"\n", port + above);
            ensure!(text.contains(&listens(from)), "{kind}.toml listens elsewhere");
            text = text.replace(&listens(from), &listens(to));
        }
        if kind != "sandbox" {
            text = format!("call_timeout_ms = {CALL_MS}\nlease_ms = {LEASE_MS}\n{text}");
        }
        let path = self.data().join(format!("{service}.toml"));
        std::fs::write(&path, text)?;
        Ok(path)
    }

    /// Where everything is kept.
    pub(super) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// A folder for what a test makes beside it.
    pub(super) fn folder(&self) -> &Path {
        self.directory.path()
    }

    /// The services, by name.
    pub(super) fn services(&self) -> Vec<&'static str> {
        self.services.keys().copied().collect()
    }

    /// The doors, by name.
    pub(super) fn doors(&self) -> Vec<&'static str> {
        self.doors.keys().copied().collect()
    }

    /// The door of this name.
    pub(super) fn door(&self, name: &str) -> anyhow::Result<&Proxy> {
        self.doors.get(name).with_context(|| format!("no door {name}"))
    }

    /// Starts every service, the sandbox first: the others follow its clock.
    pub(super) async fn start_all(&mut self) -> anyhow::Result<()> {
        let mut services = self.services();
        services.sort_by_key(|service| kind_of(service) != "sandbox");
        for service in services {
            self.start(service).await?;
        }
        Ok(())
    }

    /// Starts a service and waits until it is ready. One that ends before that is started again,
    /// as whatever watches over services does.
    pub(super) async fn start(&mut self, service: &'static str) -> anyhow::Result<()> {
        let begun = tokio::time::Instant::now();
        self.spawn(service)?;
        while !self.is_ready(service).await {
            ensure!(begun.elapsed() < PATIENCE, "{service} is not ready\n{}", self.logs());
            tokio::time::sleep(LOOK).await;
            if self.has_ended(service)? {
                self.spawn(service)?;
            }
        }
        Ok(())
    }

    fn spawn(&mut self, service: &'static str) -> anyhow::Result<()> {
        let log = log_file(self.directory.path(), service);
        let log = File::options().create(true).append(true).open(log)?;
        let stands = self.services.get_mut(service).context("a service")?;
        let mut command = Command::new(&stands.program);
        command.arg(kind_of(service)).arg("--config").arg(&stands.configuration);
        // The sandbox is an honest counterparty on an honest disk; PostgreSQL has its own.
        if kind_of(service) != "sandbox" && self.server.is_none() {
            self.disk.under(&mut command);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        stands.running = Some(Running(command.spawn()?));
        Ok(())
    }

    fn has_ended(&mut self, service: &str) -> anyhow::Result<bool> {
        let stands = self.services.get_mut(service).context("a service")?;
        match &mut stands.running {
            Some(running) => Ok(running.0.try_wait()?.is_some()),
            None => Ok(true),
        }
    }

    /// Whether it says that it can do its work.
    async fn is_ready(&self, service: &str) -> bool {
        let Some(stands) = self.services.get(service) else { return false };
        let url = format!("http://127.0.0.1:{}/readyz", stands.port + 1);
        let Ok(request) = http::Request::get(url).body(bytes::Bytes::new()) else { return false };
        let answer = self.transport.send(request, ANSWER_MS).await;
        answer.is_ok_and(|answer| answer.status() == 200)
    }

    /// Kills a service in the middle of whatever it does.
    pub(super) fn kill(&mut self, service: &str) -> anyhow::Result<()> {
        let stands = self.services.get_mut(service).context("a service")?;
        stands.running = None;
        Ok(())
    }

    /// Lets a service be the process of another binary from its next start on.
    pub(super) fn run_by(&mut self, service: &str, program: &Path) -> anyhow::Result<()> {
        let stands = self.services.get_mut(service).context("a service")?;
        program.clone_into(&mut stands.program);
        Ok(())
    }

    /// Stops a service between two instructions, or lets it go on (SIGSTOP, SIGCONT). Nobody new is
    /// sent to a stopped one: a balancer asks for readiness.
    pub(super) fn freeze(&self, service: &str, frozen: bool) -> anyhow::Result<()> {
        let stands = self.services.get(service).context("a service")?;
        let running = stands.running.as_ref().context("it does not run")?;
        signal(if frozen { "STOP" } else { "CONT" }, &running.0.id().to_string())?;
        let kind = kind_of(service);
        let alike = self.services.keys().filter(|one| kind_of(one) == kind);
        if let Some(place) = alike.clone().position(|one| *one == service)
            && alike.count() > 1
        {
            self.door(kind)?.send_to(place, !frozen);
        }
        Ok(())
    }

    /// Where a service listens, behind its door.
    pub(super) fn port(&self, service: &str) -> anyhow::Result<u16> {
        Ok(self.services.get(service).context("a service")?.port)
    }

    /// The configuration of a service.
    pub(super) fn configuration(&self, service: &str) -> anyhow::Result<&Path> {
        Ok(&self.services.get(service).context("a service")?.configuration)
    }

    /// What `medpay audit` says, of both sides.
    pub(super) async fn audit(&self) -> anyhow::Result<Audit> {
        let mut command = Command::new(medpay());
        command.arg("audit").arg("--config").arg(self.configuration("platform-1")?);
        command.arg("--gateway-config").arg(self.configuration("gateway-1")?).arg("--json");
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("medpay audit: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// The gateway's side of it.
    pub(super) async fn audit_gateway(&self) -> anyhow::Result<medpay_gateway::audit::Report> {
        let mut command = Command::new(medpay());
        command.arg("audit").arg("--gateway-config").arg(self.configuration("gateway-1")?);
        command.arg("--json");
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("medpay audit: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Audits until nothing is in flight. What waits for its hour in business time is not waited
    /// for: the clock is moved on.
    pub(super) async fn until_quiet(&self) -> anyhow::Result<Audit> {
        self.until_quiet_as(async || self.audit().await, Audit::is_quiet).await
    }

    /// The same by another audit and another idea of quiet.
    pub(super) async fn until_quiet_as(
        &self,
        audit: impl AsyncFn() -> anyhow::Result<Audit>,
        is_quiet: impl Fn(&Audit) -> bool,
    ) -> anyhow::Result<Audit> {
        let begun = tokio::time::Instant::now();
        loop {
            let last = match audit().await {
                Ok(audit) if is_quiet(&audit) => return Ok(audit),
                Ok(audit) => format!("still in flight: {audit}"),
                Err(error) => format!("{error:#}"),
            };
            if begun.elapsed() > PATIENCE {
                bail!("{last}\n{}", self.logs());
            }
            // Not enough to end a lease, which is of machine time, nor to end a day.
            let _ = self.advance(15).await;
            tokio::time::sleep(LOOK * 10).await;
        }
    }

    /// Asks a party of the sandbox what an operator may ask: its list of a day.
    pub(super) async fn ask_sandbox(
        &self,
        path: &str,
        question: &serde_json::Value,
    ) -> anyhow::Result<serde_json::Value> {
        let request = http::Request::post(format!("{}{path}", self.ready.sandbox_url))
            .header("content-type", "application/json")
            .body(question.to_string().into())?;
        let answer = self.transport.send(request, 30_000).await?;
        ensure!(answer.status() == 200, "{path}: {}", answer.status());
        Ok(serde_json::from_slice(answer.body())?)
    }

    /// Moves the test clock on.
    pub(super) async fn advance(&self, seconds: i64) -> anyhow::Result<()> {
        self.change_clock(&json!({ "do": "advance", "seconds": seconds })).await
    }

    /// Business time, for a reader.
    pub(super) async fn now(&self) -> anyhow::Result<String> {
        Ok(self.reading().await?.now.to_string())
    }

    async fn reading(&self) -> anyhow::Result<Reading> {
        let request = http::Request::get(&self.ready.clock.url).body(bytes::Bytes::new())?;
        let answer = self.transport.send(request, ANSWER_MS).await?;
        Ok(serde_json::from_slice(answer.body())?)
    }

    /// Nine o'clock: whatever the hour at which tests run, there is time for a refund.
    async fn in_the_morning(&self) -> anyhow::Result<()> {
        let nine = self.reading().await?.now.day().start().plus_seconds(9 * 3600);
        self.change_clock(&json!({ "do": "set", "to": nine.as_ms() })).await
    }

    async fn change_clock(&self, change: &serde_json::Value) -> anyhow::Result<()> {
        self.ask_sandbox("/clock", change).await?;
        Ok(())
    }

    /// What the services said, for somebody who must find out what went wrong.
    pub(super) fn logs(&self) -> String {
        let mut text = String::new();
        for service in self.services.keys() {
            text.push_str(&errors_in(&log_file(self.directory.path(), service), service));
        }
        if let Some(server) = &self.server {
            let _ = write!(text, "postgres: {}", server.log());
        }
        text
    }
}

/// Runs a demo until it is ready, ends it, and answers what it told scripts.
async fn made_by_a_demo(mut command: Command, folder: &Path) -> anyhow::Result<Ready> {
    let (ready_file, log) = (folder.join("ready.json"), log_file(folder, "demo"));
    command.arg("--ready-file").arg(&ready_file);
    let output = File::create(&log)?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output);
    let mut demo = Running(command.spawn()?);
    let text = loop {
        if let Ok(text) = std::fs::read_to_string(&ready_file) {
            break text;
        }
        if let Some(status) = demo.0.try_wait()? {
            bail!("the demo ended with {status}: {}", std::fs::read_to_string(&log)?);
        }
        tokio::time::sleep(LOOK).await;
    };
    serde_json::from_str(&text).context("the ready file")
}

/// Sends a signal to a process.
pub(super) fn signal(name: &str, process: &str) -> anyhow::Result<()> {
    let status = Command::new("kill").arg(format!("-{name}")).arg(process).status()?;
    ensure!(status.success(), "SIG{name} to {process}: {status}");
    Ok(())
}

/// Somebody of `services`, by chance.
pub(super) fn one_of(services: &[&'static str], chance: &mut Chance) -> &'static str {
    let count = services.len() as u64;
    services[usize::try_from(chance.below(count)).unwrap_or_default()]
}

fn log_file(directory: &Path, service: &str) -> PathBuf {
    directory.join(format!("{service}.log"))
}

/// The last errors in a log, as far as they fit a screen.
fn errors_in(log: &Path, service: &str) -> String {
    let log = std::fs::read_to_string(log).unwrap_or_default();
    let is_error = |line: &&str| line.contains("ERROR") || line.contains("panicked");
    let mut errors: Vec<_> = log.lines().filter(is_error).collect();
    let errors = errors.split_off(errors.len().saturating_sub(10));
    errors.iter().fold(String::new(), |text, line| format!("{text}{service}: {line}\n"))
}
