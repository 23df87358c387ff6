//! The store on both engines: every trap of `docs/decisions/0001-database-driver.md`, tried.

mod backup;
mod batches;
mod frozen;
mod gate;
mod jobs;
mod killed;
mod migrations;
mod postgres;
mod readiness;
mod silent;
mod sql;
mod sqlite;
mod stepper;

use medpay_store::{Migration, Row, Schema, Store, StoreError, args};

/// A table that stands for any service's.
const SCHEMA: Schema = Schema {
    name: "shop",
    migrations: &[Migration {
        number: 1,
        name: "orders",
        sql: "CREATE TABLE orders (id {{id}}, number TEXT NOT NULL UNIQUE, fen BIGINT NOT NULL,
                version BIGINT NOT NULL DEFAULT 0, picture {{blob}});
              CREATE TABLE events (number TEXT NOT NULL, name TEXT NOT NULL);",
    }],
};

/// Writes an order and its event: two rows that belong together.
async fn save(tx: &mut medpay_store::Tx, number: &str) -> Result<(), StoreError> {
    tx.exec("INSERT INTO orders (number, fen) VALUES ($1, $2)", args![number, 905_i64]).await?;
    tx.exec("INSERT INTO events (number, name) VALUES ($1, $2)", args![number, "made"]).await?;
    Ok(())
}

/// Writes an order by itself.
async fn write_order(store: &Store, number: &str) -> Result<(), StoreError> {
    let number = number.to_owned();
    store
        .write("save an order", move |tx| {
            let number = number.clone();
            Box::pin(async move { save(tx, &number).await })
        })
        .await
}

/// How many orders and how many events there are.
async fn counts(store: &Store) -> (i64, i64) {
    let read = store.read("count", |tx| {
        Box::pin(async move {
            let orders = tx.one("SELECT COUNT(*) FROM orders", args![]).await?.get(0)?;
            let events = tx.one("SELECT COUNT(*) FROM events", args![]).await?.get(0)?;
            Ok::<_, StoreError>((orders, events))
        })
    });
    read.await.expect("the counts can be read")
}

/// Runs one statement that answers a row.
async fn one(
    store: &Store,
    sql: &'static str,
    args: Vec<medpay_store::Arg>,
) -> Result<Row, StoreError> {
    store
        .write("one", move |tx| {
            let args = args.clone();
            Box::pin(async move { tx.one(sql, args).await })
        })
        .await
}

/// Runs one statement that answers no rows.
async fn exec(
    store: &Store,
    sql: &'static str,
    args: Vec<medpay_store::Arg>,
) -> Result<u64, StoreError> {
    store
        .write("exec", move |tx| {
            let args = args.clone();
            Box::pin(async move { tx.exec(sql, args).await })
        })
        .await
}
