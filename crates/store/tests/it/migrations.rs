//! Numbered, applied once, never edited.

use crate::SCHEMA;
use medpay_store::testing::{Engine, TestDb};
use medpay_store::{
    Migration, Options, Schema, SchemaFault, Store, StoreError, args, no_faults, on_both,
};

/// The next version of [`SCHEMA`].
const NEXT: Schema = Schema {
    name: SCHEMA.name,
    migrations: &[
        SCHEMA.migrations[0],
        Migration {
            number: 2,
            name: "states",
            sql: "ALTER TABLE orders ADD COLUMN state TEXT NOT NULL DEFAULT 'created';
                  CREATE INDEX orders_by_state ON orders (state);",
        },
    ],
};

async fn open(db: &TestDb, schema: Schema, migrate: bool) -> Result<Store, StoreError> {
    let options = Options { migrate, ..Options::default() };
    Store::open(db.location(), schema, &options, no_faults()).await
}

async fn migrate(db: &TestDb, schema: Schema) -> Result<Vec<String>, StoreError> {
    Store::migrate(db.location(), schema, &Options::default()).await
}

fn fault(error: Result<Store, StoreError>) -> SchemaFault {
    match error {
        Err(StoreError::Schema(fault)) => fault,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("opened"),
    }
}

on_both!(a_fresh_database_gets_every_migration_once, async |db: TestDb| {
    assert_eq!(migrate(&db, NEXT).await, Ok(names(&["0001_jobs", "0001_orders", "0002_states"])));
    assert_eq!(migrate(&db, NEXT).await, Ok(Vec::new()));
    let store = open(&db, NEXT, false).await.expect("opened");
    crate::write_order(&store, "a").await.expect("written");
});

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

on_both!(rows_of_the_version_before_are_kept, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    crate::write_order(&store, "a").await.expect("written");
    store.close().await;
    assert_eq!(migrate(&db, NEXT).await, Ok(names(&["0002_states"])));
    let store = open(&db, NEXT, false).await.expect("opened");
    let row = crate::one(&store, "SELECT number, state FROM orders", args![]).await;
    let row = row.expect("a row");
    assert_eq!(row.get::<String>(0).as_deref(), Ok("a"));
    assert_eq!(row.get::<String>(1).as_deref(), Ok("created"));
});

on_both!(an_edited_migration_is_refused, async |db: TestDb| {
    const EDITED: Schema = Schema {
        name: SCHEMA.name,
        migrations: &[Migration {
            sql: "CREATE TABLE orders (id {{id}});",
            ..SCHEMA.migrations[0]
        }],
    };
    db.open(SCHEMA).await.close().await;
    let fault = fault(open(&db, EDITED, true).await);
    assert!(matches!(fault, SchemaFault::Edited { number: 1, .. }), "{fault}");
    assert!(fault.to_string().contains("migration 1 (orders) of schema shop was edited"));
});

on_both!(a_newer_schema_is_refused_with_a_sentence, async |db: TestDb| {
    db.open(NEXT).await.close().await;
    let fault = fault(open(&db, SCHEMA, true).await);
    assert_eq!(
        fault.to_string(),
        "schema shop is at migration 2 of service, and this program knows only 1: run the newer \
         program that migrated it"
    );
});

on_both!(an_older_schema_is_migrated_by_itself_on_sqlite_only, async |db: TestDb| {
    db.open(SCHEMA).await.close().await;
    let opened = open(&db, NEXT, false).await;
    match db.engine() {
        Engine::Sqlite => drop(opened.expect("migrated by itself")),
        Engine::Postgres => {
            let fault = fault(opened);
            assert_eq!(
                fault.to_string(),
                "schema shop is at migration 1 of service and 2 is needed: run `medpay migrate` \
                 first"
            );
        }
    }
});

on_both!(an_empty_database_is_migrated_by_itself_on_sqlite_only, async |db: TestDb| {
    let opened = open(&db, SCHEMA, false).await;
    match db.engine() {
        Engine::Sqlite => drop(opened.expect("migrated by itself")),
        Engine::Postgres => {
            let fault = fault(opened);
            assert!(matches!(fault, SchemaFault::Older { part: "store", found: 0, .. }), "{fault}");
        }
    }
});

on_both!(a_migration_that_fails_leaves_nothing, async |db: TestDb| {
    const BROKEN: Schema = Schema {
        name: SCHEMA.name,
        migrations: &[
            SCHEMA.migrations[0],
            Migration {
                number: 2,
                name: "broken",
                sql: "CREATE TABLE half (a BIGINT); INSERT INTO nowhere (a) VALUES (1);",
            },
        ],
    };
    let fault = fault(open(&db, BROKEN, true).await);
    assert!(fault.to_string().starts_with("migration 2 (broken) failed: "), "{fault}");
    let store = open(&db, SCHEMA, false).await.expect("the first stands");
    assert!(crate::one(&store, "SELECT COUNT(*) FROM half", args![]).await.is_err());
});

on_both!(numbers_go_up_by_one, async |db: TestDb| {
    const GAP: Schema = Schema {
        name: SCHEMA.name,
        migrations: &[
            SCHEMA.migrations[0],
            Migration { number: 3, name: "late", sql: "CREATE TABLE late (a BIGINT);" },
        ],
    };
    let fault = fault(open(&db, GAP, true).await);
    assert_eq!(fault, SchemaFault::Misnumbered { number: 3, name: "late", expected: 2 });
});

on_both!(an_unknown_substitution_is_refused, async |db: TestDb| {
    const UNKNOWN: Schema = Schema {
        name: SCHEMA.name,
        migrations: &[Migration { number: 1, name: "odd", sql: "CREATE TABLE odd (a {{money}});" }],
    };
    assert!(matches!(open(&db, UNKNOWN, true).await, Err(StoreError::Misuse(_))));
});

on_both!(processes_that_migrate_at_once_do_it_once, async |db: TestDb| {
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move { migrate(&db, NEXT).await })
        })
        .collect();
    let mut applied = Vec::new();
    for task in tasks {
        applied.extend(task.await.expect("no panic").expect("migrated"));
    }
    applied.sort();
    assert_eq!(applied, names(&["0001_jobs", "0001_orders", "0002_states"]));
});

on_both!(two_schemas_share_one_database, async |db: TestDb| {
    const OTHER: Schema = Schema { name: "yard", migrations: SCHEMA.migrations };
    let shop = db.open(SCHEMA).await;
    crate::write_order(&shop, "a").await.expect("written");
    let yard = db.open(OTHER).await;
    // On SQLite the file is the schema.
    let expected = if db.engine() == Engine::Sqlite { (1, 1) } else { (0, 0) };
    assert_eq!(crate::counts(&yard).await, expected);
});
