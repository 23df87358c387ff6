//! A code at the window becomes an order once, or comes to nothing with words for the clerk.

use super::{ScanError, cancel, scanned, state, worker};
use crate::payments;
use crate::testing::{FakePlatform, Said, World};
use medpay_domain::{
    BillNo, CardNo, CardType, Clock as _, Day, Fen, IdDigest, PersonName, SerialNo,
};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::envelope::Reply;
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bills::{
    Bill, BillClass, BillItem, BillKind, BillState, FindBill, InsurancePart, LockBill, PayWith,
};
use medpay_wire::his::events::{CodeScanned, RegistrationMade, ScanState, ScanStep};
use medpay_wire::his::patients::{FindPatient, Patient};

const CODE: &str = "134567890123456789";
const DIGEST: &str = "09eb26e839ff3a2e3980352ae45ef09e";

pub(super) fn today() -> Day {
    Day::from_wire("20260601").expect("a day")
}

fn fen(amount: i64) -> Fen {
    Fen::new(amount).expect("an amount")
}

fn bill() -> Bill {
    Bill {
        bill_no: BillNo::new("B-1"),
        serial_no: SerialNo::new("S-1"),
        patient_id: "P-1".into(),
        kind: BillKind::Outpatient,
        class: BillClass::Ordinary,
        title: "门诊缴费".into(),
        department: "内科".into(),
        doctor: "林医生".into(),
        issued_at: medpay_domain::Timestamp::from_wire("20260601100000").expect("a moment"),
        visit_day: today(),
        items: vec![BillItem {
            name: "阿莫西林".into(),
            spec: String::new(),
            quantity: "1 盒".into(),
            amount_fen: fen(905),
        }],
        total_fen: fen(905),
        insurance: Some(InsurancePart {
            insurance_fen: fen(805),
            cash_fen: fen(100),
            request_content: "{}".into(),
        }),
        state: BillState::Pending,
        hosp_out_trade_no: None,
    }
}

fn patient() -> Patient {
    Patient {
        patient_id: "P-1".into(),
        visit_card_no: CardNo::new("V-1"),
        name: PersonName::new("张三"),
        card_type: CardType::IdCard,
        id_digest: IdDigest::new(DIGEST),
    }
}

/// Whoever showed the code, as the platform tells it.
fn shows(name: &str) -> Said<Reply> {
    FakePlatform::success(&[
        ("token", "TOKEN-1"),
        ("expires_in", "300"),
        ("user_name", name),
        ("user_card_type", "1"),
        ("user_card_no", DIGEST),
        ("medical_card_no", "C-1"),
        ("medical_card_id", "I-1"),
        ("medical_user_id", "U-1"),
    ])
}

fn ordered() -> Said<Reply> {
    FakePlatform::success(&[
        ("appid", "wx-yunshan"),
        ("mch_id", "mch-yunshan"),
        ("med_trans_id", "M-1"),
    ])
}

/// Everybody answers as the patient at the window hopes.
async fn world(db: &TestDb) -> World {
    let world = World::new(db).await;
    world.platform.always("qrcodegetmedinfo", shows("张三"));
    world.platform.always("qrcodeunifiedorder", ordered());
    let registered = FakePlatform::success(&[("response_content", "{}")]);
    world.platform.always("qrcodepreregister", registered);
    world.his.always::<FindBill>(&bill());
    world.his.always::<FindPatient>(&patient());
    world.his.always::<LockBill>(&Bill { state: BillState::Locked, ..bill() });
    world
}

pub(super) fn scan(scan_no: &str) -> CodeScanned {
    CodeScanned {
        scan_no: scan_no.into(),
        auth_code: CODE.into(),
        bill_no: BillNo::new("B-1"),
        pay_with: PayWith::Insurance,
        registration: None,
        window: "3号窗口".into(),
    }
}

pub(super) fn with_registration(scan_no: &str, visit_day: Day) -> CodeScanned {
    let registration = RegistrationMade {
        patient_id: "P-1".into(),
        booking_no: "G-1".into(),
        serial_no: SerialNo::new("S-1"),
        visit_day,
        request_content: r#"{"registration_order_pay":{}}"#.into(),
    };
    CodeScanned { registration: Some(registration), ..scan(scan_no) }
}

async fn take(world: &World, ask: CodeScanned) -> ScanState {
    scanned(&world.site, ask).await.expect("told")
}

/// What the workers do when the next moment comes.
async fn wait(world: &World) {
    world.clock.advance_seconds(5);
    world.clock.elapse_ms(10_000);
    worker::run_once(&world.branch, world.clock.now()).await.expect("a round");
}

on_both!(a_code_becomes_an_order_that_waits_for_the_password, async |db: TestDb| {
    let world = world(&db).await;
    let told = take(&world, scan("S-1")).await;
    assert_eq!(told.step, ScanStep::WaitingForPassword, "{}", told.message);
    assert_eq!((told.cash_fen, told.insurance_fen), (Some(fen(100)), Some(fen(805))));
    assert_eq!(told.med_trans_id.map(|it| it.to_string()), Some("M-1".to_owned()));

    let order = told.hosp_out_trade_no.expect("an order");
    let payment = payments::find(&world.site, &order).await.expect("stored").expect("there");
    assert_eq!(payment.channel.as_str(), "window:3号窗口");
    let asked = world.platform.asked("qrcodeunifiedorder");
    let asked = asked.first().expect("one order");
    assert_eq!((asked.get("auth_code"), asked.get("token")), (Some(CODE), Some("TOKEN-1")));
    assert!(world.platform.asked("qrcodepreregister").is_empty());
});

on_both!(a_registration_is_reported_before_the_order, async |db: TestDb| {
    let world = world(&db).await;
    let told = take(&world, with_registration("S-1", today())).await;
    assert_eq!(told.step, ScanStep::WaitingForPassword, "{}", told.message);
    let asked = world.platform.asked("qrcodepreregister");
    let asked = asked.first().expect("one report");
    assert_eq!(asked.get("serial_no"), Some("S-1"));
    assert_eq!(asked.get("request_content"), Some(r#"{"registration_order_pay":{}}"#));
    let order = told.hosp_out_trade_no.expect("an order");
    assert_ne!(asked.get("hosp_out_trade_no"), Some(order.as_str()));
});

on_both!(a_registration_of_another_day_is_not_reported, async |db: TestDb| {
    let world = world(&db).await;
    let tomorrow = Day::from_wire("20260602").expect("a day");
    let told = take(&world, with_registration("S-1", tomorrow)).await;
    assert_eq!(told.step, ScanStep::Failed);
    assert!(told.message.contains("当天"), "{}", told.message);
    assert!(world.platform.asked("qrcodepreregister").is_empty());
});

on_both!(the_same_scan_again_is_told_what_became_of_it, async |db: TestDb| {
    let world = world(&db).await;
    let first = take(&world, scan("S-1")).await;
    let again = take(&world, scan("S-1")).await;
    assert_eq!(first, again);
    assert_eq!(world.platform.asked("qrcodeunifiedorder").len(), 1);

    let other = CodeScanned { auth_code: "130000000000000000".into(), ..scan("S-1") };
    let told = scanned(&world.site, other).await;
    assert!(matches!(told, Err(ScanError::NumberReused)), "{told:?}");
});

on_both!(a_second_scan_of_the_bill_is_in_the_way, async |db: TestDb| {
    let world = world(&db).await;
    take(&world, scan("S-1")).await;
    let other = CodeScanned { auth_code: "130000000000000000".into(), ..scan("S-2") };
    let told = take(&world, other).await;
    assert_eq!(told.step, ScanStep::Failed);
    assert!(told.message.contains("另一笔订单"), "{}", told.message);
});

on_both!(an_explicit_refusal_is_told_in_words, async |db: TestDb| {
    let world = world(&db).await;
    for (number, code, words) in [
        ("S-1", "AUTHCODEEXPIRE", "已过期"),
        ("S-2", "AUTH_CODE_INVALID", "不是有效的付款码"),
        ("S-3", "80004", "尚未绑定社保卡"),
        ("S-4", "SOMETHING_NEW", "拒绝 SOMETHING_NEW"),
    ] {
        world.platform.once("qrcodegetmedinfo", FakePlatform::refused(code));
        let told = take(&world, scan(number)).await;
        assert_eq!(told.step, ScanStep::Failed, "{code}");
        assert!(told.message.contains(words), "{code}: {}", told.message);
    }
    assert!(world.platform.asked("qrcodeunifiedorder").is_empty());
});

on_both!(insurance_pays_for_whoever_shows_the_code_only, async |db: TestDb| {
    let world = world(&db).await;
    world.platform.always("qrcodegetmedinfo", shows("李四"));
    let told = take(&world, scan("S-1")).await;
    assert_eq!(told.step, ScanStep::Failed);
    assert!(told.message.contains("不是同一人"), "{}", told.message);
    assert!(!told.message.contains("张三") && !told.message.contains("李四"));

    let cash = CodeScanned { pay_with: PayWith::Cash, ..scan("S-2") };
    let told = take(&world, cash).await;
    assert_eq!(told.step, ScanStep::WaitingForPassword, "{}", told.message);
    assert_eq!((told.cash_fen, told.insurance_fen), (Some(fen(905)), Some(Fen::ZERO)));
    // The order is the patient's, whoever pays.
    let asked = world.platform.asked("qrcodeunifiedorder");
    assert_eq!(asked.first().and_then(|it| it.get("user_name")), Some("张三"));
});

on_both!(a_bill_that_is_not_insured_is_refused_with_the_reason, async |db: TestDb| {
    let world = world(&db).await;
    world.his.always::<FindBill>(&Bill { class: BillClass::Maternity, ..bill() });
    let told = take(&world, scan("S-1")).await;
    assert_eq!(told.step, ScanStep::Failed);
    assert!(world.platform.asked("qrcodeunifiedorder").is_empty());
    world.his.refuse::<FindBill>(RefusalCode::NotFound);
    let told = take(&world, scan("S-2")).await;
    assert!(told.message.contains("查不到"), "{}", told.message);
});

on_both!(what_was_not_answered_is_asked_again_under_the_same_numbers, async |db: TestDb| {
    let world = world(&db).await;
    world.platform.once("qrcodegetmedinfo", Said::Unknown);
    let told = take(&world, with_registration("S-1", today())).await;
    assert_eq!(told.step, ScanStep::Asking);
    world.platform.once("qrcodepreregister", Said::Unknown);
    wait(&world).await;
    assert_eq!(state(&world.site, "S-1").await.expect("told").step, ScanStep::Asking);
    wait(&world).await;
    let told = state(&world.site, "S-1").await.expect("told");
    assert_eq!(told.step, ScanStep::WaitingForPassword, "{}", told.message);

    let mut reports = world.platform.asked("qrcodepreregister");
    for report in &mut reports {
        report.remove("nonce_str");
    }
    assert!(matches!(reports.as_slice(), [first, second] if first == second));
});

on_both!(a_code_that_nobody_speaks_of_is_given_up_in_time, async |db: TestDb| {
    let world = world(&db).await;
    world.platform.always("qrcodegetmedinfo", Said::NotSent);
    take(&world, scan("S-1")).await;
    world.clock.advance_seconds(300);
    wait(&world).await;
    let told = state(&world.site, "S-1").await.expect("told");
    assert_eq!(told.step, ScanStep::Failed);
    assert!(told.message.contains("未扣款"), "{}", told.message);
});

on_both!(a_scan_that_is_given_up_early_orders_nothing, async |db: TestDb| {
    let world = world(&db).await;
    world.platform.once("qrcodegetmedinfo", Said::Unknown);
    take(&world, scan("S-1")).await;
    let told = cancel(&world.site, "S-1").await.expect("told");
    assert_eq!((told.step, told.message.as_str()), (ScanStep::Failed, "已取消"));
    wait(&world).await;
    assert!(world.platform.asked("qrcodeunifiedorder").is_empty());
});

on_both!(a_scan_that_is_given_up_late_closes_its_order, async |db: TestDb| {
    let world = world(&db).await;
    take(&world, scan("S-1")).await;
    world.platform.always("closeorder", FakePlatform::success(&[]));
    let told = cancel(&world.site, "S-1").await.expect("told");
    assert_eq!((told.step, told.message.as_str()), (ScanStep::Failed, "已取消"));
    assert_eq!(world.platform.asked("closeorder").len(), 1);
    let again = cancel(&world.site, "S-1").await.expect("told");
    assert_eq!(again.step, ScanStep::Failed);
});

on_both!(nobody_hears_of_an_unknown_scan, async |db: TestDb| {
    let world = world(&db).await;
    assert!(matches!(state(&world.site, "S-0").await, Err(ScanError::NoSuchScan)));
    assert!(matches!(cancel(&world.site, "S-0").await, Err(ScanError::NoSuchScan)));
});
