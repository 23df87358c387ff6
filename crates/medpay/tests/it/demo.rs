//! A `medpay demo` of its own, as a process, for tests that play against one.

use medpay_store::Location;
use medpay_store::testing::TestDb;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// A running demo; dropping it ends the process and removes its data.
pub(crate) struct Demo {
    processes: Vec<Child>,
    directory: tempfile::TempDir,
    on_postgres: bool,
}

impl Demo {
    /// Starts a demo on `database` and waits until it has written its ready file.
    pub(crate) fn start(database: &TestDb) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let log = std::fs::File::create(directory.path().join("log")).expect("a log");
        let mut command = command(database, directory.path());
        command.arg("--ready-file").arg(directory.path().join("ready.json"));
        let process =
            command.stdout(Stdio::null()).stderr(log).spawn().expect("medpay can be started");
        let on_postgres = matches!(database.location(), Location::Postgres(_));
        let mut demo = Self { processes: vec![process], directory, on_postgres };
        demo.wait_until_ready();
        demo
    }

    /// The same town as three processes of their own: its configuration files, run by `medpay
    /// sandbox`, `medpay platform` and `medpay gateway`.
    pub(crate) fn start_apart(database: &TestDb) -> Self {
        let mut demo = Self::start(database);
        demo.end();
        for service in ["sandbox", "platform", "gateway"] {
            let log = std::fs::File::options().append(true).open(demo.directory.path().join("log"));
            let mut command = Command::new(env!("CARGO_BIN_EXE_medpay"));
            command.arg(service).arg("--config").arg(demo.data().join(format!("{service}.toml")));
            command.stdout(Stdio::null()).stderr(log.expect("a log"));
            demo.processes.push(command.spawn().expect("medpay can be started"));
            demo.wait_until_served(&format!("{service}_url"));
        }
        demo
    }

    /// Where the ready file is.
    pub(crate) fn ready_file(&self) -> PathBuf {
        self.directory.path().join("ready.json")
    }

    /// Where everything is kept.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Whether its databases are on PostgreSQL.
    pub(crate) const fn on_postgres(&self) -> bool {
        self.on_postgres
    }

    fn wait_until_ready(&mut self) {
        let complete = |text: String| serde_json::from_str::<serde_json::Value>(&text).is_ok();
        while !std::fs::read_to_string(self.ready_file()).is_ok_and(complete) {
            self.assert_alive();
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until somebody listens at an address of the ready file.
    fn wait_until_served(&mut self, member: &str) {
        let text = std::fs::read_to_string(self.ready_file()).expect("a ready file");
        let ready: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let address = ready[member].as_str().and_then(|url| url.strip_prefix("http://"));
        let address = address.expect("an address").to_owned();
        while TcpStream::connect(&address).is_err() {
            self.assert_alive();
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn assert_alive(&mut self) {
        for process in &mut self.processes {
            if let Some(status) = process.try_wait().expect("the process can be asked") {
                panic!("the demo ended with {status}: {}", self.log());
            }
        }
    }

    fn end(&mut self) {
        for mut process in self.processes.drain(..) {
            // Both fail only if the process has ended already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// What the demo said.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.end();
    }
}

/// `medpay demo` on `database`, with data in `directory`, on ports that nobody has.
pub(crate) fn command(database: &TestDb, directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_medpay"));
    command.arg("demo").arg("--data").arg(directory.join("data"));
    command.arg("--port-base").arg(free_port_base().to_string());
    if let Location::Postgres(url) = database.location() {
        command.arg("--database").arg(url);
    }
    command
}

/// A base whose ports are free: each service's, and its operations beside it. Below the range from
/// which Linux takes the ports of outgoing connections, and not given to another test here.
pub(crate) fn free_port_base() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let start = 12_000 + u16::try_from(std::process::id() % 500).unwrap_or_default() * 20;
    (0..500)
        .map(|_| start + 2 * NEXT.fetch_add(1, Ordering::Relaxed))
        .find(|base| [0, 1, 100, 101, 200, 201].iter().all(|above| free(base + above)))
        .expect("free ports")
}
