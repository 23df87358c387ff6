//! A PostgreSQL that takes connections and says nothing, as one whose processes hang.

use crate::{SCHEMA, exec, write_order};
use medpay_store::testing::{Engine, TestDb, run};
use medpay_store::{Location, Options, Store, StoreError, args, no_faults};
use std::net::TcpListener;

/// The database's URL with more behind it.
fn with(db: &TestDb, more: &str) -> String {
    let Location::Postgres(url) = db.location() else { unreachable!("it is PostgreSQL's") };
    format!("{url}{}{more}", if url.contains('?') { '&' } else { '?' })
}

#[test]
fn a_host_that_says_nothing_does_not_keep_us_from_the_next_one() {
    run(Engine::Postgres, async |db: TestDb| {
        drop(db.open(SCHEMA).await);
        // The kernel takes the connection; nobody ever reads from it.
        let hung = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = hung.local_addr().expect("its address").port();
        let url = with(&db, "target_session_attrs=read-write");
        let url = url.replacen('@', &format!("@127.0.0.1:{port},"), 1);
        let location = Location::Postgres(url);
        let store = Store::open(&location, SCHEMA, &Options::default(), no_faults()).await;
        write_order(&store.expect("the second host"), "A1").await.expect("an order");
    });
}

#[test]
fn a_server_that_stops_answering_is_given_up() {
    run(Engine::Postgres, async |db: TestDb| {
        let store = db.open(SCHEMA).await;
        write_order(&store, "A1").await.expect("an order");
        // To the one who waits, a row that is held for ever looks the same as a server that hangs.
        let (holder, connection) = tokio_postgres::connect(&with(&db, ""), tokio_postgres::NoTls)
            .await
            .expect("a connection");
        tokio::spawn(connection);
        let hold = "BEGIN; UPDATE shop.orders SET fen = 0 WHERE number = 'A1'";
        holder.batch_execute(hold).await.expect("the row is held");

        let location = Location::Postgres(with(&db, "tcp_user_timeout=1"));
        let options = Options { retries: 0, ..Options::default() };
        let impatient = Store::open(&location, SCHEMA, &options, no_faults()).await;
        let impatient = impatient.expect("it opens");
        let given_up = exec(&impatient, "UPDATE orders SET fen = 1", args![]).await;
        assert!(matches!(given_up, Err(StoreError::Unavailable(_))), "{given_up:?}");

        // With a new connection it works on.
        holder.batch_execute("ROLLBACK").await.expect("the row is free");
        assert_eq!(exec(&impatient, "UPDATE orders SET fen = 1", args![]).await, Ok(1));
    });
}
