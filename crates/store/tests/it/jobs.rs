//! Leased jobs: pushed once, taken by one, taken again when their worker is gone.

use crate::gate::{Gate, start};
use crate::{SCHEMA, counts, save};
use medpay_domain::{Elapsed, Timestamp};
use medpay_store::testing::{Engine, TestDb};
use medpay_store::{
    BoxFuture, Lease, NewJob, Options, Store, StoreError, Tx, args, no_faults, on_both,
};
use std::collections::BTreeSet;

const LEASE_MS: i64 = 30_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

fn job(key: &str, due: i64) -> NewJob {
    NewJob { queue: "settle", key: key.to_owned(), payload: format!("for {key}"), due: at(due) }
}

async fn push(store: &Store, job: NewJob) -> bool {
    let pushed = store.write("push", move |tx| {
        let job = job.clone();
        Box::pin(async move { tx.push_job(&job).await })
    });
    pushed.await.expect("pushed")
}

async fn lease(store: &Store, now: i64, elapsed: i64, limit: u32) -> Vec<Lease> {
    let leased = store.lease("settle", at(now), Elapsed(elapsed), LEASE_MS, limit).await;
    leased.expect("leased")
}

async fn finish(store: &Store, lease: &Lease) -> Result<(), StoreError> {
    let lease = lease.clone();
    let finished = store.write("finish", move |tx| {
        let lease = lease.clone();
        Box::pin(async move { tx.finish_job(&lease).await })
    });
    finished.await
}

async fn postpone(store: &Store, lease: &Lease, due: i64) -> Result<(), StoreError> {
    let lease = lease.clone();
    let postponed = store.write("postpone", move |tx| {
        let lease = lease.clone();
        Box::pin(async move { tx.postpone_job(&lease, at(due)).await })
    });
    postponed.await
}

fn keys(leases: &[Lease]) -> Vec<&str> {
    leases.iter().map(|lease| lease.key.as_str()).collect()
}

on_both!(a_job_is_pushed_once_while_it_is_unfinished, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    assert!(push(&store, job("a", 10)).await);
    assert!(!push(&store, job("a", 5)).await);
    let leases = lease(&store, 10, 0, 9).await;
    assert_eq!(keys(&leases), ["a"]);
    assert_eq!((leases[0].due, leases[0].attempt), (at(10), 1));
    assert!(!push(&store, job("a", 5)).await);
    finish(&store, &leases[0]).await.expect("finished");
    assert!(push(&store, job("a", 20)).await);
});

on_both!(a_job_exists_exactly_when_its_transaction_does, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    let refused = store.write("refuse", |tx| {
        Box::pin(async move {
            tx.push_job(&job("a", 0)).await?;
            Err::<(), _>(StoreError::NoRow)
        })
    });
    assert_eq!(refused.await, Err(StoreError::NoRow));
    assert_eq!(store.pending_jobs("settle").await, Ok(Vec::new()));
});

on_both!(due_jobs_are_leased_in_their_order, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    for (key, due) in [("late", 300), ("first", 100), ("second", 200), ("also second", 200)] {
        push(&store, job(key, due)).await;
    }
    let other = NewJob { queue: "notify", ..job("other", 0) };
    push(&store, other).await;
    assert_eq!(store.next_due("settle").await, Ok(Some(at(100))));
    assert_eq!(keys(&lease(&store, 99, 0, 9).await), Vec::<&str>::new());
    assert_eq!(keys(&lease(&store, 250, 0, 2).await), ["first", "second"]);
    assert_eq!(store.next_due("settle").await, Ok(Some(at(200))));
    assert_eq!(keys(&lease(&store, 250, 0, 9).await), ["also second"]);
    assert_eq!(store.next_due("settle").await, Ok(Some(at(300))));
    assert_eq!(store.next_lease_end("settle").await, Ok(Some(Elapsed(LEASE_MS))));
    assert_eq!(store.next_lease_end("notify").await, Ok(None));
});

on_both!(a_lease_that_ran_out_is_taken_by_another, async |db: TestDb| {
    let (first, second) = (db.open(SCHEMA).await, db.open(SCHEMA).await);
    push(&first, job("a", 0)).await;
    let lost = lease(&first, 0, 1000, 9).await.remove(0);
    assert!(lease(&second, 0, 1000 + LEASE_MS - 1, 9).await.is_empty());
    // The test clock may jump for years: a lease ends in machine time only.
    assert!(lease(&second, 1_000_000_000, 1000 + LEASE_MS - 1, 9).await.is_empty());
    let held = lease(&second, 0, 1000 + LEASE_MS, 9).await.remove(0);
    assert_eq!((held.id, held.attempt), (lost.id, 1));
    assert_eq!(finish(&first, &lost).await, Err(StoreError::LeaseLost(lost.id)));
    assert_eq!(postpone(&first, &lost, 5).await, Err(StoreError::LeaseLost(lost.id)));
    finish(&second, &held).await.expect("finished");
    assert_eq!(finish(&second, &held).await, Err(StoreError::LeaseLost(lost.id)));
});

on_both!(a_worker_that_lost_its_lease_writes_nothing_else, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    push(&store, job("a", 0)).await;
    let lost = lease(&store, 0, 0, 9).await.remove(0);
    lease(&store, 0, LEASE_MS, 9).await;
    let refused: Result<(), StoreError> = store
        .write("settle", move |tx| {
            let lost = lost.clone();
            Box::pin(async move {
                save(tx, "a").await?;
                tx.finish_job(&lost).await
            })
        })
        .await;
    assert!(matches!(refused, Err(StoreError::LeaseLost(_))), "{refused:?}");
    assert_eq!(counts(&store).await, (0, 0));
});

on_both!(an_old_lease_does_not_fit_a_job_pushed_again, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    push(&store, job("a", 0)).await;
    let old = lease(&store, 0, 0, 9).await.remove(0);
    finish(&store, &old).await.expect("finished");
    push(&store, job("a", 0)).await;
    let new = lease(&store, 0, 0, 9).await.remove(0);
    assert_eq!(new.token, old.token);
    assert_eq!(finish(&store, &old).await, Err(StoreError::LeaseLost(old.id)));
    finish(&store, &new).await.expect("finished");
});

on_both!(a_leased_job_survives_its_process, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    push(&store, job("a", 7)).await;
    lease(&store, 7, 0, 9).await;
    store.close().await;
    let store = db.open(SCHEMA).await;
    assert_eq!(store.next_due("settle").await, Ok(None));
    assert_eq!(store.next_lease_end("settle").await, Ok(Some(Elapsed(LEASE_MS))));
    assert_eq!(keys(&lease(&store, 7, LEASE_MS, 9).await), ["a"]);
});

on_both!(a_postponed_job_counts_its_tries, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    push(&store, job("a", 100)).await;
    for (attempt, due) in [(1, 200), (2, 300), (3, 400)] {
        let lease = lease(&store, 1000, 0, 9).await.remove(0);
        assert_eq!(lease.attempt, attempt);
        postpone(&store, &lease, due).await.expect("postponed");
        assert_eq!(store.next_due("settle").await, Ok(Some(at(due))));
    }
    let pending = store.pending_jobs("settle").await.expect("listed").remove(0);
    assert_eq!((pending.key.as_str(), pending.attempts), ("a", 3));
    assert_eq!((pending.first_due, pending.due, pending.leased_until), (at(100), at(400), None));
    assert_eq!((pending.age_ms(at(1100)), pending.age_ms(at(50))), (1000, 0));
});

on_both!(workers_are_woken_by_commits_that_push, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    let mut signal = store.job_pushed();
    let mut quiet: BoxFuture<'_, ()> = Box::pin(async move { signal.pushed().await });
    start(&mut quiet);
    crate::write_order(&store, "a").await.expect("written");
    start(&mut quiet);
    push(&store, job("a", 0)).await;
    quiet.await;
    let mut signal = store.job_pushed();
    store.wake();
    signal.pushed().await;
});

/// A body that leases jobs and answers their numbers.
type LeaseWith = fn(&mut Tx) -> BoxFuture<'_, Result<Vec<i64>, StoreError>>;

/// Leases in two processes, the second beginning before the first has committed.
async fn interleaved_leases(db: &TestDb, lease_with: LeaseWith) -> (Vec<i64>, Vec<i64>) {
    let options = Options { writers: 1, ..Options::default() };
    let first = db.open_with(SCHEMA, options.clone(), no_faults()).await;
    let second = db.open_with(SCHEMA, options, no_faults()).await;
    for number in 0..6 {
        push(&first, job(&number.to_string(), number)).await;
    }
    let gate = Gate::new(db.engine());
    let mut leasing: BoxFuture<'_, Result<Vec<i64>, StoreError>> =
        Box::pin(first.write("first", {
            let gate = gate.clone();
            move |tx| {
                let gate = gate.clone();
                Box::pin(async move {
                    let leased = lease_with(tx).await?;
                    gate.pass().await;
                    Ok(leased)
                })
            }
        }));
    start(&mut leasing);
    gate.reached().await;
    let mut other: BoxFuture<'_, Result<Vec<i64>, StoreError>> =
        Box::pin(second.write("second", move |tx| lease_with(tx)));
    start(&mut other);
    wait_for_a_lock(&first, db.engine()).await;
    gate.open();
    (leasing.await.expect("leased"), other.await.expect("leased"))
}

/// Waits until a session of PostgreSQL stands before another's lock. On SQLite the second writer
/// waits for the file, whenever it comes to it.
async fn wait_for_a_lock(store: &Store, engine: Engine) {
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity
                    WHERE wait_event_type = 'Lock' AND datname = current_database()";
    if engine == Engine::Sqlite {
        return;
    }
    loop {
        let count = store.read("waiting", move |tx| {
            Box::pin(async move { tx.one(waiting, args![]).await?.get::<i64>(0) })
        });
        if count.await.is_ok_and(|count: i64| count > 0) {
            return;
        }
    }
}

on_both!(two_processes_never_lease_the_same_job, async |db: TestDb| {
    let (first, second) = interleaved_leases(&db, |tx| {
        Box::pin(async move {
            let leases = tx.lease_jobs("settle", at(100), Elapsed(0), LEASE_MS, 4).await?;
            Ok(leases.iter().map(|lease| lease.id).collect())
        })
    })
    .await;
    assert_eq!(first.len(), 4);
    let (first, second) = (BTreeSet::from_iter(first), BTreeSet::from_iter(second));
    assert!(first.is_disjoint(&second), "{first:?} {second:?}");
});

on_both!(a_job_postponed_meanwhile_is_not_leased_early, async |db: TestDb| {
    // Guarded by the lease alone, the second would take jobs that are not due any more.
    let (_, second) = interleaved_leases(&db, |tx| {
        Box::pin(async move {
            let leases = tx.lease_jobs("settle", at(100), Elapsed(0), LEASE_MS, 9).await?;
            for lease in &leases {
                tx.postpone_job(lease, at(5000)).await?;
            }
            Ok(leases.iter().map(|lease| lease.id).collect())
        })
    })
    .await;
    assert_eq!(second, Vec::<i64>::new());
});

/// What the guard on the outer UPDATE is for, and that the tests above would notice its absence.
#[test]
fn without_the_outer_guard_postgresql_leases_twice() {
    medpay_store::testing::run(Engine::Postgres, async |db: TestDb| {
        let (first, second) = interleaved_leases(&db, |tx| {
            Box::pin(async move {
                let rows = tx
                    .all(
                        "UPDATE jobs SET token = token + 1, leased_until_ms = $1
                          WHERE id IN (SELECT id FROM jobs
                                        WHERE leased_until_ms IS NULL ORDER BY id LIMIT 4)
                         RETURNING id",
                        args![LEASE_MS],
                    )
                    .await?;
                rows.iter().map(|row| row.get(0)).collect()
            })
        })
        .await;
        assert_eq!(BTreeSet::from_iter(first), BTreeSet::from_iter(second));
    });
}
