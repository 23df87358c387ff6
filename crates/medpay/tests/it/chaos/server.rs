//! A PostgreSQL of its own: durable as in production, on a disk that does as it is told, so that it
//! may be killed without hurting other tests.

use super::disk::Disk;
use super::{Chance, LOOK, PATIENCE};
use anyhow::{Context as _, bail, ensure};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// Makes a cluster, starts it as a child, and stops it when standard input ends, however that
/// happens. PostgreSQL restarts itself after the crash of one of its processes; what ends it
/// wholly is begun anew here, as an operating system does.
const WATCHER: &str = r#"
trap : INT TERM HUP
cd "$2" || exit 1
"$1/initdb" -D "$2/data" -U postgres -A trust -E UTF8 --locale=C --no-sync \
  >start 2>&1 </dev/null || exit 1
(
  trap 'kill -QUIT $server; exit' TERM
  while :; do
    LD_PRELOAD="$3" "$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=on \
      -c max_connections=60 -c shared_buffers=32MB -c deadlock_timeout=200ms -c max_wal_size=64MB \
      -c checkpoint_timeout=30s -c wal_recycle=off >>log 2>&1 </dev/null &
    server=$!
    wait $server
    sleep 0.2
  done
) &
keeper=$!
exec 1>&- 2>&-
while read -r _; do :; done
kill -TERM $keeper
wait $keeper
cd / && rm -rf "$2"
"#;

/// A running server; stopped and removed when dropped.
pub(super) struct Server {
    folder: PathBuf,
    programs: PathBuf,
    watcher: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}

impl Server {
    /// Starts one in a new folder below `folder`, on `disk`.
    pub(super) async fn start(folder: &Path, disk: &Disk) -> anyhow::Result<Self> {
        let programs = medpay_store::testing::postgres_programs().map_err(anyhow::Error::msg)?;
        let folder = folder.join("postgres");
        std::fs::create_dir(&folder)?;
        // Root hands the folder to the user as whom the server will run.
        std::fs::set_permissions(&folder, Permissions::from_mode(0o777))?;
        let mut command = medpay_store::testing::unprivileged_shell();
        let watcher = disk
            .under(&mut command)
            .env_remove("LD_PRELOAD")
            .args(["-c", WATCHER, "watcher"])
            .arg(&programs)
            .arg(&folder)
            .arg(disk.library())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("a shell")?;
        let server = Self { folder, programs, watcher };
        server.until_it_answers().await?;
        Ok(server)
    }

    /// Its socket.
    pub(super) fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
    }

    /// Waits until it takes statements again.
    pub(super) async fn until_it_answers(&self) -> anyhow::Result<()> {
        let begun = tokio::time::Instant::now();
        while self.sql("postgres", "SELECT 1").is_err() {
            ensure!(begun.elapsed() < PATIENCE, "PostgreSQL does not answer: {}", self.log());
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Runs statements in `database`.
    pub(super) fn sql(&self, database: &str, statements: &str) -> anyhow::Result<String> {
        let arguments = ["-v", "ON_ERROR_STOP=1", "-Atqc", statements];
        let output = self.run("psql", database, &arguments)?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs one of PostgreSQL's own programs on `database`.
    pub(super) fn run(
        &self,
        program: &str,
        database: &str,
        arguments: &[&str],
    ) -> anyhow::Result<Output> {
        let mut command = Command::new(self.programs.join(program));
        command.arg("-h").arg(&self.folder).args(["-U", "postgres", "-d", database]);
        command.args(arguments).output().with_context(|| program.to_owned())
    }

    /// Kills one of its processes at random, whatever that is at: the server then ends all sessions
    /// and recovers.
    pub(super) fn kill_a_part(&self, chance: &mut Chance) -> anyhow::Result<()> {
        let parts = self.parts()?;
        let victim = &parts[usize::try_from(chance.below(parts.len() as u64))?];
        super::processes::signal("KILL", victim)
    }

    /// The processes of the server but the first, as their numbers.
    fn parts(&self) -> anyhow::Result<Vec<String>> {
        let file = self.folder.join("data/postmaster.pid");
        let text = std::fs::read_to_string(file).context("it does not run")?;
        let first = text.lines().next().context("no number")?;
        let children = std::fs::read_to_string(format!("/proc/{first}/task/{first}/children"))?;
        let parts: Vec<_> = children.split_whitespace().map(str::to_owned).collect();
        if parts.is_empty() {
            bail!("it has no processes");
        }
        Ok(parts)
    }

    /// The last lines that it wrote.
    pub(super) fn log(&self) -> String {
        let text = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}
