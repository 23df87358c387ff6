//! A throw-away PostgreSQL, one for a test process.

use super::SERVER_VARIABLE;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

/// Makes a cluster and starts it, says where it is, and waits until whoever started this goes away
/// (its standard input then ends), however that happens; then stops the server and tidies up.
///
/// Tests need no durability, so nothing is flushed. The socket stands in the directory itself, so
/// that there is no port to be found.
const WATCHER: &str = r#"
trap : INT TERM HUP
dir=$(mktemp -d "${TMPDIR:-/tmp}/medpay-pg-XXXXXX") || exit 1
cd "$dir" || exit 1
{ "$1/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync &&
  "$1/pg_ctl" -w -t 60 -D "$dir/data" -l "$dir/log" -o "-c listen_addresses='' -k '$dir' \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 \
    -c shared_buffers=64MB -c deadlock_timeout=200ms" start
} > "$dir/start" 2>&1 </dev/null
if [ $? -eq 0 ]; then echo "ready $dir"; else tail -n 3 "$dir/start" "$dir/log" 2>/dev/null | tr '\n' ' '; echo; fi
exec 1>&- 2>&-
while read -r _; do :; done
"$1/pg_ctl" -D "$dir/data" -m immediate stop
cd / && rm -rf "$dir"
"#;

/// A running server and the pipe that keeps it running.
struct Cluster {
    url: String,
    /// Holds the watcher's standard input open until this process ends.
    _watcher: Option<Child>,
}

static CLUSTER: LazyLock<Result<Cluster, String>> = LazyLock::new(|| match named() {
    Some(url) => Ok(Cluster { url, _watcher: None }),
    None => start(),
});

/// The URL of the server's own database.
pub(super) fn server_url() -> String {
    match &*CLUSTER {
        Ok(cluster) => cluster.url.clone(),
        Err(problem) => panic!(
            "no PostgreSQL for this test ({problem}): install Debian's package `postgresql`, or \
             name a server whose user may create databases in {SERVER_VARIABLE}"
        ),
    }
}

/// The URL of the database `name` on the server.
pub(super) fn url_of(name: &str) -> String {
    let url = server_url();
    let (url, query) = url.split_once('?').map_or((&*url, None), |(url, query)| (url, Some(query)));
    let host_at = url.find("://").map_or(0, |at| at + 3);
    let end = url[host_at..].find('/').map_or(url.len(), |at| host_at + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{name}{query}", &url[..end])
}

#[expect(clippy::disallowed_methods, reason = "the one place where tests are told of a server")]
fn named() -> Option<String> {
    std::env::var(SERVER_VARIABLE).ok().filter(|url| !url.is_empty())
}

fn start() -> Result<Cluster, String> {
    let programs = postgres_programs()?;
    let mut command = unprivileged_shell();
    let mut watcher = command
        .args(["-c", WATCHER, "watcher"])
        .arg(&programs)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("sh: {error}"))?;
    let mut line = String::new();
    let output = watcher.stdout.take().ok_or("the watcher has no output")?;
    BufReader::new(output).read_line(&mut line).map_err(|error| error.to_string())?;
    let Some(directory) = line.trim().strip_prefix("ready ") else {
        return Err(format!("it does not start: {}", line.trim()));
    };
    let host = directory.replace('/', "%2F");
    let url = format!("postgres://postgres@{host}/postgres");
    Ok(Cluster { url, _watcher: Some(watcher) })
}

/// A shell; PostgreSQL refuses to run as root, so then as nobody.
pub fn unprivileged_shell() -> Command {
    let root = Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout == b"0\n");
    if !root {
        return Command::new("sh");
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "sh"]);
    command
}

/// The directory of PostgreSQL's programs: Debian's newest, or that of the `initdb` in `$PATH`.
pub fn postgres_programs() -> Result<PathBuf, String> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = debian
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            programs.join("initdb").exists().then_some((version, programs))
        })
        .max();
    if let Some((_, programs)) = newest {
        return Ok(programs);
    }
    let found = Command::new("sh").args(["-c", "command -v initdb"]).output();
    let found = found.map_err(|error| format!("sh: {error}"))?;
    let initdb = PathBuf::from(String::from_utf8_lossy(&found.stdout).trim());
    let initdb = std::fs::canonicalize(initdb).map_err(|_| "initdb is not here".to_owned())?;
    initdb.parent().map(PathBuf::from).ok_or_else(|| "initdb is not here".to_owned())
}
