//! Three PostgreSQL nodes under Patroni and etcd, two platforms and two gateways: the primary's
//! node dies while orders are made, paid and refunded. Nothing that was acknowledged is lost, and
//! service returns by itself, hardly later than the database does. `docs/cluster.md` has the words.

mod hospitals;
mod nodes;
mod writer;

use crate::chaos::load::Load;
use anyhow::{Context as _, ensure};
use hospitals::Hospitals;
use medpay_platform::audit::Report;
use nodes::Cluster;
use serde_json::{Value, json};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;
use writer::Writer;

/// What happens to the primary, one word each, unless [`PLAN_VARIABLE`] says otherwise.
const USUAL_PLAN: &str = "kill";
/// The environment variable with the words; `make cluster` sets it.
const PLAN_VARIABLE: &str = "MEDPAY_CLUSTER_PLAN";
/// The environment variable that names a file for the lines of JSON.
const RECORD_VARIABLE: &str = "MEDPAY_CLUSTER_RECORD";
/// A client may be without answers this much longer than the database is, in percent of that. Held
/// only by the long run: the usual one shares the machine with every other test.
const BOUND_PERCENT: u64 = 120;
/// How long a person waits before something must be wrong.
const PATIENCE: Duration = Duration::from_mins(5);
/// Between two looks at a condition.
const LOOK: Duration = Duration::from_millis(50);
/// Answers after which service has returned.
const RETURNED: u64 = 20;
/// Turns of Patroni's loop in which nobody takes the key, after which nobody is going to.
const TURNS: usize = 8;

/// What may happen to the primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blow {
    /// Its node dies, and comes back later.
    Kill,
    /// Its node hangs: connections stay and nobody answers; later it goes on.
    Freeze,
    /// The new primary dies too, before Patroni has written down who has everything.
    Trap,
}

fn plan() -> Vec<Blow> {
    let words = variable(PLAN_VARIABLE).unwrap_or_else(|| USUAL_PLAN.to_owned());
    let blow = |word: &str| match word {
        "kill" => Blow::Kill,
        "freeze" => Blow::Freeze,
        "trap" => Blow::Trap,
        other => panic!("{PLAN_VARIABLE}: {other:?} is none of kill, freeze, trap"),
    };
    words.split_whitespace().map(blow).collect()
}

#[expect(clippy::disallowed_methods, reason = "the one place where tests read what shall happen")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

#[test]
fn no_acknowledged_order_is_lost_when_a_primary_dies() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime for the test");
    if let Err(error) = runtime.block_on(survive(&plan())) {
        panic!("{error:#}");
    }
}

/// A line of JSON, for the reader and for the record.
#[expect(clippy::print_stdout, reason = "who waits for ten fail-overs wants to see them")]
fn tell(line: &Value) -> anyhow::Result<()> {
    println!("{line}");
    if let Some(path) = variable(RECORD_VARIABLE) {
        let mut file = std::fs::File::options().create(true).append(true).open(path)?;
        writeln!(file, "{line}")?;
    }
    Ok(())
}

/// Those who are at work while the primary dies.
struct Witnesses {
    load: Arc<Load>,
    hospitals: Arc<Hospitals>,
    writer: Arc<Writer>,
}

async fn survive(plan: &[Blow]) -> anyhow::Result<()> {
    let mut cluster = tokio::task::block_in_place(Cluster::start)?;
    let witnesses = Witnesses {
        load: Arc::new(Load::new(&cluster.ready, 0x5EED_0003).await?),
        hospitals: Arc::new(Hospitals::new(&cluster.ready, &cluster.second_platform_url()).await?),
        writer: Arc::new(Writer::new(&cluster.url)),
    };
    let paying = tokio::spawn(Arc::clone(&witnesses.load).run(u64::MAX));
    let ordering = tokio::spawn(Arc::clone(&witnesses.hospitals).run());
    let writing = tokio::spawn(Arc::clone(&witnesses.writer).run());
    for (count, blow) in plan.iter().enumerate() {
        let line = witnesses.fail_over(&mut cluster, *blow, count + 1).await;
        let mut line = line.map_err(|error| error.context(cluster.logs()))?;
        let (asked, lost) = witnesses.hospitals.look_for_all().await?;
        line["acknowledged"] = json!(asked);
        line["lost"] = json!(lost.len());
        tell(&line)?;
        ensure!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        ensure!(witnesses.writer.last_stands().await?, "an acknowledged row is lost");
        let held = *blow != Blow::Kill || plan.len() == 1;
        let percent = line["client_percent"].as_u64().unwrap_or(u64::MAX);
        ensure!(held || percent <= BOUND_PERCENT, "out for {percent} % of Patroni's time");
    }
    witnesses.hospitals.stop();
    witnesses.writer.stop();
    witnesses.load.no_more();
    ordering.await??;
    writing.await??;
    let outcomes = paying.await??;
    let report = quiet(&cluster).await?;
    let (asked, lost) = witnesses.hospitals.look_for_all().await?;
    tell(&json!({
        "after": plan.len(), "orders": outcomes, "acknowledged": asked, "lost": lost.len(),
        "audit": { "equal": report.equal, "quiet": report.quiet },
    }))?;
    ensure!(report.equal, "{report}\n{}", cluster.logs());
    ensure!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    ensure!(outcomes.paid > 0, "nobody paid: {outcomes}");
    Ok(())
}

impl Witnesses {
    /// One blow, from a whole cluster to a whole cluster; answers what was measured.
    async fn fail_over(
        &self,
        cluster: &mut Cluster,
        blow: Blow,
        count: usize,
    ) -> anyhow::Result<Value> {
        let victim = cluster.until_whole().await?;
        self.until_answered().await?;
        let (orders, calls) = (self.load.at_work(), self.hospitals.in_flight());
        match blow {
            Blow::Kill | Blow::Trap => cluster.kill(&victim)?,
            Blow::Freeze => cluster.freeze(&victim)?,
        }
        self.mark();
        let mut line = json!({
            "fail_over": count, "blow": format!("{blow:?}").to_lowercase(), "victim": victim,
            "orders_at_work": orders, "unifiedorders_unanswered": calls,
        });
        if blow == Blow::Trap {
            self.trap(cluster, &victim, &mut line).await?;
        }
        self.until_answered().await?;
        let (own, client) = (self.writer.answers.longest_ms(), self.hospitals.answers.longest_ms());
        line["patroni_ms"] = json!(own);
        line["client_ms"] = json!(client);
        line["client_percent"] = json!(client * 100 / own.max(1));
        let entitled = cluster.until("another leads", |members, entitled| {
            let other = members.leader().is_some_and(|leader| leader != victim);
            (other || blow == Blow::Trap).then(|| entitled.clone())
        });
        line["leader"] = json!(entitled.await?.leader);
        match blow {
            Blow::Kill => cluster.start_node(&victim)?,
            Blow::Freeze => cluster.thaw(&victim)?,
            // It came back already.
            Blow::Trap => {}
        }
        cluster.until_whole().await?;
        Ok(line)
    }

    fn mark(&self) {
        self.writer.answers.mark();
        self.hospitals.answers.mark();
    }

    /// Waits until both are answered what they asked after the mark.
    async fn until_answered(&self) -> anyhow::Result<()> {
        let answered = async {
            while self.writer.answers.since_mark() < RETURNED
                || self.hospitals.answers.since_mark() < RETURNED
            {
                tokio::time::sleep(LOOK).await;
            }
        };
        let sql = &self.writer.answers;
        tokio::time::timeout(PATIENCE, answered).await.map_err(|_| {
            let orders = self.hospitals.answers.since_mark();
            anyhow::anyhow!("no service: {} rows and {orders} orders since", sql.since_mark())
        })
    }

    /// Kills the new primary as well, as soon as rows are acknowledged again: its standby is
    /// synchronous by `pg_stat_replication` and has everything, but etcd does not name it yet.
    /// Shows that then nobody promotes, though two nodes of three live, until that primary is back.
    async fn trap(
        &self,
        cluster: &mut Cluster,
        first: &str,
        line: &mut Value,
    ) -> anyhow::Result<()> {
        let acknowledged = async {
            while self.writer.answers.since_mark() == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(PATIENCE, acknowledged).await.context("no row is acknowledged")?;
        let second = cluster.until("the key names another", |_, entitled| {
            entitled.leader.clone().filter(|leader| leader != first)
        });
        let second = second.await?;
        let by_postgres = self.writer.synchronous_by_postgres().await?;
        cluster.kill(&second)?;
        let entitled = cluster.entitled()?;
        line["synchronous_by_pg_stat_replication"] = json!(by_postgres);
        line["second_victim"] = json!(second);
        line["sync_key_at_its_death"] = json!({
            "leader": entitled.leader, "sync_standby": entitled.sync_standby,
        });
        ensure!(by_postgres.is_some(), "a row was acknowledged without a standby");
        ensure!(entitled.sync_standby.is_none(), "Patroni was quicker: {entitled:?}");
        let acknowledged = self.writer.answers.since_mark();
        cluster.start_node(first)?;
        let turns = self.nobody_promotes(cluster, &second).await?;
        line["turns_without_a_primary"] = json!(turns);
        let more = self.writer.answers.since_mark() - acknowledged;
        ensure!(more <= 1, "{more} rows were acknowledged without a primary");
        cluster.start_node(&second)?;
        self.mark();
        let leader =
            cluster.until("somebody leads", |members, _| members.leader().map(ToOwned::to_owned));
        ensure!(leader.await? == second, "not the one that has everything");
        Ok(())
    }

    /// Watches the two that live for [`TURNS`] turns after the key has run out.
    async fn nobody_promotes(&self, cluster: &mut Cluster, dead: &str) -> anyhow::Result<usize> {
        const GIVES_UP: &str = "because i am not the healthiest node";
        cluster
            .until("the key has run out", |members, _| members.leader().is_none().then_some(()))
            .await?;
        let living: Vec<_> =
            ["node1", "node2", "node3"].into_iter().filter(|node| *node != dead).collect();
        let turns =
            |cluster: &Cluster, node: &str| cluster.patroni_log(node).matches(GIVES_UP).count();
        let before: Vec<_> = living.iter().map(|node| turns(cluster, node)).collect();
        let begun = tokio::time::Instant::now();
        loop {
            ensure!(cluster.members()?.leader().is_none(), "somebody was promoted");
            let since = living
                .iter()
                .zip(&before)
                .map(|(node, before)| turns(cluster, node).saturating_sub(*before));
            let fewest = since.min().unwrap_or_default();
            if fewest >= TURNS {
                return Ok(fewest);
            }
            ensure!(begun.elapsed() < PATIENCE, "Patroni's loop stands still\n{}", cluster.logs());
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Audits until nothing is in flight.
async fn quiet(cluster: &Cluster) -> anyhow::Result<Report> {
    let asked = async {
        loop {
            let report = cluster.audit().await?;
            if report.quiet && report.silent.is_empty() {
                return Ok::<_, anyhow::Error>(report);
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(report) => report,
        Err(_) => anyhow::bail!("still in flight: {}", cluster.audit().await?),
    }
}
