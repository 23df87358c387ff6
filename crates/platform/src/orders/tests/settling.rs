//! From the password to the last answer.

use super::parties::Fate::{self, AnswerLost, NotSent, OtherAmounts, Refused, RequestLost};
use super::{Town, outcome};
use crate::orders::SETTLE_QUEUE;
use medpay_store::on_both;
use medpay_store::testing::TestDb;

on_both!(every_kind_is_debited_in_its_order, async |db: TestDb| {
    let town = Town::new(&db).await;
    for (number, kind, cash, insurance, calls, held, states) in [
        ("A", "2", 0, 905, "settle ins-1", (0, 905, 1), "SUCCESS/NOTPAY/PAYED"),
        (
            "B",
            "3",
            100,
            805,
            "capture cash-1, settle ins-1",
            (100, 1710, 2),
            "SUCCESS/SUCCESS/PAYED",
        ),
        (
            "C",
            "3",
            905,
            0,
            "capture cash-1, settle ins-1",
            (1005, 1710, 3),
            "SUCCESS/SUCCESS/PAYED",
        ),
        ("D", "1", 905, 0, "capture cash-1", (1910, 1710, 3), "SUCCESS/SUCCESS/NOTPAY"),
    ] {
        let reply = town.order(number, kind, cash, insurance).await;
        assert_eq!(town.states(number).await, "NOTPAY/NOTPAY/NOTPAY");
        town.pay(&reply).await;
        assert_eq!(town.states(number).await, "NOTPAY/USERPAYING/NOTPAY");
        assert_eq!(town.parties.heard(), "", "nothing is asked before the job is committed");
        town.work().await;
        assert_eq!(town.parties.heard(), calls, "{number}");
        assert_eq!(town.parties.held(), held, "{number}");
        assert_eq!(town.states(number).await, states);
        let told = town.about("orderquery", number).await.fields();
        assert_eq!(told.get("pay_type"), Some(kind));
        assert_eq!(told.get("cash_fee"), Some(cash.to_string().as_str()));
        assert_eq!(told.get("insurance_fee"), Some(insurance.to_string().as_str()));
        assert_eq!(told.get("time_end"), Some("20180620090000"));
        let content = (kind != "1").then_some("{\"akc190\" : \"1\"}");
        assert_eq!(told.get("response_content"), content);
        assert_eq!(told.get("medical_card_id"), (kind != "1").then_some("Y600000001"));
        let notices = town.app().store.pending_jobs("notify").await.expect("read");
        assert!(notices.iter().any(|job| Some(job.key.as_str()) == reply.get("med_trans_id")));
    }
});

on_both!(a_refused_debit_may_be_tried_again_until_close, async |db: TestDb| {
    let town = Town::new(&db).await;
    for (number, kind, cash, insurance, leg, no, calls) in [
        ("A", "1", 905, 0, "capture", "PAYERROR/PAYERROR/NOTPAY", "capture cash"),
        ("B", "2", 0, 905, "settle", "PAYERROR/NOTPAY/NOTPAY", "settle ins"),
        ("C", "3", 100, 805, "capture", "PAYERROR/PAYERROR/NOTPAY", "capture cash"),
    ] {
        town.parties.lay(leg, &[Refused("NOTENOUGH")]);
        let reply = town.order(number, kind, cash, insurance).await;
        let before = town.parties.held();
        town.pay(&reply).await;
        town.work().await;
        assert_eq!(town.states(number).await, no);
        assert_eq!(town.parties.heard(), format!("{calls}-1"));
        assert_eq!(town.parties.held(), before);
        let told = town.about("orderquery", number).await.fields();
        let words = told.get("trade_status_desc").expect("words");
        assert!(words.starts_with("支付失败：") && words.chars().count() > 5, "{words}");
        town.pay(&reply).await;
        town.work().await;
        assert!(town.states(number).await.starts_with("SUCCESS/"));
        assert!(town.parties.heard().starts_with(&format!("{calls}-2")), "a key of its own");
    }
});

on_both!(a_bureau_that_refuses_after_the_cash_sends_it_back, async |db: TestDb| {
    let town = Town::new(&db).await;
    for (number, cash, insurance) in [("A", 100, 805), ("B", 905, 0)] {
        town.parties.lay("settle", &[Refused("OUT_OF_SERVICE")]);
        town.parties.lay("refund", &[RequestLost, Refused("BUSY")]);
        let reply = town.order(number, "3", cash, insurance).await;
        town.pay(&reply).await;
        town.work().await;
        assert_eq!(town.states(number).await, "SYS_REFUNDING/SUCCESS/NOTPAY");
        assert_eq!(town.parties.heard(), "capture cash-1, settle ins-1, refund back-1");
        assert_eq!(town.about("closeorder", number).await.word(), "TRADE_STATE_ERROR");
        town.come_to_rest().await;
        assert_eq!(town.states(number).await, "SYS_REFUNDED/REFUND/CLOSED");
        assert_eq!(town.parties.heard(), "query back-1, refund back-1, refund back-2");
        assert_eq!(town.parties.held(), (0, 0, 0));
        let notices = town.app().store.pending_jobs("notify").await.expect("read");
        assert!(notices.is_empty(), "only a paid order is notified");
    }
});

on_both!(a_settlement_with_other_amounts_is_undone, async |db: TestDb| {
    let town = Town::new(&db).await;
    town.parties.lay("settle", &[OtherAmounts]);
    town.parties.lay("reverse", &[Refused("BUSY"), AnswerLost]);
    let mixed = town.order("A", "3", 100, 805).await;
    town.pay(&mixed).await;
    town.come_to_rest().await;
    assert_eq!(town.states("A").await, "SYS_REFUNDED/REFUND/CLOSED");
    assert_eq!(town.parties.held(), (0, 0, 0));
    assert_eq!(
        town.parties.heard(),
        "capture cash-1, settle ins-1, reverse undo-1, reverse undo-2, query undo-2, refund back-2"
    );
    town.parties.lay("settle", &[OtherAmounts]);
    let insurance = town.order("B", "2", 0, 905).await;
    town.pay(&insurance).await;
    town.come_to_rest().await;
    assert_eq!(town.states("B").await, "PAYERROR/NOTPAY/NOTPAY");
    town.pay(&insurance).await;
    town.come_to_rest().await;
    assert_eq!(town.states("B").await, "SUCCESS/NOTPAY/PAYED");
    assert_eq!(town.parties.held(), (0, 905, 1));
});

/// Whatever happens to one call, the order ends as if nothing had, and no money moved twice.
async fn survives(
    db: &TestDb,
    what: &'static str,
    fates: &[Fate],
    end: &str,
    held: (i64, i64, i64),
) {
    let town = Town::new(db).await;
    town.parties.lay(what, fates);
    let reply = town.order("A", "3", 100, 805).await;
    town.pay(&reply).await;
    town.come_to_rest().await;
    assert_eq!(town.states("A").await, end, "{what} {fates:?}");
    assert_eq!(town.parties.held(), held, "{what} {fates:?}");
}

macro_rules! survives {
    ($($name:ident: $what:literal, $fate:expr;)*) => {$(
        on_both!($name, async |db: TestDb| {
            let fates = [$fate, $fate, $fate];
            survives(&db, $what, &fates, "SUCCESS/SUCCESS/PAYED", (100, 805, 1)).await;
        });
    )*};
}

survives! {
    a_lost_answer_of_the_capture_is_asked_about: "capture", AnswerLost;
    a_lost_capture_is_put_again: "capture", RequestLost;
    a_capture_that_was_not_sent_is_put_again: "capture", NotSent;
    a_lost_answer_of_the_settlement_is_asked_about: "settle", AnswerLost;
    a_lost_settlement_is_put_again: "settle", RequestLost;
    a_settlement_that_was_not_sent_is_put_again: "settle", NotSent;
    an_unanswered_question_is_put_again: "query", RequestLost;
}

on_both!(a_time_out_is_never_a_refusal, async |db: TestDb| {
    let town = Town::new(&db).await;
    town.parties.lay("capture", &[RequestLost; 12]);
    let reply = town.order("A", "1", 905, 0).await;
    town.pay(&reply).await;
    for _ in 0..10 {
        town.work().await;
        assert_eq!(town.states("A").await, "NOTPAY/USERPAYING/NOTPAY");
        assert_eq!(town.about("closeorder", "A").await.word(), "TRADE_STATE_ERROR");
        town.world.clock.advance_seconds(600);
    }
    town.come_to_rest().await;
    assert_eq!(town.states("A").await, "SUCCESS/SUCCESS/NOTPAY");
    assert_eq!(town.parties.held(), (905, 0, 0));
});

on_both!(an_answer_after_midnight_decides_and_is_flagged, async |db: TestDb| {
    for (fate, end, desc) in [
        (AnswerLost, "SUCCESS/SUCCESS/PAYED", "支付成功（跨日确认，医保已不能退）"),
        (RequestLost, "SUCCESS/SUCCESS/PAYED", "支付成功"),
    ] {
        let db = TestDb::fresh(db.engine()).await;
        let town = Town::new(&db).await;
        town.world.clock.advance_seconds(14 * 3600 + 3590);
        town.parties.lay("settle", &[fate]);
        let reply = town.order("A", "3", 100, 805).await;
        town.pay(&reply).await;
        town.work().await;
        assert_eq!(town.states("A").await, "NOTPAY/USERPAYING/NOTPAY");
        town.world.clock.advance_seconds(60);
        town.work().await;
        assert_eq!(town.states("A").await, end);
        let told = town.about("orderquery", "A").await.fields();
        assert_eq!(told.get("trade_status_desc"), Some(desc));
        let day = if fate == AnswerLost { "20180620235950" } else { "20180621000050" };
        assert_eq!(told.get("time_end"), Some(day), "when the bureau booked it");
        db.remove().await;
    }
});

on_both!(a_refusal_after_midnight_sends_the_cash_back, async |db: TestDb| {
    let town = Town::new(&db).await;
    town.world.clock.advance_seconds(14 * 3600 + 3590);
    town.parties.lay("settle", &[RequestLost, Refused("CLOSED_DAY")]);
    let reply = town.order("A", "3", 100, 805).await;
    town.pay(&reply).await;
    town.come_to_rest().await;
    assert_eq!(town.states("A").await, "SYS_REFUNDED/REFUND/CLOSED");
    assert_eq!(town.parties.held(), (0, 0, 0));
});

on_both!(an_unpaid_order_closes_when_its_time_is_over, async |db: TestDb| {
    let town = Town::new(&db).await;
    let reply = town.order("A", "3", 100, 805).await;
    town.world.clock.advance_seconds(1799);
    town.work().await;
    assert_eq!(town.states("A").await, "NOTPAY/NOTPAY/NOTPAY");
    town.world.clock.advance_seconds(1);
    assert_eq!(outcome(&town.pay(&reply).await), "expired", "there is no form any more");
    town.work().await;
    assert_eq!(town.states("A").await, "CLOSED/CLOSED/CLOSED");
    assert_eq!(town.about("closeorder", "A").await.word(), "ORDERCLOSED");
    assert_eq!(town.parties.heard(), "");
});

on_both!(an_order_that_is_being_paid_outlives_its_time, async |db: TestDb| {
    let town = Town::new(&db).await;
    for (number, last, end) in [
        ("A", Fate::Done, "SUCCESS/SUCCESS/NOTPAY"),
        ("B", Refused("NOTENOUGH"), "CLOSED/CLOSED/CLOSED"),
    ] {
        town.parties.lay("capture", &[RequestLost, last]);
        let reply = town.order(number, "1", 905, 0).await;
        town.pay(&reply).await;
        settle_only(&town).await;
        town.world.clock.advance_seconds(1900);
        crate::orders::expire::run_once(town.app(), town.world.clock_now()).await.expect("looked");
        assert_eq!(town.states(number).await, "NOTPAY/USERPAYING/NOTPAY");
        settle_only(&town).await;
        town.world.clock.advance_seconds(60);
        town.work().await;
        assert_eq!(town.states(number).await, end);
    }
});

async fn settle_only(town: &Town) {
    let now = town.world.clock_now();
    crate::orders::settle::run_once(town.app(), now).await.expect("settled");
}

on_both!(a_worker_that_dies_leaves_its_question_to_the_next, async |db: TestDb| {
    let town = Town::new(&db).await;
    let reply = town.order("A", "1", 905, 0).await;
    town.pay(&reply).await;
    let now = town.world.clock_now();
    let store = &town.app().store;
    let dead = store.lease(SETTLE_QUEUE, now, town.app().clock.elapsed(), 10_000, 1).await;
    let dead = dead.expect("leased").pop().expect("a job");
    town.work().await;
    assert_eq!(town.states("A").await, "NOTPAY/USERPAYING/NOTPAY", "somebody holds it");
    town.world.clock.elapse_ms(10_000);
    town.work().await;
    assert_eq!(town.states("A").await, "SUCCESS/SUCCESS/NOTPAY");
    assert_eq!(town.parties.heard(), "query cash-1, capture cash-1", "it may have asked");
    let lost = store
        .write("the dead worker wakes up", move |tx| {
            let dead = dead.clone();
            Box::pin(async move { tx.finish_job(&dead).await })
        })
        .await;
    assert!(matches!(lost, Err(medpay_store::StoreError::LeaseLost(_))), "{lost:?}");
});

on_both!(many_workers_move_an_order_once, async |db: TestDb| {
    let town = Town::new(&db).await;
    for number in ["A", "B", "C", "D", "E"] {
        let reply = town.order(number, "3", 100, 805).await;
        town.pay(&reply).await;
    }
    tokio::join!(town.work(), town.work(), town.work(), town.work());
    town.come_to_rest().await;
    for number in ["A", "B", "C", "D", "E"] {
        assert_eq!(town.states(number).await, "SUCCESS/SUCCESS/PAYED");
    }
    assert_eq!(town.parties.held(), (500, 4025, 5));
    let calls = town.parties.heard();
    assert_eq!(calls.matches("capture").count(), 5, "{calls}");
    assert_eq!(calls.matches("settle").count(), 5, "{calls}");
});
