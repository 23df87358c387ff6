//! What only SQLite can get wrong.

use crate::gate::hold;
use crate::{SCHEMA, counts, exec, write_order};
use medpay_store::testing::{Engine, TestDb, run};
use medpay_store::{StoreError, args};

#[test]
fn a_body_that_awaits_something_else_is_refused() {
    run(Engine::Sqlite, async |db: TestDb| {
        let store = db.open(SCHEMA).await;
        let waited: Result<(), StoreError> = store
            .write("wait", |tx| {
                Box::pin(async move {
                    crate::save(tx, "a").await?;
                    tokio::task::yield_now().await;
                    crate::save(tx, "b").await
                })
            })
            .await;
        let text = "\"wait\" awaits something else than its Tx".to_owned();
        assert_eq!(waited, Err(StoreError::Misuse(text)));
        assert_eq!(counts(&store).await, (0, 0));
        write_order(&store, "c").await.expect("the writer lives");
    });
}

#[test]
fn only_numbered_parameters_are_bound() {
    run(Engine::Sqlite, async |db: TestDb| {
        let store = db.open(SCHEMA).await;
        for sql in [
            "INSERT INTO events (number, name) VALUES (?, ?)",
            "INSERT INTO events (number, name) VALUES ($0, $1)",
            "INSERT INTO events (number, name) VALUES (:a, $1)",
            "INSERT INTO events (number, name) VALUES ($1, $a)",
        ] {
            let refused = exec(&store, sql, args!["a", "b"]).await;
            assert!(matches!(refused, Err(StoreError::Misuse(_))), "{sql}: {refused:?}");
        }
        assert_eq!(counts(&store).await, (0, 0));
    });
}

#[test]
fn a_commit_is_durable_and_readers_go_on_beside_it() {
    run(Engine::Sqlite, async |db: TestDb| {
        let store = db.open(SCHEMA).await;
        let settings: (String, i64, i64, i64) = store
            .write("settings", |tx| {
                Box::pin(async move {
                    let mode = "SELECT journal_mode FROM pragma_journal_mode";
                    let flush = "SELECT synchronous FROM pragma_synchronous";
                    let pages = "PRAGMA wal_autocheckpoint";
                    let keys = "SELECT foreign_keys FROM pragma_foreign_keys";
                    Ok::<_, StoreError>((
                        tx.one(mode, args![]).await?.get(0)?,
                        tx.one(flush, args![]).await?.get(0)?,
                        tx.one(pages, args![]).await?.get(0)?,
                        tx.one(keys, args![]).await?.get(0)?,
                    ))
                })
            })
            .await
            .expect("read");
        assert_eq!(settings, ("wal".to_owned(), 2, 1000, 1));
        let (gate, holding) = hold(&store, Engine::Sqlite).await;
        assert_eq!(counts(&store).await, (0, 0));
        gate.open();
        holding.await.expect("done");
    });
}

#[test]
fn a_second_process_waits_for_the_file() {
    run(Engine::Sqlite, async |db: TestDb| {
        let (service, audit) = (db.open(SCHEMA).await, db.open(SCHEMA).await);
        let (gate, holding) = hold(&service, Engine::Sqlite).await;
        let waiting = tokio::spawn(async move { write_order(&audit, "a").await });
        gate.open();
        holding.await.expect("done");
        waiting.await.expect("no panic").expect("written after the other");
        assert_eq!(counts(&service).await, (1, 1));
    });
}

#[test]
fn a_place_that_is_no_directory_is_named() {
    run(Engine::Sqlite, async |_| {
        let location = medpay_store::Location::Sqlite("/nowhere/at/all.db".into());
        let options = medpay_store::Options::default();
        let faults = medpay_store::no_faults();
        let refused = medpay_store::Store::open(&location, SCHEMA, &options, faults).await;
        let Err(error) = refused else { panic!("opened") };
        assert!(error.to_string().contains("/nowhere/at/all.db"), "{error}");
    });
}
