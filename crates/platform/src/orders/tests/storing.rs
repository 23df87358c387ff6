//! Rows and jobs.

use super::Town;
use crate::orders::journal::{self, Entry};
use crate::orders::rows;
use medpay_domain::platform::order::reservation::{Hold, Scope};
use medpay_domain::platform::order::{
    CashTxn, Closing, Event, InsuranceTxn, Leg, Refusal, Split, State,
};
use medpay_domain::{CashOrderId, Fen, InsuranceOrderId, MedRefundId, Timestamp};
use medpay_store::testing::TestDb;
use medpay_store::{StoreError, args, on_both};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

/// A state of each kind, with facts of its own.
fn states() -> Vec<State> {
    let cash = CashTxn {
        cash_order_id: CashOrderId::new("C1"),
        coupon: Fen::new(2).expect("not negative"),
        at: at(11),
    };
    let settled = InsuranceTxn {
        insurance_order_id: InsuranceOrderId::new("I1"),
        split: Split { insurance: Fen::new(7).expect("not negative"), ..Split::default() },
        response_content: "{ \"保\" : 1.0 }".to_owned(),
        at: at(12),
    };
    let refusal = |leg| Refusal { leg, code: "NO".to_owned(), reason: "不行".to_owned() };
    vec![
        State::Created { attempt: 3, refused: Some(refusal(Leg::Cash)) },
        State::CashPending { attempt: 3, confirmation: "K".to_owned() },
        State::InsurancePending { attempt: 3, cash: Some(cash.clone()) },
        State::InsurancePending { attempt: 3, cash: None },
        State::InsuranceReversing {
            attempt: 4,
            refusals: 1,
            cash: Some(cash.clone()),
            settled: settled.clone(),
        },
        State::Paid {
            attempt: 4,
            cash: Some(cash.clone()),
            insurance: Some(settled),
            paid_at: at(12),
            late: true,
        },
        State::CashReturning {
            attempt: 5,
            refusals: 2,
            cash: cash.clone(),
            refusal: refusal(Leg::Insurance),
        },
        State::SystemRefunded { attempt: 5, cash, refusal: refusal(Leg::Insurance), at: at(13) },
        State::Closed {
            attempt: 5,
            closing: Closing::Asked,
            refused: Some(refusal(Leg::Insurance)),
        },
        State::Closed { attempt: 5, closing: Closing::Expired, refused: None },
    ]
}

on_both!(every_state_is_read_back_as_it_was_written, async |db: TestDb| {
    let town = Town::new(&db).await;
    let reply = town.order("A", "3", 100, 805).await;
    let mut stored = town.stored(&reply).await;
    for state in states() {
        stored.order.state = state;
        let (vault, written) = (town.app().vault.clone(), stored.clone());
        let saved = town
            .app()
            .store
            .write("save a state", move |tx| {
                let (vault, written) = (vault.clone(), written.clone());
                let entry = Entry::holds(&written.order);
                Box::pin(
                    async move { rows::save_order(tx, &vault, &written, &entry, &[], at(1)).await },
                )
            })
            .await;
        assert_eq!(saved, Ok(true));
        stored.version += 1;
        assert_eq!(town.stored(&reply).await, stored);
    }
});

on_both!(holds_are_read_back_and_guarded, async |db: TestDb| {
    let town = Town::new(&db).await;
    let reply = town.order("A", "3", 100, 805).await;
    town.pay(&reply).await;
    town.work().await;
    let mut stored = town.stored(&reply).await;
    let refund = MedRefundId::new("R1");
    stored.order.reserve(&refund, Scope::CashOnly).expect("free");
    stored.order.given_back(&refund, Leg::Cash, at(9)).expect("held");
    let save = async |stored: &rows::StoredOrder| {
        let stored = stored.clone();
        town.app()
            .store
            .write("save holds", move |tx| {
                let stored = stored.clone();
                Box::pin(async move { rows::save_holds(tx, &stored, at(1)).await })
            })
            .await
    };
    assert_eq!(save(&stored).await, Ok(true));
    assert_eq!(save(&stored).await, Ok(false), "the version has moved");
    let read = town.stored(&reply).await;
    assert_eq!(read.order.reservations.cash, Hold::GivenBack { by: refund, at: at(9) });
    assert_eq!(read.order.reservations.insurance, Hold::Free);
    assert_eq!(town.states("A").await, "REFUND/REFUND/PAYED");
});

on_both!(a_stale_version_writes_nothing, async |db: TestDb| {
    let town = Town::new(&db).await;
    let reply = town.order("A", "1", 905, 0).await;
    let stale = town.stored(&reply).await;
    town.about("closeorder", "A").await;
    let vault = town.app().vault.clone();
    let saved = town
        .app()
        .store
        .write("save a stale order", move |tx| {
            let (vault, mut stale) = (vault.clone(), stale.clone());
            Box::pin(async move {
                let event = Event::PasswordAccepted { confirmation: "K".to_owned() };
                let step = journal::step(&mut stale.order, &event).expect("open");
                let (entry, effects) = step.expect("moved");
                rows::save_order(tx, &vault, &stale, &entry, &effects, at(1)).await
            })
        })
        .await;
    assert_eq!(saved, Ok(false));
    assert_eq!(town.states("A").await, "CLOSED/CLOSED/CLOSED");
    let jobs = town.app().store.pending_jobs(crate::orders::SETTLE_QUEUE).await;
    assert_eq!(jobs.map(|jobs| jobs.len()), Ok(0));
});

on_both!(the_journal_tells_an_orders_whole_life, async |db: TestDb| {
    let town = Town::new(&db).await;
    let reply = town.order("A", "3", 100, 805).await;
    town.pay(&reply).await;
    town.work().await;
    let events = town
        .app()
        .store
        .read("read events", |tx| {
            Box::pin(async move {
                let rows = tx
                    .all(
                        "SELECT version, event, state, amount_fee FROM order_events ORDER BY id",
                        args![],
                    )
                    .await?;
                let line = |row: &medpay_store::Row| -> Result<String, StoreError> {
                    let (version, amount): (i64, Option<i64>) = (row.get(0)?, row.get(3)?);
                    let (event, state): (String, String) = (row.get(1)?, row.get(2)?);
                    let amount = amount.map_or_else(String::new, |fen| format!(" {fen}"));
                    Ok(format!("{version} {event}{amount} → {state}"))
                };
                rows.iter().map(line).collect::<Result<Vec<_>, _>>()
            })
        })
        .await;
    assert_eq!(
        events.expect("read"),
        [
            "1 accepted → created",
            "2 password_accepted → cash_pending",
            "3 cash_taken 100 → insurance_pending",
            "4 insurance_settled 805 → paid",
        ]
    );
});

on_both!(what_hospital_and_bureau_tell_each_other_lies_sealed, async |db: TestDb| {
    let town = Town::new(&db).await;
    let reply = town.order("A", "3", 100, 805).await;
    town.pay(&reply).await;
    town.work().await;
    let sealed = town
        .app()
        .store
        .read("read contents", |tx| {
            Box::pin(async move {
                let sql = "SELECT request_content, response_content FROM orders";
                let row = tx.opt(sql, args![]).await?.ok_or(StoreError::NoRow)?;
                Ok::<(String, String), StoreError>((row.get(0)?, row.get(1)?))
            })
        })
        .await;
    let (request, response) = sealed.expect("an order");
    let opened = |text: &str| town.app().vault.open(text).expect("sealed");
    let stored = town.stored(&reply).await;
    let told = stored.request_content(&town.app().vault).expect("sealed");
    assert_eq!(Some(opened(&request)), told);
    let settled = stored.order.state.settlement().expect("settled");
    assert_eq!(opened(&response), settled.response_content);
});

on_both!(a_row_that_cannot_be_is_named, async |db: TestDb| {
    let town = Town::new(&db).await;
    let reply = town.order("A", "1", 905, 0).await;
    let id = reply.get("med_trans_id").expect("a number").to_owned();
    for (sql, column) in [
        ("UPDATE orders SET state = 'lost'", "state"),
        ("UPDATE orders SET state = 'paid'", "paid_at_ms"),
        ("UPDATE orders SET kind = 'gold'", "kind"),
    ] {
        let wanted = medpay_domain::MedTransId::new(id.clone());
        let vault = town.app().vault.clone();
        let read = town
            .app()
            .store
            .write("spoil a row", move |tx| {
                let (vault, wanted) = (vault.clone(), wanted.clone());
                Box::pin(async move {
                    tx.exec(sql, args![]).await?;
                    rows::load(tx, &vault, &wanted).await
                })
            })
            .await;
        let expected = StoreError::Corrupt { table: "orders", column, key: id.clone() };
        assert_eq!(read.err(), Some(expected));
    }
});
