//! Refunds over HTTP, against a bureau and a wallet that keep books.

use crate::orders::testing::{load, paid};
use crate::refunds::give_back;
use crate::testing::keepers::{Fate, Town};
use crate::testing::{Answered, HOSPITAL, UNDER_PROVIDER};
use medpay_domain::platform::order::Kind;
use medpay_domain::platform::order::reservation::Hold;
use medpay_domain::{MedRefundId, MedTransId};
use medpay_store::on_both;
use medpay_store::testing::TestDb;

pub(super) const CANCEL: [(&str, &str); 2] =
    [("cancel_bill_no", "#"), ("cancel_serial_no", "186042")];

/// Asks for a refund of everything that is left, with the cancel numbers.
async fn refund(town: &Town, order: &MedTransId, number: &str) -> Answered {
    let fields = [("med_trans_id", order.as_str()), ("hosp_out_refund_no", number)];
    town.world.call(HOSPITAL, "refund", &[&fields[..], &CANCEL[..]].concat()).await
}

/// Asks for the cash only.
async fn cash_only(town: &Town, order: &MedTransId, number: &str) -> Answered {
    let fields = [
        ("med_trans_id", order.as_str()),
        ("hosp_out_refund_no", number),
        ("part_refund_type", "CASH_ONLY"),
    ];
    town.world.call(HOSPITAL, "refund", &fields).await
}

/// `med_refund_state`, `insurance_refund_status` and `cash_refund_status`.
pub(super) async fn states(town: &Town, number: &str) -> String {
    let answer = town.world.call(HOSPITAL, "refundquery", &[("hosp_out_refund_no", number)]).await;
    if answer.word() != "SUCCESS" {
        return answer.word();
    }
    let fields = answer.fields();
    let state = |name| fields.get(name).unwrap_or("-").to_owned();
    [state("med_refund_state"), state("insurance_refund_status"), state("cash_refund_status")]
        .join(" ")
}

fn given_back(hold: &Hold) -> bool {
    matches!(hold, Hold::GivenBack { .. })
}

/// How often each party gave something back, and how much.
fn backs(town: &Town) -> (Vec<i64>, Vec<i64>) {
    use medpay_wire::contracts::{bureau, wallet};
    let book = town.bureau.book.lock().expect("not poisoned");
    let insurance = book.iter().filter(|line| line.kind == bureau::DayKind::Reversed);
    let insurance = insurance.map(|line| line.insurance_fee.get()).collect();
    let book = town.wallet.book.lock().expect("not poisoned");
    let cash = book.iter().filter(|line| line.kind == wallet::DayKind::Refunded);
    (insurance, cash.map(|line| line.cash_fee.get()).collect())
}

on_both!(a_full_refund_gives_back_insurance_then_cash_within_the_call, async |db: TestDb| {
    let town = Town::new(&db).await;
    let order = paid(&town, "1", Kind::Mixed, (100, 805)).await;
    let answer = refund(&town, &order, "R1").await;
    assert_eq!(answer.word(), "SUCCESS");
    let fields = answer.fields();
    assert_eq!(fields.get("total_fee"), Some("905"));
    assert_eq!(fields.get("cash_refund_fee"), Some("100"));
    assert_eq!(fields.get("insurance_refund_fee"), Some("805"));
    assert_eq!(fields.get("hosp_out_trade_no"), Some("H1"));
    assert_eq!(backs(&town), (vec![805], vec![100]));
    let number = fields.get("med_refund_id").expect("a number");
    assert!(number.len() <= 32);
    let keys = [format!("{number}-ins-1"), format!("{number}-cash-1")];
    assert!(town.bureau.asked.lock().expect("not poisoned").ends_with(&keys[..1]));
    assert!(town.wallet.asked.lock().expect("not poisoned").ends_with(&keys[1..]));
    assert!(load(&town, &order).await.order.wholly_given_back());
    assert_eq!(states(&town, "R1").await, "SUCCESS SUCCESS SUCCESS");
    town.work().await;
    assert_eq!(backs(&town), (vec![805], vec![100]), "the worker finds nothing to do");
});

on_both!(the_same_request_again_gets_the_first_answer, async |db: TestDb| {
    let town = Town::new(&db).await;
    let order = paid(&town, "1", Kind::Mixed, (100, 805)).await;
    let first = refund(&town, &order, "R1").await.fields();
    let by_hospital = [("hosp_out_trade_no", "H1"), ("hosp_out_refund_no", "R1")];
    let again = town.world.call(HOSPITAL, "refund", &[&by_hospital[..], &CANCEL].concat()).await;
    assert_eq!(again.fields().get("med_refund_id"), first.get("med_refund_id"));
    assert_eq!(backs(&town), (vec![805], vec![100]));
    // The number stands for that refund and no other.
    assert_eq!(cash_only(&town, &order, "R1").await.word(), "INVALID_REQUEST");
    let other = paid(&town, "2", Kind::Mixed, (100, 805)).await;
    assert_eq!(refund(&town, &other, "R1").await.word(), "INVALID_REQUEST");
    let fields = [
        ("med_trans_id", order.as_str()),
        ("hosp_out_refund_no", "R1"),
        ("cancel_bill_no", "other"),
    ];
    assert_eq!(town.world.call(HOSPITAL, "refund", &fields).await.word(), "INVALID_REQUEST");
    // Another merchant's numbers are its own.
    let theirs = town.world.call(UNDER_PROVIDER, "refundquery", &[("hosp_out_refund_no", "R1")]);
    assert_eq!(theirs.await.word(), "REFUNDNOTEXIST");
});

on_both!(cash_only_gives_back_the_cash_and_the_rest_needs_a_new_number, async |db: TestDb| {
    let town = Town::new(&db).await;
    let order = paid(&town, "1", Kind::Mixed, (100, 805)).await;
    assert_eq!(cash_only(&town, &order, "R1").await.word(), "SUCCESS");
    assert_eq!(backs(&town), (vec![], vec![100]));
    assert_eq!(states(&town, "R1").await, "SUCCESS - SUCCESS");
    assert_eq!(cash_only(&town, &order, "R2").await.word(), "INVALID_REQUEST");
    let rest = refund(&town, &order, "R3").await.fields();
    assert_eq!(rest.get("cash_refund_fee"), Some("0"));
    assert_eq!(rest.get("insurance_refund_fee"), Some("805"));
    assert_eq!(backs(&town), (vec![805], vec![100]));
    assert_eq!(refund(&town, &order, "R4").await.word(), "INVALID_REQUEST");
    // By the order's number the latest refund is meant.
    let query = town.world.call(HOSPITAL, "refundquery", &[("hosp_out_trade_no", "H1")]).await;
    assert_eq!(query.fields().get("hosp_out_refund_no"), Some("R3"));
});

on_both!(each_kind_needs_what_the_bureau_needs, async |db: TestDb| {
    let town = Town::new(&db).await;
    let needed = "参数格式校验错误 cancel_bill_no is needed";
    for (number, kind, fees) in [
        ("1", Kind::Mixed, (100, 805)),
        ("2", Kind::Mixed, (905, 0)),
        ("3", Kind::InsuranceOnly, (0, 905)),
    ] {
        let order = paid(&town, number, kind, fees).await;
        let fields = [("med_trans_id", order.as_str()), ("hosp_out_refund_no", number)];
        let without = town.world.call(HOSPITAL, "refund", &fields).await;
        assert_eq!(without.word(), needed);
        assert_eq!(refund(&town, &order, number).await.word(), "SUCCESS");
    }
    let order = paid(&town, "4", Kind::CashOnly, (905, 0)).await;
    let fields = [("med_trans_id", order.as_str()), ("hosp_out_refund_no", "4")];
    assert_eq!(town.world.call(HOSPITAL, "refund", &fields).await.word(), "SUCCESS");
    assert_eq!(backs(&town), (vec![805, 0, 905], vec![100, 905, 905]));
    let order = paid(&town, "5", Kind::InsuranceOnly, (0, 905)).await;
    assert_eq!(cash_only(&town, &order, "5").await.word(), "INVALID_REQUEST");
});

on_both!(what_cannot_be_refunded_is_refused_and_nothing_is_written, async |db: TestDb| {
    let town = Town::new(&db).await;
    let unknown = MedTransId::new("M404");
    assert_eq!(refund(&town, &unknown, "R1").await.word(), "ORDERNOTEXIST");
    assert_eq!(states(&town, "R1").await, "REFUNDNOTEXIST");
    let order = paid(&town, "1", Kind::Mixed, (100, 805)).await;
    let fields = [("med_trans_id", order.as_str()), ("hosp_out_refund_no", "R1")];
    let theirs = town.world.call(UNDER_PROVIDER, "refund", &fields).await;
    assert_eq!(theirs.word(), "ORDERNOTEXIST");
    let query = town.world.call(HOSPITAL, "refundquery", &[("med_trans_id", "M404")]).await;
    assert_eq!(query.word(), "ORDERNOTEXIST");
    let open = crate::orders::testing::order(&town, HOSPITAL, "2", Kind::CashOnly, (905, 0));
    let open = crate::orders::testing::confirm(&town, &open).await;
    assert_eq!(refund(&town, &open, "R1").await.word(), "TRADE_STATE_ERROR");
    assert_eq!(backs(&town), (vec![], vec![]));
});

on_both!(insurance_goes_back_on_its_day_only_and_cash_for_a_year, async |db: TestDb| {
    let town = Town::new(&db).await;
    let mixed = paid(&town, "1", Kind::Mixed, (100, 805)).await;
    let zero = paid(&town, "2", Kind::Mixed, (905, 0)).await;
    let cash = paid(&town, "3", Kind::CashOnly, (905, 0)).await;
    let old = paid(&town, "4", Kind::CashOnly, (905, 0)).await;
    // 09:00 to 23:59:59, then to midnight.
    town.world.clock.advance_seconds(15 * 3600);
    assert_eq!(refund(&town, &mixed, "R1").await.word(), "TRADE_OVERDUE");
    assert_eq!(refund(&town, &zero, "R2").await.word(), "TRADE_OVERDUE");
    assert_eq!(cash_only(&town, &mixed, "R1").await.word(), "SUCCESS");
    assert_eq!(refund(&town, &mixed, "R5").await.word(), "TRADE_OVERDUE");
    town.world.clock.advance_seconds(364 * 24 * 3600);
    assert_eq!(refund(&town, &cash, "R3").await.word(), "SUCCESS");
    town.world.clock.advance_seconds(24 * 3600);
    assert_eq!(refund(&town, &old, "R4").await.word(), "TRADE_OVERDUE");
    assert_eq!(backs(&town), (vec![], vec![100, 905]));
});

on_both!(a_city_may_let_insurance_go_back_for_a_year, async |db: TestDb| {
    let mut settings = crate::testing::settings();
    settings.cities[0].insurance_refund_same_day = false;
    let town = Town::with(&db, settings).await;
    let order = paid(&town, "1", Kind::Mixed, (100, 805)).await;
    let old = paid(&town, "2", Kind::Mixed, (100, 805)).await;
    town.world.clock.advance_seconds(365 * 24 * 3600);
    assert_eq!(refund(&town, &order, "R1").await.word(), "SUCCESS");
    town.world.clock.advance_seconds(1);
    assert_eq!(refund(&town, &old, "R2").await.word(), "TRADE_OVERDUE");
});

on_both!(an_unheard_bureau_is_553_until_the_same_request_hears_it, async |db: TestDb| {
    let town = Town::new(&db).await;
    let order = paid(&town, "1", Kind::Mixed, (100, 805)).await;
    town.bureau.reversals.lay(&[Fate::DoneUnheard]);
    assert_eq!(refund(&town, &order, "R1").await.word(), "553");
    assert_eq!(states(&town, "R1").await, "PROCESSING PROCESSING PROCESSING");
    assert!(!given_back(&load(&town, &order).await.order.reservations.insurance));
    assert_eq!(cash_only(&town, &order, "R2").await.word(), "TRADE_STATE_ERROR", "it is held");
    assert_eq!(refund(&town, &order, "R1").await.word(), "SUCCESS");
    assert_eq!(backs(&town), (vec![805], vec![100]));
});

on_both!(an_unheard_wallet_is_556_and_the_worker_goes_on, async |db: TestDb| {
    let town = Town::new(&db).await;
    let order = paid(&town, "1", Kind::Mixed, (100, 805)).await;
    town.wallet.refunds.lay(&[Fate::Lost]);
    assert_eq!(refund(&town, &order, "R1").await.word(), "556");
    assert_eq!(states(&town, "R1").await, "PROCESSING SUCCESS PROCESSING");
    town.work().await;
    assert_eq!(backs(&town), (vec![805], vec![]), "not due yet");
    town.world.clock.advance_seconds(60);
    town.work().await;
    assert_eq!(backs(&town), (vec![805], vec![100]));
    assert_eq!(refund(&town, &order, "R1").await.word(), "SUCCESS");
});

on_both!(the_bureaus_no_fails_the_refund_and_the_order_stays_paid, async |db: TestDb| {
    let town = Town::new(&db).await;
    let order = paid(&town, "1", Kind::Mixed, (100, 805)).await;
    town.bureau.reversals.lay(&[Fate::Refused]);
    let refused = refund(&town, &order, "R1").await;
    assert_eq!(refused.word(), "INVALID_REQUEST");
    assert!(refused.fields().get("err_code_des").is_some_and(|des| des.contains("当日已结算")));
    assert_eq!(refund(&town, &order, "R1").await.word(), "INVALID_REQUEST", "the first answer");
    assert_eq!(states(&town, "R1").await, "FAIL FAIL FAIL");
    assert_eq!(backs(&town), (vec![], vec![]));
    let reservations = load(&town, &order).await.order.reservations;
    assert_eq!((reservations.cash, reservations.insurance), (Hold::Free, Hold::Free));
    assert_eq!(refund(&town, &order, "R2").await.word(), "SUCCESS", "a new number may try again");
});

on_both!(begun_in_time_and_answered_after_midnight_the_bureau_decides, async |db: TestDb| {
    let town = Town::new(&db).await;
    let yes = paid(&town, "1", Kind::Mixed, (100, 805)).await;
    let no = paid(&town, "2", Kind::Mixed, (100, 805)).await;
    town.world.clock.advance_seconds(15 * 3600 - 1);
    town.bureau.reversals.lay(&[Fate::Lost, Fate::Lost]);
    assert_eq!(refund(&town, &yes, "R1").await.word(), "553");
    assert_eq!(refund(&town, &no, "R2").await.word(), "553");
    town.world.clock.advance_seconds(3600);
    town.bureau.reversals.lay(&[Fate::Done, Fate::Refused]);
    assert_eq!(refund(&town, &yes, "R1").await.word(), "SUCCESS");
    assert_eq!(refund(&town, &no, "R2").await.word(), "INVALID_REQUEST");
    assert_eq!(backs(&town), (vec![805], vec![100]));
});

on_both!(a_refusing_wallet_gets_new_keys_and_then_a_person, async |db: TestDb| {
    let town = Town::new(&db).await;
    let order = paid(&town, "1", Kind::CashOnly, (905, 0)).await;
    town.wallet.refunds.lay(&[Fate::Refused; 5]);
    // The second attempt is made at once, the others wait.
    assert_eq!(refund(&town, &order, "R1").await.word(), "556");
    let asked = |town: &Town| {
        let asked = town.wallet.asked.lock().expect("not poisoned");
        asked.iter().filter_map(|key| key.rsplit_once("-cash-")?.1.parse::<u32>().ok()).collect()
    };
    let attempts: Vec<u32> = asked(&town);
    assert_eq!(attempts, [1, 1, 2], "the capture, and two attempts at the refund");
    for _ in 0..5 {
        town.world.clock.advance_seconds(600);
        town.work().await;
    }
    let attempts: Vec<u32> = asked(&town);
    assert_eq!(attempts, [1, 1, 2, 3, 4, 5], "each with a key of its own, and then no more");
    assert_eq!(refund(&town, &order, "R1").await.word(), "556");
    assert_eq!(states(&town, "R1").await, "PROCESSING - PROCESSING");
    let query = town.world.call(HOSPITAL, "refundquery", &[("hosp_out_refund_no", "R1")]).await;
    let number = MedRefundId::new(query.fields().get("med_refund_id").expect("a number"));
    assert!(give_back::ask_again(town.app(), &number).await.expect("asked"));
    town.work().await;
    assert_eq!(states(&town, "R1").await, "SUCCESS - SUCCESS");
    assert!(!give_back::ask_again(town.app(), &number).await.expect("asked"));
});

on_both!(two_refunds_at_once_never_exceed_the_payment, async |db: TestDb| {
    let town = Town::new(&db).await;
    for round in 0..5 {
        let order = paid(&town, &round.to_string(), Kind::Mixed, (100, 805)).await;
        let (full, cash) = (format!("F{round}"), format!("C{round}"));
        let (a, b) = tokio::join!(refund(&town, &order, &full), cash_only(&town, &order, &cash));
        let done = [a.word(), b.word()].iter().filter(|word| *word == "SUCCESS").count();
        assert!(done >= 1, "{} {}", a.word(), b.word());
        let reservations = load(&town, &order).await.order.reservations;
        assert!(given_back(&reservations.cash));
    }
    let (insurance, cash) = backs(&town);
    assert!(insurance.len() <= 5);
    assert_eq!(cash, [100; 5], "each cash part once");
});

on_both!(a_worker_that_died_is_followed_by_another, async |db: TestDb| {
    let town = Town::new(&db).await;
    let order = paid(&town, "1", Kind::Mixed, (100, 805)).await;
    town.bureau.reversals.lay(&[Fate::DoneUnheard]);
    assert_eq!(refund(&town, &order, "R1").await.word(), "553");
    town.world.clock.advance_seconds(10);
    let (now, elapsed) = (town.app().clock.now(), town.app().clock.elapsed());
    let taken = town.app().store.lease("refund", now, elapsed, 10_000, 10).await;
    assert_eq!(taken.expect("leased").len(), 1, "a process took the job and died");
    assert_eq!(refund(&town, &order, "R1").await.word(), "553", "somebody seems to be at it");
    town.world.clock.elapse_ms(10_000);
    town.work().await;
    assert_eq!(backs(&town), (vec![805], vec![100]), "the bureau was asked what became of it");
    assert_eq!(refund(&town, &order, "R1").await.word(), "SUCCESS");
});
