//! 报告查看, over the router.

use crate::testing::{SITE, World};
use crate::visit_cards;
use axum::http::StatusCode;
use medpay_domain::{CardNo, CardType, Openid, PersonName, Timestamp};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::his::RefusalCode;
use medpay_wire::his::patients::{FindPatients, Patient, Patients};
use medpay_wire::his::results::{
    FindResult, ListResults, Measured, Report, ResultSummary, Results,
};
use medpay_wire::id_card;

const ID_NO: &str = "44030019000101123X";

fn path(tail: &str) -> String {
    format!("/h/{SITE}{tail}")
}

/// Logs in, adds the visit card of `patient_id` and answers its id.
async fn follower(world: &World, openid: &str, patient_id: &str) -> String {
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
    assert_eq!(world.post(&path("/visit-cards/new"), &fields).await.status, StatusCode::SEE_OTHER);
    let cards = visit_cards::of(&world.site, &Openid::new(openid)).await.expect("cards");
    cards[0].card_id.clone()
}

fn summary() -> ResultSummary {
    ResultSummary {
        result_no: "R#1".into(),
        title: "血常规".into(),
        department: "检验科".into(),
        ready_at: Timestamp::from_wire("20260601093000").expect("a moment"),
    }
}

fn report() -> Report {
    let value = |name: &str, value: &str, flag: &str| Measured {
        name: name.into(),
        value: value.into(),
        unit: "10^9/L".into(),
        range: "3.5-9.5".into(),
        flag: flag.into(),
    };
    Report {
        summary: summary(),
        values: vec![value("白细胞", "11.2", "high"), value("血小板", "4", "low")],
        findings: "<script>第一行</script>\n第二行".into(),
        conclusion: "建议复查".into(),
        doctor: "许宁".into(),
    }
}

on_both!(a_report_is_shown_with_its_flags_and_words_as_text, async |db: TestDb| {
    let world = World::new(&db).await;
    let card_id = follower(&world, "o1", "P1").await;
    world.his.always::<ListResults>(&Results { results: vec![summary()] });
    world.his.always::<FindResult>(&report());
    let list = world.get(&path("/results")).await;
    let tail = format!("/results/R%231?card={card_id}");
    assert!(list.body.contains(&tail) && list.body.contains("2026-06-01 09:30"), "{}", list.body);
    let page = world.get(&path(&tail)).await;
    for words in ["血常规", "偏高", "偏低", "建议复查", "许宁", "<p>第二行</p>"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(!page.body.contains("<script"));
    let (_, asked) = world.his.asked::<FindResult>().pop().expect("asked");
    assert_eq!((asked.result_no.as_str(), asked.patient_id.as_str()), ("R#1", "P1"));
});

on_both!(nobody_sees_a_report_of_another_patient, async |db: TestDb| {
    let world = World::new(&db).await;
    let theirs = follower(&world, "o1", "P1").await;
    let own = follower(&world, "o2", "P2").await;
    world.his.always::<FindResult>(&report());
    for tail in [
        format!("/results?card={theirs}"),
        format!("/results/R%231?card={theirs}"),
        "/results/R%231".to_owned(),
    ] {
        assert_eq!(world.get(&path(&tail)).await.status, StatusCode::NOT_FOUND, "{tail}");
    }
    assert!(world.his.asked::<FindResult>().is_empty(), "the HIS was not asked");
    world.his.refuse::<FindResult>(RefusalCode::NotFound);
    let page = world.get(&path(&format!("/results/R%231?card={own}"))).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
});

on_both!(a_silent_his_is_told_honestly, async |db: TestDb| {
    let world = World::new(&db).await;
    world.login("o1").await;
    assert!(world.get(&path("/results")).await.body.contains("请先添加就诊卡"));
    let card_id = follower(&world, "o1", "P1").await;
    for tail in ["/results".to_owned(), format!("/results/R1?card={card_id}")] {
        assert_eq!(world.get(&path(&tail)).await.status, StatusCode::SERVICE_UNAVAILABLE);
    }
});
