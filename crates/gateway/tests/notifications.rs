//! What the receiver answers, keeps and counts, on both engines.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use http::{Request, StatusCode};
use medpay_client::{Transport, Unanswered};
use medpay_domain::{
    Appid, City, CityId, Clock, Dialect, Elapsed, Entropy, MchId, OrgNo, Secret, SumRule, Timestamp,
};
use medpay_gateway::doors::Doors;
use medpay_gateway::router::router;
use medpay_gateway::settings::Institution;
use medpay_gateway::{Gateway, SCHEMA, Settings, Stores};
use medpay_store::testing::TestDb;
use medpay_store::{Schema, on_both};
use medpay_wire::contracts::notices::{Notice, Notices};
use medpay_wire::fields::Fields;
use medpay_wire::sign::{self, ApiKey};
use std::collections::BTreeMap;
use std::sync::Arc;
use tower::ServiceExt;

const KEY: &str = "0123456789abcdef0123456789abcdef";

struct StillClock;

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_wire("20260601101500").expect("a moment")
    }

    fn elapsed(&self) -> Elapsed {
        Elapsed(0)
    }
}

struct Zeros;

impl Entropy for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

fn institution(org_no: &str, test: bool, sub_mch_id: Option<&str>) -> Institution {
    Institution {
        site: org_no.to_owned(),
        org_no: OrgNo::new(org_no),
        name: "云杉市第一人民医院（模拟）".to_owned(),
        city: City {
            id: CityId::new("440300"),
            name: "深圳".to_owned(),
            dialect: Dialect::Shenzhen,
            sum_rule: SumRule::Strict,
            bureau_word: "医保".to_owned(),
            insurance_refund_same_day: true,
            real_name_authorization: true,
        },
        test,
        appid: Appid::new("wxtest0001"),
        mch_id: MchId::new("1900000001"),
        api_key: ApiKey::new(KEY).expect("a key"),
        sub_appid: sub_mch_id.map(|_| Appid::new("wxtest0002")),
        sub_mch_id: sub_mch_id.map(MchId::new),
        // It only receives notifications.
        hospital: None,
    }
}

async fn gateway(db: &TestDb) -> Router {
    let store = db.open(Schema { name: "gateway", migrations: SCHEMA }).await;
    let institutions = vec![
        institution("H0001", true, None),
        institution("H0002", true, Some("1900000002")),
        institution("H0003", false, None),
    ];
    let settings = Settings {
        public_url: "http://gateway.test".to_owned(),
        api_url: "http://platform.test".to_owned(),
        open_url: "http://open.test".to_owned(),
        paths: BTreeMap::new(),
        call_timeout_ms: 1_000,
        lease_ms: 5_000,
        page_key: Secret::new(*b"page key page key page key page!"),
        digest_key: Secret::new(*b"digest key digest key digest key"),
        frame_ancestors: None,
        institutions,
    };
    let stores = Stores { test: Some(store.clone()), production: Some(store) };
    let clock: Arc<dyn Clock> = Arc::new(StillClock);
    let chance: Arc<dyn Entropy> = Arc::new(Zeros);
    let gateway = Gateway::open(settings, &stores, &clock, &chance, |settings, institution| {
        Doors::over_http(Arc::new(Nowhere), &clock, &chance, settings, institution)
    });
    router(gateway)
}

/// Nothing may leave a hospital that only receives notifications.
struct Nowhere;

#[async_trait::async_trait]
impl Transport for Nowhere {
    async fn send(
        &self,
        _: http::Request<Bytes>,
        _: u64,
    ) -> Result<http::Response<Bytes>, Unanswered> {
        panic!("a receiver sends nothing")
    }
}

/// A notice of an ordinary mixed payment, before it is signed.
fn notice() -> Fields {
    Fields::from_iter([
        ("return_code", "SUCCESS"),
        ("result_code", "SUCCESS"),
        ("appid", "wxtest0001"),
        ("mch_id", "1900000001"),
        ("nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"),
        ("openid", "oTest0001"),
        ("med_trans_id", "M0001"),
        ("hosp_out_trade_no", "H20260601000001"),
        ("time_end", "20260601101455"),
        ("pay_type", "3"),
        ("total_fee", "905"),
        ("cash_fee", "100"),
        ("insurance_fee", "805"),
    ])
}

fn with(changes: &[(&str, &str)]) -> Fields {
    let mut fields = notice();
    for (name, value) in changes {
        fields.set(*name, *value);
    }
    fields
}

fn signed(mut fields: Fields) -> Vec<u8> {
    sign::sign_into(&mut fields, &ApiKey::new(KEY).expect("a key"));
    fields.to_xml().into_bytes()
}

/// Delivers a body; answers `return_code` and `return_msg`.
async fn deliver(gateway: &Router, org_no: &str, body: Vec<u8>) -> (String, String) {
    let request =
        Request::post(format!("/notify/{org_no}")).body(Body::from(body)).expect("a request");
    let answer = gateway.clone().oneshot(request).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    let body = to_bytes(answer.into_body(), 4096).await.expect("a body");
    let fields = Fields::from_xml(&body).expect("a document");
    let text = |name| fields.get(name).unwrap_or_default().to_owned();
    (text("return_code"), text("return_msg"))
}

async fn listed(gateway: &Router, path: &str) -> Vec<Notice> {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let answer = gateway.clone().oneshot(request).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    let body = to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
    serde_json::from_slice::<Notices>(&body).expect("a list").notices
}

/// How a notice differs from the first one, why it cannot be, what the platform is told.
type Case = (&'static [(&'static str, &'static str)], &'static str, &'static str);

fn ok() -> (String, String) {
    ("SUCCESS".to_owned(), "OK".to_owned())
}

on_both!(a_notice_is_recorded_and_acknowledged_once_and_again, async |db: TestDb| {
    let gateway = gateway(&db).await;
    for _ in 0..3 {
        // Each delivery may have another nonce and so another sign.
        assert_eq!(deliver(&gateway, "H0001", signed(notice())).await, ok());
    }
    let other_nonce = signed(with(&[("nonce_str", "another")]));
    assert_eq!(deliver(&gateway, "H0001", other_nonce).await, ok());
    let notices = listed(&gateway, "/notices/H0001").await;
    assert_eq!(
        notices,
        [Notice {
            med_trans_id: "M0001".into(),
            hosp_out_trade_no: "H20260601000001".into(),
            pay_type: 3,
            total_fee: 905,
            cash_fee: 100,
            insurance_fee: 805,
            time_end: "20260601101455".into(),
            deliveries: 4,
            state: Notice::ACKNOWLEDGED.into(),
            reason: String::new(),
        }]
    );
});

on_both!(concurrent_deliveries_leave_one_notice, async |db: TestDb| {
    let gateway = gateway(&db).await;
    let deliveries: Vec<_> = (0..20)
        .map(|_| {
            let gateway = gateway.clone();
            tokio::spawn(async move { deliver(&gateway, "H0001", signed(notice())).await })
        })
        .collect();
    for delivery in deliveries {
        assert_eq!(delivery.await.unwrap(), ok());
    }
    let notices = listed(&gateway, "/notices/H0001").await;
    assert_eq!(notices.iter().map(|notice| notice.deliveries).collect::<Vec<_>>(), [20]);
});

on_both!(what_is_wrong_is_refused_and_leaves_nothing, async |db: TestDb| {
    let gateway = gateway(&db).await;
    let mut unsigned = notice();
    unsigned.set("sign", "");
    let mut altered = notice();
    sign::sign_into(&mut altered, &ApiKey::new(KEY).unwrap());
    altered.set("total_fee", "9050");
    let without = |name: &str| {
        let mut fields = notice();
        fields.remove(name);
        signed(fields)
    };
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("H0001", Vec::new(), "POST_DATA_EMPTY"),
        ("H0001", b"\xff\xfe".to_vec(), "NOT_UTF8"),
        ("H0001", b"<!DOCTYPE x><xml/>".to_vec(), "XML_FORMAT_ERROR"),
        ("H0001", vec![b' '; 300 * 1024], "XML_FORMAT_ERROR body is too large"),
        ("H9999", signed(notice()), "通知地址无此医疗机构"),
        ("H0001", without("appid"), "参数格式校验错误 appid is needed"),
        ("H0001", without("mch_id"), "参数格式校验错误 mch_id is needed"),
        ("H0001", signed(with(&[("appid", "wxother")])), "参数格式校验错误 appid is invalid"),
        ("H0001", signed(with(&[("mch_id", "1")])), "参数格式校验错误 mch_id is invalid"),
        ("H0001", signed(with(&[("sub_mch_id", "1")])), "参数格式校验错误 sub_mch_id is invalid"),
        ("H0002", signed(notice()), "参数格式校验错误 sub_mch_id is invalid"),
        ("H0001", unsigned.to_xml().into_bytes(), "签名失败"),
        ("H0001", altered.to_xml().into_bytes(), "签名失败"),
        (
            "H0001",
            signed(with(&[("result_code", "FAIL")])),
            "参数格式校验错误 result_code is invalid",
        ),
        ("H0001", without("med_trans_id"), "参数格式校验错误 med_trans_id is needed"),
        ("H0001", without("total_fee"), "参数格式校验错误 total_fee is needed"),
        ("H0001", signed(with(&[("cash_fee", "1.00")])), "参数格式校验错误 cash_fee is invalid"),
        ("H0001", signed(with(&[("pay_type", "9")])), "参数格式校验错误 pay_type is invalid"),
    ];
    for (org_no, body, wanted) in cases {
        let (code, message) = deliver(&gateway, org_no, body).await;
        assert_eq!(code, "FAIL", "{wanted}");
        // An address that names nobody is nobody's to trace.
        let rid = if org_no == "H9999" { "" } else { " rid: 00000000-00000000-00000000" };
        assert_eq!(message, format!("{wanted}{rid}"));
    }
    assert_eq!(listed(&gateway, "/notices/H0001").await, []);
    assert_eq!(listed(&gateway, "/notices/H0002").await, []);
});

on_both!(what_cannot_be_is_refused_and_kept, async |db: TestDb| {
    let gateway = gateway(&db).await;
    assert_eq!(deliver(&gateway, "H0001", signed(notice())).await, ok());
    let cases: &[Case] = &[
        (&[("total_fee", "904")], "parts_exceed_total", "订单金额不符"),
        (
            &[("cash_fee", "9223372036854775807"), ("insurance_fee", "9223372036854775807")],
            "parts_exceed_total",
            "订单金额不符",
        ),
        (&[("pay_type", "1")], "amounts_against_pay_type", "金额与支付方式不符"),
        (&[("pay_type", "2")], "amounts_against_pay_type", "金额与支付方式不符"),
        (&[("cash_fee", "0")], "amounts_against_pay_type", "金额与支付方式不符"),
        (&[("total_fee", "1000")], "other_facts_before", "与此前通知内容不一致"),
        (
            &[("cash_fee", "200"), ("insurance_fee", "705")],
            "other_facts_before",
            "与此前通知内容不一致",
        ),
        (&[("time_end", "20260601101456")], "other_facts_before", "与此前通知内容不一致"),
        (&[("hosp_out_trade_no", "H2")], "other_facts_before", "与此前通知内容不一致"),
        (&[("med_trans_id", "M0002")], "paid_by_another_order", "该医院订单号已由其他诊疗单支付"),
    ];
    for (changes, _, told) in cases {
        for _ in 0..2 {
            let (code, message) = deliver(&gateway, "H0001", signed(with(changes))).await;
            assert_eq!(code, "FAIL", "{changes:?}");
            assert!(message.starts_with(told), "{changes:?}: {message}");
        }
    }
    let notices = listed(&gateway, "/notices/H0001").await;
    let (kept, refused): (Vec<_>, Vec<_>) =
        notices.into_iter().partition(|notice| notice.state == Notice::ACKNOWLEDGED);
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].total_fee, kept[0].deliveries), (905, 1), "the first word stands");
    let mut reasons: Vec<_> = refused.iter().map(|notice| notice.reason.as_str()).collect();
    let mut wanted: Vec<_> = cases.iter().map(|(_, reason, _)| *reason).collect();
    reasons.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(reasons, wanted);
    assert!(refused.iter().all(|notice| notice.deliveries == 2));
});

on_both!(every_kind_of_payment_is_acknowledged, async |db: TestDb| {
    let gateway = gateway(&db).await;
    // (pay_type, total, cash, insurance)
    let kinds = [
        ("1", "905", "905", "0"),    // 纯自费
        ("2", "905", "0", "905"),    // 全额医保
        ("3", "905", "905", "0"),    // 0 元医保
        ("3", "1000", "100", "805"), // with a discount: the total is more than its parts
    ];
    for (at, (pay_type, total, cash, insurance)) in kinds.into_iter().enumerate() {
        let (order, number) = (format!("M1{at}"), format!("H1{at}"));
        let body = signed(with(&[
            ("med_trans_id", &order),
            ("hosp_out_trade_no", &number),
            ("pay_type", pay_type),
            ("total_fee", total),
            ("cash_fee", cash),
            ("insurance_fee", insurance),
        ]));
        assert_eq!(deliver(&gateway, "H0001", body).await, ok());
        let of_order =
            listed(&gateway, &format!("/notices/H0001?hosp_out_trade_no={number}")).await;
        assert_eq!(of_order.len(), 1);
    }
});

on_both!(a_lower_case_sign_and_unknown_fields_are_taken, async |db: TestDb| {
    let gateway = gateway(&db).await;
    let mut fields = with(&[("a_field_of_tomorrow", "1"), ("sub_mch_id", "1900000002")]);
    sign::sign_into(&mut fields, &ApiKey::new(KEY).unwrap());
    let lower = fields.get("sign").unwrap().to_ascii_lowercase();
    fields.set("sign", lower);
    assert_eq!(deliver(&gateway, "H0002", fields.to_xml().into_bytes()).await, ok());
});

on_both!(the_list_is_for_test_institutions_only, async |db: TestDb| {
    let gateway = gateway(&db).await;
    assert_eq!(deliver(&gateway, "H0003", signed(notice())).await, ok());
    for org_no in ["H0003", "H9999"] {
        let request = Request::get(format!("/notices/{org_no}")).body(Body::empty()).unwrap();
        let answer = gateway.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }
});
