//! The report of a registration to the bureau.

use super::report::{QUEUE, registration_made, run_once};
use super::rows::reports;
use crate::testing::{FakePlatform, SITE, Said, World};
use axum::http::StatusCode;
use medpay_domain::{CardNo, CardType, Day, PersonName, SerialNo};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::his::events::RegistrationMade;
use medpay_wire::his::patients::{FindPatients, Patient, Patients};
use medpay_wire::id_card;

const ID_NO: &str = "44030019000101123X";
const CONTENT: &str = "{\"registration_order_pay\": {\"ghf\":\"0.01\" }}  ";
const CARD: [(&str, &str); 3] =
    [("medical_card_no", "M1"), ("medical_card_id", "Y1"), ("medical_user_id", "U1")];

pub(super) fn made(visit_day: &str) -> RegistrationMade {
    RegistrationMade {
        patient_id: "P1".into(),
        booking_no: "B1".into(),
        serial_no: SerialNo::new("S1"),
        visit_day: Day::from_wire(visit_day).expect("a day"),
        request_content: CONTENT.into(),
    }
}

async fn follower(world: &World, openid: &str) {
    let patient = Patient {
        patient_id: "P1".into(),
        visit_card_no: CardNo::new("00010001"),
        name: PersonName::new("林小满"),
        card_type: CardType::IdCard,
        id_digest: id_card::digest(CardType::IdCard, ID_NO),
    };
    world.his.always::<FindPatients>(&Patients { patients: vec![patient] });
    world.login(openid).await;
    let new = format!("/h/{SITE}/visit-cards/new");
    let csrf = world.get(&new).await.hidden("csrf");
    let fields =
        [("csrf", csrf.as_str()), ("name", "林小满"), ("card_type", "1"), ("id_no", ID_NO)];
    assert_eq!(world.post(&new, &fields).await.status, StatusCode::SEE_OTHER);
}

pub(super) async fn state(world: &World) -> String {
    let site = world.site.clone();
    let found = world
        .site
        .store
        .read("a report's state", move |tx| {
            let site = site.clone();
            Box::pin(async move { reports::find(tx, &site.vault, site.org_no(), "B1").await })
        })
        .await;
    let found: Option<reports::Report> = found.expect("read");
    found.expect("a report").state.code().to_owned()
}

async fn run(world: &World) {
    run_once(&world.branch, world.site.clock.now()).await.expect("a round");
}

fn answered() -> Said<medpay_wire::envelope::Reply> {
    FakePlatform::success(&[("response_content", "好")])
}

on_both!(it_is_reported_on_the_day_of_the_visit_in_the_same_words, async |db: TestDb| {
    let world = World::new(&db).await;
    world.platform.always("getmedinfo", FakePlatform::success(&CARD));
    follower(&world, "o1").await;
    registration_made(&world.site, &made("20260602")).await.expect("kept");
    registration_made(&world.site, &made("20260602")).await.expect("told twice");
    run(&world).await;
    assert!(world.platform.asked("preregister").is_empty(), "it is not the day yet");

    world.clock.advance_seconds(86_400);
    world.platform.once("preregister", Said::Unknown);
    world.platform.once("preregister", FakePlatform::refused("80000"));
    world.platform.always("preregister", answered());
    for wanted in ["asked", "asked", "reported"] {
        run(&world).await;
        assert_eq!(state(&world).await, wanted);
        world.clock.advance_seconds(900);
    }
    run(&world).await;
    let asked = world.platform.asked("preregister");
    assert_eq!(asked.len(), 3);
    for field in ["hosp_out_trade_no", "gmt_out_create", "openid", "user_card_no", "serial_no"] {
        assert_eq!(asked[0].get(field), asked[2].get(field), "{field}");
    }
    assert_eq!(asked[0].get("request_content"), Some(CONTENT), "byte for byte");
    assert_eq!((asked[0].get("openid"), asked[0].get("serial_no")), (Some("o1"), Some("S1")));
    assert!(asked[0].get("hosp_out_trade_no").expect("a number").len() <= 32);
    assert!(world.site.store.pending_jobs(QUEUE).await.expect("read").is_empty());
});

on_both!(it_waits_for_somebody_whose_card_is_bound, async |db: TestDb| {
    let world = World::new(&db).await;
    registration_made(&world.site, &made("20260601")).await.expect("kept");
    run(&world).await;
    world.platform.always("getmedinfo", FakePlatform::refused("80004"));
    follower(&world, "o1").await;
    world.clock.advance_seconds(900);
    run(&world).await;
    assert_eq!(state(&world).await, "waiting");
    world.platform.always("getmedinfo", FakePlatform::success(&CARD));
    world.platform.always("preregister", answered());
    world.clock.advance_seconds(900);
    run(&world).await;
    assert_eq!(state(&world).await, "reported");
});

on_both!(it_is_given_up_when_the_day_ends, async |db: TestDb| {
    let world = World::new(&db).await;
    world.platform.always("getmedinfo", FakePlatform::success(&CARD));
    follower(&world, "o1").await;
    registration_made(&world.site, &made("20260601")).await.expect("kept");
    run(&world).await;
    assert_eq!(state(&world).await, "asked", "nobody answered");
    world.clock.advance_seconds(86_400);
    world.platform.always("preregister", answered());
    run(&world).await;
    assert_eq!(state(&world).await, "given_up");
    assert!(world.site.store.pending_jobs(QUEUE).await.expect("read").is_empty());
});

on_both!(an_explicit_refusal_is_kept, async |db: TestDb| {
    let world = World::new(&db).await;
    world.platform.always("getmedinfo", FakePlatform::success(&CARD));
    world.platform.always("preregister", FakePlatform::refused("INVALID_REQUEST"));
    follower(&world, "o1").await;
    registration_made(&world.site, &made("20260601")).await.expect("kept");
    run(&world).await;
    run(&world).await;
    assert_eq!(state(&world).await, "refused");
    assert_eq!(world.platform.asked("preregister").len(), 1);
});
