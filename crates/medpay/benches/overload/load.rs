//! The offer: an order at each planned moment, whatever became of those before it.

use crate::stage::{self, Line};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// An order that was answered.
pub(crate) struct Taken {
    /// Its number.
    pub(crate) order: String,
    /// From its planned moment to its answer.
    us: u64,
}

/// What became of an offer.
#[derive(Default)]
pub(crate) struct Answers {
    /// Taken, and said so.
    pub(crate) accepted: Vec<Taken>,
    /// Told 503 with Retry-After.
    pub(crate) refused: Vec<Taken>,
    /// The rest.
    pub(crate) unanswered: u64,
}

impl Answers {
    /// Adds another offer's.
    pub(crate) fn extend(&mut self, other: Self) {
        self.accepted.extend(other.accepted);
        self.refused.extend(other.refused);
        self.unanswered += other.unanswered;
    }

    /// Over an offer that lasted so long.
    pub(crate) fn accepted_per_second(&self, ms: u64) -> u64 {
        self.accepted.len() as u64 * 1000 / ms
    }

    /// How long so many in a hundred took at most, in microseconds.
    pub(crate) fn accepted_us(&self, percent: usize) -> u64 {
        percentile(&self.accepted, percent)
    }

    /// The same of those told 503.
    pub(crate) fn refused_us(&self, percent: usize) -> u64 {
        percentile(&self.refused, percent)
    }
}

fn percentile(taken: &[Taken], percent: usize) -> u64 {
    let mut us: Vec<_> = taken.iter().map(|taken| taken.us).collect();
    us.sort_unstable();
    let last = us.len().saturating_sub(1);
    us.get(last * percent / 100).copied().unwrap_or(0)
}

/// Connections that nobody uses at the moment. The latest to come back is taken first.
type Idle = Arc<Mutex<Vec<Line>>>;

/// Numbers every order of the process once.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Offers `rate` orders a second for `ms`.
pub(crate) async fn offer(
    address: SocketAddr,
    token: &str,
    rate: u64,
    ms: u64,
) -> anyhow::Result<Answers> {
    let idle = Idle::default();
    let mut under_way = JoinSet::new();
    let mut answers = Answers::default();
    let begun = Instant::now() + Duration::from_millis(10);
    for arrival in 0..rate * ms / 1000 {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Signed before its moment, so that the load's own work is no part of the latency.
        let request = stage::order(token, number);
        let planned = begun + Duration::from_micros(arrival * 1_000_000 / rate);
        sleep_until(planned).await;
        let idle = Arc::clone(&idle);
        under_way.spawn(async move {
            let heard = send(&idle, address, &request).await;
            let us = u64::try_from(planned.elapsed().as_micros()).unwrap_or(u64::MAX);
            (Taken { order: stage::number_of(number), us }, heard)
        });
        while let Some(ended) = under_way.try_join_next() {
            sort(&mut answers, ended?);
        }
    }
    while let Some(ended) = under_way.join_next().await {
        sort(&mut answers, ended?);
    }
    Ok(answers)
}

/// What was heard: an order, a 503 that says when to come again, or neither.
#[derive(Clone, Copy)]
enum Outcome {
    Accepted,
    Refused,
    Unanswered,
}

fn sort(answers: &mut Answers, (taken, outcome): (Taken, Outcome)) {
    match outcome {
        Outcome::Accepted => answers.accepted.push(taken),
        Outcome::Refused => answers.refused.push(taken),
        Outcome::Unanswered => answers.unanswered += 1,
    }
}

async fn send(idle: &Idle, address: SocketAddr, request: &[u8]) -> Outcome {
    let lines = || idle.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = lines().pop();
    let line = match kept {
        Some(line) => Ok(line),
        None => Line::open(address).await,
    };
    let Ok(mut line) = line else { return Outcome::Unanswered };
    let Ok(heard) = line.ask(request).await else { return Outcome::Unanswered };
    if !heard.is_last() {
        lines().push(line);
    }
    if heard.is_order() {
        Outcome::Accepted
    } else if heard.status == 503 && heard.header("retry-after").is_some() {
        Outcome::Refused
    } else {
        Outcome::Unanswered
    }
}
