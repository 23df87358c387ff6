//! A database that goes and comes back under a running town: the services say so in a word, refuse
//! what they cannot do, and go on by themselves.

mod server;

use crate::overload::stage::get;
use crate::town::{Amounts, Town};
use anyhow::Context as _;
use medpay_store::Location;
use medpay_store::testing::{Engine, TestDb};
use server::Server;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// Between two looks at a condition.
const LOOK: Duration = Duration::from_millis(5);

/// Platform and gateway of a town on a server of their own.
struct Patient<'a> {
    town: &'a Town,
}

impl Patient<'_> {
    /// Orders until the platform takes it; the same number, so that it is one order.
    async fn order(&self, number: &str) -> anyhow::Result<String> {
        loop {
            if let Some(pay_url) = self.try_to_order(number).await {
                return Ok(pay_url);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn try_to_order(&self, number: &str) -> Option<String> {
        let person = self.town.person("normal");
        let reply = self.town.unifiedorder(person, number, 1, Amounts::of(100, 0)).await.ok()?;
        reply.get("pay_url").map(str::to_owned)
    }

    /// Pays, and waits until the workers of the platform have told the gateway.
    async fn pay(&self, number: &str, pay_url: &str) -> anyhow::Result<()> {
        let paid = self.town.pay(self.town.person("normal"), pay_url).await?;
        anyhow::ensure!(paid["ok"] == true, "{number}: {paid}");
        self.town.until_notified(number, 1).await.with_context(|| number.to_owned())
    }

    /// Waits until platform and gateway say this of themselves.
    async fn until_both_say(&self, word: &str) -> anyhow::Result<()> {
        let ready = self.town.ready();
        for url in [&ready.platform_url, &ready.gateway_url] {
            let port: u16 = url.rsplit(':').next().context("a port")?.parse()?;
            let operations = SocketAddr::from(([127, 0, 0, 1], port + 1));
            assert_eq!(get(operations, "/healthz").await?.status, 200, "it lives");
            let mut last = String::new();
            let begun = Instant::now();
            while last != word {
                get(operations, "/readyz").await?.body.trim_end().clone_into(&mut last);
                anyhow::ensure!(begun.elapsed() < Duration::from_mins(2), "{url} says {last}");
                tokio::time::sleep(LOOK).await;
            }
        }
        Ok(())
    }
}

/// Runs SQL on the server's own database.
async fn administer(url: &str, sql: &str) -> anyhow::Result<()> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    client.batch_execute(sql).await?;
    Ok(())
}

/// `cargo test -- --nocapture` shows how long it took.
#[expect(clippy::print_stdout, reason = "docs/overload.md quotes it; no test depends on it")]
fn tell(what: &str, since: Instant) {
    println!("{what}: {} ms", since.elapsed().as_millis());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_town_goes_on_when_its_database_is_back() -> anyhow::Result<()> {
    let mut server = Server::start()?;
    let db = TestDb::at(Engine::Postgres, Location::Postgres(server.url.clone()));
    let town = Town::start(&db).await?;
    let patient = Patient { town: &town };
    let pay_url = patient.order("BEFORE1").await?;
    patient.pay("BEFORE1", &pay_url).await?;
    patient.until_both_say("ok").await?;

    server.tell("stop")?;
    patient.until_both_say("unreachable").await?;
    assert_eq!(patient.try_to_order("DURING1").await, None, "nothing is taken without a database");
    server.tell("start")?;
    let back = Instant::now();
    let pay_url = patient.order("DURING1").await?;
    tell("first order after the server took connections again", back);
    patient.pay("DURING1", &pay_url).await?;
    tell("and paid, and the gateway notified", back);
    patient.until_both_say("ok").await?;

    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name LIKE 'medpay%'";
    administer(&server.url, cut).await?;
    let back = Instant::now();
    let pay_url = patient.order("CUT1").await?;
    tell("first order after every connection was cut", back);
    patient.pay("CUT1", &pay_url).await?;

    server.tell("stop")?;
    server.tell("standby")?;
    patient.until_both_say("standby").await?;
    assert_eq!(patient.try_to_order("STANDBY1").await, None, "a standby takes nothing");
    server.tell("promote")?;
    let back = Instant::now();
    let pay_url = patient.order("STANDBY1").await?;
    tell("first order after the standby was promoted", back);
    patient.pay("STANDBY1", &pay_url).await?;
    patient.until_both_say("ok").await
}
