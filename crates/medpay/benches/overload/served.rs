//! The platform in a process of its own, so that its memory is not the load's.

use crate::stage::Stage;
use crate::{COMMIT_MS, CONFIGURATION};
use anyhow::Context as _;
use medpay_store::{Fault, FaultHook, Point};
use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

/// The argument that makes this program the platform.
pub(crate) const WORD: &str = "serve";

/// A disk that takes its time for each commit.
struct SlowDisk;

impl FaultHook for SlowDisk {
    fn at(&self, point: Point) -> Fault {
        match point {
            Point::BeforeCommit => Fault::Delay { ms: COMMIT_MS },
            Point::BeforeBegin | Point::AfterCommit => Fault::None,
        }
    }
}

/// Serves until standard input ends; the second argument is the folder.
pub(crate) fn serve() -> anyhow::Result<()> {
    let folder = std::env::args().nth(2).context("a folder")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let stage = Stage::open(Path::new(&folder), CONFIGURATION, Arc::new(SlowDisk)).await?;
        let mut out = std::io::stdout();
        writeln!(out, "{} {}", stage.public, stage.operations)?;
        out.flush()?;
        let ended = || std::io::stdin().read_to_end(&mut Vec::new());
        tokio::task::spawn_blocking(ended).await??;
        stage.end().await
    })
}

/// That process.
pub(crate) struct Served {
    pub(crate) public: SocketAddr,
    child: Child,
    folder: tempfile::TempDir,
}

impl Served {
    /// Starts it.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut child = Command::new(std::env::current_exe()?)
            .arg(WORD)
            .arg(folder.path())
            // The database's file stands where the configuration would.
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("its output")?).read_line(&mut line)?;
        let (public, _) = line.trim().split_once(' ').context("it did not start")?;
        Ok(Self { public: public.parse()?, child, folder })
    }

    /// How much memory it holds.
    pub(crate) fn resident_kib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().split(' ').next()).context("VmRSS")?;
        Ok(kib.parse()?)
    }

    /// Ends it, and answers the numbers of the orders in its database.
    pub(crate) fn end(mut self) -> anyhow::Result<HashSet<String>> {
        drop(self.child.stdin.take());
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "the platform ended with {status}");
        let database = rusqlite::Connection::open(self.folder.path().join("platform.db"))?;
        let mut statement = database.prepare("SELECT hosp_out_trade_no FROM orders")?;
        let numbers = statement.query_map([], |row| row.get(0))?;
        Ok(numbers.collect::<Result<_, _>>()?)
    }
}
