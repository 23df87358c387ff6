//! Who is reminded of what, on both engines.

use super::rows::reminders;
use super::subject::Kind;
use super::{prescription_issued, result_ready, visit_booked, worker};
use crate::messages;
use crate::testing::{FakePlatform, Said, World};
use crate::visit_cards::{self, VisitCard};
use medpay_domain::hospital::reminder::bind::{LOOKS_MAX, TIMES_MAX};
use medpay_domain::{
    BillNo, CardNo, CardType, Clock as _, Day, Fen, IdDigest, Openid, PersonName, SerialNo,
    Timestamp,
};
use medpay_store::StoreError;
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::envelope::{Refused, Reply};
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bills::{Bill, BillClass, BillKind, BillState, FindBill, InsurancePart};
use medpay_wire::his::bookings::{Booking, BookingState, FindBooking};
use medpay_wire::his::events::{PrescriptionIssued, ResultReady};
use std::sync::Arc;

async fn card(world: &World, openid: &str, patient_id: &str) {
    let card = VisitCard {
        card_id: world.site.entropy.nonce(),
        patient_id: patient_id.into(),
        visit_card_no: CardNo::new("00001"),
        name: PersonName::new("周小满"),
        card_type: CardType::IdCard,
        id_digest: IdDigest::new("0123456789abcdef0123456789abcdef"),
    };
    visit_cards::given(&world.site, &Openid::new(openid), card).await;
}

/// Works off reminders, then messages.
async fn run(world: &World) {
    let now = world.clock.now();
    worker::run_once(&world.branch, now).await.expect("reminders are worked off");
    messages::deliver::run_once(&world.branch, now).await.expect("messages are worked off");
}

/// To whom, which template, and the words of each message, in the order of persons.
fn sent(world: &World) -> Vec<(String, String, String)> {
    let sent = world.public_account.sent.lock().expect("not poisoned");
    let words = |message: &medpay_wire::public_account::TemplateMessage| {
        let values: Vec<String> = message.values().into_values().collect();
        format!("{} → {}", values.join("|"), message.url.as_deref().unwrap_or("-"))
    };
    let mut all: Vec<_> = sent
        .iter()
        .map(|message| (message.touser.clone(), message.template_id.clone(), words(message)))
        .collect();
    all.sort();
    all
}

fn not_bound(world: &World) {
    world.platform.always("getmedinfo", FakePlatform::refused("80004"));
}

/// Moves the clock on to a moment, `yyyyMMddHHmmss`.
fn go_to(world: &World, moment: &str) {
    let to = Timestamp::from_wire(moment).expect("a moment");
    world.clock.advance_seconds((to.as_ms() - world.clock.now().as_ms()) / 1000);
}

async fn kept(world: &World, kind: Kind) -> Vec<(String, String, String)> {
    let listed = world.site.store.read("reminders", move |tx| Box::pin(reminders::list(tx, kind)));
    listed.await.unwrap_or_else(|error: StoreError| panic!("{error}"))
}

on_both!(somebody_who_has_bound_no_card_is_reminded, async |db: TestDb| {
    let world = World::new(&db).await;
    not_bound(&world);
    card(&world, "oA", "P1").await;
    run(&world).await;
    let sent = sent(&world);
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].0.as_str(), sent[0].1.as_str()), ("oA", "template-bind_reminder"));
    assert!(sent[0].2.contains("http://gateway.test/h/yunshan/card?from=message"), "{sent:?}");
});

/// Any answer but 80004.
fn other_answers() -> Vec<(&'static str, Said<Reply>)> {
    let bound = FakePlatform::success(&[
        ("medical_card_no", "C1"),
        ("medical_card_id", "M1"),
        ("medical_user_id", "U1"),
    ]);
    let not_understood = Refused::Transport { return_msg: "签名失败".into(), error_code: None };
    vec![
        ("bound", bound),
        ("80005", FakePlatform::refused("80005")),
        ("80006", FakePlatform::refused("80006")),
        ("80000", FakePlatform::refused("80000")),
        ("another code", FakePlatform::refused("NOAUTH")),
        ("a success without its fields", FakePlatform::success(&[])),
        ("not understood", Said::Answer(Reply::Refused(not_understood))),
        ("not reached", Said::NotSent),
        ("not answered", Said::Unknown),
    ]
}

on_both!(nobody_is_reminded_on_any_other_answer, async |db: TestDb| {
    for (what, answer) in other_answers() {
        let db = TestDb::fresh(db.engine()).await;
        let world = World::new(&db).await;
        world.platform.always("getmedinfo", answer);
        card(&world, "oA", "P1").await;
        for _ in 0..10 {
            run(&world).await;
            world.clock.advance_seconds(86_400);
        }
        assert!(sent(&world).is_empty(), "{what}");
        let looks = world.platform.asked("getmedinfo").len();
        assert!((1..=usize::from(LOOKS_MAX)).contains(&looks), "{what}: {looks} looks");
        db.remove().await;
    }
});

on_both!(nobody_is_reminded_twice_within_the_days, async |db: TestDb| {
    let world = World::new(&db).await;
    not_bound(&world);
    tokio::join!(card(&world, "oA", "P1"), card(&world, "oA", "P2"), card(&world, "oA", "P3"));
    tokio::join!(run(&world), run(&world));
    assert_eq!(sent(&world).len(), 1);
    for _ in 0..29 {
        world.clock.advance_seconds(86_400);
        run(&world).await;
    }
    card(&world, "oA", "P4").await;
    run(&world).await;
    assert_eq!(sent(&world).len(), 1, "29 days later it is too early");
    world.clock.advance_seconds(86_400);
    run(&world).await;
    assert_eq!(sent(&world).len(), 2, "the daily round finds who was not looked at for long");
});

on_both!(nobody_is_reminded_for_ever, async |db: TestDb| {
    let world = World::new(&db).await;
    not_bound(&world);
    card(&world, "oA", "P1").await;
    for _ in 0..20 {
        run(&world).await;
        world.clock.advance_seconds(31 * 86_400);
    }
    assert_eq!(sent(&world).len(), usize::from(TIMES_MAX));
});

on_both!(who_has_bound_a_card_meanwhile_is_not_reminded_in_the_morning, async |db: TestDb| {
    let world = World::new(&db).await;
    not_bound(&world);
    go_to(&world, "20260601223000");
    card(&world, "oA", "P1").await;
    run(&world).await;
    assert!(world.platform.asked("getmedinfo").is_empty(), "nothing is asked at night");
    world.platform.always("getmedinfo", FakePlatform::refused("80005"));
    go_to(&world, "20260602070000");
    run(&world).await;
    assert_eq!(world.platform.asked("getmedinfo").len(), 1);
    assert!(sent(&world).is_empty());
});

fn bill() -> Bill {
    Bill {
        bill_no: BillNo::new("B1"),
        serial_no: SerialNo::new("S1"),
        patient_id: "P1".into(),
        kind: BillKind::Outpatient,
        class: BillClass::Ordinary,
        title: "西药费".into(),
        department: "内科".into(),
        doctor: "赵五".into(),
        issued_at: Timestamp::from_wire("20260601101400").expect("a moment"),
        visit_day: Day::from_wire("20260601").expect("a day"),
        items: Vec::new(),
        total_fen: Fen::new(905).expect("an amount"),
        insurance: Some(InsurancePart {
            insurance_fen: Fen::new(805).expect("an amount"),
            cash_fen: Fen::new(100).expect("an amount"),
            request_content: "<x/>".into(),
        }),
        state: BillState::Pending,
        hosp_out_trade_no: None,
    }
}

async fn prescribe(world: &World) {
    let event = PrescriptionIssued { patient_id: "P1".into(), bill_no: BillNo::new("B1") };
    prescription_issued(&world.site, &event).await.expect("it is noted");
}

/// A world in which two followers hold cards of patient P1, and one of another.
async fn with_holders(db: &TestDb) -> World {
    let world = World::new(db).await;
    world.platform.always("getmedinfo", FakePlatform::refused("80005"));
    card(&world, "oA", "P1").await;
    card(&world, "oB", "P1").await;
    card(&world, "oC", "P2").await;
    world
}

on_both!(every_holder_is_told_of_a_bill_once, async |db: TestDb| {
    let world = with_holders(&db).await;
    world.his.always::<FindBill>(&bill());
    tokio::join!(prescribe(&world), prescribe(&world));
    tokio::join!(run(&world), run(&world));
    prescribe(&world).await;
    run(&world).await;
    let sent = sent(&world);
    let told: Vec<_> = sent.iter().map(|(to, ..)| to.as_str()).collect();
    assert_eq!(told, ["oA", "oB"]);
    for (_, template, words) in &sent {
        assert_eq!(template, "template-payment_reminder");
        assert!(words.contains("支持医保/自费在线缴费"), "{words}");
        assert!(words.contains("9.05 元"), "{words}");
        assert!(words.contains("/checkout?bill=B1&card="), "{words}");
    }
    assert_ne!(sent[0].2, sent[1].2, "each is led to the own card");
});

on_both!(a_bill_that_insurance_does_not_cover_says_so, async |db: TestDb| {
    let world = with_holders(&db).await;
    world.his.always::<FindBill>(&Bill { class: BillClass::Maternity, ..bill() });
    prescribe(&world).await;
    run(&world).await;
    let (_, _, words) = sent(&world).remove(0);
    assert!(words.contains("生育类费用不支持医保在线支付"), "{words}");
    assert!(!words.contains("支持医保/自费"), "{words}");
});

on_both!(nobody_is_told_of_a_bill_that_is_paid_or_gone_or_not_theirs, async |db: TestDb| {
    for (what, bill) in [
        ("paid", Bill { state: BillState::Paid, ..bill() }),
        ("gone", Bill { state: BillState::Voided, ..bill() }),
        ("not_found", Bill { patient_id: "P2".into(), ..bill() }),
    ] {
        let db = TestDb::fresh(db.engine()).await;
        let world = with_holders(&db).await;
        world.his.always::<FindBill>(&bill);
        prescribe(&world).await;
        run(&world).await;
        assert!(sent(&world).is_empty(), "{what}");
        let dropped = ("B1".to_owned(), "dropped".to_owned(), what.to_owned());
        assert_eq!(kept(&world, Kind::Bill).await, [dropped]);
        db.remove().await;
    }
});

on_both!(a_silent_his_is_asked_again_about_a_bill, async |db: TestDb| {
    let world = with_holders(&db).await;
    world.his.silent::<FindBill>();
    prescribe(&world).await;
    run(&world).await;
    assert!(sent(&world).is_empty());
    world.his.always::<FindBill>(&bill());
    world.clock.advance_seconds(60);
    run(&world).await;
    assert_eq!(sent(&world).len(), 2);
});

on_both!(a_prescription_of_the_night_is_told_in_the_morning_if_it_is_unpaid, async |db: TestDb| {
    let world = with_holders(&db).await;
    world.his.always::<FindBill>(&bill());
    go_to(&world, "20260601233000");
    prescribe(&world).await;
    run(&world).await;
    assert!(world.his.asked::<FindBill>().is_empty());
    world.his.always::<FindBill>(&Bill { state: BillState::Paid, ..bill() });
    go_to(&world, "20260602070000");
    run(&world).await;
    assert!(sent(&world).is_empty());
});

on_both!(every_holder_is_told_of_a_report_once, async |db: TestDb| {
    let world = with_holders(&db).await;
    let event =
        ResultReady { patient_id: "P1".into(), result_no: "R1".into(), title: "血常规".into() };
    result_ready(&world.site, &event).await.expect("it is noted");
    result_ready(&world.site, &event).await.expect("it is noted");
    run(&world).await;
    run(&world).await;
    let sent = sent(&world);
    assert_eq!(sent.len(), 2);
    for (_, template, words) in sent {
        assert_eq!(template, "template-result_ready");
        assert!(words.contains("血常规") && words.contains("/results/R1?card="), "{words}");
    }
});

fn booking() -> Booking {
    Booking {
        booking_no: "G1".into(),
        patient_id: "P1".into(),
        department: "内科".into(),
        doctor: "赵五".into(),
        place: "2楼".into(),
        day: Day::from_wire("20260605").expect("a day"),
        time: "09:00-09:30".into(),
        source: "medpay".into(),
        state: BookingState::Booked,
        queue_no: None,
        bill: Some(Bill { kind: BillKind::Registration, ..bill() }),
        keeps_until: None,
    }
}

async fn book(world: &World, booking: &Booking) {
    let (site, booking, now) = (Arc::clone(&world.site), booking.clone(), world.clock.now());
    world
        .site
        .store
        .write("book", move |tx| {
            let (site, booking) = (Arc::clone(&site), booking.clone());
            Box::pin(
                async move { visit_booked(tx, &site, &Openid::new("oA"), &booking, now).await },
            )
        })
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
}

on_both!(an_unpaid_visit_is_reminded_of_in_its_morning_with_the_way_to_pay, async |db: TestDb| {
    let world = with_holders(&db).await;
    world.his.always::<FindBooking>(&booking());
    book(&world, &booking()).await;
    book(&world, &booking()).await;
    run(&world).await;
    go_to(&world, "20260605072900");
    run(&world).await;
    assert!(world.his.asked::<FindBooking>().is_empty());
    go_to(&world, "20260605073000");
    run(&world).await;
    run(&world).await;
    let sent = sent(&world);
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].0.as_str(), sent[0].1.as_str()), ("oA", "template-visit_reminder"));
    let words = &sent[0].2;
    assert!(words.contains("支付并取号"), "{words}");
    assert!(words.contains("2026-06-05 09:00-09:30") && words.contains("/pickup?"), "{words}");
});

on_both!(a_paid_visit_is_reminded_of_without_paying, async |db: TestDb| {
    let world = with_holders(&db).await;
    let paid = Bill { state: BillState::Paid, ..bill() };
    world.his.always::<FindBooking>(&Booking { bill: Some(paid), ..booking() });
    book(&world, &booking()).await;
    go_to(&world, "20260605073000");
    run(&world).await;
    let (_, _, words) = sent(&world).remove(0);
    assert!(words.contains("取号") && !words.contains("支付并取号"), "{words}");
});

on_both!(a_cancelled_visit_is_not_reminded_of, async |db: TestDb| {
    let world = with_holders(&db).await;
    world.his.always::<FindBooking>(&Booking { state: BookingState::Cancelled, ..booking() });
    book(&world, &booking()).await;
    go_to(&world, "20260605073000");
    run(&world).await;
    assert!(sent(&world).is_empty());
    assert_eq!(kept(&world, Kind::Visit).await[0].2, "gone");
});

on_both!(a_visit_that_was_moved_is_reminded_of_on_its_new_day, async |db: TestDb| {
    let world = with_holders(&db).await;
    let day = Day::from_wire("20260608").expect("a day");
    world.his.always::<FindBooking>(&Booking { day, ..booking() });
    book(&world, &booking()).await;
    go_to(&world, "20260605073000");
    run(&world).await;
    assert!(sent(&world).is_empty());
    go_to(&world, "20260608073000");
    run(&world).await;
    assert_eq!(sent(&world).len(), 1);
});

on_both!(a_silent_his_is_asked_again_about_a_visit_and_given_up, async |db: TestDb| {
    let world = with_holders(&db).await;
    world.his.refuse::<FindBooking>(RefusalCode::Unknown);
    book(&world, &booking()).await;
    go_to(&world, "20260605073000");
    for _ in 0..10 {
        run(&world).await;
        world.clock.advance_seconds(3600);
    }
    assert!(sent(&world).is_empty());
    assert_eq!(world.his.asked::<FindBooking>().len(), 7);
    assert_eq!(kept(&world, Kind::Visit).await[0].2, "his_silent");
});

on_both!(who_books_for_today_knows, async |db: TestDb| {
    let world = with_holders(&db).await;
    let day = Day::from_wire("20260601").expect("a day");
    book(&world, &Booking { day, ..booking() }).await;
    assert!(kept(&world, Kind::Visit).await.is_empty());
});
