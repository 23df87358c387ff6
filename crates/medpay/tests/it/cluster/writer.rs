//! A plain SQL writer, who sees what Patroni and PostgreSQL do and nothing of ours.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Between two questions of one who asks.
pub(super) const PACE: Duration = Duration::from_millis(20);

/// How long a server may say nothing before it is left alone, as a person would do.
const HANGS: Duration = Duration::from_secs(3);

/// When somebody was answered.
#[derive(Default)]
pub(super) struct Answers(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    last: Option<Instant>,
    longest: Duration,
    since_mark: u64,
    mark: Option<Instant>,
}

impl Answers {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes an answer to a question that was asked at `asked`.
    pub(super) fn answered(&self, asked: Instant) {
        let mut seen = self.seen();
        let now = Instant::now();
        if let Some(last) = seen.last {
            seen.longest = seen.longest.max(now - last);
        }
        seen.last = Some(now);
        seen.since_mark += u64::from(seen.mark.is_none_or(|mark| asked >= mark));
    }

    /// Forgets the gaps so far; answers to what was asked from now on are counted.
    pub(super) fn mark(&self) {
        let mut seen = self.seen();
        seen.longest = Duration::ZERO;
        seen.since_mark = 0;
        seen.mark = Some(Instant::now());
    }

    /// How many were answered that were asked since the mark.
    pub(super) fn since_mark(&self) -> u64 {
        self.seen().since_mark
    }

    /// The longest time without an answer, in milliseconds.
    pub(super) fn longest_ms(&self) -> u64 {
        u64::try_from(self.seen().longest.as_millis()).unwrap_or(u64::MAX)
    }
}

/// A plain writer: one row at a time, each committed alone.
pub(super) struct Writer {
    pub(super) answers: Answers,
    url: String,
    last: AtomicU64,
    stop: AtomicBool,
}

impl Writer {
    pub(super) fn new(url: &str) -> Self {
        // In any order, so that a host that hangs is not asked first each time.
        let (answers, url) = (Answers::default(), format!("{url}&load_balance_hosts=random"));
        Self { answers, url, last: AtomicU64::new(0), stop: AtomicBool::new(false) }
    }

    /// Writes until it is told to stop.
    pub(super) async fn run(self: Arc<Self>) -> anyhow::Result<()> {
        let table = "CREATE TABLE IF NOT EXISTS plain_writer (number BIGINT PRIMARY KEY)";
        connected(&self.url).await?.batch_execute(table).await?;
        let mut number = 0;
        while !self.stop.load(Ordering::SeqCst) {
            let _ = self.write(&mut number).await;
            tokio::time::sleep(PACE).await;
        }
        Ok(())
    }

    /// Writes until something goes wrong.
    async fn write(&self, number: &mut u64) -> anyhow::Result<()> {
        let client = connected(&self.url).await?;
        while !self.stop.load(Ordering::SeqCst) {
            *number += 1;
            let asked = Instant::now();
            let insert = format!("INSERT INTO plain_writer VALUES ({number})");
            tokio::time::timeout(HANGS, client.batch_execute(&insert)).await??;
            self.last.store(*number, Ordering::SeqCst);
            self.answers.answered(asked);
            tokio::time::sleep(PACE).await;
        }
        Ok(())
    }

    /// The standby that is synchronous at this moment as `pg_stat_replication` has it.
    pub(super) async fn synchronous_by_postgres(&self) -> anyhow::Result<Option<String>> {
        // Only the superuser sees it.
        let url = self.url.replace("medpay@", "postgres@");
        let found = "SELECT application_name FROM pg_stat_replication WHERE sync_state = 'sync'";
        let row = connected(&url).await?.query_opt(found, &[]).await?;
        Ok(row.map(|row| row.get(0)))
    }

    /// Whether the row stands that was acknowledged last.
    pub(super) async fn last_stands(&self) -> anyhow::Result<bool> {
        let last = self.last.load(Ordering::SeqCst);
        let count = format!("SELECT COUNT(*) FROM plain_writer WHERE number = {last}");
        let row = connected(&self.url).await?.query_one(&count, &[]).await?;
        Ok(row.get::<_, i64>(0) == 1)
    }

    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

async fn connected(url: &str) -> anyhow::Result<tokio_postgres::Client> {
    let connecting = tokio_postgres::connect(url, tokio_postgres::NoTls);
    let (client, connection) = tokio::time::timeout(HANGS, connecting).await??;
    tokio::spawn(connection);
    Ok(client)
}
