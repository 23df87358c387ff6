//! The end of a service, as a process: SIGTERM while it works.
//!
//! A lock on its database, held from here, keeps a request at work for as long as the test wants.

use crate::demo::free_port_base;
use crate::overload::metric;
use crate::overload::stage::{
    Heard, Line, ask, buy_token, configuration, environment, get, number_of, order,
};
use anyhow::Context as _;
use medpay::services::PLATFORM_SCHEMA;
use medpay_store::testing::TestDb;
use medpay_store::{Location, StoreError, args, on_both};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

/// Between two looks at a condition.
const LOOK: Duration = Duration::from_millis(5);

/// `medpay platform`; ended with its owner.
pub(crate) struct Platform {
    child: Child,
    /// Where it serves.
    pub(crate) public: SocketAddr,
    /// Where operators ask.
    pub(crate) operations: SocketAddr,
    folder: tempfile::TempDir,
}

impl Platform {
    /// Starts one on `db`, whose tables it makes, and waits until it is ready.
    pub(crate) async fn start(db: &TestDb, more: &str) -> anyhow::Result<Self> {
        db.open(PLATFORM_SCHEMA).await.close().await;
        let folder = tempfile::tempdir()?;
        let database = match db.location() {
            Location::Sqlite(file) => format!("database.sqlite = \"{}\"", file.display()),
            Location::Postgres(url) => {
                std::fs::write(folder.path().join("url"), url)?;
                "database.postgres = \"file:url\"".to_owned()
            }
        };
        let port = free_port_base();
        let file = folder.path().join("platform.toml");
        std::fs::write(&file, configuration(port, &format!("{more}\n{database}")))?;
        let log = std::fs::File::create(folder.path().join("log"))?;
        let child = Command::new(env!("CARGO_BIN_EXE_medpay"))
            .args(["platform", "--config"])
            .arg(&file)
            .envs(environment())
            .stdin(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let mut platform = Self { child, public: at(port), operations: at(port + 1), folder };
        while !get(platform.operations, "/readyz").await.is_ok_and(|heard| heard.status == 200) {
            if let Some(status) = platform.child.try_wait()? {
                anyhow::bail!("it ended with {status}: {}", platform.log());
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(platform)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    async fn terminate(&self) -> anyhow::Result<()> {
        let number = self.child.id().context("it runs")?.to_string();
        let sent = Command::new("kill").args(["-TERM", &number]).status().await?;
        anyhow::ensure!(sent.success(), "kill: {sent}");
        Ok(())
    }

    /// Waits until `/readyz` says this.
    pub(crate) async fn until_it_says(&self, word: &str) -> anyhow::Result<()> {
        while get(self.operations, "/readyz").await?.body.trim_end() != word {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Waits until so many requests are at work.
    pub(crate) async fn until_at_work(&self, requests: u64) -> anyhow::Result<()> {
        while metric(self.operations, "medpay_requests_at_work").await? != requests {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    async fn until_nobody_listens(&self) {
        while Line::open(self.public).await.is_ok() {
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn ended(mut self) -> anyhow::Result<(ExitStatus, String)> {
        Ok((self.child.wait().await?, self.log()))
    }
}

/// Holds the table of orders, so that none can be written.
pub(crate) enum Lock {
    Sqlite(rusqlite::Connection),
    Postgres(tokio_postgres::Client),
}

impl Lock {
    pub(crate) async fn take(db: &TestDb) -> anyhow::Result<Self> {
        Ok(match db.location() {
            Location::Sqlite(file) => {
                let connection = rusqlite::Connection::open(file)?;
                connection.execute_batch("BEGIN IMMEDIATE")?;
                Self::Sqlite(connection)
            }
            Location::Postgres(url) => {
                let (client, connection) =
                    tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
                tokio::spawn(connection);
                client.batch_execute("BEGIN; LOCK TABLE platform.orders IN EXCLUSIVE MODE").await?;
                Self::Postgres(client)
            }
        })
    }

    pub(crate) async fn release(self) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(connection) => connection.execute_batch("ROLLBACK")?,
            Self::Postgres(client) => client.batch_execute("ROLLBACK").await?,
        }
        Ok(())
    }
}

/// The numbers of all orders.
async fn orders(db: &TestDb) -> anyhow::Result<BTreeSet<String>> {
    let store = db.open(PLATFORM_SCHEMA).await;
    let numbers: Result<BTreeSet<String>, StoreError> = store
        .read("orders", |tx| {
            Box::pin(async move {
                let rows = tx.all("SELECT hosp_out_trade_no FROM orders", args![]).await?;
                rows.iter().map(|row| row.get(0)).collect()
            })
        })
        .await;
    store.close().await;
    Ok(numbers?)
}

/// A platform, a lock on its database, and an order that waits behind it.
async fn with_an_order_at_work(db: &TestDb, more: &str) -> anyhow::Result<(Platform, Lock, Line)> {
    let platform = Platform::start(db, more).await?;
    let token = buy_token(platform.public).await?;
    let lock = Lock::take(db).await?;
    let mut line = Line::open(platform.public).await?;
    line.send(&order(&token, 1)).await?;
    platform.until_at_work(1).await?;
    Ok((platform, lock, line))
}

on_both!(a_request_at_work_is_finished_before_the_end, async |db: TestDb| {
    let played = async {
        let (platform, lock, mut line) = with_an_order_at_work(&db, "").await?;
        platform.terminate().await?;
        platform.until_it_says("draining").await?;
        assert_eq!(get(platform.operations, "/healthz").await?.status, 200, "it lives");
        platform.until_nobody_listens().await;
        lock.release().await?;
        let heard = line.hear().await?;
        assert!(heard.is_order() && heard.is_last(), "{heard:?}");
        let (status, log) = platform.ended().await?;
        assert!(status.success(), "{status}: {log}");
        assert_eq!(orders(&db).await?, [number_of(1)].into());
        anyhow::Ok(())
    };
    played.await.expect("a drain");
});

on_both!(a_drain_ends_although_a_request_does_not, async |db: TestDb| {
    let played = async {
        let (platform, lock, mut line) = with_an_order_at_work(&db, "drain_seconds = 1").await?;
        platform.terminate().await?;
        let (status, log) = platform.ended().await?;
        assert!(status.success(), "{status}: {log}");
        assert!(line.hear().await.is_err(), "cut off, and never told that it was done");
        lock.release().await
    };
    played.await.expect("a drain");
});

on_both!(a_second_signal_ends_at_once, async |db: TestDb| {
    let played = async {
        let (platform, lock, mut line) = with_an_order_at_work(&db, "drain_seconds = 3600").await?;
        platform.terminate().await?;
        platform.until_it_says("draining").await?;
        platform.terminate().await?;
        let (status, log) = platform.ended().await?;
        assert_eq!(status.code(), Some(128 + 15), "{log}");
        assert!(line.hear().await.is_err(), "cut off, and never told that it was done");
        lock.release().await
    };
    played.await.expect("an end");
});

/// Eight who order one after the other until the balancer's probe sends them away; then each has
/// one last order while the service is leaving.
struct Callers {
    public: SocketAddr,
    token: String,
    leaving: AtomicBool,
    next: AtomicU64,
}

impl Callers {
    async fn call(self: Arc<Self>) -> anyhow::Result<Vec<u64>> {
        let mut line = Line::open(self.public).await?;
        let mut taken = Vec::new();
        loop {
            let last = self.leaving.load(Ordering::SeqCst);
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            let heard: Heard = line.ask(&order(&self.token, number)).await?;
            anyhow::ensure!(heard.is_order(), "{heard:?}");
            taken.push(number);
            if last {
                anyhow::ensure!(heard.is_last(), "a service that leaves hangs up: {heard:?}");
                return Ok(taken);
            }
            if heard.is_last() {
                line = Line::open(self.public).await?;
            }
        }
    }
}

on_both!(whoever_follows_the_probe_loses_nothing_under_load, async |db: TestDb| {
    let played = async {
        let platform = Platform::start(&db, "leave_seconds = 3").await?;
        let token = buy_token(platform.public).await?;
        let callers = Arc::new(Callers {
            public: platform.public,
            token,
            leaving: AtomicBool::new(false),
            next: AtomicU64::new(1),
        });
        let mut calling: JoinSet<_> = (0..8).map(|_| Arc::clone(&callers).call()).collect();
        while callers.next.load(Ordering::SeqCst) < 100 {
            tokio::time::sleep(LOOK).await;
        }
        platform.terminate().await?;
        platform.until_it_says("draining").await?;
        callers.leaving.store(true, Ordering::SeqCst);
        let mut taken = BTreeSet::new();
        while let Some(caller) = calling.join_next().await {
            taken.extend(caller??.into_iter().map(number_of));
        }
        let (status, log) = platform.ended().await?;
        assert!(status.success(), "{status}: {log}");
        assert_eq!(orders(&db).await?, taken, "every order that was acknowledged, and no other");
        anyhow::Ok(())
    };
    played.await.expect("a drain under load");
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_held_by_another_process_is_waited_for() -> anyhow::Result<()> {
    let db = TestDb::fresh(medpay_store::testing::Engine::Sqlite).await;
    let platform = Platform::start(&db, "").await?;
    let token = buy_token(platform.public).await?;
    let lock = Lock::take(&db).await?;
    while get(platform.operations, "/readyz").await?.status == 200 {
        tokio::time::sleep(LOOK).await;
    }
    assert_eq!(get(platform.operations, "/healthz").await?.status, 200, "it lives");
    lock.release().await?;
    while !ask(platform.public, &order(&token, 1)).await?.is_order() {}
    platform.until_it_says("ok").await
}
