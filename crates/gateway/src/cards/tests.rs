//! 我的社保卡, over the router; and what getmedinfo's answers mean.

use super::bound::{self, Bound};
use crate::testing::{FakePlatform, SITE, Said, World};
use axum::http::StatusCode;
use medpay_domain::{CardNo, CardType, Openid, PersonName};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::envelope::{Refused, Reply};
use medpay_wire::his::patients::{FindPatients, Patient, Patients};
use medpay_wire::id_card;

const ID_NO: &str = "44030019000101123X";
const CARD: [(&str, &str); 3] = [
    ("medical_card_no", "M0000012345"),
    ("medical_card_id", "Y0000012345"),
    ("medical_user_id", "U1"),
];

fn path(tail: &str) -> String {
    format!("/h/{SITE}{tail}")
}

fn gives_link(world: &World) {
    let fields = [("bind_url", "http://bind.test/b/1"), ("expires_in", "1800")];
    world.platform.always("getbindurl", FakePlatform::success(&fields));
}

async fn add_visit_card(world: &World) {
    let patient = Patient {
        patient_id: "P1".into(),
        visit_card_no: CardNo::new("0001"),
        name: PersonName::new("林小满"),
        card_type: CardType::IdCard,
        id_digest: id_card::digest(CardType::IdCard, ID_NO),
    };
    world.his.always::<FindPatients>(&Patients { patients: vec![patient] });
    let csrf = world.get(&path("/visit-cards/new")).await.hidden("csrf");
    let fields =
        [("csrf", csrf.as_str()), ("name", "林小满"), ("card_type", "1"), ("id_no", ID_NO)];
    let added = world.post(&path("/visit-cards/new"), &fields).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.body);
}

on_both!(only_an_explicit_code_says_that_nobody_is_bound, async |db: TestDb| {
    let world = World::new(&db).await;
    let transport =
        Reply::Refused(Refused::Transport { return_msg: "签名失败".into(), error_code: None });
    let cases = [
        (FakePlatform::refused("80004"), "not bound"),
        (FakePlatform::refused("80005"), "another"),
        (FakePlatform::refused("80006"), "another"),
        (FakePlatform::refused("80000"), "unknown"),
        (FakePlatform::refused("SOMETHING_NEW"), "unknown"),
        (Said::Answer(transport), "unknown"),
        (Said::NotSent, "unknown"),
        (Said::Unknown, "unknown"),
        (FakePlatform::success(&CARD[..1]), "unknown"),
        (FakePlatform::success(&CARD), "yes"),
    ];
    let (openid, name) = (Openid::new("o1"), PersonName::new("林小满"));
    let digest = id_card::digest(CardType::IdCard, ID_NO);
    for (said, wanted) in cases {
        world.platform.once("getmedinfo", said.clone());
        let told = match bound::ask(&world.site, &openid, &name, &digest).await {
            Bound::Yes(card) => {
                assert_eq!(card.medical_card_no.reveal(), "M0000012345");
                "yes"
            }
            Bound::NotBound => "not bound",
            Bound::AnotherPerson => "another",
            Bound::Unknown => "unknown",
        };
        assert_eq!(told, wanted, "{said:?}");
    }
    let asked = world.platform.asked("getmedinfo").pop().expect("asked");
    assert_eq!(asked.get("idcard_md5"), Some(digest.reveal()));
    assert_eq!((asked.get("openid"), asked.get("name")), (Some("o1"), Some("林小满")));
});

on_both!(the_card_page_leads_to_the_bind_page_whoever_comes, async |db: TestDb| {
    let world = World::new(&db).await;
    gives_link(&world);
    world.login("o1").await;
    let page = world.get(&path("/card?from=poster:hall")).await;
    assert!(
        page.body.contains("href=\"http://bind.test/b/1\"") && page.body.contains("绑定社保卡")
    );
    let asked = world.platform.asked("getbindurl").pop().expect("asked");
    assert_eq!(
        asked.get("url"),
        Some(format!("http://gateway.test{}", path("/card/done")).as_str())
    );
    assert_eq!(asked.get("from"), Some("poster:hall"));
    assert_eq!((asked.get("openid"), asked.get("city_id")), (Some("o1"), Some("440300")));

    add_visit_card(&world).await;
    world.platform.always("getmedinfo", FakePlatform::success(&CARD));
    let page = world.get(&path("/card")).await;
    assert!(page.body.contains("查看社保卡") && page.body.contains("****2345"), "{}", page.body);
});

on_both!(a_link_that_no_browser_may_open_is_not_shown, async |db: TestDb| {
    let world = World::new(&db).await;
    world.login("o1").await;
    let fields = [("bind_url", "javascript:alert(1)"), ("expires_in", "1800")];
    world.platform.always("getbindurl", FakePlatform::success(&fields));
    let page = world.get(&path("/card")).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!page.body.contains("javascript"));
    world.platform.always("getbindurl", Said::Unknown);
    let page = world.get(&path("/card")).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.body.contains("data-outcome=\"silent\""));
});

on_both!(what_happened_is_asked_of_the_platform_not_read_from_the_address, async |db: TestDb| {
    let world = World::new(&db).await;
    world.login("o1").await;
    let done = path("/card/done?result=success&bound=1");
    let says = async |word: &str| {
        let page = world.get(&done).await;
        let wanted = format!("data-outcome=\"{word}\"");
        assert!(page.body.contains(&wanted), "{word}: {}", page.body);
    };
    says("no-visit-card").await;
    add_visit_card(&world).await;
    says("unknown").await;
    for (code, word) in [("80004", "not-bound"), ("80005", "of-another"), ("80000", "unknown")] {
        world.platform.always("getmedinfo", FakePlatform::refused(code));
        says(word).await;
    }
    world.platform.always("getmedinfo", FakePlatform::success(&CARD));
    says("bound").await;
});
