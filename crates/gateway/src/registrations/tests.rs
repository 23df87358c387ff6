//! 我要挂号, 我的挂号 and 在线取号, over the router.

mod stepped;

use crate::testing::{Answered, SITE, World};
use axum::http::StatusCode;
use medpay_domain::{
    BillNo, CardNo, CardType, Day, Fen, HospOutTradeNo, PersonName, SerialNo, Timestamp,
};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bills::{Bill, BillClass, BillKind, BillState};
use medpay_wire::his::bookings::{
    Book, Booking, BookingState, Bookings, CancelBooking, Department, Departments, Doctor, Doctors,
    FindBooking, ListBookings, ListDepartments, ListDoctors, ListSchedules, Schedule, Schedules,
    TakeNumber,
};
use medpay_wire::his::patients::{FindPatients, Patient, Patients};
use medpay_wire::id_card;

const ID_NO: &str = "44030019000101123X";
const TODAY: &str = "20260601";
const TOMORROW: &str = "20260602";

fn path(tail: &str) -> String {
    format!("/h/{SITE}{tail}")
}

fn day(text: &str) -> Day {
    Day::from_wire(text).expect("a day")
}

fn fen(fen: i64) -> Fen {
    Fen::new(fen).expect("an amount")
}

fn bill(visit_day: &str, state: BillState) -> Bill {
    Bill {
        bill_no: BillNo::new("G1"),
        serial_no: SerialNo::new("S1"),
        patient_id: "P1".into(),
        kind: BillKind::Registration,
        class: BillClass::Ordinary,
        title: "挂号费".into(),
        department: "呼吸内科".into(),
        doctor: "顾言".into(),
        issued_at: Timestamp::from_wire("20260601101000").expect("a moment"),
        visit_day: day(visit_day),
        items: Vec::new(),
        total_fen: fen(1_500),
        insurance: None,
        state,
        hosp_out_trade_no: None,
    }
}

fn booking(visit_day: &str, state: BillState) -> Booking {
    Booking {
        booking_no: "B/1".into(),
        patient_id: "P1".into(),
        department: "呼吸内科".into(),
        doctor: "顾言".into(),
        place: "门诊楼3层".into(),
        day: day(visit_day),
        time: "09:00-09:30".into(),
        source: "medpay".into(),
        state: BookingState::Booked,
        queue_no: None,
        bill: Some(bill(visit_day, state)),
        keeps_until: None,
    }
}

/// A HIS with one department, one doctor, and places today and tomorrow.
fn open_for_booking(world: &World) {
    let department = Department {
        department_id: "D 1".into(),
        name: "呼吸内科".into(),
        intro: "<b>咳嗽</b>".into(),
        place: "门诊楼3层".into(),
    };
    let doctor = Doctor {
        doctor_id: "Z&1".into(),
        name: "顾言".into(),
        title: "主任医师".into(),
        intro: String::new(),
    };
    let schedule = |id: &str, on: &str, left| Schedule {
        schedule_id: id.into(),
        doctor_id: "Z&1".into(),
        day: day(on),
        time: "09:00-09:30".into(),
        fee_fen: fen(1_500),
        left,
    };
    let schedules =
        vec![schedule("T1", TODAY, 3), schedule("T2", TOMORROW, 1), schedule("T3", TOMORROW, 0)];
    world.his.always::<ListDepartments>(&Departments { departments: vec![department] });
    world.his.always::<ListDoctors>(&Doctors { doctors: vec![doctor] });
    world.his.always::<ListSchedules>(&Schedules { schedules });
}

/// Logs in and adds the visit card of `patient_id`.
async fn follower(world: &World, openid: &str, patient_id: &str) {
    let patient = Patient {
        patient_id: patient_id.into(),
        visit_card_no: CardNo::new("00010001"),
        name: PersonName::new("林小满"),
        card_type: CardType::IdCard,
        id_digest: id_card::digest(CardType::IdCard, ID_NO),
    };
    world.his.always::<FindPatients>(&Patients { patients: vec![patient] });
    world.login(openid).await;
    let csrf = world.get(&path("/visit-cards/new")).await.hidden("csrf");
    let fields =
        [("csrf", csrf.as_str()), ("name", "林小满"), ("card_type", "1"), ("id_no", ID_NO)];
    let added = world.post(&path("/visit-cards/new"), &fields).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.body);
}

fn outcome(page: &Answered) -> &str {
    let (_, rest) = page.body.split_once("data-outcome=\"").expect("an outcome");
    rest.split('"').next().unwrap_or_default()
}

const CONFIRM: &str = "/register/confirm?department=D%201&doctor=Z%261&schedule=";

/// The fields of the confirm page, as a browser posts them.
fn form(page: &Answered) -> Vec<(&'static str, String)> {
    let mut fields: Vec<_> = ["csrf", "nonce", "department", "doctor", "schedule"]
        .map(|name| (name, page.hidden(name).replace("&#38;", "&")))
        .into();
    let (_, rest) = page.body.split_once("name=\"card\" value=\"").expect("a card");
    fields.push(("card", rest.split('"').next().unwrap_or_default().to_owned()));
    fields
}

async fn post(world: &World, tail: &str, fields: &[(&'static str, String)]) -> Answered {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    world.post(&path(tail), &fields).await
}

/// Books the place and answers the booking's page.
async fn book(world: &World, schedule: &str, booked: &Booking) -> Answered {
    open_for_booking(world);
    world.his.always::<Book>(booked);
    world.his.always::<FindBooking>(booked);
    let page = world.get(&path(&format!("{CONFIRM}{schedule}"))).await;
    assert_eq!(outcome(&page), "confirm", "{}", page.body);
    let done = post(world, "/register/confirm", &form(&page)).await;
    assert_eq!(done.location(), path("/registrations/B%2F1"), "{}", done.body);
    world.get(done.location()).await
}

on_both!(a_patient_finds_department_doctor_and_time, async |db: TestDb| {
    let world = World::new(&db).await;
    open_for_booking(&world);
    world.login("o1").await;
    let page = world.get(&path("/register")).await;
    assert!(page.body.contains("register/doctors?department=D%201"), "{}", page.body);
    assert!(page.body.contains("咳嗽") && !page.body.contains("<b>"), "the HIS's words are text");
    let page = world.get(&path("/register/doctors?department=D%201")).await;
    assert!(page.body.contains("doctor=Z%261") && page.body.contains("主任医师"));
    let page = world.get(&path("/register/times?department=D%201&doctor=Z%261")).await;
    assert!(page.body.contains("6月1日 周一（今天）") && page.body.contains("6月2日 周二（明天）"));
    assert!(page.body.contains("schedule=T2") && !page.body.contains("schedule=T3"));
    let (_, asked) = world.his.asked::<ListSchedules>().pop().expect("asked");
    assert_eq!((asked.from, asked.days), (day(TODAY), 7));
    assert_eq!(outcome(&world.get(&path(&format!("{CONFIRM}T1"))).await), "no-visit-card");
    for unknown in [
        "/register/doctors?department=X",
        "/register/times?department=D%201&doctor=X",
        "/register/confirm?department=D%201&doctor=Z%261&schedule=X",
    ] {
        assert_eq!(world.get(&path(unknown)).await.status, StatusCode::NOT_FOUND, "{unknown}");
    }
});

on_both!(a_second_tap_books_nothing_more, async |db: TestDb| {
    let world = World::new(&db).await;
    follower(&world, "o1", "P1").await;
    open_for_booking(&world);
    world.his.always::<Book>(&booking(TODAY, BillState::Pending));
    let fields = form(&world.get(&path(&format!("{CONFIRM}T1"))).await);
    let first = post(&world, "/register/confirm", &fields).await;
    let second = post(&world, "/register/confirm", &fields).await;
    assert_eq!(first.location(), second.location());
    let asked = world.his.asked::<Book>();
    assert_eq!((asked.len(), &asked[0].0), (2, &asked[1].0), "the same key");
    assert_eq!(asked[0].1, Book { schedule_id: "T1".into(), patient_id: "P1".into() });
    // A new form is a new wish.
    let fields = form(&world.get(&path(&format!("{CONFIRM}T1"))).await);
    post(&world, "/register/confirm", &fields).await;
    assert_ne!(world.his.asked::<Book>()[2].0, asked[0].0);
});

on_both!(a_lost_answer_is_asked_for_again_by_the_same_form, async |db: TestDb| {
    let world = World::new(&db).await;
    follower(&world, "o1", "P1").await;
    open_for_booking(&world);
    world.his.lose_once::<Book>();
    world.his.always::<Book>(&booking(TODAY, BillState::Pending));
    let fields = form(&world.get(&path(&format!("{CONFIRM}T1"))).await);
    let lost = post(&world, "/register/confirm", &fields).await;
    assert_eq!((lost.status, outcome(&lost)), (StatusCode::SERVICE_UNAVAILABLE, "unknown"));
    let again = form(&lost);
    assert_eq!(post(&world, "/register/confirm", &again).await.status, StatusCode::SEE_OTHER);
    let asked = world.his.asked::<Book>();
    assert_eq!(asked[0].0, asked[1].0);
});

on_both!(what_the_his_refuses_is_said, async |db: TestDb| {
    let world = World::new(&db).await;
    follower(&world, "o1", "P1").await;
    open_for_booking(&world);
    for (code, word) in [
        (RefusalCode::NoPlaceLeft, "no-place-left"),
        (RefusalCode::BookedAlready, "booked-already"),
        (RefusalCode::Refused, "refused"),
    ] {
        world.his.refuse_once::<Book>(code);
        let fields = form(&world.get(&path(&format!("{CONFIRM}T1"))).await);
        assert_eq!(outcome(&post(&world, "/register/confirm", &fields).await), word);
    }
});

on_both!(today_insurance_or_cash_can_pay, async |db: TestDb| {
    let world = World::new(&db).await;
    follower(&world, "o1", "P1").await;
    let page = book(&world, "T1", &booking(TODAY, BillState::Pending)).await;
    assert_eq!(outcome(&page), "pay-today");
    assert!(page.body.contains("/checkout?bill=G1&#38;card="), "{}", page.body);
    assert!(page.body.contains("可以用医保或自费支付"));
    let mut special = booking(TODAY, BillState::Pending);
    special.bill.as_mut().expect("a bill").class = BillClass::Maternity;
    world.his.always::<FindBooking>(&special);
    let page = world.get(&path("/registrations/B%2F1")).await;
    assert!(page.body.contains("不在医保在线支付范围内"));
});

on_both!(ahead_the_patient_chooses_and_is_told_why, async |db: TestDb| {
    let world = World::new(&db).await;
    follower(&world, "o1", "P1").await;
    let page = book(&world, "T2", &booking(TOMORROW, BillState::Pending)).await;
    assert_eq!(outcome(&page), "pay-ahead");
    assert!(page.body.contains("只能在就诊当天用医保支付"), "{}", page.body);
    let csrf = page.hidden("csrf");
    let way = |way: &str| vec![("csrf", csrf.clone()), ("way", way.to_owned())];
    let chosen = post(&world, "/registrations/B%2F1/way", &way("on_the_day")).await;
    assert_eq!(chosen.location(), path("/registrations/B%2F1"));
    let page = world.get(chosen.location()).await;
    assert_eq!(outcome(&page), "pay-on-the-day");
    let now = post(&world, "/registrations/B%2F1/way", &way("now")).await;
    assert!(now.location().starts_with(&path("/checkout?bill=G1&card=")), "{}", now.location());
    assert_eq!(outcome(&world.get(&path("/registrations/B%2F1")).await), "pay-ahead");
    let tampered = post(&world, "/registrations/B%2F1/way", &way("free")).await;
    assert_eq!(tampered.status, StatusCode::NOT_FOUND);

    // The day comes, whatever was chosen.
    post(&world, "/registrations/B%2F1/way", &way("on_the_day")).await;
    world.clock.advance_seconds(86_400);
    world.login("o1").await;
    assert_eq!(outcome(&world.get(&path("/registrations/B%2F1")).await), "pay-today");
});

on_both!(a_paid_booking_waits_for_its_number, async |db: TestDb| {
    let world = World::new(&db).await;
    follower(&world, "o1", "P1").await;
    let page = book(&world, "T2", &booking(TOMORROW, BillState::Paid)).await;
    assert_eq!(outcome(&page), "take-number-on-the-day");
    let mut free = booking(TODAY, BillState::Paid);
    free.bill = None;
    world.his.always::<FindBooking>(&free);
    assert_eq!(outcome(&world.get(&path("/registrations/B%2F1")).await), "take-number");
    let mut under_way = booking(TODAY, BillState::Locked);
    under_way.bill.as_mut().expect("a bill").hosp_out_trade_no = Some(HospOutTradeNo::new("H9"));
    world.his.always::<FindBooking>(&under_way);
    let page = world.get(&path("/registrations/B%2F1")).await;
    assert_eq!(outcome(&page), "under-way");
    assert!(page.body.contains("/orders/H9"));
});

on_both!(an_unpaid_booking_is_cancelled_and_a_paid_one_is_refunded, async |db: TestDb| {
    let world = World::new(&db).await;
    follower(&world, "o1", "P1").await;
    book(&world, "T2", &booking(TOMORROW, BillState::Pending)).await;
    let cancel = "/registrations/B%2F1/cancel";
    let page = world.get(&path(cancel)).await;
    let fields = vec![("csrf", page.hidden("csrf")), ("nonce", page.hidden("nonce"))];
    world.his.lose_once::<CancelBooking>();
    assert_eq!(outcome(&post(&world, cancel, &fields).await), "unknown");
    let mut cancelled = booking(TOMORROW, BillState::Voided);
    cancelled.state = BookingState::Cancelled;
    world.his.always::<CancelBooking>(&cancelled);
    assert_eq!(post(&world, cancel, &fields).await.location(), path("/registrations/B%2F1"));
    let asked = world.his.asked::<CancelBooking>();
    assert_eq!(asked[0].0, asked[1].0, "the same form has the same key");
    world.his.always::<FindBooking>(&cancelled);
    assert_eq!(outcome(&world.get(&path("/registrations/B%2F1")).await), "nothing");
    assert_eq!(outcome(&world.get(&path(cancel)).await), "over");

    let mut paid = booking(TOMORROW, BillState::Paid);
    paid.bill.as_mut().expect("a bill").hosp_out_trade_no = Some(HospOutTradeNo::new("H9"));
    world.his.always::<FindBooking>(&paid);
    let page = world.get(&path(cancel)).await;
    assert_eq!(outcome(&page), "paid");
    assert!(page.body.contains("/orders/H9/refund"));
    assert_eq!(outcome(&post(&world, cancel, &fields).await), "paid");
    assert_eq!(world.his.asked::<CancelBooking>().len(), 2);
});

on_both!(bookings_made_elsewhere_are_listed_and_get_their_number, async |db: TestDb| {
    let world = World::new(&db).await;
    follower(&world, "o1", "P1").await;
    let mut elsewhere = booking(TODAY, BillState::Pending);
    elsewhere.source = "phone".into();
    world.his.always::<ListBookings>(&Bookings { bookings: vec![elsewhere.clone()] });
    world.his.always::<FindBooking>(&elsewhere);
    assert!(world.get(&path("/registrations")).await.body.contains("待支付"));
    let page = world.get(&path("/pickup")).await;
    assert!(page.body.contains("其他渠道预约") && page.body.contains("/checkout?bill=G1"));
    let csrf = world.get(&path("/visit-cards/new")).await.hidden("csrf");
    let fields = vec![("csrf", csrf), ("nonce", "n1".to_owned()), ("booking", "B/1".to_owned())];
    assert_eq!(outcome(&post(&world, "/pickup", &fields).await), "not-paid");

    elsewhere.bill.as_mut().expect("a bill").state = BillState::Paid;
    world.his.always::<FindBooking>(&elsewhere);
    world.his.lose_once::<TakeNumber>();
    assert_eq!(outcome(&post(&world, "/pickup", &fields).await), "unknown");
    let mut taken = elsewhere.clone();
    (taken.state, taken.queue_no) = (BookingState::NumberTaken, Some("A017".into()));
    world.his.always::<TakeNumber>(&taken);
    assert_eq!(post(&world, "/pickup", &fields).await.location(), path("/registrations/B%2F1"));
    let asked = world.his.asked::<TakeNumber>();
    assert_eq!((asked.len(), &asked[0].0), (2, &asked[1].0));

    world.his.always::<FindBooking>(&taken);
    world.his.always::<ListBookings>(&Bookings { bookings: vec![taken] });
    let page = world.get(&path("/registrations/B%2F1")).await;
    assert!(page.body.contains("A017") && page.body.contains("请到门诊楼3层候诊"));
    assert!(world.get(&path("/pickup")).await.body.contains("A017"));
    assert!(post(&world, "/pickup", &fields).await.location().contains("/registrations/"));
    assert_eq!(world.his.asked::<TakeNumber>().len(), 2, "a number is taken once");
});

on_both!(another_patients_booking_is_as_unknown_as_none, async |db: TestDb| {
    let world = World::new(&db).await;
    follower(&world, "o1", "P1").await;
    book(&world, "T1", &booking(TODAY, BillState::Paid)).await;
    follower(&world, "o2", "P2").await;
    let theirs = world.get(&path("/registrations/B%2F1")).await;
    world.his.refuse_once::<FindBooking>(RefusalCode::NotFound);
    let nobodys = world.get(&path("/registrations/B%2F2")).await;
    assert_eq!((theirs.status, &theirs.body), (StatusCode::NOT_FOUND, &nobodys.body));
    let csrf = world.get(&path("/visit-cards/new")).await.hidden("csrf");
    let fields = vec![
        ("csrf", csrf),
        ("way", "now".to_owned()),
        ("booking", "B/1".to_owned()),
        ("nonce", "n".to_owned()),
    ];
    for tail in ["/registrations/B%2F1/way", "/registrations/B%2F1/cancel", "/pickup"] {
        assert_eq!(post(&world, tail, &fields).await.status, StatusCode::NOT_FOUND, "{tail}");
    }
    assert!(world.his.asked::<TakeNumber>().is_empty());
    assert!(world.his.asked::<CancelBooking>().is_empty());

    // Nor does anybody book for a card that is not theirs.
    let mut wanted = form(&world.get(&path(&format!("{CONFIRM}T1"))).await);
    world.login("o1").await;
    let page = world.get(&path(&format!("{CONFIRM}T1"))).await;
    wanted[0] = ("csrf", page.hidden("csrf"));
    let answer = post(&world, "/register/confirm", &wanted).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(world.his.asked::<Book>().len(), 1);
});

on_both!(a_silent_his_is_told_honestly, async |db: TestDb| {
    let world = World::new(&db).await;
    follower(&world, "o1", "P1").await;
    for tail in [
        "/register",
        "/register/doctors?department=D",
        "/registrations",
        "/pickup",
        "/registrations/B",
    ] {
        let page = world.get(&path(tail)).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{tail}");
        assert!(page.body.contains("医院系统暂时没有应答"), "{tail}");
    }
});
