//! `make overload`: ten times what a service takes on is offered to it, at fixed arrival times, so
//! that a slow answer does not slow the offer; latency counts from the planned arrival.
//!
//! The platform runs in a process of its own (this program again), its capacity lowered by
//! configuration: 16 requests at once, as many in line; and each commit takes 20 ms longer, by the
//! store's fault hook, which no configuration of the product reaches. Half, tenfold, half, tenfold:
//! only ratios within a run are results.

#[path = "../../tests/it/overload/stage.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod stage;

mod load;
mod served;

use anyhow::Context as _;
use load::{Answers, offer};
use served::Served;
use std::io::Write as _;

/// Rounds of half load and tenfold load.
const ROUNDS: usize = 3;
/// Length of one load, in milliseconds.
const LOAD_MS: u64 = 10_000;
/// How long each step of the search for the plateau takes, in milliseconds.
const STEP_MS: u64 = 3_000;
/// What is offered in the search, in orders a second.
const STEPS: [u64; 6] = [200, 400, 600, 800, 1_200, 1_600];
/// The lowered capacity.
const CONFIGURATION: &str = "admission = { at_once = 16, waiting = 16, wait_ms = 20 }";
/// By how much each commit is slowed, in milliseconds.
const COMMIT_MS: u64 = 20;

fn main() -> anyhow::Result<()> {
    if std::env::args().nth(1).as_deref() == Some(served::WORD) {
        return served::serve();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure())
}

/// A round's figures, ratios in thousandths.
struct Round {
    accepted: u64,
    slower: u64,
    grown: u64,
    refused_99_us: u64,
    refused_most_us: u64,
}

async fn measure() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let served = Served::start()?;
    let token = stage::buy_token(served.public).await?;
    let mut all = Answers::default();

    writeln!(out, "offered/s   accepted/s   p50 ms   p99 ms   503/s   its p99 ms")?;
    let mut plateau = 0;
    for rate in STEPS {
        let answers = offer(served.public, &token, rate, STEP_MS).await?;
        let accepted = answers.accepted_per_second(STEP_MS);
        plateau = plateau.max(accepted);
        line(&mut out, rate, &answers, STEP_MS)?;
        all.extend(answers);
    }
    writeln!(out, "plateau: {plateau} orders a second")?;

    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let half = offer(served.public, &token, plateau / 2, LOAD_MS).await?;
        let half_kib = served.resident_kib()?;
        line(&mut out, plateau / 2, &half, LOAD_MS)?;
        let tenfold = offer(served.public, &token, plateau * 10, LOAD_MS).await?;
        let tenfold_kib = served.resident_kib()?;
        line(&mut out, plateau * 10, &tenfold, LOAD_MS)?;
        writeln!(out, "            RSS at half {half_kib} KiB, at tenfold {tenfold_kib} KiB")?;
        rounds.push(Round {
            accepted: tenfold.accepted_per_second(LOAD_MS) * 1000 / plateau.max(1),
            slower: tenfold.accepted_us(99) * 1000 / half.accepted_us(99).max(1),
            grown: tenfold_kib * 1000 / half_kib.max(1),
            refused_99_us: tenfold.refused_us(99),
            refused_most_us: tenfold.refused_us(100),
        });
        all.extend(half);
        all.extend(tenfold);
    }
    let stored = served.end()?;
    let lost = all.accepted.iter().filter(|taken| !stored.contains(&taken.order)).count();
    let undone = all.refused.iter().filter(|taken| !stored.contains(&taken.order)).count();
    writeln!(
        out,
        "{} accepted, {lost} of them lost; {} told 503, {} of them done all the same; {} without \
         an answer",
        all.accepted.len(),
        all.refused.len(),
        all.refused.len() - undone,
        all.unanswered
    )?;
    tell(&mut out, &rounds)?;
    anyhow::ensure!(lost == 0 && undone == all.refused.len(), "an answer was not true");
    anyhow::ensure!(all.unanswered == 0, "a request was not answered");
    Ok(())
}

fn line(out: &mut impl std::io::Write, rate: u64, all: &Answers, ms: u64) -> anyhow::Result<()> {
    writeln!(
        out,
        "{rate:>9} {:>12} {:>8} {:>8} {:>7} {:>12}",
        all.accepted_per_second(ms),
        thousandths(all.accepted_us(50)),
        thousandths(all.accepted_us(99)),
        all.refused.len() as u64 * 1000 / ms,
        thousandths(all.refused_us(99)),
    )
    .context("standard output")
}

/// The medians against what must be.
fn tell(out: &mut impl std::io::Write, rounds: &[Round]) -> anyhow::Result<()> {
    for (what, must, of) in [
        ("accepted/s at tenfold ÷ plateau", "≥ 0.8", (|it| it.accepted) as fn(&Round) -> u64),
        ("p99 of accepted at tenfold ÷ at half", "≤ 10", |it| it.slower),
        ("RSS at tenfold ÷ at half", "≤ 2", |it| it.grown),
        ("503 within, p99, ms", "≤ 50", |it| it.refused_99_us),
        ("503 within, the slowest, ms", "≤ 50", |it| it.refused_most_us),
    ] {
        let mut values: Vec<_> = rounds.iter().map(of).collect();
        values.sort_unstable();
        let (least, most) = (values[0], values[values.len() - 1]);
        writeln!(
            out,
            "{what}: {} ({}..{}), must be {must}",
            thousandths(values[values.len() / 2]),
            thousandths(least),
            thousandths(most)
        )?;
    }
    Ok(())
}

/// Thousandths, written as a decimal.
fn thousandths(value: u64) -> String {
    format!("{}.{:03}", value / 1000, value % 1000)
}
