//! What is believed of a HIS, and that a call is carried out once.

use crate::testing::{Answered, SITE, UNDER_PROVIDER, World};
use axum::body::Body;
use http::{Request, StatusCode};
use medpay_domain::{BillNo, Clock as _, Day, SerialNo};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::his::bills::PayWith;
use medpay_wire::his::events::{
    AskScan, BillVoided, CodeScanned, MakePrescriptionQr, PrescriptionIssued, PrescriptionNoted,
    PrescriptionQr, RegistrationMade, ResultReady,
};
use medpay_wire::his::signature::{HisSecret, KEY_HEADER, SIGNATURE_HEADER, Signed, TIME_HEADER};
use medpay_wire::his::{Call, Refusal, RefusalCode};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A call as a HIS sends it, to be spoilt.
struct Sent {
    path: String,
    time: String,
    key: String,
    body: String,
    secret: &'static str,
}

impl Sent {
    fn new<C: Call>(world: &World, key: &str, ask: &C) -> Self {
        Self {
            path: format!("/his/{SITE}/v1/{}", C::NAME),
            time: (world.clock.now().as_ms() / 1000).to_string(),
            key: key.to_owned(),
            body: serde_json::to_string(ask).expect("JSON"),
            secret: SECRET,
        }
    }

    fn signature(&self) -> String {
        let (path, time) = (self.path.as_str(), self.time.as_str());
        let signed =
            Signed { method: "POST", path, time, key: &self.key, body: self.body.as_bytes() };
        signed.signature(&HisSecret::new(self.secret).expect("32 characters"))
    }

    fn request(&self, signature: &str) -> Request<Body> {
        let request = Request::post(&self.path)
            .header(TIME_HEADER, &self.time)
            .header(SIGNATURE_HEADER, signature);
        let request =
            if self.key.is_empty() { request } else { request.header(KEY_HEADER, &self.key) };
        request.body(Body::from(self.body.clone())).expect("a request")
    }

    async fn send(&self, world: &World) -> Answered {
        world.send(self.request(&self.signature())).await
    }
}

fn refusal(answered: &Answered) -> Refusal {
    serde_json::from_str(&answered.body).expect("a refusal")
}

fn issued() -> PrescriptionIssued {
    PrescriptionIssued { patient_id: "P-1".into(), bill_no: BillNo::new("B-1") }
}

on_both!(a_prescription_is_answered_with_its_code, async |db: TestDb| {
    let world = World::new(&db).await;
    let told = Sent::new(&world, "K-1", &issued()).send(&world).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    let noted: PrescriptionNoted = serde_json::from_str(&told.body).expect("an answer");
    let token = noted.qr_url.strip_prefix("http://gateway.test/h/yunshan/p/").expect("our page");
    assert_eq!(crate::prescriptions::token::read(&world.site, token), Ok("P-1".to_owned()));

    let ask = MakePrescriptionQr { patient_id: "P-1".into() };
    let told = Sent::new(&world, "", &ask).send(&world).await;
    let qr: PrescriptionQr = serde_json::from_str(&told.body).expect("an answer");
    assert!(qr.url.starts_with("http://gateway.test/h/yunshan/p/"));
    assert!(qr.svg.starts_with("<svg ") && qr.svg.contains("有效期至 2026-06-04 10:15"));
});

on_both!(the_same_key_is_carried_out_once, async |db: TestDb| {
    let world = World::new(&db).await;
    let sent = Sent::new(&world, "K-1", &issued());
    let first = sent.send(&world).await;
    world.clock.advance_seconds(60);
    let again = sent.send(&world).await;
    // Carried out anew, the code would last a minute longer.
    assert_eq!((again.status, again.body), (StatusCode::OK, first.body));

    let other = PrescriptionIssued { bill_no: BillNo::new("B-2"), ..issued() };
    let reused = Sent::new(&world, "K-1", &other).send(&world).await;
    assert_eq!(reused.status, StatusCode::CONFLICT);
    assert_eq!(refusal(&reused).code, RefusalCode::KeyReused);

    let voided = BillVoided { bill_no: BillNo::new("B-1"), reason: String::new() };
    let other_call = Sent::new(&world, "K-1", &voided).send(&world).await;
    assert_eq!(refusal(&other_call).code, RefusalCode::KeyReused);
});

on_both!(concurrent_duplicates_are_answered_alike_or_asked_to_come_again, async |db: TestDb| {
    let world = World::new(&db).await;
    let sent = Sent::new(&world, "K-1", &issued());
    let (one, two, three) = tokio::join!(sent.send(&world), sent.send(&world), sent.send(&world));
    let mut told: Vec<String> = Vec::new();
    for answered in [one, two, three] {
        match answered.status {
            StatusCode::OK => told.push(answered.body),
            status => assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{}", answered.body),
        }
    }
    let last = sent.send(&world).await;
    assert_eq!(last.status, StatusCode::OK);
    assert!(!told.is_empty() && told.iter().all(|body| *body == last.body));
});

on_both!(a_refusal_is_kept_with_its_key, async |db: TestDb| {
    let world = World::new(&db).await;
    let ask = medpay_wire::his::events::CancelScan { scan_no: "S-unknown".into() };
    let sent = Sent::new(&world, "K-9", &ask);
    for _ in 0..2 {
        let told = sent.send(&world).await;
        assert_eq!(told.status, StatusCode::NOT_FOUND);
        assert_eq!(refusal(&told).code, RefusalCode::NotFound);
    }
});

on_both!(events_are_noted, async |db: TestDb| {
    let world = World::new(&db).await;
    let voided = BillVoided { bill_no: BillNo::new("B-1"), reason: "改方".into() };
    let ready =
        ResultReady {
            patient_id: "P-1".into(), result_no: "R-1".into(), title: "血常规".into()
        };
    let made = RegistrationMade {
        patient_id: "P-1".into(),
        booking_no: "G-1".into(),
        serial_no: SerialNo::new("S-1"),
        visit_day: Day::from_wire("20260601").expect("a day"),
        request_content: "{}".into(),
    };
    let sent = [
        Sent::new(&world, "K-1", &voided),
        Sent::new(&world, "K-2", &ready),
        Sent::new(&world, "K-3", &made),
    ];
    for sent in sent {
        let told = sent.send(&world).await;
        assert_eq!((told.status, told.body.as_str()), (StatusCode::OK, "{}"), "{}", sent.path);
    }
});

on_both!(whoever_did_not_sign_is_refused, async |db: TestDb| {
    let world = World::new(&db).await;
    let good = || Sent::new(&world, "K-1", &issued());
    let now: i64 = good().time.parse().expect("seconds");
    let elsewhere = Sent { path: good().path.replace(SITE, UNDER_PROVIDER), ..good() };
    let forged = [
        ("a stale one", Sent { time: (now - 301).to_string(), ..good() }.signed()),
        ("one of the future", Sent { time: (now + 301).to_string(), ..good() }.signed()),
        ("no time at all", Sent { time: "yesterday".into(), ..good() }.signed()),
        ("another secret", Sent { secret: "another secret, another secret!!", ..good() }.signed()),
        ("made for another hospital", good().request(&elsewhere.signature())),
        ("another body", {
            let signature = good().signature();
            Sent { body: good().body.replace("B-1", "B-2"), ..good() }.request(&signature)
        }),
        ("another key", {
            let signature = good().signature();
            Sent { key: "K-2".into(), ..good() }.request(&signature)
        }),
        ("no signature", {
            let mut request = good().request("");
            request.headers_mut().remove(SIGNATURE_HEADER);
            request
        }),
        ("two signatures", {
            let mut request = good().request(&good().signature());
            let second = http::HeaderValue::from_static("0000");
            request.headers_mut().append(SIGNATURE_HEADER, second);
            request
        }),
    ];
    for (what, request) in forged {
        let told = world.send(request).await;
        assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{what}: {}", told.body);
        assert_eq!(refusal(&told).code, RefusalCode::NotSigned, "{what}");
    }
});

impl Sent {
    fn signed(&self) -> Request<Body> {
        self.request(&self.signature())
    }
}

on_both!(what_is_asked_wrongly_is_named, async |db: TestDb| {
    let world = World::new(&db).await;
    let good = || Sent::new(&world, "K-1", &issued());
    let wrong = [
        (Sent { body: "[]".into(), ..good() }, "body:"),
        (Sent { body: r#"{"patient_id":"P-1"}"#.into(), ..good() }, "bill_no: missing"),
        (
            Sent { body: r#"{"patient_id":7,"bill_no":"B-1"}"#.into(), ..good() },
            "patient_id: not of its type",
        ),
        (
            Sent { body: r#"{"patient_id":"","bill_no":"B-1"}"#.into(), ..good() },
            "patient_id: 1 to 64 characters",
        ),
        (
            Sent {
                body: r#"{"patient_id":"P","bill_no":"123456789012345678901"}"#.into(),
                ..good()
            },
            "bill_no: 1 to 20 characters",
        ),
        (Sent { key: String::new(), ..good() }, "idempotency-key: 1 to 64"),
        (Sent { key: "k".repeat(65), ..good() }, "idempotency-key: 1 to 64"),
        (Sent { key: "two words".into(), ..good() }, "idempotency-key: 1 to 64"),
        (Sent { body: " ".repeat(256 * 1024 + 1), ..good() }, "body: the body is over"),
    ];
    for (sent, words) in wrong {
        let told = sent.send(&world).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{words}: {}", told.body);
        let refusal = refusal(&told);
        assert_eq!(refusal.code, RefusalCode::BadRequest);
        assert!(refusal.message.starts_with(words), "{words}: {}", refusal.message);
    }
    // None of them took the key.
    assert_eq!(good().send(&world).await.status, StatusCode::OK);
});

on_both!(an_unknown_call_scan_or_hospital_is_not_found, async |db: TestDb| {
    let world = World::new(&db).await;
    let good = || Sent::new(&world, "K-1", &issued());
    let unknown = [
        Sent { path: format!("/his/{SITE}/v1/drop_tables"), ..good() },
        Sent { path: "/his/nowhere/v1/prescription_issued".into(), ..good() },
        Sent::new(&world, "", &AskScan { scan_no: "S-unknown".into() }),
    ];
    for sent in unknown {
        let told = sent.send(&world).await;
        assert_eq!(told.status, StatusCode::NOT_FOUND, "{}", sent.path);
        assert_eq!(refusal(&told).code, RefusalCode::NotFound);
    }
});

on_both!(a_scan_whose_platform_is_silent_is_being_asked_about, async |db: TestDb| {
    let world = World::new(&db).await;
    let scanned = CodeScanned {
        scan_no: "S-1".into(),
        auth_code: "134567890123456789".into(),
        bill_no: BillNo::new("B-1"),
        pay_with: PayWith::Insurance,
        registration: None,
        window: "3号窗口".into(),
    };
    let told = Sent::new(&world, "K-1", &scanned).send(&world).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    assert!(told.body.contains(r#""step":"asking""#), "{}", told.body);
    assert!(!told.body.contains("134567890123456789"));
});

on_both!(the_contract_is_served, async |db: TestDb| {
    let world = World::new(&db).await;
    let told = world.get("/his/yunshan/openapi.json").await;
    assert_eq!(told.status, StatusCode::OK);
    assert!(told.body.contains(r#""openapi": "3.1.0""#));
    assert_eq!(world.get("/his/nowhere/openapi.json").await.status, StatusCode::NOT_FOUND);
});
