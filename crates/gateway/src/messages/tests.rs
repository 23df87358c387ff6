//! What becomes of messages, on both engines.

use super::texts::{self, Paid, Registered};
use super::{Listed, Message, Standing, deliver, list, outbox};
use crate::testing::{FakePlatform, FakePublicAccount, Said, World, settings};
use medpay_domain::hospital::reminder::told::Words;
use medpay_domain::{Clock as _, Day, Fen, HospOutTradeNo, Openid, PersonName, Timestamp};
use medpay_store::StoreError;
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::his::bookings::{Booking, BookingState};
use std::sync::Arc;

fn reminder(key: &str) -> Message {
    let name = PersonName::new("周小满");
    texts::bind_reminder(key.to_owned(), Openid::new("oFollower"), &name, "医保")
}

fn order() -> HospOutTradeNo {
    HospOutTradeNo::new("20260601101500abcdef012345")
}

fn facts<'a>(order: &'a HospOutTradeNo, name: &'a PersonName) -> Paid<'a> {
    Paid {
        hosp_out_trade_no: order,
        payer: Openid::new("oPayer"),
        name,
        total: Fen::new(23_050).expect("an amount"),
        paid_at: Timestamp::from_wire("20260601101400").expect("a moment"),
        guide: "请到2楼西药房取药。",
    }
}

fn paid() -> Message {
    let (order, name) = (order(), PersonName::new("周小满"));
    texts::outpatient_paid(facts(&order, &name), "西药")
}

async fn put(world: &World, message: &Message) -> bool {
    let (site, message, now) = (Arc::clone(&world.site), message.clone(), world.clock.now());
    world
        .site
        .store
        .write("put a message", move |tx| {
            let (site, message) = (Arc::clone(&site), message.clone());
            Box::pin(async move { outbox::put(tx, &site, &message, now).await })
        })
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"))
}

async fn run(world: &World) -> Option<Timestamp> {
    let due = deliver::run_once(&world.branch, world.clock.now()).await;
    due.unwrap_or_else(|error| panic!("{error}"))
}

async fn listed(world: &World) -> Vec<Listed> {
    list(&world.site, 100).await.expect("a list")
}

/// Key, state, reason and way of the only message.
async fn only(world: &World) -> (Standing, String, String, u32) {
    let mut all = listed(world).await;
    assert_eq!(all.len(), 1, "{all:?}");
    let one = all.remove(0);
    (one.standing, one.reason, one.way, one.attempts)
}

fn sent(world: &World) -> usize {
    world.public_account.sent.lock().expect("not poisoned").len()
}

on_both!(what_is_said_at_once_from_many_sides_is_sent_once, async |db: TestDb| {
    let world = World::new(&db).await;
    let message = reminder("bind/1/1");
    let (a, b, c, d) = tokio::join!(
        put(&world, &message),
        put(&world, &message),
        put(&world, &message),
        put(&world, &message)
    );
    assert_eq!([a, b, c, d].into_iter().filter(|new| *new).count(), 1);
    tokio::join!(run(&world), run(&world));
    assert!(!put(&world, &message).await);
    run(&world).await;
    assert_eq!(sent(&world), 1);
    assert_eq!(only(&world).await, (Standing::Sent, String::new(), "template".into(), 1));
});

on_both!(a_tap_leads_to_the_page_and_says_that_it_came_from_a_message, async |db: TestDb| {
    let world = World::new(&db).await;
    put(&world, &reminder("bind/1/1")).await;
    put(&world, &Message { path: "/checkout?bill=B1".into(), ..reminder("bind/2/1") }).await;
    put(&world, &Message { path: String::new(), ..reminder("bind/3/1") }).await;
    run(&world).await;
    let sent = world.public_account.sent.lock().expect("not poisoned").clone();
    let mut links: Vec<_> = sent.iter().map(|message| message.url.as_deref()).collect();
    links.sort_unstable();
    let base = "http://gateway.test/h/yunshan";
    let (card, bill) =
        (format!("{base}/card?from=message"), format!("{base}/checkout?bill=B1&from=message"));
    assert_eq!(links, [None, Some(card.as_str()), Some(bill.as_str())]);
    let first = &sent[0];
    assert_eq!(first.template_id, "template-bind_reminder");
    assert_eq!(first.touser, "oFollower");
    assert_eq!(first.client_msg_id.as_ref().map(String::len), Some(32));
});

on_both!(quiet_hours_hold_reminders_back_until_the_morning, async |db: TestDb| {
    let world = World::new(&db).await;
    world.clock.advance_seconds(12 * 3600 + 30 * 60);
    put(&world, &reminder("bind/1/1")).await;
    put(&world, &paid()).await;
    let morning = Timestamp::from_wire("20260602070000").expect("a moment");
    assert_eq!(run(&world).await, Some(morning));
    assert_eq!(sent(&world), 1, "what the patient has just done is told at night, too");
    world.clock.advance_seconds(8 * 3600);
    run(&world).await;
    assert_eq!(sent(&world), 1);
    world.clock.advance_seconds(15 * 60);
    assert_eq!(run(&world).await, None);
    assert_eq!(sent(&world), 2);
});

on_both!(a_retry_keeps_the_quiet_hours_too, async |db: TestDb| {
    let world = World::new(&db).await;
    // 21:59:50.
    world.clock.advance_seconds(11 * 3600 + 44 * 60 + 50);
    put(&world, &reminder("bind/1/1")).await;
    world.public_account.send_once(Said::NotSent);
    run(&world).await;
    world.clock.advance_seconds(30);
    let morning = Timestamp::from_wire("20260602070000").expect("a moment");
    assert_eq!(run(&world).await, Some(morning));
    assert_eq!(sent(&world), 1);
    world.clock.advance_seconds(9 * 3600);
    run(&world).await;
    assert_eq!(only(&world).await, (Standing::Sent, String::new(), "template".into(), 2));
});

on_both!(a_visit_reminder_that_is_held_back_over_midnight_lapses, async |db: TestDb| {
    let world = World::new(&db).await;
    let booking = Booking {
        booking_no: "G1".into(),
        patient_id: "P1".into(),
        department: "内科".into(),
        doctor: String::new(),
        place: String::new(),
        day: Day::from_wire("20260601").expect("a day"),
        time: "09:00-09:30".into(),
        source: "medpay".into(),
        state: BookingState::Booked,
        queue_no: None,
        bill: None,
        keeps_until: None,
    };
    let name = PersonName::new("周小满");
    let to = Openid::new("oFollower");
    let message = texts::visit_reminder("visit/1".into(), to, &name, &booking, Words::TakeNumber);
    assert_eq!(message.keywords[2], "—", "no place of a template stays empty");
    world.clock.advance_seconds(12 * 3600);
    put(&world, &message).await;
    run(&world).await;
    world.clock.advance_seconds(12 * 3600);
    run(&world).await;
    assert_eq!(sent(&world), 0);
    assert_eq!(only(&world).await, (Standing::NotSent, "lapsed".into(), String::new(), 0));
});

on_both!(a_kind_without_a_template_is_recorded_as_not_sent, async |db: TestDb| {
    let mut settings = settings();
    for institution in &mut settings.institutions {
        let hospital = institution.hospital.as_mut().expect("a hospital");
        hospital.templates.remove("outpatient_paid");
    }
    let world = World::with(&db, settings).await;
    put(&world, &paid()).await;
    assert_eq!(run(&world).await, None);
    assert_eq!(sent(&world), 0);
    let (standing, reason, ..) = only(&world).await;
    assert_eq!((standing, reason.as_str()), (Standing::NotSent, "no_template"));
    assert!(world.platform.asked("sendmsg").is_empty());
});

on_both!(a_payer_who_does_not_follow_is_told_by_the_platform, async |db: TestDb| {
    let world = World::new(&db).await;
    world.public_account.stranger("oPayer");
    world.platform.always("sendmsg", FakePlatform::success(&[]));
    put(&world, &paid()).await;
    run(&world).await;
    let asked = world.platform.asked("sendmsg");
    assert_eq!(asked.len(), 1);
    let field = |name| asked[0].get(name).unwrap_or_default().to_owned();
    assert_eq!(field("msg_type"), "1");
    assert_eq!(field("hosp_out_trade_no"), order().as_str());
    assert_eq!(field("first"), "您已缴费成功，请到2楼西药房取药，详情如下：");
    let link = format!("http://gateway.test/h/yunshan/orders/{}?from=message", order());
    assert_eq!(field("redirect_url"), link);
    assert_eq!(only(&world).await, (Standing::Sent, String::new(), "sendmsg".into(), 1));
});

on_both!(a_registration_is_told_by_the_platform_with_its_own_fields, async |db: TestDb| {
    let world = World::new(&db).await;
    world.public_account.stranger("oPayer");
    world.platform.always("sendmsg", FakePlatform::success(&[]));
    let (order, name) = (order(), PersonName::new("周小满"));
    let registered = Registered {
        doctor: "赵五",
        department: "内科门诊",
        hospital: "云杉市第一人民医院（模拟）",
        visit_time: "2026-06-01 14:00",
        register_no: "G1",
    };
    put(&world, &texts::registration_paid(facts(&order, &name), &registered)).await;
    run(&world).await;
    let asked = world.platform.asked("sendmsg");
    let fields = ["msg_type", "doctor", "department", "hospital", "visit_time", "register_no"];
    let told = fields.map(|name| asked[0].get(name).unwrap_or_default().to_owned());
    let hospital = "云杉市第一人民医院（模拟）";
    assert_eq!(told, ["3", "赵五", "内科门诊", hospital, "2026-06-01 14:00", "G1"]);
});

on_both!(somebody_who_does_not_follow_is_not_told_unasked, async |db: TestDb| {
    let world = World::new(&db).await;
    world.public_account.stranger("oFollower");
    put(&world, &reminder("bind/1/1")).await;
    assert_eq!(run(&world).await, None);
    assert!(world.platform.asked("sendmsg").is_empty());
    let (standing, reason, ..) = only(&world).await;
    assert_eq!((standing, reason.as_str()), (Standing::NotSent, "not_following"));
});

on_both!(an_unknown_outcome_is_asked_about_with_the_same_number, async |db: TestDb| {
    let world = World::new(&db).await;
    put(&world, &paid()).await;
    world.public_account.send_once(Said::Unknown);
    run(&world).await;
    assert_eq!(only(&world).await, (Standing::Waiting, String::new(), String::new(), 1));
    world.clock.advance_seconds(30);
    assert_eq!(run(&world).await, None);
    let numbers: Vec<_> = {
        let sent = world.public_account.sent.lock().expect("not poisoned");
        sent.iter().map(|message| message.client_msg_id.clone()).collect()
    };
    assert_eq!(numbers.len(), 2);
    assert_eq!(numbers[0], numbers[1]);
    assert_eq!(only(&world).await, (Standing::Sent, String::new(), "template".into(), 2));
});

on_both!(what_stays_unknown_is_not_repeated_once_wechat_forgets_its_number, async |db: TestDb| {
    let world = World::new(&db).await;
    put(&world, &paid()).await;
    for _ in 0..9 {
        world.public_account.send_once(Said::Unknown);
    }
    run(&world).await;
    // The gateway was down for an hour: a repeat could be shown twice.
    world.clock.advance_seconds(3600);
    assert_eq!(run(&world).await, None);
    assert_eq!(sent(&world), 1);
    let (standing, reason, ..) = only(&world).await;
    assert_eq!((standing, reason.as_str()), (Standing::Unknown, "no_answer"));
});

on_both!(what_reaches_nobody_is_tried_again_and_then_given_up, async |db: TestDb| {
    let world = World::new(&db).await;
    put(&world, &paid()).await;
    for _ in 0..99 {
        world.public_account.send_once(Said::NotSent);
    }
    let mut due = run(&world).await;
    while let Some(at) = due {
        let wait_ms = at.as_ms() - world.clock.now().as_ms();
        world.clock.advance_seconds(wait_ms / 1000);
        due = run(&world).await;
    }
    assert_eq!(sent(&world), 8);
    let (standing, reason, ..) = only(&world).await;
    assert_eq!((standing, reason.as_str()), (Standing::NotSent, "not_reached"));
});

on_both!(an_explicit_no_is_not_asked_again, async |db: TestDb| {
    let world = World::new(&db).await;
    put(&world, &paid()).await;
    world.public_account.send_once(FakePublicAccount::sent_with(40037));
    assert_eq!(run(&world).await, None);
    world.public_account.stranger("oPayer");
    world.platform.always("sendmsg", FakePlatform::refused("INVALID_REQUEST"));
    put(&world, &Message { key: "paid/2".into(), ..paid() }).await;
    assert_eq!(run(&world).await, None);
    let mut codes = Vec::new();
    for one in listed(&world).await {
        assert_eq!((one.standing, one.reason.as_str()), (Standing::NotSent, "refused"));
        codes.push(one.code);
    }
    codes.sort_unstable();
    assert_eq!(codes, ["40037", "INVALID_REQUEST"]);
});

on_both!(the_list_names_nobody, async |db: TestDb| {
    let world = World::new(&db).await;
    put(&world, &paid()).await;
    run(&world).await;
    let shown = format!("{:?}", listed(&world).await);
    for personal in ["周小满", "oPayer", "西药"] {
        assert!(!shown.contains(personal), "{shown}");
    }
    assert!(shown.contains(order().as_str()), "{shown}");
});
