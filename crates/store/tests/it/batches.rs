//! Batches, refusals, lost commits, and callers that go away.

use crate::gate::{Gate, Script, as_one_batch, hold, order, start};
use crate::{SCHEMA, counts, save, write_order};
use medpay_store::testing::TestDb;
use medpay_store::{BoxFuture, Fault, Options, Point, Store, StoreError, no_faults, on_both};
use std::sync::Arc;

/// One writer, so that what waits becomes one batch.
fn one_writer() -> Options {
    Options { writers: 1, ..Options::default() }
}

async fn open(db: &TestDb) -> Store {
    db.open_with(SCHEMA, one_writer(), no_faults()).await
}

#[derive(Debug, PartialEq)]
enum Refusal {
    NoStock,
    Store(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Writes both rows and then refuses.
fn refused_order<'a>(store: &'a Store, number: &'static str) -> BoxFuture<'a, Result<(), Refusal>> {
    Box::pin(store.write("refuse", move |tx| {
        Box::pin(async move {
            save(tx, number).await?;
            Err(Refusal::NoStock)
        })
    }))
}

fn taken_order<'a>(store: &'a Store, number: &'static str) -> BoxFuture<'a, Result<(), Refusal>> {
    Box::pin(store.write("save", move |tx| Box::pin(async move { Ok(save(tx, number).await?) })))
}

on_both!(a_refusal_undoes_itself_and_nothing_else, async |db: TestDb| {
    let store = open(&db).await;
    let works = vec![
        taken_order(&store, "a"),
        refused_order(&store, "b"),
        taken_order(&store, "c"),
        taken_order(&store, "a"),
        taken_order(&store, "d"),
    ];
    let answers = as_one_batch(&store, db.engine(), works).await;
    assert_eq!((&answers[0], &answers[2], &answers[4]), (&Ok(()), &Ok(()), &Ok(())));
    assert_eq!(answers[1], Err(Refusal::NoStock));
    assert!(matches!(&answers[3], Err(Refusal::Store(error)) if error.is_conflict()));
    assert_eq!(counts(&store).await, (3, 3));
    let statistics = store.statistics();
    assert_eq!((statistics.batches, statistics.commits, statistics.refused), (2, 2, 2));
});

on_both!(a_refusal_that_is_alone_leaves_nothing, async |db: TestDb| {
    let store = open(&db).await;
    assert_eq!(refused_order(&store, "a").await, Err(Refusal::NoStock));
    assert_eq!(counts(&store).await, (0, 0));
    assert_eq!((store.statistics().commits, store.statistics().refused), (0, 1));
});

on_both!(a_panic_ends_its_body_and_not_the_writer, async |db: TestDb| {
    let store = open(&db).await;
    let panicking: BoxFuture<'_, Result<(), StoreError>> = Box::pin(store.write("fall", |tx| {
        Box::pin(async move {
            save(tx, "b").await?;
            panic!("on purpose")
        })
    }));
    let works = vec![order(&store, "a"), panicking, order(&store, "c")];
    let answers = as_one_batch(&store, db.engine(), works).await;
    assert_eq!(answers, vec![Ok(()), Err(StoreError::Panicked("fall".to_owned())), Ok(())]);
    write_order(&store, "d").await.expect("the writer lives");
    assert_eq!(counts(&store).await, (3, 3));
});

on_both!(a_body_may_fail_by_unwrapping_at_once, async |db: TestDb| {
    let store = open(&db).await;
    let fallen = store
        .write("fall at once", |_| -> BoxFuture<'_, Result<(), StoreError>> {
            panic!("on purpose, before there is a future")
        })
        .await;
    assert_eq!(fallen, Err(StoreError::Panicked("fall at once".to_owned())));
    write_order(&store, "a").await.expect("the writer lives");
});

on_both!(a_commit_that_fails_is_unknown_to_all, async |db: TestDb| {
    let faults = Arc::new(Script::default());
    let store = db.open_with(SCHEMA, one_writer(), faults.clone()).await;
    // The first batch, which holds the writer, must not meet the fault.
    faults.add(Point::AfterCommit, Fault::None);
    faults.add(Point::BeforeCommit, Fault::Fail);
    let works = vec![order(&store, "a"), order(&store, "b"), order(&store, "c")];
    for answer in as_one_batch(&store, db.engine(), works).await {
        assert!(answer.as_ref().is_err_and(StoreError::is_unknown), "{answer:?}");
    }
    assert_eq!(counts(&store).await, (0, 0));
    assert_eq!((store.statistics().unknown, store.statistics().retries), (3, 0));
    write_order(&store, "a").await.expect("the writer has another connection");
    assert_eq!(counts(&store).await, (1, 1));
});

on_both!(a_commit_whose_answer_is_lost_is_unknown_and_stands, async |db: TestDb| {
    let faults = Arc::new(Script::default());
    let store = db.open_with(SCHEMA, one_writer(), faults.clone()).await;
    faults.add(Point::BeforeCommit, Fault::None);
    faults.add(Point::AfterCommit, Fault::None);
    faults.add(Point::AfterCommit, Fault::Fail);
    let works = vec![order(&store, "a"), refused(&store), order(&store, "c")];
    for answer in as_one_batch(&store, db.engine(), works).await {
        assert!(answer.as_ref().is_err_and(StoreError::is_unknown), "{answer:?}");
    }
    // Nobody may run it again by himself: it is all there.
    assert_eq!(counts(&store).await, (2, 2));
    assert_eq!(store.statistics().retries, 0);
});

fn refused(store: &Store) -> BoxFuture<'_, Result<(), StoreError>> {
    Box::pin(store.write("refuse", |_| Box::pin(async { Err(StoreError::NoRow) })))
}

on_both!(a_connection_lost_before_the_beginning_is_made_again, async |db: TestDb| {
    let faults = Arc::new(Script::default());
    let store = db.open_with(SCHEMA, one_writer(), faults.clone()).await;
    faults.add(Point::BeforeBegin, Fault::Fail);
    faults.add(Point::BeforeBegin, Fault::Delay { ms: 1 });
    write_order(&store, "a").await.expect("written at the second try");
    assert_eq!(counts(&store).await, (1, 1));
    assert_eq!(store.statistics().retries, 1);
});

on_both!(a_database_that_stays_away_is_unavailable_within_the_bound, async |db: TestDb| {
    let faults = Arc::new(Script::default());
    let options = Options { retries: 2, ..one_writer() };
    let store = db.open_with(SCHEMA, options, faults.clone()).await;
    for _ in 0..3 {
        faults.add(Point::BeforeBegin, Fault::Fail);
    }
    let refused = write_order(&store, "a").await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    write_order(&store, "b").await.expect("it is back");
    assert_eq!(counts(&store).await, (1, 1));
});

on_both!(a_caller_that_goes_away_leaves_a_whole_order, async |db: TestDb| {
    let store = open(&db).await;
    // Gone before it asked.
    drop(order(&store, "never"));
    // Gone at each await of the body: before the first row, between the two, after the second.
    for (stop, number) in [(0, "a"), (1, "b"), (2, "c")] {
        let gate = Gate::new(db.engine());
        let mut write: BoxFuture<'_, Result<(), StoreError>> = Box::pin(store.write("stop", {
            let gate = gate.clone();
            move |tx| {
                let gate = gate.clone();
                Box::pin(async move {
                    let insert = "INSERT INTO orders (number, fen) VALUES ($1, 1)";
                    let event = "INSERT INTO events (number, name) VALUES ($1, 'made')";
                    for (step, sql) in [(0, insert), (1, event)] {
                        if step == stop {
                            gate.pass().await;
                        }
                        tx.exec(sql, medpay_store::args![number]).await?;
                    }
                    if stop == 2 {
                        gate.pass().await;
                    }
                    Ok(())
                })
            }
        }));
        start(&mut write);
        gate.reached().await;
        drop(write);
        gate.open();
    }
    // Gone while it waits behind others.
    let (gate, holding) = hold(&store, db.engine()).await;
    let mut waiting = order(&store, "d");
    start(&mut waiting);
    drop(waiting);
    gate.open();
    holding.await.expect("the first write is done");
    write_order(&store, "last").await.expect("written");
    assert_eq!(counts(&store).await, (5, 5));
});

on_both!(a_reader_that_goes_away_spoils_no_connection, async |db: TestDb| {
    let options = Options { readers: 1, ..one_writer() };
    let store = db.open_with(SCHEMA, options, no_faults()).await;
    write_order(&store, "a").await.expect("written");
    for _ in 0..5 {
        let gate = Gate::new(db.engine());
        let mut read: BoxFuture<'_, Result<i64, StoreError>> = Box::pin(store.read("stop", {
            let gate = gate.clone();
            move |tx| {
                let gate = gate.clone();
                Box::pin(async move {
                    let row = tx.one("SELECT COUNT(*) FROM orders", medpay_store::args![]).await?;
                    gate.pass().await;
                    row.get(0)
                })
            }
        }));
        start(&mut read);
        gate.reached().await;
        drop(read);
        gate.open();
    }
    write_order(&store, "b").await.expect("written");
    assert_eq!(counts(&store).await, (2, 2));
});

on_both!(a_full_queue_is_busy, async |db: TestDb| {
    let options = Options { queue: 2, ..one_writer() };
    let store = db.open_with(SCHEMA, options, no_faults()).await;
    let (gate, holding) = hold(&store, db.engine()).await;
    let (mut first, mut second) = (order(&store, "a"), order(&store, "b"));
    start(&mut first);
    start(&mut second);
    assert_eq!(write_order(&store, "c").await, Err(StoreError::Busy));
    assert_eq!(store.statistics().busy, 1);
    gate.open();
    holding.await.expect("the first write is done");
    assert_eq!((first.await, second.await), (Ok(()), Ok(())));
    write_order(&store, "d").await.expect("there is room again");
    assert_eq!(counts(&store).await, (3, 3));
});

on_both!(closing_writes_what_waits_and_refuses_the_rest, async |db: TestDb| {
    let store = open(&db).await;
    let (gate, holding) = hold(&store, db.engine()).await;
    let mut works: Vec<_> = ["a", "b", "c"].map(|number| order(&store, number)).into();
    works.iter_mut().for_each(start);
    let closing = store.clone();
    let mut closing: BoxFuture<'_, ()> = Box::pin(async move { closing.close().await });
    start(&mut closing);
    assert_eq!(write_order(&store, "late").await, Err(StoreError::Closed));
    gate.open();
    closing.await;
    holding.await.expect("the first write is done");
    for work in works {
        work.await.expect("written");
    }
    store.close().await;
    assert_eq!(counts(&db.open(SCHEMA).await).await, (3, 3));
});

on_both!(sixty_four_writers_share_few_commits, async |db: TestDb| {
    let store = open(&db).await;
    let numbers: Vec<String> = (0..64).map(|number| number.to_string()).collect();
    let works = numbers.iter().map(|number| order(&store, number)).collect();
    for answer in as_one_batch(&store, db.engine(), works).await {
        answer.expect("written");
    }
    assert_eq!(counts(&store).await, (64, 64));
    let statistics = store.statistics();
    assert_eq!((statistics.batches, statistics.commits, statistics.closures), (2, 2, 65));
    assert_eq!(statistics.statements, 64 * 2 + 2);
});

on_both!(sixty_four_tasks_at_once_all_land, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    let tasks: Vec<_> = (0..64)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for round in 0..4 {
                    write_order(&store, &format!("{task}-{round}")).await?;
                }
                Ok::<_, StoreError>(())
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic").expect("written");
    }
    assert_eq!(counts(&store).await, (256, 256));
    assert!(store.statistics().commits < 256, "{:?}", store.statistics());
});

on_both!(a_body_cannot_end_its_transaction, async |db: TestDb| {
    let store = open(&db).await;
    let bodies = ["COMMIT", " rollback", "SAVEPOINT mine", "Release piece", "END;"].map(|words| {
        let body: BoxFuture<'_, Result<(), StoreError>> =
            Box::pin(store.write("end it", move |tx| {
                Box::pin(async move {
                    save(tx, words).await?;
                    tx.exec(words, medpay_store::args![]).await.map(drop)
                })
            }));
        body
    });
    for answer in as_one_batch(&store, db.engine(), bodies.into()).await {
        assert!(matches!(answer, Err(StoreError::Misuse(_))), "{answer:?}");
    }
    assert_eq!(counts(&store).await, (0, 0));
});

on_both!(a_commit_that_the_engine_refuses_is_unknown_to_all, async |db: TestDb| {
    let store = open(&db).await;
    let lines = "CREATE TABLE lines (number TEXT NOT NULL REFERENCES orders (number)
                   DEFERRABLE INITIALLY DEFERRED)";
    crate::exec(&store, lines, medpay_store::args![]).await.expect("a table");
    let orphan: BoxFuture<'_, Result<(), StoreError>> = Box::pin(store.write("orphan", |tx| {
        Box::pin(async move {
            let insert = "INSERT INTO lines (number) VALUES ('nowhere')";
            tx.exec(insert, medpay_store::args![]).await.map(drop)
        })
    }));
    let works = vec![order(&store, "a"), orphan, order(&store, "c")];
    for answer in as_one_batch(&store, db.engine(), works).await {
        assert!(answer.as_ref().is_err_and(StoreError::is_unknown), "{answer:?}");
    }
    assert_eq!(counts(&store).await, (0, 0));
    write_order(&store, "a").await.expect("the writer lives");
});
