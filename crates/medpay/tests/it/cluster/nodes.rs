//! The cluster and the town that `deploy/cluster/run` brings up, and the words it understands.

use super::{LOOK, PATIENCE};
use anyhow::{Context as _, bail, ensure};
use medpay_acceptance::ready::Ready;
use medpay_platform::audit::Report;
use serde::Deserialize;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const MEDPAY: &str = env!("CARGO_BIN_EXE_medpay");

/// The script with all that it has started; it ends when this goes.
pub(super) struct Cluster {
    /// How anybody finds the primary.
    pub(super) url: String,
    /// What a script may know of the town.
    pub(super) ready: Ready,
    script: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    directory: PathBuf,
    town: u16,
}

/// What Patroni says of its nodes.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Members {
    #[serde(default)]
    members: Vec<Member>,
}

#[derive(Clone, Debug, Deserialize)]
struct Member {
    name: String,
    role: String,
    state: String,
}

/// Patroni's `/sync` in etcd: who may promote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Entitled {
    /// The primary that wrote it.
    pub(super) leader: Option<String>,
    /// The standby that has everything that was acknowledged.
    pub(super) sync_standby: Option<String>,
}

impl Members {
    /// The node that holds the key, if any does.
    pub(super) fn leader(&self) -> Option<&str> {
        self.one("leader")
    }

    fn one(&self, role: &str) -> Option<&str> {
        let found = self.members.iter().find(|member| member.role == role);
        found.map(|member| member.name.as_str())
    }

    /// Whether every node runs and one may take over, so that one more may be lost.
    fn are_whole(&self) -> bool {
        self.members.len() == 3
            && self.members.iter().all(|member| member.state == "running")
            && self.leader().is_some()
            && self.one("sync_standby").is_some()
    }
}

impl Cluster {
    /// Brings all up.
    pub(super) fn start() -> anyhow::Result<Self> {
        let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/cluster/run");
        let (base, town) = free_ports()?;
        let mut script = Command::new(run)
            .args(["--base", &base.to_string(), "--town", &town.to_string(), MEDPAY])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("deploy/cluster/run")?;
        let orders = script.stdin.take();
        let mut answers = BufReader::new(script.stdout.take().context("the script's output")?);
        let mut line = String::new();
        answers.read_line(&mut line)?;
        let Some((url, directory)) =
            line.trim().strip_prefix("ready ").and_then(|rest| rest.split_once(' '))
        else {
            bail!("the cluster does not come up: {}", line.trim());
        };
        let (url, directory) = (url.to_owned(), PathBuf::from(directory));
        let ready = serde_json::from_slice(&std::fs::read(directory.join("ready.json"))?)?;
        Ok(Self { url, ready, script, orders, answers, directory, town })
    }

    /// The second platform's address.
    pub(super) fn second_platform_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.town + 10)
    }

    /// Gives the script a command and takes its answer, a line.
    fn ask(&mut self, command: &str) -> anyhow::Result<String> {
        let orders = self.orders.as_mut().context("the script listens")?;
        tokio::task::block_in_place(|| {
            writeln!(orders, "{command}")?;
            let mut line = String::new();
            self.answers.read_line(&mut line)?;
            Ok(line.trim().to_owned())
        })
    }

    fn tell(&mut self, what: &str, node: &str) -> anyhow::Result<()> {
        let number = node.trim_start_matches("node");
        let answer = self.ask(&format!("{what} {number}"))?;
        ensure!(answer == "ok", "{what} {node}: {answer}");
        Ok(())
    }

    /// The node dies: SIGKILL to its PostgreSQL, its Patroni and its etcd at once.
    pub(super) fn kill(&mut self, node: &str) -> anyhow::Result<()> {
        self.tell("kill", node)
    }

    /// The node comes back, with the disk it had.
    pub(super) fn start_node(&mut self, node: &str) -> anyhow::Result<()> {
        self.tell("start", node)
    }

    /// The node hangs: its connections stay and nobody answers on them.
    pub(super) fn freeze(&mut self, node: &str) -> anyhow::Result<()> {
        self.tell("freeze", node)
    }

    /// The node goes on as if nothing had been.
    pub(super) fn thaw(&mut self, node: &str) -> anyhow::Result<()> {
        self.tell("thaw", node)
    }

    /// What a living Patroni says; nobody if none answers.
    pub(super) fn members(&mut self) -> anyhow::Result<Members> {
        let answer = self.ask("cluster")?;
        serde_json::from_str(&answer).with_context(|| format!("Patroni's /cluster: {answer}"))
    }

    /// What etcd says.
    pub(super) fn entitled(&mut self) -> anyhow::Result<Entitled> {
        let answer = self.ask("sync")?;
        serde_json::from_str(&answer).with_context(|| format!("etcd's /sync: {answer}"))
    }

    /// Waits, on Patroni's own word, until one more node may be lost; answers the primary.
    pub(super) async fn until_whole(&mut self) -> anyhow::Result<String> {
        self.until("the cluster is whole", |members, entitled| {
            let leader = members.leader()?;
            let named = entitled.leader.as_deref() == Some(leader);
            let whole = members.are_whole() && named && entitled.sync_standby.is_some();
            whole.then(|| leader.to_owned())
        })
        .await
    }

    /// Looks until `found` answers.
    pub(super) async fn until<T>(
        &mut self,
        what: &str,
        found: impl Fn(&Members, &Entitled) -> Option<T>,
    ) -> anyhow::Result<T> {
        let begun = tokio::time::Instant::now();
        loop {
            let (members, entitled) = (self.members()?, self.entitled()?);
            if let Some(found) = found(&members, &entitled) {
                return Ok(found);
            }
            let late = begun.elapsed() > PATIENCE;
            ensure!(!late, "not so that {what}: {members:?}, {entitled:?}\n{}", self.logs());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// What a node's Patroni has logged so far.
    pub(super) fn patroni_log(&self, node: &str) -> String {
        std::fs::read_to_string(self.directory.join(node).join("log/patroni.log"))
            .unwrap_or_default()
    }

    /// What `medpay audit` says.
    pub(super) async fn audit(&self) -> anyhow::Result<Report> {
        let mut command = Command::new(MEDPAY);
        command
            .args(["audit", "--json", "--config"])
            .arg(self.directory.join("town/platform.toml"));
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("medpay audit: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// The ends of the logs, for somebody who must find out what went wrong.
    pub(super) fn logs(&self) -> String {
        let mut text = String::new();
        let mut add = |name: String, log: String| {
            let lines: Vec<_> = log.lines().collect();
            for line in &lines[lines.len().saturating_sub(6)..] {
                let _ = writeln!(text, "{name}: {line}");
            }
        };
        for node in ["node1", "node2", "node3"] {
            add(format!("Patroni of {node}"), self.patroni_log(node));
            let postgres = node.replace("node", "patroni") + ".log";
            let log = std::fs::read_to_string(self.directory.join(postgres));
            add(format!("PostgreSQL of {node}"), log.unwrap_or_default());
        }
        for service in ["sandbox", "platform1", "platform2", "gateway1", "gateway2"] {
            let log = std::fs::read_to_string(self.directory.join(format!("{service}.log")));
            add(service.to_owned(), log.unwrap_or_default());
        }
        text
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The end of its input ends the script, which ends what it has started.
        self.orders = None;
        let _ = self.script.wait();
    }
}

/// Ports of the nodes and of the town, below the range from which Linux takes the ports of outgoing
/// connections and above that of the demos.
fn free_ports() -> anyhow::Result<(u16, u16)> {
    let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let above = |start: u16| (0..70).map(move |count| start + 120 * count);
    let nodes = |base: &u16| (10..34).all(|above| free(base + above));
    let base = above(23_000).find(nodes).context("free ports for the nodes")?;
    let places = [0, 1, 10, 11, 100, 101, 110, 111, 200, 201];
    let town = |base: &u16| places.iter().all(|above| free(base + above));
    // Away from the nodes' by more than either takes.
    let town = above(base + 240).find(town).context("free ports for the town")?;
    Ok((base, town))
}
