//! The town's services as processes, each started from the configuration that a demo wrote.

use super::{LOOK, PATIENCE};
use crate::demo;
use anyhow::{Context as _, bail};
use medpay_acceptance::ready::Ready;
use medpay_platform::audit::Report;
use medpay_store::testing::TestDb;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The services, in the order they are started: the others follow the sandbox's clock.
const SERVICES: [&str; 3] = ["sandbox", "platform", "gateway"];

/// A town whose services are processes.
pub(super) struct Town {
    /// What a script may know.
    pub(super) ready: Ready,
    directory: tempfile::TempDir,
    demo: Option<Running>,
    services: BTreeMap<&'static str, Running>,
}

/// A process that is ended with its owner.
struct Running(Child);

impl Running {
    /// SIGKILL: no instruction more.
    fn kill(&mut self) {
        // Fails only if the process has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Town {
    /// Lets a demo make the town's credentials, configuration files and tables.
    pub(super) async fn found(db: &TestDb) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let ready_file = directory.path().join("ready.json");
        let mut command = demo::command(db, directory.path());
        command.arg("--ready-file").arg(&ready_file);
        let mut demo = spawn(&mut command, &log_file(directory.path(), "demo"))?;
        let text = loop {
            if let Ok(text) = std::fs::read_to_string(&ready_file) {
                break text;
            }
            if let Some(status) = demo.0.try_wait()? {
                bail!("the demo ended with {status}: {}", logs_of(directory.path()));
            }
            tokio::time::sleep(LOOK).await;
        };
        let ready = serde_json::from_str(&text).context("the ready file")?;
        Ok(Self { ready, directory, demo: Some(demo), services: BTreeMap::new() })
    }

    /// Ends the demo, so that its parts can be started as processes of their own.
    pub(super) fn end_demo(&mut self) {
        self.demo = None;
    }

    /// Starts every service.
    pub(super) async fn start_all(&mut self) -> anyhow::Result<()> {
        for service in SERVICES {
            self.start(service).await?;
        }
        Ok(())
    }

    /// Kills a service in the middle of whatever it does, and starts it again.
    pub(super) async fn kill_and_restart(&mut self, service: &'static str) -> anyhow::Result<()> {
        self.services.remove(service).context("it runs")?.kill();
        self.start(service).await
    }

    /// Starts a service and waits until it listens.
    async fn start(&mut self, service: &'static str) -> anyhow::Result<()> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_medpay"));
        command.arg(service).arg("--config").arg(self.configuration(service));
        let mut running = spawn(&mut command, &log_file(self.directory.path(), service))?;
        let port = self.port(service)?;
        let begun = tokio::time::Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(status) = running.0.try_wait()? {
                bail!("the {service} ended with {status}: {}", self.logs());
            }
            anyhow::ensure!(begun.elapsed() < PATIENCE, "the {service} does not listen");
            tokio::time::sleep(LOOK).await;
        }
        self.services.insert(service, running);
        Ok(())
    }

    fn configuration(&self, service: &str) -> PathBuf {
        self.directory.path().join("data").join(format!("{service}.toml"))
    }

    fn port(&self, service: &str) -> anyhow::Result<u16> {
        let url = match service {
            "sandbox" => &self.ready.sandbox_url,
            "platform" => &self.ready.platform_url,
            _ => &self.ready.gateway_url,
        };
        let port = url.rsplit(':').next().context("a port")?;
        Ok(port.parse()?)
    }

    /// What `medpay audit` says.
    pub(super) async fn audit(&self) -> anyhow::Result<Report> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_medpay"));
        command.arg("audit").arg("--config").arg(self.configuration("platform")).arg("--json");
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("medpay audit: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// What the services said, for somebody who must find out what went wrong.
    pub(super) fn logs(&self) -> String {
        logs_of(self.directory.path())
    }
}

fn log_file(directory: &Path, service: &str) -> PathBuf {
    directory.join(format!("{service}.log"))
}

fn spawn(command: &mut Command, log: &Path) -> anyhow::Result<Running> {
    let log = File::options().create(true).append(true).open(log)?;
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
    Ok(Running(child))
}

/// The errors in the services' logs, as far as they fit a screen or two.
fn logs_of(directory: &Path) -> String {
    let mut text = String::new();
    for service in ["demo", "sandbox", "platform", "gateway"] {
        let log = std::fs::read_to_string(log_file(directory, service)).unwrap_or_default();
        let errors = log.lines().filter(|line| line.contains("ERROR") || line.contains("panicked"));
        for line in errors.take(20) {
            let _ = writeln!(text, "{service}: {line}");
        }
    }
    text
}
