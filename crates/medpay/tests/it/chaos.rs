//! Real processes in real trouble: platform, gateway and sandbox (bureau, wallet, HIS), two of ours
//! of each kind on one PostgreSQL, one of each on SQLite. They are killed, stopped and cut off, and
//! their disk is slow, fails and fills up, while a hospital and its patients pay and refund. After
//! restart and quiet the four books are equal.

mod backup;
mod disk;
pub(crate) mod load;
pub(crate) mod patients;
mod processes;
mod proxy;
mod record;
mod release;
mod script;
mod server;

use load::{Load, Outcomes};
use medpay_store::on_both;
use medpay_store::testing::{Engine, TestDb};
use patients::Patients;
use processes::Town;
use record::Record;
use script::{Fault, Script};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How many kills there are unless [`KILLS_VARIABLE`] says otherwise.
const USUAL_KILLS: usize = 10;
/// Every how many kills something else is done beside it, if there are few kills.
const OFTEN: usize = 2;
/// The same in a long run.
const SELDOM: usize = 5;
/// The environment variable with the number of kills; `make chaos` sets it.
const KILLS_VARIABLE: &str = "MEDPAY_CHAOS_KILLS";
/// The environment variable with the folder for the record of a run; `make chaos` sets it.
const RECORD_VARIABLE: &str = "MEDPAY_CHAOS_RECORD";
/// How long a person waits for an order's end or for quiet before something must be wrong: also on
/// a machine that has much else to do.
const PATIENCE: Duration = Duration::from_mins(10);
/// Between two looks at a condition.
const LOOK: Duration = Duration::from_millis(50);

#[expect(clippy::disallowed_methods, reason = "the one place where tests read how often to kill")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

fn kills() -> usize {
    variable(KILLS_VARIABLE).map_or(USUAL_KILLS, |text| {
        text.parse().unwrap_or_else(|_| panic!("{KILLS_VARIABLE} must be a number"))
    })
}

const fn seed_of(engine: Engine) -> u64 {
    match engine {
        Engine::Sqlite => 0x5EED_0001,
        Engine::Postgres => 0x5EED_0002,
    }
}

const fn word_of(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
    }
}

on_both!(after_kills_at_random_moments_the_books_are_equal, async |db: TestDb| {
    let engine = db.engine();
    let seed = seed_of(engine);
    if let Err(error) = survive(engine, seed, kills()).await {
        panic!("seed {seed:#x}: {error:#}");
    }
});

/// Shows what a round came to; `cargo test -- --nocapture` prints it.
#[expect(clippy::print_stdout, reason = "who waits for 300 kills wants to see what happened")]
fn tell(what: &str) {
    println!("{what}");
}

/// Who pays and refunds while the town is in trouble: a hospital that calls the platform itself,
/// and patients at the gateway.
struct Work {
    load: Arc<Load>,
    patients: Arc<Patients>,
}

/// Both at work.
struct Working {
    load: JoinHandle<anyhow::Result<Outcomes>>,
    patients: JoinHandle<anyhow::Result<Outcomes>>,
}

impl Work {
    async fn new(town: &Town, seed: u64) -> anyhow::Result<Self> {
        let load = Arc::new(Load::new(&town.ready, seed).await?);
        let patients = Arc::new(Patients::new(&town.ready, &load).await?);
        Ok(Self { load, patients })
    }

    /// Begins, until [`Work::no_more`] or until each of the two has begun `orders`.
    fn begin(&self, seed: u64, orders: u64) -> Working {
        Working {
            load: tokio::spawn(Arc::clone(&self.load).run(orders)),
            patients: tokio::spawn(Arc::clone(&self.patients).run(seed, orders)),
        }
    }

    fn at_work(&self) -> u64 {
        self.load.at_work() + self.patients.at_work()
    }

    fn no_more(&self) {
        self.load.no_more();
        self.patients.no_more();
    }
}

impl Working {
    /// Waits until the orders under way have ended; the hospital's and the patients' own.
    async fn ended(self) -> anyhow::Result<(Outcomes, Outcomes)> {
        Ok((self.load.await??, self.patients.await??))
    }

    /// Whether one of them has given up, which none should.
    fn has_failed(&self) -> bool {
        self.load.is_finished() || self.patients.is_finished()
    }
}

/// Pays and refunds while the town is in trouble, and compares the books.
async fn survive(engine: Engine, seed: u64, kills: usize) -> anyhow::Result<()> {
    let mut town = Town::found(engine, seed).await?;
    let work = Work::new(&town, seed).await?;
    let file = variable(RECORD_VARIABLE)
        .map(|folder| PathBuf::from(folder).join(format!("{}.jsonl", word_of(engine))));
    let mut record = Record::new(file.as_deref())?;
    record.write(&json!({
        "run": word_of(engine), "seed": seed, "kills": kills, "begun": town.now().await?,
        "commit": variable("MEDPAY_CHAOS_COMMIT"),
    }))?;
    let working = work.begin(seed, u64::MAX);
    let every = if kills > USUAL_KILLS { SELDOM } else { OFTEN };
    let (begun, chance) = (tokio::time::Instant::now(), Chance(seed));
    let mut script =
        Script { engine, town: &mut town, work: &work, record: &mut record, chance, begun };
    let done = script.run(kills, every, || working.has_failed()).await;
    work.no_more();
    let (hospital, patients) = working.ended().await?;
    done?;
    let audit = town.until_quiet().await?;
    let (killed, _) = record.count("kill");
    let last = json!({
        "equal": audit.is_equal(), "kills": killed,
        "hospital": hospital, "patients": patients, "audit": &audit,
    });
    record.write(&last)?;
    tell(&format!("{killed} kills; hospital: {hospital}; patients: {patients}"));
    for fault in Fault::ALL {
        let (count, bit) = record.count(fault.word());
        tell(&format!("{}: {count} times, bit {bit} times", fault.word()));
        anyhow::ensure!(bit > 0 || fault == Fault::Stop, "{} never bit", fault.word());
    }
    tell(&audit.to_string());
    anyhow::ensure!(audit.is_equal(), "{audit}\n{}", town.logs());
    let idle = record.lines.iter().filter(|line| line.orders == 0).count();
    anyhow::ensure!(idle * 10 < record.lines.len().max(10), "{idle} times nobody was at work");
    Ok(())
}

/// A sequence that looks random and is the same for the same seed.
#[derive(Clone)]
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
