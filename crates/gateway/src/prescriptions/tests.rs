//! Whoever scanned a prescription's code sees one patient's pending list, and nothing else.

use super::token;
use crate::testing::World;
use http::StatusCode;
use medpay_domain::{
    BillNo, CardNo, CardType, Clock as _, Day, Fen, IdDigest, PersonName, SerialNo, Timestamp,
};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bills::{Bill, BillClass, BillItem, BillKind, BillState, Bills, ListBills};
use medpay_wire::his::patients::{FindPatient, Patient};
use medpay_wire::his::qr::QrToken;
use medpay_wire::his::signature::HisSecret;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn patient() -> Patient {
    Patient {
        patient_id: "P-1".into(),
        visit_card_no: CardNo::new("V0001"),
        name: PersonName::new("张小三"),
        card_type: CardType::IdCard,
        id_digest: IdDigest::new("09eb26e839ff3a2e3980352ae45ef09e"),
    }
}

fn bill(bill_no: &str, patient_id: &str, state: BillState) -> Bill {
    let fen = Fen::new(905).expect("an amount");
    Bill {
        bill_no: BillNo::new(bill_no),
        serial_no: SerialNo::new("S-1"),
        patient_id: patient_id.into(),
        kind: BillKind::Outpatient,
        class: BillClass::Ordinary,
        title: format!("处方 {bill_no}"),
        department: "内科".into(),
        doctor: "林医生".into(),
        issued_at: Timestamp::from_ms(1_780_279_200_000),
        visit_day: Day::from_wire("20260601").expect("a day"),
        items: vec![BillItem {
            name: "<b>阿莫西林</b>".into(),
            spec: "0.25g*24".into(),
            quantity: "1 盒".into(),
            amount_fen: fen,
        }],
        total_fen: fen,
        insurance: None,
        state,
        hosp_out_trade_no: None,
    }
}

async fn world(db: &TestDb) -> World {
    let world = World::new(db).await;
    world.his.always::<FindPatient>(&patient());
    let bills = vec![
        bill("B-pending", "P-1", BillState::Pending),
        bill("B-locked", "P-1", BillState::Locked),
        bill("B-paid", "P-1", BillState::Paid),
        bill("B-other", "P-2", BillState::Pending),
    ];
    world.his.always::<ListBills>(&Bills { bills });
    world.login("oScanner").await;
    world
}

on_both!(whoever_scanned_sees_the_pending_list_with_the_name_masked, async |db: TestDb| {
    let world = world(&db).await;
    let token = token::mint(&world.site, "P-1");
    let path = world.site.path(&format!("/p/{token}"));
    let counted = world.get(&path).await;
    assert_eq!(counted.status, StatusCode::SEE_OTHER);
    assert_eq!(counted.location(), format!("{path}?from=prescription_qr"));

    let page = world.get(counted.location()).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("张**") && !page.body.contains("张小三"));
    assert!(page.body.contains("处方 B-pending") && page.body.contains("9.05 元"));
    assert!(page.body.contains("支付中"));
    assert!(!page.body.contains("B-paid") && !page.body.contains("B-other"));
    assert!(!page.body.contains("V0001") && !page.body.contains("<b>"));
    assert!(
        page.body.contains(&format!("/checkout?bill=B-pending&amp;qr={token}"))
            || page.body.contains(&format!("/checkout?bill=B-pending&#38;qr={token}"))
    );
});

on_both!(a_stranger_is_sent_to_login_and_back, async |db: TestDb| {
    let world = World::new(&db).await;
    let token = token::mint(&world.site, "P-1");
    let path = world.site.path(&format!("/p/{token}?from=prescription_qr"));
    let away = world.get(&path).await;
    assert_eq!(away.status, StatusCode::SEE_OTHER);
    assert!(away.location().contains("snsapi_base"), "{}", away.location());
});

on_both!(an_expired_or_altered_code_shows_nothing, async |db: TestDb| {
    let world = world(&db).await;
    let good = token::mint(&world.site, "P-1");
    let get = async |token: &str| {
        world.get(&world.site.path(&format!("/p/{token}?from=prescription_qr"))).await
    };
    for altered in [good.replace('.', ".A"), good.to_uppercase(), "x".into(), "%00".into()] {
        let page = get(&altered).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{altered}");
        assert!(page.body.contains("qr-unknown"));
    }
    world.clock.advance_seconds(259_200);
    world.login("oScanner").await;
    let page = get(&good).await;
    assert_eq!(page.status, StatusCode::GONE);
    assert!(page.body.contains("qr-expired") && !page.body.contains('张'));
    assert!(world.his.asked::<ListBills>().is_empty());
});

on_both!(a_code_of_another_hospital_is_worth_nothing, async |db: TestDb| {
    let world = world(&db).await;
    let other = world.gateway.site(crate::testing::UNDER_PROVIDER).expect("the second hospital");
    let token = token::mint(&other, "P-1");
    let path = world.site.path(&format!("/p/{token}?from=prescription_qr"));
    assert_eq!(world.get(&path).await.status, StatusCode::NOT_FOUND);
});

on_both!(a_his_makes_a_code_by_the_rule_but_not_for_ever, async |db: TestDb| {
    let world = world(&db).await;
    let now = world.clock.now().as_ms() / 1000;
    let secret = HisSecret::new(SECRET).expect("32 characters");
    let made =
        |expires_at| QrToken { patient_id: "P-1".into(), expires_at }.write(&secret, "yunshan");
    assert_eq!(token::read(&world.site, &made(now + 259_200)), Ok("P-1".to_owned()));
    let for_ever = token::read(&world.site, &made(now + 10 * 259_200));
    assert_eq!(for_ever, Err(token::TokenFault::Altered));
});

on_both!(a_silent_his_is_told_honestly, async |db: TestDb| {
    let world = world(&db).await;
    let token = token::mint(&world.site, "P-1");
    let path = world.site.path(&format!("/p/{token}?from=prescription_qr"));
    world.his.silent::<ListBills>();
    assert_eq!(world.get(&path).await.status, StatusCode::SERVICE_UNAVAILABLE);
    world.his.refuse::<FindPatient>(RefusalCode::NotFound);
    assert_eq!(world.get(&path).await.status, StatusCode::NOT_FOUND);
});
