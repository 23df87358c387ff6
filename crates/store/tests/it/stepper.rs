//! The stepper itself: it finds what goes wrong in some order only, and runs every order.

use crate::SCHEMA;
use medpay_domain::{Elapsed, Timestamp};
use medpay_store::testing::{Engine, Stepper, TestDb};
use medpay_store::{BoxFuture, NewJob, Store, StoreError, args, on_both};
use std::collections::BTreeSet;

/// Two processes on one database.
async fn two(stepper: &Stepper) -> [Store; 2] {
    [stepper.open(0, SCHEMA).await, stepper.open(1, SCHEMA).await]
}

/// Makes an order that holds nothing.
async fn order(store: &Store, number: &str) {
    let number = number.to_owned();
    let made = store.write("make an order", move |tx| {
        let number = number.clone();
        Box::pin(async move {
            tx.exec("INSERT INTO orders (number, fen) VALUES ($1, 0)", args![number]).await
        })
    });
    assert_eq!(made.await, Ok::<_, StoreError>(1));
}

async fn fen(store: &Store, number: &str) -> i64 {
    let number = number.to_owned();
    let read = store.read("read an order", move |tx| {
        let number = number.clone();
        Box::pin(async move {
            tx.one("SELECT fen FROM orders WHERE number = $1", args![number]).await?.get(0)
        })
    });
    read.await.map_err(|error: StoreError| error).expect("a read")
}

/// Reads, adds one and writes. With a guard it writes only what it has read, and answers whether
/// it did.
async fn add_one(store: &Store, number: String, guarded: bool) -> bool {
    let added = store.write("add one", move |tx| {
        let number = number.clone();
        Box::pin(async move {
            let row =
                tx.one("SELECT fen, version FROM orders WHERE number = $1", args![number]).await?;
            let (fen, version): (i64, i64) = (row.get(0)?, row.get(1)?);
            let (sql, args) = if guarded {
                (
                    "UPDATE orders SET fen = $1, version = version + 1
                      WHERE number = $2 AND version = $3",
                    args![fen + 1, number, version],
                )
            } else {
                ("UPDATE orders SET fen = $1 WHERE number = $2", args![fen + 1, number])
            };
            Ok::<_, StoreError>(tx.exec(sql, args).await? == 1)
        })
    });
    added.await.expect("written")
}

/// What two additions come to, over all orders.
async fn additions(stepper: &Stepper, guarded: bool) -> BTreeSet<(i64, usize)> {
    let stores = two(stepper).await;
    let mut outcomes = BTreeSet::new();
    let name = format!("{guarded} {stepper:p}");
    let what = format!("two additions, guarded: {guarded}");
    let counted = stepper.every_order(&what, async |round| {
        let number = format!("{name} {}", round.number());
        order(&stores[0], &number).await;
        let flow =
            |store| -> BoxFuture<'_, bool> { Box::pin(add_one(store, number.clone(), guarded)) };
        let added = round.run(vec![flow(&stores[0]), flow(&stores[1])]).await;
        let added = added.into_iter().filter(|added| *added).count();
        outcomes.insert((fen(&stores[0], &number).await, added));
    });
    counted.await;
    outcomes
}

on_both!(what_is_not_guarded_is_lost_in_some_order, async |db: TestDb| {
    let outcomes = additions(&Stepper::new(&db, 2).await, false).await;
    let expected: &[_] = match db.engine() {
        Engine::Sqlite => &[(2, 2)],
        Engine::Postgres => &[(1, 2), (2, 2)],
    };
    assert_eq!(outcomes, expected.iter().copied().collect());
});

on_both!(what_is_guarded_by_its_version_is_lost_in_none, async |db: TestDb| {
    let outcomes = additions(&Stepper::new(&db, 2).await, true).await;
    let expected: &[_] = match db.engine() {
        Engine::Sqlite => &[(2, 2)],
        Engine::Postgres => &[(1, 1), (2, 2)],
    };
    assert_eq!(outcomes, expected.iter().copied().collect());
});

on_both!(orders_that_are_left_out_would_come_to_the_same, async |db: TestDb| {
    for guarded in [false, true] {
        let few = Stepper::new(&db, 2).await;
        let all = Stepper::new(&db, 2).await.without_reduction();
        let few = additions(&few, guarded).await;
        assert_eq!(few, additions(&all, guarded).await);
    }
});

on_both!(the_files_of_sqlite_have_one_writer_at_a_time, async |db: TestDb| {
    let stepper = Stepper::new(&db, 2).await;
    let stores = two(&stepper).await;
    let counted = stepper.every_order("two additions elsewhere", async |round| {
        let numbers = [0, 1].map(|process| format!("{}-{process}", round.number()));
        for number in &numbers {
            order(&stores[0], number).await;
        }
        let flow = |at: usize| -> BoxFuture<'_, bool> {
            Box::pin(add_one(&stores[at], numbers[at].clone(), true))
        };
        assert_eq!(round.run(vec![flow(0), flow(1)]).await, [true, true]);
    });
    let counted = counted.await;
    match db.engine() {
        // Who begins first; and the second waits, or comes when the first is done.
        Engine::Sqlite => assert!(counted.orders <= 4 && counted.blocked >= 2, "{counted}"),
        // Other rows of the same table: nobody waits.
        Engine::Postgres => assert_eq!(counted.blocked, 0, "{counted}"),
    }
});

/// Changes two rows, one after the other.
async fn both(store: &Store, numbers: [String; 2]) {
    let changed = store.write("change both", move |tx| {
        let numbers = numbers.clone();
        Box::pin(async move {
            for number in numbers {
                tx.exec("UPDATE orders SET fen = fen + 1 WHERE number = $1", args![number]).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    changed.await.expect("written, if need be at the second try");
}

on_both!(two_that_wait_for_each_other_are_parted_by_the_engine, async |db: TestDb| {
    let stepper = Stepper::new(&db, 2).await;
    let stores = two(&stepper).await;
    let counted = stepper.every_order("two that lock crosswise", async |round| {
        let [a, b] = ["a", "b"].map(|name| format!("{}-{name}", round.number()));
        for number in [&a, &b] {
            order(&stores[0], number).await;
        }
        let one = Box::pin(both(&stores[0], [a.clone(), b.clone()])) as BoxFuture<'_, ()>;
        let other = Box::pin(both(&stores[1], [b.clone(), a.clone()]));
        round.run(vec![one, other]).await;
        assert_eq!((fen(&stores[0], &a).await, fen(&stores[0], &b).await), (2, 2));
    });
    let counted = counted.await;
    assert_eq!(counted.deadlocks > 0, db.engine() == Engine::Postgres, "{counted}");
});

const NOW: Timestamp = Timestamp::from_ms(1_000_000);

async fn push(store: &Store, keys: [String; 3]) {
    let pushed = store.write("push jobs", move |tx| {
        let keys = keys.clone();
        Box::pin(async move {
            for key in keys {
                let job = NewJob { queue: "q", key, payload: String::new(), due: NOW };
                tx.push_job(&job).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    pushed.await.expect("pushed");
}

/// Leases as the store does, or without the guard on the outer UPDATE.
async fn lease(store: &Store, guarded: bool) -> Vec<i64> {
    if guarded {
        let leases = store.lease("q", NOW, Elapsed(0), 10_000, 10).await.expect("leased");
        return leases.into_iter().map(|lease| lease.id).collect();
    }
    let taken = store.write("lease without a guard", |tx| {
        Box::pin(async move {
            let sql = "UPDATE jobs SET leased_until_ms = 10000
                        WHERE id IN (SELECT id FROM jobs WHERE leased_until_ms IS NULL)
                       RETURNING id";
            let rows = tx.all(sql, args![]).await?;
            rows.iter().map(|row| row.get(0)).collect::<Result<_, StoreError>>()
        })
    });
    taken.await.expect("leased")
}

/// How many leases two workers get of three jobs, over all orders.
async fn leases(db: &TestDb, guarded: bool) -> BTreeSet<usize> {
    let stepper = Stepper::new(db, 2).await;
    let stores = two(&stepper).await;
    let mut counts = BTreeSet::new();
    let what = format!("two lease three jobs, guarded: {guarded}");
    let counted = stepper.every_order(&what, async |round| {
        push(&stores[0], ["a", "b", "c"].map(|name| format!("{}-{name}", round.number()))).await;
        let flow = |at: usize| -> BoxFuture<'_, Vec<i64>> { Box::pin(lease(&stores[at], guarded)) };
        let taken: Vec<_> = round.run(vec![flow(0), flow(1)]).await.concat();
        let jobs: BTreeSet<_> = taken.iter().collect();
        assert_eq!(jobs.len(), 3, "every job is taken");
        counts.insert(taken.len());
        let done = stores[0].write("done", |tx| {
            Box::pin(async move { tx.exec("DELETE FROM jobs", args![]).await })
        });
        assert_eq!(done.await, Ok::<_, StoreError>(3));
    });
    counted.await;
    counts
}

on_both!(a_job_is_never_in_two_hands, async |db: TestDb| {
    assert_eq!(leases(&db, true).await, [3].into());
});

on_both!(without_the_outer_guard_a_job_would_be_in_two_hands, async |db: TestDb| {
    let expected: &[usize] = if db.engine() == Engine::Sqlite { &[3] } else { &[6] };
    let counts = leases(&db, false).await;
    assert!(expected.iter().all(|count| counts.contains(count)), "{counts:?}");
});
