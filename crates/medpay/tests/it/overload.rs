//! More than a service takes on: what it lets in ends well, the rest hears an honest 503. None of
//! this looks at a clock; how fast it is stands in `docs/overload.md` (`make overload`).

pub(crate) mod stage;

use medpay_store::{Fault, FaultHook, Point, no_faults};
use stage::{Heard, Line, Stage, ask, buy_token, get, number_of, order, query, token_path};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use tokio::task::JoinSet;

/// A gate before every commit. SQLite's writer waits there on a thread of its own.
#[derive(Default)]
struct Gate {
    closed: Mutex<bool>,
    opened: Condvar,
    /// How many batches have come to it.
    reached: AtomicU64,
}

impl Gate {
    fn set(&self, closed: bool) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = closed;
        self.opened.notify_all();
    }
}

impl FaultHook for Gate {
    fn at(&self, point: Point) -> Fault {
        if point == Point::BeforeCommit {
            self.reached.fetch_add(1, Ordering::SeqCst);
            let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
            drop(self.opened.wait_while(closed, |closed| *closed));
        }
        Fault::None
    }
}

/// A platform whose commits stop at a gate, and a token bought before that was closed.
struct Gated {
    gate: Arc<Gate>,
    stage: Stage,
    token: String,
    _folder: tempfile::TempDir,
}

impl Gated {
    async fn open(more: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let gate = Arc::new(Gate::default());
        let stage = Stage::open(folder.path(), more, gate.clone()).await?;
        let token = buy_token(stage.public).await?;
        gate.set(true);
        Ok(Self { gate, stage, token, _folder: folder })
    }

    /// Sends orders of these numbers, each on a connection of its own.
    fn send(&self, numbers: impl IntoIterator<Item = u64>) -> JoinSet<anyhow::Result<Heard>> {
        let mut asked = JoinSet::new();
        for number in numbers {
            let (address, request) = (self.stage.public, order(&self.token, number));
            asked.spawn(async move { ask(address, &request).await });
        }
        asked
    }

    async fn order(&self, number: u64) -> anyhow::Result<Heard> {
        ask(self.stage.public, &order(&self.token, number)).await
    }

    /// What an operator reads of a metric.
    async fn metric(&self, name: &str) -> anyhow::Result<u64> {
        metric(self.stage.operations, name).await
    }

    /// Waits until a metric reads `value`.
    async fn until(&self, name: &str, value: u64) -> anyhow::Result<()> {
        while self.metric(name).await? != value {
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

/// What an operator reads of a metric of the service behind `operations`.
pub(crate) async fn metric(operations: SocketAddr, name: &str) -> anyhow::Result<u64> {
    let text = get(operations, "/metrics").await?.body;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(line.ok_or_else(|| anyhow::anyhow!("no {name} in {text}"))?.parse()?)
}

fn assert_refused(heard: &Heard, kind: &str) {
    assert_eq!(heard.status, 503, "{heard:?}");
    assert_eq!(heard.header("retry-after"), Some("1"), "{heard:?}");
    assert_eq!(heard.header("content-type"), Some(kind), "{heard:?}");
}

const PLAIN: &str = "text/plain; charset=utf-8";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_seventeenth_is_told_to_come_again_and_the_sixteen_end_well() -> anyhow::Result<()> {
    let gated = Gated::open("admission = { at_once = 16, waiting = 0 }").await?;
    let sixteen = gated.send(1..=16);
    gated.until("medpay_requests_at_work", 16).await?;

    // In the form of whoever asks; and never one that reads like a decision.
    let refused = gated.order(17).await?;
    assert_refused(&refused, PLAIN);
    assert_eq!(refused.body, "overloaded: nothing was done; send the same request again\n");
    let page = get(gated.stage.public, "/pay/anything").await?;
    assert_refused(&page, "text/html; charset=utf-8");
    assert!(page.body.contains("请稍后再试") && page.body.contains("模拟环境"), "{page:?}");
    let token = get(gated.stage.public, &token_path()).await?;
    assert_refused(&token, "application/json; charset=utf-8");
    assert!(token.body.contains(r#""errcode":-1"#), "{token:?}");

    // Operators are answered all the while.
    assert_eq!(get(gated.stage.operations, "/healthz").await?.status, 200);
    assert_eq!(gated.metric("medpay_requests_refused_full_total").await?, 3);
    assert_eq!(gated.metric("medpay_requests_at_work").await?, 16);

    gated.gate.set(false);
    for heard in sixteen.join_all().await {
        assert!(heard.as_ref().is_ok_and(Heard::is_order), "{heard:?}");
    }
    for number in 1..=16 {
        let found = ask(gated.stage.public, &query(&gated.token, number)).await?;
        assert!(found.body.contains(&number_of(number)), "{found:?}");
    }
    let nobody = ask(gated.stage.public, &query(&gated.token, 17)).await?;
    assert!(nobody.body.contains("ORDERNOTEXIST"), "{nobody:?}");
    assert!(gated.order(17).await?.is_order(), "the same request again");
    gated.stage.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_waits_gets_the_place_that_comes_free() -> anyhow::Result<()> {
    let more = "admission = { at_once = 1, waiting = 1, wait_ms = 60000 }";
    let gated = Gated::open(more).await?;
    let mut first = gated.send([1]);
    gated.until("medpay_requests_at_work", 1).await?;
    let mut second = gated.send([2]);
    gated.until("medpay_requests_waiting", 1).await?;
    assert_refused(&gated.order(3).await?, PLAIN);
    gated.gate.set(false);
    for asked in [&mut first, &mut second] {
        let heard = asked.join_next().await.expect("it was asked")??;
        assert!(heard.is_order(), "{heard:?}");
    }
    gated.until("medpay_requests_at_work", 0).await?;
    gated.until("medpay_requests_waiting", 0).await?;
    gated.stage.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_longer_than_is_allowed() -> anyhow::Result<()> {
    let gated = Gated::open("admission = { at_once = 1, waiting = 1, wait_ms = 0 }").await?;
    let first = gated.send([1]);
    gated.until("medpay_requests_at_work", 1).await?;
    assert_refused(&gated.order(2).await?, PLAIN);
    assert_eq!(gated.metric("medpay_requests_refused_late_total").await?, 1);
    gated.gate.set(false);
    assert!(first.join_all().await.iter().all(Result::is_ok));
    gated.stage.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_of_the_store_is_the_same_503() -> anyhow::Result<()> {
    let gated = Gated::open("database.queue = 1").await?;
    // One is in the commit; one of the others waits in the queue, and the last finds it full.
    let before = gated.gate.reached.load(Ordering::SeqCst);
    let mut first = gated.send([1]);
    while gated.gate.reached.load(Ordering::SeqCst) == before {
        tokio::task::yield_now().await;
    }
    let mut others = gated.send([2, 3]);
    assert_refused(&others.join_next().await.expect("one is refused")??, PLAIN);
    gated.gate.set(false);
    for asked in [&mut first, &mut others] {
        let heard = asked.join_next().await.expect("two are at work")??;
        assert!(heard.is_order(), "{heard:?}");
    }
    gated.stage.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_sends_too_slowly_keeps_no_place() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let stage = Stage::open(folder.path(), "slow_request_seconds = 1", no_faults()).await?;
    let token = buy_token(stage.public).await?;
    let whole = order(&token, 1);
    let (mut silent, mut slow) = (Line::open(stage.public).await?, Line::open(stage.public).await?);
    silent.send(b"POST /payinsurance/unifiedorder HTTP/1.1\r\n").await?;
    slow.send(&whole[..whole.len() - 1]).await?;
    // The one without a whole head is hung up on; the one without a whole body is answered.
    let (silent, slow) = tokio::join!(silent.hear(), slow.hear());
    assert!(silent.is_err() || silent.is_ok_and(|heard| heard.status == 408));
    assert!(slow?.body.contains("XML_FORMAT_ERROR"));
    assert_eq!(metric(stage.operations, "medpay_requests_at_work").await?, 0);
    assert!(ask(stage.public, &whole).await?.is_order());
    stage.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_too_many_is_closed_and_hurts_nobody() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let stage = Stage::open(folder.path(), "connections = 2", no_faults()).await?;
    let request = format!("GET {} HTTP/1.1\r\nhost: stage\r\n\r\n", token_path());
    let (mut first, mut second) =
        (Line::open(stage.public).await?, Line::open(stage.public).await?);
    for line in [&mut first, &mut second] {
        assert_eq!(line.ask(request.as_bytes()).await?.status, 200);
    }
    assert!(get(stage.public, &token_path()).await.is_err(), "there is no third");
    assert_eq!(first.ask(request.as_bytes()).await?.status, 200);
    drop(second);
    while get(stage.public, &token_path()).await.is_err() {
        tokio::task::yield_now().await;
    }
    stage.end().await
}
