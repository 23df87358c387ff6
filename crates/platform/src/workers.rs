//! The shell around the workers: the only place that loops and sleeps.
//!
//! A worker is `run_once(now) -> next due`. It is run again when something is due in business time,
//! when this process pushed a job or the test clock moved ([`medpay_store::Store::wake`]), and
//! every half second besides, for jobs of other processes and for leases that ran out.

use crate::app::{App, Platform};
use medpay_domain::Timestamp;
use medpay_store::StoreError;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a worker sleeps at most, in machine milliseconds.
const LOOK_AGAIN_MS: u64 = 500;
/// How long it rests after an error of the database or a panic, in machine milliseconds.
const REST_MS: u64 = 1000;

type Run<'a> = Pin<Box<dyn Future<Output = Result<Option<Timestamp>, StoreError>> + Send + 'a>>;

/// A worker and its name.
#[derive(Clone, Copy)]
pub struct Worker {
    /// For log lines.
    pub name: &'static str,
    /// Works off what is due at a moment, and answers when the next thing is.
    pub run_once: for<'a> fn(&'a App, Timestamp) -> Run<'a>,
}

/// All workers of the platform.
pub const ALL: &[Worker] = &[
    Worker {
        name: "settle",
        run_once: |app, now| Box::pin(crate::orders::settle::run_once(app, now)),
    },
    Worker {
        name: "expire",
        run_once: |app, now| Box::pin(crate::orders::expire::run_once(app, now)),
    },
    Worker {
        name: "refund",
        run_once: |app, now| Box::pin(crate::refunds::give_back::run_once(app, now)),
    },
    Worker {
        name: "notify",
        run_once: |app, now| Box::pin(crate::notifications::deliver::run_once(app, now)),
    },
];

/// Runs all workers until `stop` turns true; a round that has begun is finished first.
pub async fn run(app: Platform, stop: watch::Receiver<bool>) {
    let mut tasks = JoinSet::new();
    for worker in ALL {
        let (app, begin_stop, stop) = (app.clone(), stop.clone(), stop.clone());
        tasks.spawn(keep_up(worker.name, stop, move || {
            attend(app.clone(), *worker, begin_stop.clone())
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

async fn attend(app: Platform, worker: Worker, mut stop: watch::Receiver<bool>) {
    let mut signal = app.store.job_pushed();
    while !*stop.borrow() {
        let now = app.clock.now();
        let wait_ms = match (worker.run_once)(&app, now).await {
            Ok(due) => due.map_or(LOOK_AGAIN_MS, |due| {
                let ms = due.as_ms().saturating_sub(app.clock.now().as_ms());
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
    use crate::orders::testing::{confirm, load, order};
    use crate::testing::HOSPITAL;
    use crate::testing::keepers::Town;
    use medpay_domain::platform::order::{Kind, State};
    use medpay_store::on_both;
    use medpay_store::testing::TestDb;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    on_both!(jobs_are_taken_up_as_they_come_and_all_stop_together, async |db: TestDb| {
        let town = Town::new(&db).await;
        let (stop, stopped) = watch::channel(false);
        let shell = tokio::spawn(run(town.world.app.clone(), stopped));
        let med_trans_id =
            confirm(&town, &order(&town, HOSPITAL, "1", Kind::Mixed, (100, 805))).await;
        while !matches!(load(&town, &med_trans_id).await.order.state, State::Paid { .. }) {
            tokio::task::yield_now().await;
        }
        stop.send(true).expect("the shell listens");
        shell.await.expect("the shell ends");
    });

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
