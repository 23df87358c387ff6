//! The platform's workers; their shell is [`medpay_store::workers`].

use crate::app::App;
use medpay_domain::Clock;
use medpay_store::Store;
use medpay_store::workers::{Worker, Workplace};

impl Workplace for App {
    fn store(&self) -> &Store {
        &self.store
    }

    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }
}

/// All workers of the platform.
pub const ALL: &[Worker<App>] = &[
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::testing::{confirm, load, order};
    use crate::testing::HOSPITAL;
    use crate::testing::keepers::Town;
    use medpay_domain::platform::order::{Kind, State};
    use medpay_store::testing::TestDb;
    use medpay_store::{on_both, workers};
    use tokio::sync::watch;

    on_both!(jobs_are_taken_up_as_they_come_and_all_stop_together, async |db: TestDb| {
        let town = Town::new(&db).await;
        let (stop, stopped) = watch::channel(false);
        let shell = tokio::spawn(workers::run(ALL, town.world.app.clone(), stopped));
        let med_trans_id =
            confirm(&town, &order(&town, HOSPITAL, "1", Kind::Mixed, (100, 805))).await;
        while !matches!(load(&town, &med_trans_id).await.order.state, State::Paid { .. }) {
            tokio::task::yield_now().await;
        }
        stop.send(true).expect("the shell listens");
        shell.await.expect("the shell ends");
    });
}
