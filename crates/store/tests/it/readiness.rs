//! What a database is to us, as a probe asks.

use crate::SCHEMA;
use medpay_store::testing::{Engine, TestDb};
use medpay_store::{Fit, Location, Migration, Schema, Unfit, on_both};

/// The same tables, and one migration more.
const NEXT: Schema = Schema {
    name: "shop",
    migrations: &[
        SCHEMA.migrations[0],
        Migration { number: 2, name: "shelves", sql: "CREATE TABLE shelves (id {{id}});" },
    ],
};

on_both!(a_schema_of_another_version_is_told_by_its_age, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    assert_eq!(store.readiness(SCHEMA).await, Ok(Fit::Ours));
    assert_eq!(store.readiness(NEXT).await, Err(Unfit::Older));
    let newer = db.open(NEXT).await;
    assert_eq!(newer.readiness(NEXT).await, Ok(Fit::Ours));
    assert_eq!(store.readiness(SCHEMA).await, Ok(Fit::Newer), "what was added does not hurt");
    store.close().await;
    let closed = store.readiness(SCHEMA).await;
    assert!(matches!(closed, Err(Unfit::Unreachable(_))), "{closed:?}");
    newer.close().await;
});

/// Not a matter of SQLite, which has no such switch.
#[tokio::test]
async fn a_server_that_was_closed_to_writes_is_read_only() {
    let db = TestDb::fresh(Engine::Postgres).await;
    let Location::Postgres(url) = db.location().clone() else { unreachable!("it was asked for") };
    let store = db.open(SCHEMA).await;
    let name = url.rsplit('/').next().expect("a database");
    let (client, connection) =
        tokio_postgres::connect(&url, tokio_postgres::NoTls).await.expect("a connection");
    tokio::spawn(connection);
    let set =
        |value: &str| format!("ALTER DATABASE {name} SET default_transaction_read_only = {value}");
    // It counts for sessions that begin behind it, and the store's readers begin with the first
    // read.
    client.batch_execute(&set("on")).await.expect("closed");
    assert_eq!(store.readiness(SCHEMA).await, Err(Unfit::ReadOnly));
    let set_back = format!("SET default_transaction_read_only = off; {}", set("off"));
    client.batch_execute(&set_back).await.expect("opened");
    drop(client);
    store.close().await;
    let store = db.open(SCHEMA).await;
    assert_eq!(store.readiness(SCHEMA).await, Ok(Fit::Ours));
    store.close().await;
    db.remove().await;
}
