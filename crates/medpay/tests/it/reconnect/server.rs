//! A PostgreSQL of its own, that may be stopped without hurting other tests.

use anyhow::{Context as _, ensure};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// Makes a cluster and starts it; then does what it is told, a word a line, and says so; stops the
/// server and tidies up when standard input ends, however that happens.
const KEEPER: &str = r#"
trap : INT TERM HUP
dir=$(mktemp -d "${TMPDIR:-/tmp}/medpay-pg-XXXXXX") || exit 1
cd "$dir" || exit 1
control() { "$1/pg_ctl" -w -t 60 -D "$dir/data" "$2" $3 >>"$dir/control" 2>&1 </dev/null; }
start() {
  "$1/pg_ctl" -w -t 60 -D "$dir/data" -l "$dir/log" -o "-c listen_addresses='' -k '$dir' \
    -c fsync=off -c max_connections=60 -c shared_buffers=32MB" start >>"$dir/control" 2>&1 </dev/null
}
"$1/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >control 2>&1 </dev/null
start "$1"
echo "$? $dir"
while read -r word; do
  case $word in
    stop) control "$1" stop "-m immediate" ;;
    start) start "$1" ;;
    standby) touch "$dir/data/standby.signal" && start "$1" ;;
    promote) control "$1" promote ;;
  esac
  echo "$? $word"
done
control "$1" stop "-m immediate"
cd / && rm -rf "$dir"
"#;

/// A server, and the pipes to its keeper.
pub(super) struct Server {
    /// The URL of its database.
    pub(super) url: String,
    keeper: Child,
    orders: Option<ChildStdin>,
    reports: BufReader<ChildStdout>,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.keeper.wait();
    }
}

impl Server {
    /// Makes one and starts it.
    pub(super) fn start() -> anyhow::Result<Self> {
        let programs = medpay_store::testing::postgres_programs().map_err(anyhow::Error::msg)?;
        let mut keeper = medpay_store::testing::unprivileged_shell()
            .args(["-c", KEEPER, "keeper"])
            .arg(programs)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("a shell")?;
        let orders = keeper.stdin.take();
        let reports = BufReader::new(keeper.stdout.take().context("the keeper's reports")?);
        let mut server = Self { url: String::new(), keeper, orders, reports };
        let folder = server.report()?.replace('/', "%2F");
        server.url = format!("postgres://postgres@{folder}/postgres");
        Ok(server)
    }

    /// Tells the keeper `stop`, `start`, `standby` (start as one) or `promote`, and waits until
    /// that is done.
    pub(super) fn tell(&mut self, word: &str) -> anyhow::Result<()> {
        writeln!(self.orders.as_mut().context("it is kept")?, "{word}")?;
        let done = self.report()?;
        ensure!(done == word, "{done} instead of {word}");
        Ok(())
    }

    fn report(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.reports.read_line(&mut line)?;
        let done = line.trim_end().strip_prefix("0 ");
        Ok(done.with_context(|| format!("PostgreSQL's keeper failed: {line}"))?.to_owned())
    }
}
