//! A process that stands still in the middle of a transaction, as one that was stopped or whose
//! machine hangs: its rows are let go, and when it goes on it claims nothing.

use crate::{SCHEMA, exec, one, write_order};
use medpay_store::testing::{Engine, TestDb, run};
use medpay_store::{Fault, FaultHook, Location, Options, Point, Store, StoreError, args};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Stands still before the first commit, for longer than its session lives.
struct StandsStill(AtomicBool);

impl FaultHook for StandsStill {
    fn at(&self, point: Point) -> Fault {
        let first = point == Point::BeforeCommit && !self.0.swap(true, Ordering::SeqCst);
        if first { Fault::Delay { ms: 1_500 } } else { Fault::None }
    }
}

const ADD: &str = "UPDATE orders SET fen = fen + 1 WHERE number = $1";

#[test]
fn a_process_that_stands_still_lets_its_rows_go_and_claims_nothing() {
    run(Engine::Postgres, async |db: TestDb| {
        let others = db.open(SCHEMA).await;
        write_order(&others, "A1").await.expect("an order");
        let Location::Postgres(url) = db.location() else { unreachable!("it is PostgreSQL's") };
        let join = if url.contains('?') { '&' } else { '?' };
        let option = "options=-c%20idle_in_transaction_session_timeout%3D200ms";
        let location = Location::Postgres(format!("{url}{join}{option}"));
        let hook = Arc::new(StandsStill(AtomicBool::new(false)));
        let frozen = Store::open(&location, SCHEMA, &Options::default(), hook).await;
        let frozen = frozen.expect("it opens");

        let (stood, went_on) =
            tokio::join!(exec(&frozen, ADD, args!["A1"]), exec(&others, ADD, args!["A1"]));
        assert!(matches!(stood, Err(StoreError::Unknown(_))), "{stood:?}");
        assert_eq!(went_on, Ok(1), "the row was not let go");
        let fen = one(&others, "SELECT fen FROM orders WHERE number = $1", args!["A1"]).await;
        assert_eq!(fen.expect("a row").get::<i64>(0), Ok(906), "added twice");
        // With a new connection it works on.
        assert_eq!(exec(&frozen, ADD, args!["A1"]).await, Ok(1));
    });
}
