//! Platform and sandbox (bureau and wallet) as processes of their own, killed by SIGKILL at random
//! moments while orders are paid and refunded. After restart and quiet the books are equal.

mod load;
mod processes;

use load::Load;
use medpay_platform::audit::Report;
use medpay_store::on_both;
use medpay_store::testing::{Engine, TestDb};
use processes::Town;
use std::sync::Arc;
use std::time::Duration;

/// How many orders are paid and refunded.
const ORDERS: u64 = 200;
/// About how many calls that takes if nobody is killed.
const CALLS: u64 = ORDERS * 5;
/// How many kills there are unless [`KILLS_VARIABLE`] says otherwise.
const USUAL_KILLS: u64 = 5;
/// The environment variable with the number of kills; `make chaos` sets it.
const KILLS_VARIABLE: &str = "MEDPAY_CHAOS_KILLS";
/// How long a person waits for quiet before something must be wrong.
const PATIENCE: Duration = Duration::from_mins(5);
/// Between two looks at a condition.
const LOOK: Duration = Duration::from_millis(50);

#[expect(clippy::disallowed_methods, reason = "the one place where tests read how often to kill")]
fn kills() -> u64 {
    std::env::var(KILLS_VARIABLE).map_or(USUAL_KILLS, |text| {
        text.parse().unwrap_or_else(|_| panic!("{KILLS_VARIABLE} must be a number"))
    })
}

on_both!(after_kills_at_random_moments_the_books_are_equal, async |db: TestDb| {
    let seed = match db.engine() {
        Engine::Sqlite => 0x5EED_0001,
        Engine::Postgres => 0x5EED_0002,
    };
    if let Err(error) = survive(&db, seed, kills()).await {
        panic!("seed {seed:#x}: {error:#}");
    }
});

/// Shows what a round came to; `cargo test -- --nocapture` prints it.
#[expect(clippy::print_stdout, reason = "who waits for 50 kills wants to see what happened")]
fn tell(what: &str) {
    println!("{what}");
}

/// Pays and refunds [`ORDERS`] orders while processes are killed, and compares the books.
async fn survive(db: &TestDb, seed: u64, kills: u64) -> anyhow::Result<()> {
    let mut town = Town::found(db).await?;
    let load = Arc::new(Load::new(&town.ready, seed).await?);
    town.end_demo();
    town.start_all().await?;
    let working = tokio::spawn(Arc::clone(&load).run(ORDERS));
    let mut chance = Chance(seed);
    let mut at_work = 0;
    for kill in 0..kills {
        // One kill in each slice of the load, somewhere in it.
        let slice = (CALLS / kills).max(1);
        let moment = kill * slice + chance.below(slice);
        while load.calls() < moment && !working.is_finished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        at_work += u64::from(!working.is_finished());
        let victim = if chance.below(2) == 0 { "platform" } else { "sandbox" };
        town.kill_and_restart(victim).await?;
    }
    let outcomes = working.await??;
    let report = quiet(&town).await?;
    let calls = load.calls();
    tell(&format!("{kills} kills, {at_work} at work, {calls} calls, {outcomes}\n{report}"));
    anyhow::ensure!(at_work * 2 > kills, "most processes had nothing to do when they were killed");
    anyhow::ensure!(report.equal, "{report}\n{}", town.logs());
    anyhow::ensure!(outcomes.paid + outcomes.given_back_by_platform == ORDERS, "{outcomes}");
    Ok(())
}

/// Audits until nothing is in flight.
async fn quiet(town: &Town) -> anyhow::Result<Report> {
    let asked = async {
        loop {
            let report = town.audit().await?;
            if report.quiet && report.silent.is_empty() {
                return Ok::<_, anyhow::Error>(report);
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(report) => report,
        Err(_) => anyhow::bail!("still in flight: {}\n{}", town.audit().await?, town.logs()),
    }
}

/// A sequence that looks random and is the same for the same seed.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// The next number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound.max(1)
    }
}
