//! Probes: how much they may cost, and how long they may take.

use medpay::readiness::{Readiness, Watched};
use medpay::services::PLATFORM_SCHEMA;
use medpay_store::testing::{Engine, TestClock, TestDb};
use medpay_store::{Fault, FaultHook, Options, Point, on_both};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

async fn watched(db: &TestDb, faults: Arc<dyn FaultHook>) -> Watched {
    let store = db.open_with(PLATFORM_SCHEMA, Options::default(), faults).await;
    Watched { store, schema: PLATFORM_SCHEMA, location: db.location().clone() }
}

on_both!(a_hundred_probes_are_one_look, async |db: TestDb| {
    let clock = Arc::new(TestClock::at("20261122090000"));
    let watched = watched(&db, medpay_store::no_faults()).await;
    let store = watched.store.clone();
    let readiness = Readiness::of(vec![watched], clock.clone());
    let before = store.statistics().reads;
    let probes: tokio::task::JoinSet<_> = (0..100)
        .map(|_| {
            let readiness = readiness.clone();
            async move { readiness.ask().await }
        })
        .collect();
    assert!(probes.join_all().await.iter().all(|verdict| *verdict == Ok(None)));
    assert_eq!(store.statistics().reads - before, 1);
    clock.elapse_ms(499);
    assert_eq!(readiness.ask().await, Ok(None));
    assert_eq!(store.statistics().reads - before, 1);
    clock.elapse_ms(1);
    assert_eq!(readiness.ask().await, Ok(None));
    assert_eq!(store.statistics().reads - before, 2);
    store.close().await;
});

/// A disk that is full when it is told so.
#[derive(Default)]
struct Disk(AtomicBool);

impl FaultHook for Disk {
    fn at(&self, point: Point) -> Fault {
        match point {
            Point::BeforeCommit if self.0.load(Ordering::SeqCst) => Fault::Full,
            _ => Fault::None,
        }
    }
}

#[tokio::test]
async fn a_file_that_takes_no_write_is_not_ready() {
    let db = TestDb::fresh(Engine::Sqlite).await;
    let (clock, disk) = (Arc::new(TestClock::at("20261122090000")), Arc::new(Disk::default()));
    let readiness = Readiness::of(vec![watched(&db, disk.clone()).await], clock.clone());
    assert_eq!(readiness.ask().await, Ok(None));
    disk.0.store(true, Ordering::SeqCst);
    clock.elapse_ms(500);
    assert_eq!(readiness.ask().await, Err("unwritable"));
    disk.0.store(false, Ordering::SeqCst);
    clock.elapse_ms(500);
    assert_eq!(readiness.ask().await, Ok(None));
}

/// A disk on which a commit hangs until it is let go.
#[derive(Default)]
struct Hang(Mutex<bool>, Condvar);

impl FaultHook for Hang {
    fn at(&self, _: Point) -> Fault {
        let hangs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.1.wait_while(hangs, |hangs| *hangs));
        Fault::None
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_long_for_a_database_that_hangs_and_nothing_piles_up() {
    let db = TestDb::fresh(Engine::Sqlite).await;
    let (clock, hang) = (Arc::new(TestClock::at("20261122090000")), Arc::new(Hang::default()));
    let watched = watched(&db, hang.clone()).await;
    let store = watched.store.clone();
    let readiness = Readiness::of(vec![watched], clock.clone());
    *hang.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
    let before = store.statistics().reads;
    for _ in 0..3 {
        assert_eq!(readiness.ask().await, Err("unreachable"));
        clock.elapse_ms(1000);
    }
    assert_eq!(store.statistics().reads - before, 1, "one look is under way");
    *hang.0.lock().unwrap_or_else(PoisonError::into_inner) = false;
    hang.1.notify_all();
    while readiness.ask().await != Ok(None) {
        clock.elapse_ms(500);
    }
}
