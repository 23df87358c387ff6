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
/// How long it rests after an error of the database, in machine milliseconds.
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
        tasks.spawn(attend(app.clone(), *worker, stop.clone()));
    }
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a worker ended by itself");
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
}
