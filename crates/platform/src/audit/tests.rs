//! Audits of a town whose books are right, and of towns where one thing was made wrong.

use crate::audit::{self, Report};
use crate::orders::testing::{confirm, order, paid};
use crate::testing::HOSPITAL;
use crate::testing::keepers::{Fate, Town};
use medpay_domain::platform::order::Kind;
use medpay_domain::{CashOrderId, Day, Fen, InsuranceOrderId};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::contracts::{bureau, wallet};

fn day() -> Day {
    Day::from_wire("20180620").expect("a day")
}

async fn audit(town: &Town) -> Report {
    audit::run(town.app(), &[day()]).await.expect("an audit")
}

/// `book kind party number` of each difference.
async fn found(town: &Town) -> Vec<String> {
    let report = audit(town).await;
    assert_eq!(report.equal, report.differences().next().is_none());
    assert!(report.to_string().contains(if report.equal { "equal" } else { "NOT equal" }));
    let line = |(book, one): (u8, &audit::DifferenceReport)| {
        assert!(report.to_string().contains(&one.number), "a reader finds it");
        format!("{book} {} {} {}", one.kind, one.party, one.number)
    };
    report.differences().map(line).collect()
}

async fn refund(town: &Town, order: &str, number: &str) -> String {
    let fields = [
        ("med_trans_id", order),
        ("hosp_out_refund_no", number),
        ("cancel_bill_no", "#"),
        ("cancel_serial_no", "186042"),
    ];
    town.world.call(HOSPITAL, "refund", &fields).await.word()
}

/// A town where each kind was paid, one order refunded and one given back by the platform.
async fn busy_town(db: &TestDb) -> Town {
    let town = Town::new(db).await;
    paid(&town, "1", Kind::Mixed, (100, 805)).await;
    paid(&town, "2", Kind::Mixed, (905, 0)).await;
    paid(&town, "3", Kind::InsuranceOnly, (0, 905)).await;
    paid(&town, "4", Kind::CashOnly, (300, 0)).await;
    let back = paid(&town, "5", Kind::Mixed, (50, 60)).await;
    assert_eq!(refund(&town, back.as_str(), "R5").await, "SUCCESS");
    town.bureau.settlements.lay(&[Fate::Refused]);
    confirm(&town, &order(&town, HOSPITAL, "6", Kind::Mixed, (70, 80))).await;
    town.work().await;
    town
}

on_both!(right_books_are_equal, async |db: TestDb| {
    let town = busy_town(&db).await;
    let report = audit(&town).await;
    assert!(report.equal && report.quiet, "{report}");
    let sums: Vec<_> = report
        .legs
        .iter()
        .map(|leg| (leg.party.as_str(), leg.party_taken, leg.party_given_back))
        .collect();
    assert_eq!(sums, [("bureau", 805 + 905 + 60, 60), ("wallet", 100 + 905 + 300 + 50 + 70, 120)]);
    for leg in &report.legs {
        assert_eq!(leg.platform_taken_low, leg.party_taken);
        assert_eq!(leg.platform_given_back_high, leg.party_given_back);
    }
    let json = serde_json::to_string(&report).expect("JSON");
    assert_eq!(serde_json::from_str::<Report>(&json).expect("read back"), report);
});

on_both!(what_is_in_flight_is_listed_with_its_age_and_is_no_difference, async |db: TestDb| {
    let town = busy_town(&db).await;
    town.bureau.reversals.lay(&[Fate::DoneUnheard]);
    assert_eq!(refund(&town, "M1", "R1").await, "553");
    town.wallet.refunds.lay(&[Fate::Lost]);
    assert_eq!(refund(&town, "M4", "R4").await, "556");
    town.world.clock.advance_seconds(42);
    let report = audit(&town).await;
    assert!(report.equal && !report.quiet, "{report}");
    assert_eq!(report.in_flight.len(), 2);
    assert!(report.in_flight.iter().all(|flight| flight.age_seconds == 42));
    let bureau = &report.legs[0];
    assert_eq!((bureau.platform_given_back_low, bureau.platform_given_back_high), (60, 865));
    assert_eq!(bureau.party_given_back, 865);
    town.work().await;
    let report = audit(&town).await;
    assert!(report.equal && report.quiet, "{report}");
});

on_both!(a_party_that_does_not_answer_is_not_equal, async |db: TestDb| {
    let town = busy_town(&db).await;
    *town.wallet.mute.lock().expect("not poisoned") = true;
    let report = audit(&town).await;
    assert!(!report.equal);
    assert_eq!(report.silent.len(), 1);
    assert_eq!(report.silent[0].party, "wallet");
});

on_both!(book_1_names_what_the_parties_have_and_we_have_not, async |db: TestDb| {
    let town = busy_town(&db).await;
    let at = town.app().clock.now();
    town.wallet.book.lock().expect("not poisoned").push(wallet::DayEntry {
        key: "M9-cash-1".to_owned(),
        kind: wallet::DayKind::Captured,
        cash_order_id: CashOrderId::new("C9"),
        cash_fee: Fen::new(1).expect("an amount"),
        at,
    });
    town.bureau.book.lock().expect("not poisoned").push(bureau::DayEntry {
        key: "M9-ins-1".to_owned(),
        kind: bureau::DayKind::Settled,
        insurance_order_id: InsuranceOrderId::new("I9"),
        insurance_fee: Fen::ZERO,
        at,
    });
    assert_eq!(
        found(&town).await,
        ["1 missing_at_platform bureau M9-ins-1", "1 missing_at_platform wallet M9-cash-1"]
    );
});

on_both!(book_1_names_what_we_have_and_the_parties_have_not, async |db: TestDb| {
    let town = busy_town(&db).await;
    town.wallet.book.lock().expect("not poisoned").retain(|line| line.key != "M4-cash-1");
    town.bureau.book.lock().expect("not poisoned").retain(|line| line.key != "M3-ins-1");
    assert_eq!(
        found(&town).await,
        ["1 missing_at_party bureau M3-ins-1", "1 missing_at_party wallet M4-cash-1"]
    );
});

on_both!(book_1_names_amounts_that_differ_at_the_parties, async |db: TestDb| {
    let town = busy_town(&db).await;
    for line in town.wallet.book.lock().expect("not poisoned").iter_mut() {
        if line.key == "M4-cash-1" {
            line.cash_fee = Fen::new(301).expect("an amount");
        }
    }
    for line in town.bureau.book.lock().expect("not poisoned").iter_mut() {
        if line.key == "M3-ins-1" {
            line.insurance_fee = Fen::new(904).expect("an amount");
        }
    }
    assert_eq!(
        found(&town).await,
        ["1 amount_differs bureau M3-ins-1", "1 amount_differs wallet M4-cash-1"]
    );
});

on_both!(book_1_names_an_order_that_disagrees_with_its_events, async |db: TestDb| {
    let town = busy_town(&db).await;
    town.alter("UPDATE orders SET cash_reserved_by = 'R9', cash_refunded_at_ms = 1 WHERE med_trans_id = 'M4'")
        .await;
    assert_eq!(found(&town).await, ["1 order_disagrees wallet M4"]);
});

on_both!(book_1_names_an_order_whose_refund_was_forgotten, async |db: TestDb| {
    let town = busy_town(&db).await;
    town.alter(
        "UPDATE orders SET insurance_reserved_by = NULL, insurance_refunded_at_ms = NULL
          WHERE med_trans_id = 'M5'",
    )
    .await;
    assert_eq!(found(&town).await, ["1 order_disagrees bureau M5"]);
});

on_both!(book_3_names_a_payment_nobody_was_told_of, async |db: TestDb| {
    let town = busy_town(&db).await;
    town.alter("DELETE FROM notifications WHERE med_trans_id = 'M1'").await;
    assert_eq!(found(&town).await, ["3 paid_without_notice platform M1"]);
});

on_both!(book_3_names_a_notification_of_nothing, async |db: TestDb| {
    let town = busy_town(&db).await;
    town.alter("UPDATE notifications SET med_trans_id = 'M9' WHERE med_trans_id = 'M1'").await;
    assert_eq!(
        found(&town).await,
        ["3 paid_without_notice platform M1", "3 notice_of_unpaid platform M9"]
    );
});

on_both!(book_3_names_a_notification_that_nobody_will_send, async |db: TestDb| {
    let town = busy_town(&db).await;
    town.hospital.answers.lock().expect("not poisoned").push_back(None);
    paid(&town, "7", Kind::CashOnly, (1, 0)).await;
    assert_eq!(found(&town).await, Vec::<String>::new(), "scheduled is fine");
    town.alter("DELETE FROM jobs WHERE queue = 'notify' AND key = 'M7'").await;
    assert_eq!(found(&town).await, ["3 waiting_without_job platform M7"]);
});

on_both!(book_3_names_one_given_up_too_early_and_lists_the_others, async |db: TestDb| {
    let town = busy_town(&db).await;
    town.alter("UPDATE notifications SET state = 'given_up' WHERE med_trans_id = 'M1'").await;
    assert_eq!(found(&town).await, ["3 given_up_early platform M1"]);
    town.alter("UPDATE notifications SET attempts = 4 WHERE med_trans_id = 'M1'").await;
    let report = audit(&town).await;
    assert!(report.equal, "{report}");
    assert_eq!(report.given_up[0].med_trans_id, "M1");
});

on_both!(book_4_names_a_payment_that_the_bill_lost, async |db: TestDb| {
    let town = busy_town(&db).await;
    town.alter("UPDATE orders SET paid_at_ms = paid_at_ms + 86400000 WHERE med_trans_id = 'M4'")
        .await;
    assert_eq!(found(&town).await, ["4 missing_in_bill platform bill 1900000001 20180620 M4"]);
});

on_both!(book_4_names_a_row_that_no_event_explains, async |db: TestDb| {
    let town = busy_town(&db).await;
    // The event says another day, and so do the parties' lists then.
    town.alter(
        "UPDATE order_events SET happened_at_ms = happened_at_ms - 86400000
          WHERE med_trans_id = 'M4' AND event = 'cash_taken'",
    )
    .await;
    for line in town.wallet.book.lock().expect("not poisoned").iter_mut() {
        if line.key == "M4-cash-1" {
            line.at = line.at.plus_seconds(-86_400);
        }
    }
    assert_eq!(found(&town).await, ["4 not_an_event platform bill 1900000001 20180620 M4"]);
});

on_both!(book_4_names_a_refund_with_another_amount, async |db: TestDb| {
    let town = busy_town(&db).await;
    town.alter("UPDATE refunds SET cash_fee = 51 WHERE hosp_out_refund_no = 'R5'").await;
    let found = found(&town).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("4 amount_differs platform bill 1900000001 20180620 R"));
});
