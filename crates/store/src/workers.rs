//! The shell around a service's workers: the only place that loops and sleeps.
//!
//! A worker is `run_once(now) -> next due`. It is run again when something is due in business time,
//! when this process pushed a job or the test clock moved ([`Store::wake`]), and every half second
//! besides, for jobs of other processes and for leases that ran out.

use crate::{Store, StoreError};
use medpay_domain::{Clock, Timestamp};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a worker sleeps at most, in machine milliseconds.
const LOOK_AGAIN_MS: u64 = 500;
/// How long it rests after an error of the database or a panic, in machine milliseconds.
const REST_MS: u64 = 1000;

/// A round under way.
pub type Run<'a> = Pin<Box<dyn Future<Output = Result<Option<Timestamp>, StoreError>> + Send + 'a>>;

/// What the workers of a service work on.
pub trait Workplace: Send + Sync + 'static {
    /// Whose jobs they are.
    fn store(&self) -> &Store;
    /// By which time they are due.
    fn clock(&self) -> &dyn Clock;
}

/// A worker and its name.
pub struct Worker<W: Workplace> {
    /// For log lines.
    pub name: &'static str,
    /// Works off what is due at a moment, and answers when the next thing is.
    pub run_once: for<'a> fn(&'a W, Timestamp) -> Run<'a>,
}

/// Runs `workers` until `stop` turns true; a round that has begun is finished first.
pub async fn run<W: Workplace>(
    workers: &'static [Worker<W>],
    place: Arc<W>,
    stop: watch::Receiver<bool>,
) {
    let mut tasks = JoinSet::new();
    for worker in workers {
        let (place, begin_stop, stop) = (Arc::clone(&place), stop.clone(), stop.clone());
        tasks.spawn(keep_up(worker.name, stop, move || {
            attend(Arc::clone(&place), worker, begin_stop.clone())
        }));
    }
    while tasks.join_next().await.is_some() {}
}

/// Runs what `begin` makes until it ends. What panicked is begun anew after a rest: its lease runs
/// out and the job comes again. (A program built with `panic = "abort"` ends instead, and whoever
/// started it begins it anew.)
async fn keep_up<F, Work>(name: &str, mut stop: watch::Receiver<bool>, begin: F)
where
    F: Fn() -> Work,
    Work: Future<Output = ()> + Send + 'static,
{
    loop {
        // A set of one, so that the work ends when this is dropped.
        let mut task = JoinSet::new();
        task.spawn(begin());
        let Some(Err(error)) = task.join_next().await else { return };
        if !error.is_panic() {
            return;
        }
        // Not the error's own text: it quotes the panic, which may quote anything.
        tracing::error!(worker = name, "a worker panicked and is begun anew");
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(REST_MS)) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}

async fn attend<W: Workplace>(
    place: Arc<W>,
    worker: &'static Worker<W>,
    mut stop: watch::Receiver<bool>,
) {
    let mut signal = place.store().job_pushed();
    while !*stop.borrow() {
        let now = place.clock().now();
        let wait_ms = match (worker.run_once)(&place, now).await {
            Ok(due) => due.map_or(LOOK_AGAIN_MS, |due| {
                let ms = due.as_ms().saturating_sub(place.clock().now().as_ms());
                u64::try_from(ms).unwrap_or(0).clamp(1, LOOK_AGAIN_MS)
            }),
            Err(error) => {
                tracing::error!(worker = worker.name, %error, "a worker's round failed");
                REST_MS
            }
        };
        tokio::select! {
            () = signal.pushed() => {}
            () = tokio::time::sleep(Duration::from_millis(wait_ms)) => {}
            changed = stop.changed() => if changed.is_err() { break },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn a_worker_that_panics_is_begun_anew() {
        let begun = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&begun);
        let (_stop, stopped) = watch::channel(false);
        keep_up("clumsy", stopped, move || {
            let before = counted.fetch_add(1, Ordering::SeqCst);
            async move { assert!(before > 0, "the first round goes wrong") }
        })
        .await;
        assert_eq!(begun.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_stopped_worker_that_panics_is_left_alone() {
        let begun = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&begun);
        let (_stop, stopped) = watch::channel(true);
        keep_up("clumsy", stopped, move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async { panic!("goes wrong") }
        })
        .await;
        assert_eq!(begun.load(Ordering::SeqCst), 1);
    }
}
