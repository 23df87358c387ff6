//! What only PostgreSQL can do to a writer: deadlocks, broken connections, a plan gone stale.

use crate::gate::{as_one_batch, order};
use crate::{SCHEMA, counts, exec, one, write_order};
use medpay_store::testing::{Engine, TestDb, run};
use medpay_store::{BoxFuture, Location, Options, Schema, Store, StoreError, Tx, args, no_faults};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::Barrier;

async fn open(db: &TestDb) -> Store {
    db.open_with(SCHEMA, Options { writers: 1, ..Options::default() }, no_faults()).await
}

async fn add(tx: &mut Tx, number: &str) -> Result<(), StoreError> {
    let changed =
        tx.exec("UPDATE orders SET fen = fen + 1 WHERE number = $1", args![number]).await?;
    assert_eq!(changed, 1);
    Ok(())
}

/// Adds to two orders, meeting the other writer in between on the first run only.
fn add_to_both<'a>(
    store: &'a Store,
    (first, second): (&'static str, &'static str),
    meet: &Arc<Barrier>,
) -> BoxFuture<'a, Result<u32, StoreError>> {
    let (meet, runs) = (Arc::clone(meet), Arc::new(AtomicU32::new(0)));
    Box::pin(store.write("add to both", move |tx| {
        let (meet, runs) = (Arc::clone(&meet), Arc::clone(&runs));
        Box::pin(async move {
            let run = runs.fetch_add(1, Ordering::Relaxed) + 1;
            add(tx, first).await?;
            if run == 1 {
                meet.wait().await;
            }
            add(tx, second).await?;
            Ok(run)
        })
    }))
}

async fn fen(store: &Store, number: &'static str) -> i64 {
    let row = one(store, "SELECT fen FROM orders WHERE number = $1", args![number]).await;
    row.expect("a row").get(0).expect("a number")
}

#[test]
fn a_deadlock_is_run_again() {
    run(Engine::Postgres, async |db: TestDb| {
        let (first, second) = (open(&db).await, open(&db).await);
        write_order(&first, "x").await.expect("written");
        write_order(&first, "y").await.expect("written");
        let meet = Arc::new(Barrier::new(2));
        let (one, other) = tokio::join!(
            add_to_both(&first, ("x", "y"), &meet),
            add_to_both(&second, ("y", "x"), &meet)
        );
        let runs = one.expect("written") + other.expect("written");
        assert_eq!(runs, 3, "one of the two ran twice");
        assert_eq!((fen(&first, "x").await, fen(&first, "y").await), (907, 907));
        assert_eq!(first.statistics().retries + second.statistics().retries, 1);
    });
}

#[test]
fn a_deadlock_between_batches_costs_no_order() {
    run(Engine::Postgres, async |db: TestDb| {
        let (first, second) = (open(&db).await, open(&db).await);
        write_order(&first, "x").await.expect("written");
        write_order(&first, "y").await.expect("written");
        let meet = Arc::new(Barrier::new(2));
        let batch = |store, names, number| {
            let both = add_to_both(store, names, &meet);
            let both: BoxFuture<'_, Result<(), StoreError>> =
                Box::pin(async { both.await.map(drop) });
            as_one_batch(store, Engine::Postgres, vec![order(store, number), both])
        };
        let (one, other) =
            tokio::join!(batch(&first, ("x", "y"), "a"), batch(&second, ("y", "x"), "b"));
        assert_eq!((one, other), (vec![Ok(()); 2], vec![Ok(()); 2]));
        assert_eq!((fen(&first, "x").await, fen(&first, "y").await), (907, 907));
        assert_eq!(counts(&first).await, (4, 4));
    });
}

#[test]
fn a_serialization_failure_is_run_again() {
    run(Engine::Postgres, async |db: TestDb| {
        let (first, second) = (open(&db).await, open(&db).await);
        write_order(&first, "x").await.expect("written");
        let meet = Arc::new(Barrier::new(2));
        let strict = |store: &Store| {
            let (store, meet) = (store.clone(), Arc::clone(&meet));
            let runs = Arc::new(AtomicU32::new(0));
            async move {
                store
                    .write("strictly", move |tx| {
                        let (meet, runs) = (Arc::clone(&meet), Arc::clone(&runs));
                        Box::pin(async move {
                            let level = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
                            tx.exec(level, args![]).await?;
                            tx.one("SELECT fen FROM orders", args![]).await?;
                            if runs.fetch_add(1, Ordering::Relaxed) == 0 {
                                meet.wait().await;
                            }
                            add(tx, "x").await
                        })
                    })
                    .await
            }
        };
        assert_eq!(tokio::join!(strict(&first), strict(&second)), (Ok(()), Ok(())));
        assert_eq!(fen(&first, "x").await, 907);
        assert_eq!(first.statistics().retries + second.statistics().retries, 1);
    });
}

#[test]
fn retries_end() {
    run(Engine::Postgres, async |db: TestDb| {
        let options = Options { writers: 1, retries: 2, ..Options::default() };
        let store = db.open_with(SCHEMA, options, no_faults()).await;
        let fail = "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$";
        let refused = exec(&store, fail, args![]).await;
        assert!(matches!(refused, Err(StoreError::Contended(_))), "{refused:?}");
        assert_eq!(store.statistics().retries, 2);
        write_order(&store, "a").await.expect("the writer lives");
    });
}

/// Ends the connections of this database's other sessions, as a server that stops does.
async fn break_connections(store: &Store) {
    one(
        store,
        "SELECT COUNT(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()
            AND backend_type = 'client backend'",
        args![],
    )
    .await
    .expect("ended");
}

#[test]
fn a_connection_broken_within_a_body_is_made_again() {
    run(Engine::Postgres, async |db: TestDb| {
        let (store, breaker) = (open(&db).await, open(&db).await);
        let runs = Arc::new(AtomicU32::new(0));
        let written: Result<u32, StoreError> = store
            .write("broken", {
                move |tx| {
                    let (breaker, runs) = (breaker.clone(), Arc::clone(&runs));
                    Box::pin(async move {
                        let run = runs.fetch_add(1, Ordering::Relaxed) + 1;
                        crate::save(tx, "a").await?;
                        if run == 1 {
                            break_connections(&breaker).await;
                        }
                        crate::save(tx, "b").await?;
                        Ok(run)
                    })
                }
            })
            .await;
        assert_eq!(written, Ok(2));
        assert_eq!(counts(&store).await, (2, 2));
    });
}

#[test]
fn a_connection_broken_within_a_batch_costs_no_order() {
    run(Engine::Postgres, async |db: TestDb| {
        let (store, breaker) = (open(&db).await, open(&db).await);
        // Once before the first statement, so that the savepoint's own words meet the break, and
        // once behind one.
        for (round, numbers) in [(0, ["a", "b", "c"]), (1, ["d", "e", "f"])] {
            let runs = Arc::new(AtomicU32::new(0));
            let breaking: BoxFuture<'_, Result<(), StoreError>> = Box::pin(store.write("break", {
                let breaker = breaker.clone();
                move |tx| {
                    let (breaker, runs) = (breaker.clone(), Arc::clone(&runs));
                    Box::pin(async move {
                        if round == 1 {
                            tx.one("SELECT COUNT(*) FROM orders", args![]).await?;
                        }
                        if runs.fetch_add(1, Ordering::Relaxed) == 0 {
                            break_connections(&breaker).await;
                        }
                        crate::save(tx, numbers[1]).await
                    })
                }
            }));
            let works = vec![order(&store, numbers[0]), breaking, order(&store, numbers[2])];
            let answers = as_one_batch(&store, Engine::Postgres, works).await;
            assert_eq!(answers, vec![Ok(()); 3]);
        }
        assert_eq!(counts(&store).await, (6, 6));
        assert_eq!(store.statistics().unknown, 0);
    });
}

#[test]
fn connections_broken_while_idle_are_made_again() {
    run(Engine::Postgres, async |db: TestDb| {
        let (store, breaker) = (open(&db).await, open(&db).await);
        write_order(&store, "a").await.expect("written");
        assert_eq!(counts(&store).await, (1, 1));
        break_connections(&breaker).await;
        write_order(&store, "b").await.expect("written");
        assert_eq!(counts(&store).await, (2, 2));
    });
}

#[test]
fn a_connection_broken_by_the_commit_is_unknown_and_not_run_again() {
    run(Engine::Postgres, async |db: TestDb| {
        let store = open(&db).await;
        for sql in [
            "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$",
            "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON events
               DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()",
        ] {
            exec(&store, sql, args![]).await.expect("made");
        }
        let works = vec![order(&store, "a"), order(&store, "b")];
        for answer in as_one_batch(&store, Engine::Postgres, works).await {
            assert!(answer.as_ref().is_err_and(StoreError::is_unknown), "{answer:?}");
        }
        assert_eq!(store.statistics().retries, 0);
        assert_eq!(counts(&store).await, (0, 0));
        exec(&store, "DROP TRIGGER at_commit ON events", args![]).await.expect("dropped");
        write_order(&store, "c").await.expect("the writer has another connection");
    });
}

#[test]
fn a_server_that_became_a_standby_is_left() {
    run(Engine::Postgres, async |db: TestDb| {
        let store = open(&db).await;
        let runs = Arc::new(AtomicU32::new(0));
        let sessions = Arc::new(std::sync::Mutex::new(Vec::new()));
        let seen = Arc::clone(&sessions);
        let written: Result<(), StoreError> = store
            .write("demoted", move |tx| {
                let (runs, seen) = (Arc::clone(&runs), Arc::clone(&seen));
                Box::pin(async move {
                    let session: i64 = tx.one("SELECT pg_backend_pid()", args![]).await?.get(0)?;
                    seen.lock().expect("the list").push(session);
                    if runs.fetch_add(1, Ordering::Relaxed) == 0 {
                        tx.exec("SET TRANSACTION READ ONLY", args![]).await?;
                    }
                    crate::save(tx, "a").await
                })
            })
            .await;
        assert_eq!(written, Ok(()));
        assert_eq!(counts(&store).await, (1, 1));
        let sessions = sessions.lock().expect("the list");
        assert!(sessions.len() == 2 && sessions[0] != sessions[1], "{sessions:?}");
    });
}

#[test]
fn a_plan_from_before_a_migration_is_made_again() {
    run(Engine::Postgres, async |db: TestDb| {
        let (service, migration) = (open(&db).await, open(&db).await);
        write_order(&service, "a").await.expect("written");
        let all = "SELECT * FROM events";
        assert_eq!(one(&service, all, args![]).await.expect("a row").len(), 2);
        let alter = "ALTER TABLE events ADD COLUMN at_ms BIGINT";
        exec(&migration, alter, args![]).await.expect("altered");
        assert_eq!(one(&service, all, args![]).await.expect("a row").len(), 3);
    });
}

#[test]
fn a_host_that_is_down_is_passed_over() {
    run(Engine::Postgres, async |db: TestDb| {
        let Location::Postgres(url) = db.location() else { panic!("not PostgreSQL") };
        let separator = if url.contains('?') { '&' } else { '?' };
        let url = url.replacen('@', "@%2Fnowhere,", 1);
        let url = format!("{url}{separator}target_session_attrs=read-write");
        let options = Options { migrate: true, ..Options::default() };
        let store = Store::open(&Location::Postgres(url), SCHEMA, &options, no_faults()).await;
        write_order(&store.expect("opened on the second host"), "a").await.expect("written");
    });
}

#[test]
fn a_server_that_is_not_there_is_unavailable() {
    run(Engine::Postgres, async |_| {
        let location = Location::Postgres("postgres://someone:secret@%2Fnowhere/x".to_owned());
        assert_eq!(format!("{location:?}"), "Postgres(***)");
        let options = Options::default();
        let Err(error) = Store::open(&location, SCHEMA, &options, no_faults()).await else {
            panic!("opened")
        };
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        assert!(!error.to_string().contains("secret"), "{error}");
        let schema = Schema { name: "Shop; DROP", ..SCHEMA };
        let Err(error) = Store::open(&location, schema, &options, no_faults()).await else {
            panic!("opened")
        };
        assert!(matches!(error, StoreError::Misuse(_)), "{error:?}");
    });
}
