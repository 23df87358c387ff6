//! Orders of two processes, step by step in every order: one number is one order, one password one
//! debit, and what a worker did its successor does not do again.

use super::usual;
use crate::app::App;
use crate::notifications::deliver;
use crate::orders::testing::{confirm, fen, load, order};
use crate::orders::{EXPIRE_QUEUE, SETTLE_QUEUE, cashier, expire, rows, settle};
use crate::testing::keepers::Town;
use crate::testing::pair::{Leases, Pair};
use crate::testing::{Answered, HOSPITAL, Person};
use medpay_domain::MedTransId;
use medpay_domain::platform::order::{Kind, State};
use medpay_store::testing::TestDb;
use medpay_store::{BoxFuture, NewJob, StoreError, on_both};

/// A process orders in cash.
fn unifiedorder<'a>(
    pair: &'a Pair,
    process: usize,
    number: &str,
    cash: &str,
) -> BoxFuture<'a, Answered> {
    let digest = Person::LIN.id_md5();
    let mut fields = usual(number, &digest);
    for (name, value) in
        [("openid", "oPayer"), ("pay_type", "1"), ("total_fee", cash), ("cash_fee", cash)]
    {
        fields.retain(|(kept, _)| *kept != name);
        fields.push((name, value));
    }
    fields.retain(|(kept, _)| *kept != "insurance_fee" && *kept != "request_content");
    fields.extend([("insurance_fee", "0"), ("return_url", "https://his.example/done")]);
    pair.call(process, "unifiedorder", &fields)
}

/// How many rows a table has in which `column` is `value`.
async fn count(app: &App, sql: &'static str, value: String) -> i64 {
    let read = app.store.read("a test counts", move |tx| {
        let value = value.clone();
        Box::pin(async move { tx.one(sql, medpay_store::args![value]).await?.get(0) })
    });
    read.await.map_err(|error: StoreError| error).expect("read")
}

async fn two_orders(db: &TestDb, name: &str, cash: [&str; 2]) {
    let pair = Pair::new(db, Leases::Hold, &["accept order"]).await;
    let app = pair.app(0);
    pair.stepper
        .every_order(name, async |round| {
            let number = format!("A{}", round.number());
            let flows = vec![
                unifiedorder(&pair, 0, &number, cash[0]),
                unifiedorder(&pair, 1, &number, cash[1]),
            ];
            let answers = round.run(flows).await;
            let words: Vec<_> = answers.iter().map(Answered::word).collect();
            let ids =
                answers.iter().filter_map(|it| it.fields().get("med_trans_id").map(str::to_owned));
            let ids: Vec<_> = ids.collect();
            if cash[0] == cash[1] {
                assert_eq!(words, ["SUCCESS", "SUCCESS"]);
                assert_eq!(ids[0], ids[1], "the same request again gets the first answer");
            } else {
                assert_eq!(ids.len(), 1, "{words:?}");
                assert!(words.contains(&"OUT_TRADE_NO_USED".to_owned()), "{words:?}");
            }
            let orders = "SELECT COUNT(*) FROM orders WHERE hosp_out_trade_no = $1";
            assert_eq!(count(app, orders, number).await, 1);
            let jobs = "SELECT COUNT(*) FROM jobs WHERE queue = 'expire' AND key = $1";
            assert_eq!(count(app, jobs, ids[0].clone()).await, 1);
        })
        .await;
}

on_both!(the_same_order_twice_is_one, async |db: TestDb| {
    two_orders(&db, "the same order twice", ["100", "100"]).await;
});

on_both!(two_orders_of_one_number_are_one_and_a_refusal, async |db: TestDb| {
    two_orders(&db, "two orders of one number", ["100", "200"]).await;
});

/// An order that waits for its payer, with the job that ends it.
async fn open(town: &Town, number: &str, kind: Kind, fees: (i64, i64)) -> MedTransId {
    let stored = order(town, HOSPITAL, number, kind, fees);
    let id = stored.order.med_trans_id.clone();
    let vault = town.app().vault.clone();
    let written = town.app().store.write("a test orders", move |tx| {
        let (vault, stored) = (vault.clone(), stored.clone());
        Box::pin(async move {
            assert!(rows::insert(tx, &vault, &stored, "digest").await?, "a new number");
            let payload = stored.order.med_trans_id.as_str().to_owned();
            let (queue, key, due) = (EXPIRE_QUEUE, payload.clone(), stored.expires_at);
            tx.push_job(&NewJob { queue, key, payload, due }).await
        })
    });
    assert_eq!(written.await, Ok(true));
    id
}

/// A process whose payer has typed the right password.
fn password<'a>(app: &'a App, id: &'a MedTransId, cash: i64) -> BoxFuture<'a, ()> {
    let confirmation = format!("confirmed {cash}");
    Box::pin(async move {
        cashier::begin_payment(app, id, confirmation).await.expect("begun, or too late");
    })
}

fn expiring(app: &App) -> BoxFuture<'_, ()> {
    Box::pin(async move {
        expire::run_once(app, app.clock.now()).await.expect("looked at");
    })
}

/// Every debit that was begun is settled, and nothing more is owed.
async fn come_to_rest(town: &Town) {
    town.work().await;
    let waiting = town.app().store.pending_jobs(SETTLE_QUEUE).await.expect("read");
    assert_eq!(waiting, []);
}

/// The order was paid once, or nothing of it is held anywhere.
async fn paid_once_or_not_at_all(town: &Town, id: &MedTransId, cash: i64) -> bool {
    come_to_rest(town).await;
    let captured = {
        let book = town.wallet.book.lock().expect("not poisoned");
        let of_order = book.iter().filter(|line| line.key.starts_with(id.as_str()));
        of_order.map(|line| line.cash_fee.get()).collect::<Vec<_>>()
    };
    let stored = load(town, id).await;
    match stored.order.state {
        State::Paid { .. } => {
            assert_eq!(captured, [cash]);
            true
        }
        State::Closed { .. } => {
            assert_eq!(captured, [0; 0]);
            false
        }
        other => panic!("neither paid nor closed: {other:?}"),
    }
}

on_both!(two_taps_are_one_payment, async |db: TestDb| {
    let pair = Pair::new(&db, Leases::Hold, &["begin payment"]).await;
    let town = &pair.towns[0];
    pair.stepper
        .every_order("two passwords for one order", async |round| {
            let number = round.number().to_string();
            let id = open(town, &number, Kind::CashOnly, (100, 0)).await;
            let flows = vec![password(pair.app(0), &id, 100), password(pair.app(1), &id, 100)];
            round.run(flows).await;
            assert!(paid_once_or_not_at_all(town, &id, 100).await);
        })
        .await;
});

on_both!(an_order_that_expires_while_its_password_is_typed, async |db: TestDb| {
    let pair = Pair::new(&db, Leases::Hold, &["begin payment", "expire order"]).await;
    let town = &pair.towns[0];
    let mut ends = [0, 0];
    pair.stepper
        .every_order("an expiry and a password", async |round| {
            let number = round.number().to_string();
            let id = open(town, &number, Kind::CashOnly, (100, 0)).await;
            // The payer's process reads the clock in the last second, the worker after it.
            town.world.clock.advance_seconds(1799);
            let paying = password(pair.app(1), &id, 100);
            let now = town.app().clock.now().plus_seconds(1);
            let app = pair.app(0);
            let expiring = Box::pin(async move {
                expire::run_once(app, now).await.expect("looked at");
            });
            round.run(vec![expiring, paying]).await;
            ends[usize::from(paid_once_or_not_at_all(town, &id, 100).await)] += 1;
            town.world.clock.advance_seconds(61);
            // Nothing is left for the next round.
            expire::run_once(app, app.clock.now()).await.expect("looked at");
        })
        .await;
    assert!(ends.iter().all(|count| *count > 0), "closed and paid: {ends:?}");
});

on_both!(an_order_that_is_closed_while_its_password_is_typed, async |db: TestDb| {
    let pair = Pair::new(&db, Leases::Hold, &["begin payment", "close order"]).await;
    let town = &pair.towns[0];
    let mut ends = [0, 0];
    pair.stepper
        .every_order("a closing and a password", async |round| {
            let number = round.number().to_string();
            let id = open(town, &number, Kind::CashOnly, (100, 0)).await;
            let asked = format!("H{number}");
            let closing = pair.call(0, "closeorder", &[("hosp_out_trade_no", &asked)]);
            let closing: BoxFuture<'_, String> = Box::pin(async move { closing.await.word() });
            let paying = password(pair.app(1), &id, 100);
            let paying = Box::pin(async move {
                paying.await;
                String::new()
            });
            let words = round.run(vec![closing, paying]).await;
            let paid = paid_once_or_not_at_all(town, &id, 100).await;
            assert_eq!(words[0] == "SUCCESS", !paid, "{words:?}");
            ends[usize::from(paid)] += 1;
        })
        .await;
    assert!(ends.iter().all(|count| *count > 0), "closed and paid: {ends:?}");
});

/// One round of the settlement's worker, without the second look that finds nothing.
fn settling(app: &App) -> BoxFuture<'_, ()> {
    Box::pin(async move {
        let (now, elapsed, lease_ms) =
            (app.clock.now(), app.clock.elapsed(), app.settings.lease_ms);
        let leases = app.store.lease(SETTLE_QUEUE, now, elapsed, lease_ms, 8).await;
        for lease in leases.expect("leased") {
            settle::work_off(app, lease).await;
        }
    })
}

async fn settled_twice(db: &TestDb, leases: Leases, name: &str) {
    let pair = Pair::new(db, leases, &["settle order"]).await;
    let town = &pair.towns[0];
    pair.stepper
        .every_order(name, async |round| {
            let number = round.number().to_string();
            let stored = order(town, HOSPITAL, &number, Kind::Mixed, (100, 805));
            let id = confirm(town, &stored).await;
            let before = (
                town.wallet.book.lock().expect("not poisoned").len(),
                town.bureau.book.lock().expect("not poisoned").len(),
            );
            round.run(vec![settling(pair.app(0)), settling(pair.app(1))]).await;
            let between = load(town, &id).await.order.state;
            assert!(matches!(between, State::Paid { .. }), "{between:?}");
            assert!(paid_once_or_not_at_all(town, &id, 100).await);
            let after = (
                town.wallet.book.lock().expect("not poisoned").len(),
                town.bureau.book.lock().expect("not poisoned").len(),
            );
            assert_eq!((after.0 - before.0, after.1 - before.1), (1, 1), "each leg once");
            assert_eq!(load(town, &id).await.order.split.insurance, fen(805));
        })
        .await;
}

on_both!(two_workers_at_one_order, async |db: TestDb| {
    settled_twice(&db, Leases::Hold, "two workers at one order").await;
});

on_both!(a_worker_whose_lease_ran_out_and_its_successor, async |db: TestDb| {
    settled_twice(&db, Leases::RunOut, "an order's worker and its successor").await;
});

on_both!(two_workers_at_one_expiry, async |db: TestDb| {
    let pair = Pair::new(&db, Leases::RunOut, &["expire order"]).await;
    let town = &pair.towns[0];
    pair.stepper
        .every_order("an expiry's worker and its successor", async |round| {
            let number = round.number().to_string();
            let id = open(town, &number, Kind::CashOnly, (100, 0)).await;
            town.world.clock.advance_seconds(1800);
            round.run(vec![expiring(pair.app(0)), expiring(pair.app(1))]).await;
            assert!(!paid_once_or_not_at_all(town, &id, 100).await);
            let events = "SELECT COUNT(*) FROM order_events WHERE med_trans_id = $1";
            assert_eq!(count(town.app(), events, id.as_str().to_owned()).await, 2);
        })
        .await;
});

on_both!(two_workers_at_one_notification, async |db: TestDb| {
    let pair = Pair::new(&db, Leases::RunOut, &["record a notification"]).await;
    let town = &pair.towns[0];
    pair.stepper
        .every_order("a notification's worker and its successor", async |round| {
            let number = round.number().to_string();
            let stored = order(town, HOSPITAL, &number, Kind::CashOnly, (100, 0));
            let id = confirm(town, &stored).await;
            settle::run_once(town.app(), town.app().clock.now()).await.expect("settled");
            let flow = |process: usize| -> BoxFuture<'_, ()> {
                let app = pair.app(process);
                Box::pin(async move {
                    deliver::run_once(app, app.clock.now()).await.expect("delivered");
                })
            };
            round.run(vec![flow(0), flow(1)]).await;
            let told = {
                let told = town.hospital.told.lock().expect("not poisoned");
                told.iter().filter(|(_, document)| document.contains(id.as_str())).count()
            };
            assert!((1..=2).contains(&told), "told {told} times");
            let waiting = town.app().store.pending_jobs("notify").await.expect("read");
            assert_eq!(waiting, [], "acknowledged");
        })
        .await;
});
