//! The order of checks, tokens, and what is passed on, over the router.

use crate::settings::{Settings, TokenErrorShape};
use crate::testing::{HOSPITAL, SECOND_UNDER_PROVIDER, UNDER_PROVIDER, World, settings};
use http::{Method, Request, StatusCode};
use medpay_domain::Appid;
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::fields::Fields;
use medpay_wire::sign::{hmac_sha256, sign_into};

/// Signed fields as a document.
fn document(world: &World, institution: usize, fields: &[(&str, &str)]) -> String {
    let mut fields: Fields = fields.iter().copied().collect();
    sign_into(&mut fields, &world.institution(institution).merchant.api_key);
    fields.to_xml()
}

const MERCHANT: [(&str, &str); 2] = [("appid", "wxhospital"), ("mch_id", "1900000001")];

on_both!(refusals_come_in_the_documents_order, async |db: TestDb| {
    let world = World::new(&db).await;
    let token = world.token(&world.institution(HOSPITAL).account).await;
    let with_token = format!("/payinsurance/preregister?access_token={token}");
    let without = "/payinsurance/preregister";
    let signed = |fields: &[(&str, &str)]| document(&world, HOSPITAL, fields);

    assert_eq!(world.get(without).await.word(), "REQUIRE_POST_METHOD");
    assert_eq!(world.post(without, "").await.word(), "POST_DATA_EMPTY");
    assert_eq!(world.post(without, vec![b'<', 0xFF]).await.word(), "NOT_UTF8");
    let dtd = "<!DOCTYPE xml [<!ENTITY a \"b\">]><xml><appid>&a;</appid></xml>";
    assert_eq!(world.post(without, dtd).await.word(), "XML_FORMAT_ERROR");
    let twice = "<xml><appid>a</appid><appid>a</appid></xml>";
    assert_eq!(world.post(without, twice).await.word(), "XML_FORMAT_ERROR appid is repeated");
    let large = format!("<xml><appid>{}</appid></xml>", "a".repeat(10 * 1024 * 1024));
    assert_eq!(world.post(without, large).await.word(), "XML_FORMAT_ERROR body is too large");

    let nothing = "<xml><mch_id>x</mch_id></xml>";
    assert_eq!(world.post(without, nothing).await.word(), "41001");
    let wrong = "/payinsurance/preregister?access_token=nobody";
    assert_eq!(world.post(wrong, nothing).await.word(), "40001");

    let check = async |fields: &[(&str, &str)], word: &str| {
        let answer = world.post(&with_token, signed(fields)).await;
        assert_eq!(answer.word(), word);
        assert_eq!(answer.fields().get("sign"), None, "the key is not sure: {word}");
    };
    check(&[("mch_id", "1900000001")], "参数格式校验错误 appid is needed").await;
    let long = "a".repeat(33);
    check(&[("appid", &long)], "参数格式校验错误 appid is too long").await;
    check(&[("appid", "wxnobody"), ("mch_id", "1")], "APPID_NOT_EXIST").await;
    check(&[("appid", "wxhospital"), ("mch_id", "1")], "MCHID_NOT_EXIST").await;
    check(&[("appid", "wxhospital"), ("mch_id", "1900000002")], "APPID_MCHID_NOT_MATCH").await;
    let of_provider = [("appid", "wxprovider"), ("mch_id", "1900000002")];
    check(&of_provider, "参数格式校验错误 sub_mch_id is needed").await;

    let unsigned = Fields::from_iter(MERCHANT).to_xml();
    assert_eq!(world.post(&with_token, unsigned).await.word(), "签名失败");
    let lower = signed(&MERCHANT).to_ascii_lowercase();
    let lower = lower.replace("<![cdata[", "<![CDATA[");
    assert_eq!(world.post(&with_token, lower).await.word(), "签名失败");
    check(&MERCHANT, "参数格式校验错误 openid is needed").await;
});

on_both!(a_service_providers_fields_belong_together, async |db: TestDb| {
    let world = World::new(&db).await;
    let token = world.token(&world.institution(UNDER_PROVIDER).account).await;
    let foreign = world.token(&world.institution(HOSPITAL).account).await;
    let check = async |token: &str, sub: &[(&str, &str)], word: &str| {
        let mut fields = vec![("appid", "wxprovider"), ("mch_id", "1900000002")];
        fields.extend(sub);
        let path = format!("/payinsurance/orderquery?access_token={token}");
        let answer = world.post(&path, document(&world, UNDER_PROVIDER, &fields)).await;
        assert_eq!(answer.word(), word, "{sub:?}");
    };
    check(&token, &[("sub_mch_id", "1")], "MCHID_NOT_EXIST").await;
    check(&token, &[("sub_mch_id", "1900000011"), ("sub_appid", "wxno")], "APPID_NOT_EXIST").await;
    let other = [("sub_mch_id", "1900000012"), ("sub_appid", "wxsubhospital")];
    check(&token, &other, "APPID_MCHID_NOT_MATCH").await;
    let own = [("sub_mch_id", "1900000011"), ("sub_appid", "wxsubhospital")];
    check(&foreign, &own, "APPID_MCHID_NOT_MATCH").await;
    let needed = "参数格式校验错误 med_trans_id is needed";
    check(&token, &own, needed).await;
    check(&token, &[("sub_mch_id", "1900000012")], needed).await;
    // The hospital's own account speaks for its own hospital.
    let sub_account = world.institution(UNDER_PROVIDER).sub.clone();
    let sub_account = sub_account.and_then(|sub| sub.sub_account).expect("an account");
    let sub_token = world.token(&sub_account).await;
    check(&sub_token, &own, needed).await;
    check(&sub_token, &[("sub_mch_id", "1900000012")], "APPID_MCHID_NOT_MATCH").await;
    assert_eq!(world.institution(SECOND_UNDER_PROVIDER).name, "碧水医院");
});

on_both!(permission_and_rate_come_after_the_fields, async |db: TestDb| {
    let mut settings: Settings = settings();
    settings.institutions[HOSPITAL].permissions.remove("getbindurl");
    settings.institutions[UNDER_PROVIDER].calls_per_second = Some(2);
    let world = World::with(&db, settings).await;
    let link = [("openid", "o1"), ("url", "http://hospital.example/")];
    let answer = world.call(HOSPITAL, "getbindurl", &link[..1]).await;
    assert_eq!(answer.word(), "参数格式校验错误 url is needed");
    assert_eq!(world.call(HOSPITAL, "getbindurl", &link).await.word(), "NOAUTH");

    for word in ["SUCCESS", "SUCCESS", "FREQUENCY_LIMITED"] {
        assert_eq!(world.call(UNDER_PROVIDER, "getbindurl", &link).await.word(), word);
    }
    world.clock.elapse_ms(500);
    for word in ["SUCCESS", "FREQUENCY_LIMITED"] {
        assert_eq!(world.call(UNDER_PROVIDER, "getbindurl", &link).await.word(), word);
    }
});

on_both!(one_permitted_hospital_of_a_provider_is_enough_without_a_merchant, async |db: TestDb| {
    let link = [("openid", "o1"), ("url", "http://hospital.example/")];
    let mut settings: Settings = settings();
    settings.institutions[UNDER_PROVIDER].permissions.remove("getbindurl");
    for institution in [UNDER_PROVIDER, SECOND_UNDER_PROVIDER] {
        settings.institutions[institution].permissions.remove("getmedinfo");
    }
    let world = World::with(&db, settings).await;
    assert_eq!(world.call(UNDER_PROVIDER, "getbindurl", &link).await.word(), "SUCCESS");
    let digest = "0".repeat(32);
    let person = [("openid", "o1"), ("name", "林晴"), ("idcard_md5", digest.as_str())];
    assert_eq!(world.call(UNDER_PROVIDER, "getmedinfo", &person).await.word(), "NOAUTH");
});

on_both!(an_ordinary_token_outlives_its_successor_by_five_minutes, async |db: TestDb| {
    let world = World::new(&db).await;
    let account = world.institution(HOSPITAL).account.clone();
    let word = async |token: &str| {
        let path = format!("/payinsurance/preregister?access_token={token}");
        world.post(&path, document(&world, HOSPITAL, &MERCHANT)).await.word()
    };
    let good = "参数格式校验错误 openid is needed";
    let first = world.token(&account).await;
    assert_eq!(word(&first).await, good);
    let second = world.token(&account).await;
    assert_ne!(first, second);
    world.clock.advance_seconds(299);
    assert_eq!(word(&first).await, good);
    world.clock.advance_seconds(1);
    assert_eq!(word(&first).await, "40001");
    assert_eq!(word(&second).await, good);
    world.clock.advance_seconds(7200);
    assert_eq!(word(&second).await, "42001");
});

async fn stable(world: &World, force: bool) -> (String, i64) {
    let body = serde_json::json!({
        "grant_type": "client_credential",
        "appid": "wxhospital",
        "secret": "secret-of-wxhospital",
        "force_refresh": force,
    });
    let answer = world.post("/cgi-bin/stable_token", body.to_string()).await;
    let answer: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    match answer["access_token"].as_str() {
        Some(token) => (token.to_owned(), answer["expires_in"].as_i64().expect("a number")),
        None => (answer["errcode"].to_string(), 0),
    }
}

on_both!(a_stable_token_stays_until_near_its_end, async |db: TestDb| {
    let world = World::new(&db).await;
    let (first, life) = stable(&world, false).await;
    assert_eq!(life, 7200);
    let ordinary = world.token(&world.institution(HOSPITAL).account).await;
    world.clock.advance_seconds(6899);
    assert_eq!(stable(&world, false).await, (first.clone(), 301));
    world.clock.advance_seconds(1);
    let (second, life) = stable(&world, false).await;
    assert_ne!(first, second);
    assert_eq!(life, 7200);
    let get = async |token: &str| {
        world.get(&format!("/cgi-bin/user/info?access_token={token}")).await.body
    };
    for living in [&first, &second, &ordinary] {
        assert_eq!(get(living).await, "as it is");
    }
    world.clock.advance_seconds(300);
    assert!(get(&first).await.contains("42001"));
});

on_both!(a_forced_renewal_is_limited_and_ends_the_token_at_once, async |db: TestDb| {
    let world = World::new(&db).await;
    let (mut latest, _) = stable(&world, false).await;
    for _ in 0..20 {
        let (token, _) = stable(&world, true).await;
        assert_ne!(token, latest);
        let old = world.get(&format!("/cgi-bin/x?access_token={latest}")).await;
        assert!(old.body.contains("40001"), "{}", old.body);
        latest = token;
        assert_eq!(stable(&world, true).await.0, "45009", "half a minute apart");
        world.clock.advance_seconds(30);
    }
    assert_eq!(stable(&world, true).await.0, "45009", "twenty a day");
    assert_eq!(stable(&world, false).await.0, latest);
    world.clock.advance_seconds(86_400);
    assert_ne!(stable(&world, true).await.0, "45009");
});

on_both!(a_token_is_sold_for_the_right_secret_only, async |db: TestDb| {
    let world = World::new(&db).await;
    let query = |grant: &str, appid: &str, secret: &str| {
        format!("/cgi-bin/token?grant_type={grant}&appid={appid}&secret={secret}")
    };
    for (path, code) in [
        (query("password", "wxhospital", "secret-of-wxhospital"), 40002),
        (query("client_credential", "", "x"), 41002),
        (query("client_credential", "wxhospital", ""), 41004),
        (query("client_credential", "wxnobody", "x"), 40013),
        (query("client_credential", "wxhospital", "x"), 40125),
    ] {
        let answer = world.get(&path).await;
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains(&format!("\"errcode\":{code},")), "{}", answer.body);
    }
    for (body, code) in [("", 44002), ("{", 47001), ("{}", 40002)] {
        let answer = world.post("/cgi-bin/stable_token", body).await;
        assert!(answer.body.contains(&format!("\"errcode\":{code},")), "{}", answer.body);
    }
    assert!(world.get("/cgi-bin/stable_token").await.body.contains("43002"));
});

on_both!(other_calls_are_passed_on_after_the_check, async |db: TestDb| {
    let world = World::new(&db).await;
    let token = world.token(&world.institution(HOSPITAL).account).await;
    assert!(world.get("/cgi-bin/menu/get").await.body.contains("41001"));
    let path = format!("/cgi-bin/menu/create?a=%E4%B8%80&access_token={token}&b=2");
    let request = Request::builder().method(Method::POST).uri(&path);
    let request = request.header("content-type", "application/json").body("{}".into());
    let answer = world.send(request.expect("a request")).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (202, "as it is"));
    assert_eq!(answer.headers["content-type"], "text/plain");
    let oauth = "/sns/oauth2/access_token?appid=wxhospital&secret=";
    assert!(world.get(&format!("{oauth}wrong&code=c")).await.body.contains("40125"));
    let right = format!("{oauth}secret-of-wxhospital&code=c&grant_type=authorization_code");
    assert_eq!(world.get(&right).await.body, "as it is");
    let calls = world.wechat.calls.lock().expect("not poisoned");
    let told: Vec<_> = calls
        .iter()
        .map(|call| (call.path_and_query.as_str(), call.appid.as_ref().map(Appid::as_str)))
        .collect();
    let menu = "/cgi-bin/menu/create?a=%E4%B8%80&b=2";
    assert_eq!(told, [(menu, Some("wxhospital")), (right.as_str(), Some("wxhospital"))]);
});

on_both!(a_token_fault_can_be_told_in_json, async |db: TestDb| {
    let settings = Settings { token_error_shape: TokenErrorShape::Json, ..settings() };
    let world = World::with(&db, settings).await;
    let answer = world.post("/payinsurance/getmedinfo", "<xml></xml>").await;
    assert!(answer.body.starts_with("{\"errcode\":41001,"), "{}", answer.body);
    assert!(answer.body.contains(" rid: "));
});

on_both!(hmac_is_taken_only_where_it_is_allowed, async |db: TestDb| {
    let mut settings: Settings = settings();
    settings.institutions[HOSPITAL].hmac_sha256 = true;
    let world = World::with(&db, settings).await;
    for (institution, openid, word) in
        [(HOSPITAL, "o1", "80004"), (UNDER_PROVIDER, "o2", "签名失败")]
    {
        let one = world.institution(institution).clone();
        let token = world.token(&one.account).await;
        let mut fields: Fields = [
            ("openid", openid),
            ("name", "林晴"),
            ("idcard_md5", "d8197c7e2bf09b64b1f0a4a22f2c2ee8"),
            ("nonce_str", "n"),
            ("sign_type", "HMAC-SHA256"),
        ]
        .into_iter()
        .collect();
        let sign = hmac_sha256(&fields, &one.merchant.api_key);
        fields.set("sign", sign);
        let path = format!("/payinsurance/getmedinfo?access_token={token}");
        assert_eq!(world.post(&path, fields.to_xml()).await.word(), word);
    }
});

on_both!(orderquery_is_answered_under_both_names, async |db: TestDb| {
    let world = World::new(&db).await;
    let token = world.token(&world.institution(HOSPITAL).account).await;
    for name in ["orderquery", "queryorder"] {
        let fields = [&MERCHANT[..], &[("hosp_out_trade_no", "A"), ("nonce_str", "n")]].concat();
        let path = format!("/payinsurance/{name}?access_token={token}");
        let answer = world.post(&path, document(&world, HOSPITAL, &fields)).await;
        assert_eq!(answer.word(), "ORDERNOTEXIST", "{name}");
        assert_eq!(world.get(&path).await.word(), "REQUIRE_POST_METHOD", "{name}");
    }
});

on_both!(configured_paths_replace_the_documented_one, async |db: TestDb| {
    let mut settings: Settings = settings();
    let mut serve = |interface: &str, paths: &[&str]| {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        settings.paths.insert(interface.to_owned(), paths);
    };
    serve("orderquery", &["/medical/query", "/v2/query"]);
    // What another interface left is free.
    serve("closeorder", &["/payinsurance/orderquery"]);
    let world = World::with(&db, settings).await;
    let token = world.token(&world.institution(HOSPITAL).account).await;
    let ask = async |path: &str| {
        let path = format!("{path}?access_token={token}");
        world.post(&path, document(&world, HOSPITAL, &MERCHANT)).await
    };
    for path in ["/medical/query", "/v2/query", "/payinsurance/orderquery"] {
        let word = ask(path).await.word();
        assert_eq!(word, "参数格式校验错误 med_trans_id is needed", "{path}");
    }
    for path in ["/payinsurance/queryorder", "/payinsurance/closeorder"] {
        assert_eq!(ask(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(ask("/payinsurance/refundquery").await.status, StatusCode::OK);
});
