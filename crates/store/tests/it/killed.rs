//! Processes that end at any moment, and stores that work where they are called.

use crate::gate::Script;
use crate::{SCHEMA, counts, write_order};
use medpay_store::testing::{Engine, TestDb, run};
use medpay_store::{BoxFuture, Fault, Options, Point, StoreError, on_both};
use std::sync::Arc;
use std::task::{Context, Waker};

/// Polls long enough for whoever could answer to have done so.
async fn stays_unanswered(mut work: BoxFuture<'_, Result<(), StoreError>>) {
    for _ in 0..100 {
        let polled = work.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending(), "answered by a process that is dead: {polled:?}");
        tokio::task::yield_now().await;
    }
}

on_both!(who_waits_for_a_killed_process_waits_for_ever, async |db: TestDb| {
    // Counts are those after the successor's own write.
    for (point, written) in [(Point::BeforeCommit, 1), (Point::AfterCommit, 3)] {
        let faults = Arc::new(Script::default());
        let store = db.open_with(SCHEMA, Options::default(), faults.clone()).await;
        faults.add(point, Fault::Kill);
        let mut write: BoxFuture<'_, _> = Box::pin(write_order(&store, "a"));
        crate::gate::start(&mut write);
        while !faults.is_used_up() {
            tokio::task::yield_now().await;
        }
        stays_unanswered(write).await;
        stays_unanswered(Box::pin(write_order(&store, "later"))).await;
        // Its successor finds what was committed.
        let successor = db.open(SCHEMA).await;
        write_order(&successor, &format!("after {written}")).await.expect("the successor writes");
        assert_eq!(counts(&successor).await, (written, written));
    }
});

fn in_place() -> Options {
    Options { in_place: true, ..Options::default() }
}

#[test]
fn in_place_a_store_keeps_every_rule() {
    run(Engine::Sqlite, async |db: TestDb| {
        let faults = Arc::new(Script::default());
        let store = db.open_with(SCHEMA, in_place(), faults.clone()).await;
        write_order(&store, "a").await.expect("written");
        assert!(matches!(write_order(&store, "a").await, Err(StoreError::Conflict(_))));
        faults.add(Point::BeforeCommit, Fault::Contended);
        write_order(&store, "b").await.expect("written at the second try");
        assert_eq!(store.statistics().retries, 1);
        faults.add(Point::BeforeCommit, Fault::Full);
        let full = write_order(&store, "c").await;
        assert!(matches!(&full, Err(StoreError::Engine { code, .. }) if code == "13"), "{full:?}");
        faults.add(Point::BeforeCommit, Fault::Fail);
        assert!(write_order(&store, "c").await.is_err_and(|error| error.is_unknown()));
        assert_eq!(counts(&store).await, (2, 2));
        store.kill();
        stays_unanswered(Box::pin(write_order(&store, "d"))).await;
        store.close().await;
    });
}
