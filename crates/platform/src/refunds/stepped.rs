//! Refunds of two processes, step by step in every order: what goes back never exceeds what was
//! paid, a number stands for one refund, and each money goes back once.

use super::tests::CANCEL;
use crate::app::App;
use crate::orders::testing::{load, paid};
use crate::refunds::{give_back, rows};
use crate::testing::keepers::{Fate, Town};
use crate::testing::pair::{Leases, Pair};
use crate::testing::{Answered, HOSPITAL};
use medpay_domain::MedTransId;
use medpay_domain::platform::order::Kind;
use medpay_domain::platform::order::reservation::Hold;
use medpay_store::testing::TestDb;
use medpay_store::{BoxFuture, StoreError, on_both};
use medpay_wire::contracts::{bureau, wallet};

/// Where a refund begins, and where each of its answers is written.
const ACCEPT: &str = "accept a refund";
const ANSWER: &str = "a refund is answered";

const ALL: &[(&str, &str)] = &CANCEL;
const CASH_ONLY: &[(&str, &str)] = &[("part_refund_type", "CASH_ONLY")];

/// A process asks for a refund.
fn refund<'a>(
    pair: &'a Pair,
    process: usize,
    order: &'a MedTransId,
    (number, what): (&'a str, &'a [(&'a str, &'a str)]),
) -> BoxFuture<'a, Answered> {
    let fields = [("med_trans_id", order.as_str()), ("hosp_out_refund_no", number)];
    pair.call(process, "refund", &[&fields[..], what].concat())
}

/// How often each party gave back something of an order, and how much: insurance, cash.
async fn backs(town: &Town, order: &MedTransId) -> (Vec<i64>, Vec<i64>) {
    let id = order.clone();
    let stored = town.app().store.read("a test reads refunds", move |tx| {
        let id = id.clone();
        Box::pin(async move { rows::of_order(tx, &id).await })
    });
    let numbers: Vec<_> = stored.await.map_err(|error: StoreError| error).expect("read");
    let of_order =
        |key: &str| numbers.iter().any(|one| key.starts_with(one.med_refund_id.as_str()));
    let book = town.bureau.book.lock().expect("not poisoned");
    let insurance = book
        .iter()
        .filter(|line| line.kind == bureau::DayKind::Reversed && of_order(&line.key))
        .map(|line| line.insurance_fee.get())
        .collect();
    let book = town.wallet.book.lock().expect("not poisoned");
    let cash = book
        .iter()
        .filter(|line| line.kind == wallet::DayKind::Refunded && of_order(&line.key))
        .map(|line| line.cash_fee.get())
        .collect();
    (insurance, cash)
}

fn given_back(hold: &Hold) -> bool {
    matches!(hold, Hold::GivenBack { .. })
}

/// Nobody has anything left to do.
async fn at_rest(town: &Town) {
    town.work().await;
    let waiting = town.app().store.pending_jobs(give_back::QUEUE).await.expect("read");
    assert_eq!(waiting, []);
}

on_both!(two_refunds_of_one_order_give_back_once, async |db: TestDb| {
    let pair = Pair::new(&db, Leases::Hold, &[ACCEPT]).await;
    let town = &pair.towns[0];
    pair.stepper
        .every_order("two refunds of one order", async |round| {
            let number = round.number().to_string();
            let order = paid(town, &number, Kind::Mixed, (100, 805)).await;
            let (one, other) = (format!("R{number}a"), format!("R{number}b"));
            let flows = vec![
                refund(&pair, 0, &order, (&one, ALL)),
                refund(&pair, 1, &order, (&other, ALL)),
            ];
            let words = round.run(flows).await.iter().map(Answered::word).collect::<Vec<_>>();
            at_rest(town).await;
            assert_eq!(words.iter().filter(|word| *word == "SUCCESS").count(), 1, "{words:?}");
            assert_eq!(backs(town, &order).await, (vec![805], vec![100]), "{words:?}");
            assert!(load(town, &order).await.order.wholly_given_back());
        })
        .await;
});

on_both!(the_same_refund_twice_is_one, async |db: TestDb| {
    let pair = Pair::new(&db, Leases::Hold, &[ACCEPT]).await;
    let town = &pair.towns[0];
    pair.stepper
        .every_order("the same refund twice", async |round| {
            let number = round.number().to_string();
            let order = paid(town, &number, Kind::Mixed, (100, 805)).await;
            let name = format!("R{number}");
            let flows = vec![
                refund(&pair, 0, &order, (&name, ALL)),
                refund(&pair, 1, &order, (&name, ALL)),
            ];
            let answers = round.run(flows).await;
            at_rest(town).await;
            // Whoever meets the other at work is told that the outcome is not known yet.
            for answer in &answers {
                assert!(["SUCCESS", "553", "556"].contains(&&*answer.word()), "{}", answer.word());
            }
            assert!(answers.iter().any(|answer| answer.word() == "SUCCESS"));
            assert_eq!(backs(town, &order).await, (vec![805], vec![100]));
        })
        .await;
});

on_both!(all_and_the_cash_at_once_never_exceed_the_payment, async |db: TestDb| {
    let pair = Pair::new(&db, Leases::Hold, &[ACCEPT]).await;
    let town = &pair.towns[0];
    pair.stepper
        .every_order("all and the cash of one order", async |round| {
            let number = round.number().to_string();
            let order = paid(town, &number, Kind::Mixed, (100, 805)).await;
            let (all, cash) = (format!("R{number}a"), format!("R{number}b"));
            let flows = vec![
                refund(&pair, 0, &order, (&all, ALL)),
                refund(&pair, 1, &order, (&cash, CASH_ONLY)),
            ];
            let words = round.run(flows).await.iter().map(Answered::word).collect::<Vec<_>>();
            at_rest(town).await;
            let (insurance, back) = backs(town, &order).await;
            assert_eq!(back, [100], "{words:?}");
            let holds = load(town, &order).await.order.reservations;
            assert!(given_back(&holds.cash));
            // Of all, what the other has not taken goes back too.
            let all_back = words[0] == "SUCCESS";
            assert_eq!(insurance, if all_back { vec![805] } else { vec![] }, "{words:?}");
            assert_eq!(given_back(&holds.insurance), all_back);
            if !all_back {
                assert_eq!(holds.insurance, Hold::Free, "{words:?}");
            }
        })
        .await;
});

on_both!(a_refund_and_the_answer_that_pays_its_order, async |db: TestDb| {
    let pair = Pair::new(&db, Leases::Hold, &[ACCEPT]).await;
    let town = &pair.towns[0];
    pair.stepper
        .every_order("a refund and the payment it is of", async |round| {
            let number = round.number().to_string();
            let order =
                crate::orders::testing::order(town, HOSPITAL, &number, Kind::CashOnly, (100, 0));
            let order = crate::orders::testing::confirm(town, &order).await;
            let name = format!("R{number}");
            let (app, now) = (pair.app(0), town.app().clock.now());
            let settling = Box::pin(async move {
                crate::orders::settle::run_once(app, now).await.expect("settled");
                "settled".to_owned()
            }) as BoxFuture<'_, String>;
            let asking = refund(&pair, 1, &order, (&name, &[]));
            let asking = Box::pin(async move { asking.await.word() });
            let answers = round.run(vec![settling, asking]).await;
            at_rest(town).await;
            let (_, cash) = backs(town, &order).await;
            match answers[1].as_str() {
                "SUCCESS" => assert_eq!(cash, [100]),
                "TRADE_STATE_ERROR" => assert_eq!(cash, [0; 0]),
                other => panic!("{other}"),
            }
        })
        .await;
});

/// A refund that two workers take up, of an order paid under `number`.
async fn begun(town: &Town, number: &str) -> MedTransId {
    let order = paid(town, number, Kind::Mixed, (100, 805)).await;
    town.bureau.reversals.lay(&[Fate::Lost]);
    let fields = [("med_trans_id", order.as_str()), ("hosp_out_refund_no", number)];
    let asked = town.world.call(HOSPITAL, "refund", &[&fields[..], ALL].concat()).await;
    assert_eq!(asked.word(), "553");
    town.world.clock.advance_seconds(1);
    order
}

/// One round of a worker, without the second look that finds nothing.
fn work(app: &App) -> BoxFuture<'_, ()> {
    Box::pin(async move {
        let (now, elapsed, lease_ms) =
            (app.clock.now(), app.clock.elapsed(), app.settings.lease_ms);
        let leases = app.store.lease(give_back::QUEUE, now, elapsed, lease_ms, 8).await;
        for lease in leases.expect("leased") {
            // Whoever finds the lease lost leaves it to the other.
            let _ = give_back::work_off(app, lease).await;
        }
    })
}

/// Two workers at one refund.
async fn worked_off_twice(db: &TestDb, leases: Leases, name: &str) {
    let pair = Pair::new(db, leases, &[ANSWER]).await;
    let town = &pair.towns[0];
    pair.stepper
        .every_order(name, async |round| {
            let order = begun(town, &round.number().to_string()).await;
            round.run(vec![work(pair.app(0)), work(pair.app(1))]).await;
            assert_eq!(backs(town, &order).await, (vec![805], vec![100]));
            assert!(load(town, &order).await.order.wholly_given_back());
            at_rest(town).await;
            assert_eq!(backs(town, &order).await, (vec![805], vec![100]));
        })
        .await;
}

on_both!(two_workers_at_one_refund, async |db: TestDb| {
    worked_off_twice(&db, Leases::Hold, "two workers at one refund").await;
});

on_both!(a_worker_whose_lease_ran_out_and_its_successor, async |db: TestDb| {
    worked_off_twice(&db, Leases::RunOut, "a refund's worker and its successor").await;
});
