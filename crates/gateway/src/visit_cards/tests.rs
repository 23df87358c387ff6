//! Adding and taking off visit cards, over the router.

use super::{VisitCard, by_patient, find, holders, of, rows};
use crate::testing::{Answered, FakePlatform, SITE, World, settings};
use axum::http::StatusCode;
use medpay_domain::{CardNo, CardType, IdDigest, Openid, PersonName};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::his::RefusalCode;
use medpay_wire::his::patients::{CreateVisitCard, FindPatients, Patient, Patients};
use medpay_wire::id_card;

const ID_NO: &str = "44030019000101123X";

fn patient(patient_id: &str, name: &str, id_no: &str) -> Patient {
    Patient {
        patient_id: patient_id.into(),
        visit_card_no: CardNo::new(format!("000000{patient_id}")),
        name: PersonName::new(name),
        card_type: CardType::IdCard,
        id_digest: id_card::digest(CardType::IdCard, id_no),
    }
}

/// A platform that gives a link, knows the code of 林小满 and says that it is the follower's card.
fn willing(world: &World) {
    let digest = id_card::digest(CardType::IdCard, ID_NO);
    world.platform.always(
        "getbindurl",
        FakePlatform::success(&[("bind_url", "http://bind.test/b/1"), ("expires_in", "1800")]),
    );
    let card = [
        ("medical_card_no", "M0000012345"),
        ("medical_card_id", "Y0000012345"),
        ("medical_user_id", "U1"),
    ];
    world.platform.always("getmedinfo", FakePlatform::success(&card));
    let who = [
        ("token", "T1"),
        ("expires_in", "300"),
        ("user_name", "林小满"),
        ("user_card_type", "1"),
        ("user_card_no", digest.reveal()),
    ];
    let fields: Vec<_> = who.into_iter().chain(card).collect();
    world.platform.always("qrcodegetmedinfo", FakePlatform::success(&fields));
}

fn path(tail: &str) -> String {
    format!("/h/{SITE}{tail}")
}

fn outcome(page: &Answered) -> &str {
    let (_, rest) = page.body.split_once("data-outcome=\"").expect("an outcome");
    rest.split('"').next().unwrap_or_default()
}

/// Opens the page that leads away, and answers the way back without a code.
async fn way_back(world: &World) -> String {
    let page = world.get(&path("/visit-cards/authorize")).await;
    assert_eq!(outcome(&page), "leads-away", "{}", page.body);
    let asked = world.platform.asked("getbindurl");
    let url = asked.last().expect("asked").get("url").expect("a url").to_owned();
    url.strip_prefix("http://gateway.test").expect("our own address").to_owned()
}

async fn cards_of(world: &World, openid: &str) -> Vec<VisitCard> {
    of(&world.site, &Openid::new(openid)).await.expect("cards")
}

/// Fills the form in and posts it.
async fn type_in(world: &World, fields: &[(&str, &str)]) -> Answered {
    let csrf = world.get(&path("/visit-cards/new")).await.hidden("csrf");
    let fields: Vec<_> = fields.iter().copied().chain([("csrf", csrf.as_str())]).collect();
    world.post(&path("/visit-cards/new"), &fields).await
}

fn found(world: &World, patients: &[Patient]) {
    world.his.always::<FindPatients>(&Patients { patients: patients.to_vec() });
}

on_both!(whoever_consents_gets_a_visit_card_without_typing, async |db: TestDb| {
    let world = World::new(&db).await;
    willing(&world);
    found(&world, &[]);
    world.his.always::<CreateVisitCard>(&patient("P1", "林小满", ID_NO));
    world.login("o1").await;
    let page = world.get(&path("/visit-cards/authorize?from=menu")).await;
    assert!(page.body.contains("href=\"http://bind.test/b/1\""), "{}", page.body);
    let back = way_back(&world).await;
    let asked = world.platform.asked("getbindurl").pop().expect("asked");
    assert_eq!((asked.get("from"), asked.get("city_id")), (Some("menu"), Some("440300")));

    let done = world.get(&format!("{back}&auth_code=rn1")).await;
    let cards = cards_of(&world, "o1").await;
    let card_id = &cards.first().expect("a card").card_id;
    assert_eq!(done.location(), path(&format!("/visit-cards?added={card_id}")));
    let (key, created) = world.his.asked::<CreateVisitCard>().pop().expect("a visit card made");
    assert_eq!((key.len(), created.id_no, created.name.reveal()), (64, None, "林小满"));
    let asked = world.platform.asked("qrcodegetmedinfo").pop().expect("asked");
    assert_eq!((asked.get("auth_code"), asked.get("appid")), (Some("rn1"), Some("wx-yunshan")));

    let list = world.get(done.location()).await;
    assert!(list.body.contains("已添加 林小满 的就诊卡") && list.body.contains("****00P1"));
    assert!(!list.body.contains("000000P1"), "the number is masked");
});

on_both!(an_authorization_is_good_once_and_for_its_own_follower, async |db: TestDb| {
    let world = World::new(&db).await;
    willing(&world);
    found(&world, &[patient("P1", "林小满", ID_NO)]);
    world.login("o1").await;
    let back = way_back(&world).await;
    assert_eq!(outcome(&world.get(&back).await), "no-consent");
    assert_eq!(outcome(&world.get(&path("/visit-cards/authorized")).await), "foreign");

    world.login("o2").await;
    let foreign = world.get(&format!("{back}&auth_code=rn1")).await;
    assert_eq!((foreign.status, outcome(&foreign)), (StatusCode::FORBIDDEN, "foreign"));
    assert!(world.platform.asked("qrcodegetmedinfo").is_empty(), "nobody was asked");

    world.login("o1").await;
    assert_eq!(world.get(&format!("{back}&auth_code=rn1")).await.status, StatusCode::SEE_OTHER);
    let again = world.get(&format!("{back}&auth_code=rn2")).await;
    assert_eq!((again.status, outcome(&again)), (StatusCode::FORBIDDEN, "used"));
    // The platform may repeat its answer; the code was used here all the same.
    let other = way_back(&world).await;
    let replayed = world.get(&format!("{other}&auth_code=rn1")).await;
    assert_eq!((replayed.status, outcome(&replayed)), (StatusCode::FORBIDDEN, "used"));
    assert_eq!(cards_of(&world, "o1").await.len(), 1);
    assert!(cards_of(&world, "o2").await.is_empty());

    let late = way_back(&world).await;
    world.clock.advance_seconds(1_800);
    assert_eq!(outcome(&world.get(&format!("{late}&auth_code=rn3")).await), "late");
});

on_both!(a_code_taken_from_somebody_else_opens_nothing, async |db: TestDb| {
    let world = World::new(&db).await;
    willing(&world);
    world.platform.always("getmedinfo", FakePlatform::refused("80005"));
    found(&world, &[patient("P1", "林小满", ID_NO)]);
    world.login("o1").await;
    let back = way_back(&world).await;
    let answer = world.get(&format!("{back}&auth_code=rn1")).await;
    assert_eq!((answer.status, outcome(&answer)), (StatusCode::FORBIDDEN, "refused"));
    world.platform.always("qrcodegetmedinfo", FakePlatform::refused("AUTHCODEEXPIRE"));
    let answer = world.get(&format!("{back}&auth_code=rn1")).await;
    assert_eq!((answer.status, outcome(&answer)), (StatusCode::FORBIDDEN, "refused"));
    assert!(cards_of(&world, "o1").await.is_empty());
    assert!(world.his.asked::<FindPatients>().is_empty(), "the HIS was not asked");
});

on_both!(a_silent_his_costs_no_second_authorization, async |db: TestDb| {
    let world = World::new(&db).await;
    willing(&world);
    world.his.silent::<FindPatients>();
    world.login("o1").await;
    let back = format!("{}&auth_code=rn1", way_back(&world).await);
    let silent = world.get(&back).await;
    assert_eq!((silent.status, outcome(&silent)), (StatusCode::SERVICE_UNAVAILABLE, "his-silent"));
    found(&world, &[patient("P1", "林小满", ID_NO)]);
    assert_eq!(world.get(&back).await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.platform.asked("qrcodegetmedinfo").len(), 1);
    assert_eq!(cards_of(&world, "o1").await.len(), 1);
});

on_both!(a_silent_platform_is_told_honestly, async |db: TestDb| {
    let world = World::new(&db).await;
    world.login("o1").await;
    let page = world.get(&path("/visit-cards/authorize")).await;
    assert_eq!((page.status, outcome(&page)), (StatusCode::SERVICE_UNAVAILABLE, "silent"));
    willing(&world);
    let back = way_back(&world).await;
    world.platform.always("qrcodegetmedinfo", crate::testing::Said::Unknown);
    let page = world.get(&format!("{back}&auth_code=rn1")).await;
    assert_eq!((page.status, outcome(&page)), (StatusCode::SERVICE_UNAVAILABLE, "silent"));
    willing(&world);
    found(&world, &[patient("P1", "林小满", ID_NO)]);
    assert_eq!(world.get(&format!("{back}&auth_code=rn1")).await.status, StatusCode::SEE_OTHER);
});

on_both!(a_card_by_hand_says_what_is_wrong_and_is_made_once, async |db: TestDb| {
    let world = World::new(&db).await;
    found(&world, &[]);
    world.his.always::<CreateVisitCard>(&patient("P1", "林小满", ID_NO));
    world.login("o1").await;
    let typed = [("name", "<i>林</i>"), ("card_type", "3"), ("id_no", "1"), ("visit_card_no", "")];
    let wrong = type_in(&world, &typed).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("姓名只能包含") && wrong.body.contains("请选择证件类型"));
    assert!(!wrong.body.contains("<i>林"), "what was typed is text");

    let typed = [("name", "林小满"), ("card_type", "1"), ("id_no", "44030019000101123x")];
    assert_eq!(type_in(&world, &typed).await.status, StatusCode::SEE_OTHER);
    assert_eq!(type_in(&world, &typed).await.status, StatusCode::SEE_OTHER);
    let made = world.his.asked::<CreateVisitCard>();
    assert_eq!(made[0].1.id_no.as_ref().expect("a number").reveal(), ID_NO);
    assert_eq!(made[0].0, made[1].0, "one command under one key");
    assert_eq!(cards_of(&world, "o1").await.len(), 1);

    let with_card = [typed[0], typed[1], typed[2], ("visit_card_no", "0009")];
    let unknown = type_in(&world, &with_card).await;
    assert_eq!(outcome(&unknown), "no-such-card");
    assert_eq!(world.his.asked::<CreateVisitCard>().len(), 2, "no card is made for a wrong number");
});

on_both!(a_loose_his_shows_nobody_elses_records, async |db: TestDb| {
    let world = World::new(&db).await;
    let other = patient("P9", "林小满", "440300199001011230");
    found(&world, &[other.clone(), patient("P1", "林小满", ID_NO)]);
    world.login("o1").await;
    let typed = [("name", "林小满"), ("card_type", "1"), ("id_no", ID_NO)];
    assert_eq!(type_in(&world, &typed).await.status, StatusCode::SEE_OTHER);
    let cards = cards_of(&world, "o1").await;
    assert_eq!(cards.iter().map(|it| it.patient_id.as_str()).collect::<Vec<_>>(), ["P1"]);

    found(&world, &[]);
    world.his.always::<CreateVisitCard>(&other);
    let typed = [("name", "林小满"), ("card_type", "1"), ("id_no", "440300199001011998")];
    assert_eq!(outcome(&type_in(&world, &typed).await), "refused");
    world.his.refuse::<CreateVisitCard>(RefusalCode::Refused);
    assert_eq!(outcome(&type_in(&world, &typed).await), "refused");
    world.his.silent::<CreateVisitCard>();
    assert_eq!(outcome(&type_in(&world, &typed).await), "his-silent");
});

/// The number of the `n`th person.
fn id_no(n: usize) -> String {
    format!("44030019900101{n:04}")
}

on_both!(there_is_a_limit_and_a_default_and_a_way_off, async |db: TestDb| {
    let mut settings = settings();
    settings.institutions[0].hospital.as_mut().expect("a hospital").rules.visit_cards_max = 2;
    let world = World::with(&db, settings).await;
    world.login("o1").await;
    let names = ["林小满", "高远", "沈青"];
    let mut answers = Vec::new();
    for (n, name) in names.iter().enumerate() {
        world.clock.advance_seconds(1);
        found(&world, &[patient(&format!("P{n}"), name, &id_no(n))]);
        let id_no = id_no(n);
        let typed = [("name", *name), ("card_type", "1"), ("id_no", id_no.as_str())];
        answers.push(type_in(&world, &typed).await);
    }
    assert_eq!(outcome(&answers[2]), "limit");
    let list = world.get(&path("/visit-cards")).await;
    assert!(list.body.contains("最多可以添加 2 张"));

    let o1 = Openid::new("o1");
    let second = by_patient(&world.site, &o1, "P1").await.expect("read").expect("a card");
    let csrf = list.hidden("csrf");
    let fields = [("csrf", csrf.as_str()), ("card", second.card_id.as_str())];
    let made = world.post(&path("/visit-cards/default"), &fields).await;
    assert_eq!(made.location(), path("/visit-cards"));
    assert_eq!(cards_of(&world, "o1").await[0], second);
    assert_eq!(holders(&world.site, "P1").await.expect("read"), std::slice::from_ref(&o1));

    let question = world.get(&path(&format!("/visit-cards/{}/remove", second.card_id))).await;
    assert!(question.body.contains("确认解绑"));
    let csrf = question.hidden("csrf");
    let remove = path(&format!("/visit-cards/{}/remove", second.card_id));
    let removed = world.post(&remove, &[("csrf", csrf.as_str())]).await;
    assert_eq!(removed.location(), path("/visit-cards"));
    assert!(find(&world.site, &o1, &second.card_id).await.expect("read").is_none());
    assert_eq!(world.post(&remove, &[("csrf", &csrf)]).await.status, StatusCode::NOT_FOUND);
    // There is room again.
    let typed = [("name", "沈青"), ("card_type", "1"), ("id_no", "440300199001010002")];
    assert_eq!(type_in(&world, &typed).await.status, StatusCode::SEE_OTHER);
});

on_both!(nobody_touches_another_followers_cards, async |db: TestDb| {
    let world = World::new(&db).await;
    found(&world, &[patient("P1", "林小满", ID_NO)]);
    world.login("o1").await;
    let typed = [("name", "林小满"), ("card_type", "1"), ("id_no", ID_NO)];
    assert_eq!(type_in(&world, &typed).await.status, StatusCode::SEE_OTHER);
    let card_id = cards_of(&world, "o1").await[0].card_id.clone();

    world.login("o2").await;
    let remove = path(&format!("/visit-cards/{card_id}/remove"));
    let unknown = path("/visit-cards/ffffffffffffffffffffffffffffffff/remove");
    let (theirs, nobodys) = (world.get(&remove).await, world.get(&unknown).await);
    assert_eq!((theirs.status, &theirs.body), (StatusCode::NOT_FOUND, &nobodys.body));
    let csrf = world.get(&path("/visit-cards")).await;
    assert!(!csrf.body.contains("林小满"));
    let csrf = world.get(&path("/visit-cards/new")).await.hidden("csrf");
    let answer = world.post(&remove, &[("csrf", &csrf)]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let fields = [("csrf", csrf.as_str()), ("card", card_id.as_str())];
    let answer = world.post(&path("/visit-cards/default"), &fields).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(
        !world.get(&path(&format!("/visit-cards?added={card_id}"))).await.body.contains("已添加")
    );

    world.login("o1").await;
    assert_eq!(world.post(&remove, &[("csrf", "x")]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(cards_of(&world, "o1").await.len(), 1);
});

on_both!(a_city_without_authorization_lets_everybody_type, async |db: TestDb| {
    let mut forbidding = settings();
    forbidding.institutions[0].city.real_name_authorization = false;
    let rules = &mut forbidding.institutions[0].hospital.as_mut().expect("a hospital").rules;
    rules.visit_card_by_hand = false;
    let world = World::with(&db, forbidding).await;
    world.login("o1").await;
    let list = world.get(&path("/visit-cards")).await;
    assert!(list.body.contains("手动填写") && !list.body.contains("社保实名授权"));
    let gone = world.get(&path("/visit-cards/authorize")).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert_eq!(outcome(&world.get(&path("/visit-cards/new")).await), "form");
});

on_both!(a_hospital_may_leave_typing_out, async |db: TestDb| {
    let mut settings = settings();
    let rules = &mut settings.institutions[0].hospital.as_mut().expect("a hospital").rules;
    rules.visit_card_by_hand = false;
    let world = World::with(&db, settings).await;
    world.login("o1").await;
    let list = world.get(&path("/visit-cards")).await;
    assert!(!list.body.contains("手动填写"));
    assert_eq!(world.get(&path("/visit-cards/new")).await.status, StatusCode::NOT_FOUND);
});

on_both!(additions_at_once_keep_to_the_limit, async |db: TestDb| {
    use rows::Holder;
    let world = World::new(&db).await;
    let add = |n: usize| {
        let site = world.site.clone();
        async move {
            let own = site.clone();
            site.store
                .write("add at once", move |tx| {
                    let site = own.clone();
                    Box::pin(async move {
                        let holder = Holder { org_no: site.org_no(), digest: "d" };
                        let card = VisitCard {
                            card_id: format!("c{n}"),
                            patient_id: format!("P{n}"),
                            visit_card_no: CardNo::new("1"),
                            name: PersonName::new("林小满"),
                            card_type: CardType::IdCard,
                            id_digest: IdDigest::new("0"),
                        };
                        let owner = (holder, &Openid::new("o1"));
                        let now = site.clock.now();
                        rows::insert(tx, &site.vault, owner, &card, "hand", now).await?;
                        if rows::count_in(tx, holder, 3).await? {
                            return Ok(());
                        }
                        Err(medpay_store::StoreError::NoRow)
                    })
                })
                .await
        }
    };
    let mut works = tokio::task::JoinSet::new();
    for n in 0..8 {
        works.spawn(add(n));
    }
    let done: Vec<Result<(), medpay_store::StoreError>> = works.join_all().await;
    assert_eq!(done.iter().filter(|it| it.is_ok()).count(), 3);
});
