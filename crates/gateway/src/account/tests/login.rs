use crate::account::own_path::{is_own, of_referer};
use crate::testing::{Answered, SITE, UNDER_PROVIDER, World};
use axum::body::Body;
use http::header::{COOKIE, SET_COOKIE};
use http::{Request, StatusCode};
use medpay_store::on_both;
use medpay_store::testing::TestDb;

/// The `state` of an answer that leads to WeChat's page.
fn state(away: &Answered) -> String {
    let rest = away.location().split("state=").nth(1).expect("a state");
    rest.split(['&', '#']).next().unwrap_or_default().to_owned()
}

/// The cookie that was set, as a browser sends it.
fn cookie(answer: &Answered) -> String {
    let set = answer.headers.get(SET_COOKIE).expect("a cookie").to_str().expect("text");
    set.split(';').next().unwrap_or_default().to_owned()
}

fn with_cookie(path: &str, cookie: &str) -> Request<Body> {
    Request::get(path).header(COOKIE, cookie).body(Body::empty()).expect("a request")
}

on_both!(a_visitor_goes_to_wechat_and_comes_back_to_the_page, async |db: TestDb| {
    let world = World::new(&db).await;
    let away = world.get("/h/yunshan/feedback?from=poster:2f&x=1").await;
    assert_eq!(away.status, StatusCode::SEE_OTHER);
    let to = "http://open.test/connect/oauth2/authorize?appid=wx-yunshan\
              &redirect_uri=http%3A%2F%2Fgateway.test%2Fh%2Fyunshan%2Flogin&response_type=code";
    assert!(away.location().starts_with(to), "{}", away.location());
    let set = away.headers.get(SET_COOKIE).expect("a cookie").to_str().expect("text");
    assert!(set.contains("Path=/h/yunshan;") && set.ends_with("HttpOnly; SameSite=Lax"), "{set}");
    world.public_account.coming("oTest0001");
    let back = world.get(&format!("/h/yunshan/login?code=C&state={}", state(&away))).await;
    assert_eq!(back.location(), "/h/yunshan/feedback?from=poster:2f&x=1");
    let page = world.get(back.location()).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("就医反馈"));
});

on_both!(a_state_of_another_browser_or_site_lets_nobody_in, async |db: TestDb| {
    let world = World::new(&db).await;
    let away = world.send(with_cookie("/h/yunshan", "")).await;
    let (state, kept) = (state(&away), cookie(&away));
    world.public_account.coming("oTest0001");
    let login = |site: &str, state: &str| format!("/h/{site}/login?code=C&state={state}");
    let mut refused = vec![
        // No cookie; the cookie with another state; with none; no code; another hospital's.
        with_cookie(&login(SITE, &state), "a=b"),
        with_cookie(&login(SITE, &state.chars().rev().collect::<String>()), &kept),
        with_cookie("/h/yunshan/login?code=C", &kept),
        with_cookie(&format!("/h/yunshan/login?state={state}"), &kept),
        with_cookie(&login(UNDER_PROVIDER, &state), &kept),
    ];
    // Another browser's cookie.
    let other = cookie(&world.send(with_cookie("/h/yunshan", "")).await);
    refused.push(with_cookie(&login(SITE, &state), &other));
    for request in refused {
        let uri = request.uri().clone();
        let answer = world.send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{uri}");
        assert!(answer.body.contains("登录链接已失效"), "{}", answer.body);
    }
    // The right one still comes in, if it comes in time.
    let right = world.send(with_cookie(&login(SITE, &state), &kept)).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER);
});

on_both!(a_code_is_good_once_and_a_state_for_ten_minutes, async |db: TestDb| {
    let world = World::new(&db).await;
    let away = world.send(with_cookie("/h/yunshan", "")).await;
    let (path, kept) = (format!("/h/yunshan/login?code=C&state={}", state(&away)), cookie(&away));
    world.public_account.coming("oTest0001");
    assert_eq!(world.send(with_cookie(&path, &kept)).await.status, StatusCode::SEE_OTHER);
    // WeChat refuses the code: 40163.
    assert_eq!(world.send(with_cookie(&path, &kept)).await.status, StatusCode::FORBIDDEN);
    world.public_account.coming("oTest0002");
    world.clock.advance_seconds(601);
    assert_eq!(world.send(with_cookie(&path, &kept)).await.status, StatusCode::FORBIDDEN);
});

on_both!(a_session_ends_after_two_hours, async |db: TestDb| {
    let world = World::new(&db).await;
    world.login("oTest0001").await;
    world.clock.advance_seconds(2 * 3600 - 1);
    assert_eq!(world.get("/h/yunshan").await.status, StatusCode::OK);
    let csrf = world.get("/h/yunshan/feedback").await.hidden("csrf");
    world.clock.advance_seconds(1);
    assert_eq!(world.get("/h/yunshan").await.status, StatusCode::SEE_OTHER);
    let fields = [("csrf", csrf.as_str()), ("category", "其他"), ("content", "很好")];
    let answer = world.post("/h/yunshan/feedback", &fields).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("请重新打开页面"));
});

on_both!(a_session_is_of_one_hospital, async |db: TestDb| {
    let world = World::new(&db).await;
    world.login("oTest0001").await;
    assert_eq!(world.get("/h/yunshan").await.status, StatusCode::OK);
    let elsewhere = world.get("/h/haitang").await;
    assert!(elsewhere.location().contains("appid=wx-sub-haitang"), "{}", elsewhere.location());
    assert_eq!(world.get("/h/nowhere").await.status, StatusCode::NOT_FOUND);
});

on_both!(the_size_of_type_is_kept_for_the_next_session, async |db: TestDb| {
    let world = World::new(&db).await;
    world.login("oTest0001").await;
    assert!(!world.get("/h/yunshan").await.body.contains("class=\"large\""));
    let answer = world.get("/h/yunshan/font?size=large").await;
    assert_eq!(answer.location(), "/h/yunshan");
    assert!(world.get("/h/yunshan").await.body.contains("class=\"large\""));
    world.login("oTest0002").await;
    assert!(!world.get("/h/yunshan").await.body.contains("class=\"large\""));
    world.login("oTest0001").await;
    assert!(world.get("/h/yunshan").await.body.contains("class=\"large\""));
});

on_both!(only_own_paths_are_gone_to, async |db: TestDb| {
    let world = World::new(&db).await;
    let site = world.site.as_ref();
    for own in ["/h/yunshan", "/h/yunshan/bills", "/h/yunshan?from=menu", "/h/yunshan/p/a%20b"] {
        assert!(is_own(site, own), "{own}");
    }
    for foreign in [
        "",
        "/",
        "//evil.test/h/yunshan",
        "http://evil.test/h/yunshan",
        "/h/yunshan2/bills",
        "/h/haitang",
        "/h/yunshan//evil.test",
        "/h/yunshan/../../x",
        "/h/yunshan/\\evil.test",
        "/h/yunshan/\r\nx",
        "/h/yunshan@evil.test",
    ] {
        assert!(!is_own(site, foreign), "{foreign}");
    }
    let of = |referer| of_referer(site, Some("proxy.test:8080"), referer);
    assert_eq!(of("http://gateway.test/h/yunshan/help"), Some("/h/yunshan/help"));
    assert_eq!(of("http://proxy.test:8080/h/yunshan/help"), Some("/h/yunshan/help"));
    assert_eq!(of("http://gateway.test.evil.test/h/yunshan/help"), None);
    assert_eq!(of("http://evil.test/h/yunshan/help"), None);
});
