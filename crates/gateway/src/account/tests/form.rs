use crate::testing::{Answered, World};
use axum::body::Body;
use http::{Request, StatusCode};
use medpay_store::on_both;
use medpay_store::testing::TestDb;

const PAGE: &str = "/h/yunshan/feedback";
const FIELDS: &str = "category=%E5%85%B6%E4%BB%96&content=ok";

/// Posts a body with these headers and the session of a login.
async fn post(world: &World, body: &str, headers: &[(&str, &str)]) -> Answered {
    let mut request = Request::post(PAGE).header("cookie", world.cookies());
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers.iter().chain([&form]) {
        request = request.header(*name, *value);
    }
    world.send(request.body(Body::from(body.to_owned())).expect("a request")).await
}

on_both!(a_form_is_taken_from_an_own_page_only, async |db: TestDb| {
    let world = World::new(&db).await;
    world.login("oTest0001").await;
    let csrf = world.get(PAGE).await.hidden("csrf");
    let right = format!("csrf={csrf}&{FIELDS}");
    let own = [("sec-fetch-site", "same-origin"), ("origin", "http://gateway.test")];
    let foreign: [&[(&str, &str)]; 5] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "http://evil.test")],
        &[("origin", "null")],
        &[("origin", "http://evil.test"), ("host", "gateway.test")],
    ];
    for headers in foreign {
        let answer = post(&world, &right, headers).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    for wrong in ["csrf=", "csrf=0123456789abcdef0123456789abcdef", "x=1"] {
        let answer = post(&world, &format!("{wrong}&{FIELDS}"), &own).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{wrong}");
    }
    let twice = post(&world, &format!("csrf=x&{right}"), &own).await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    assert!(crate::help::feedback::list(&world.site).await.expect("a list").is_empty());
    let answer = post(&world, &right, &own).await;
    assert_eq!(answer.location(), "/h/yunshan/feedback/received", "{}", answer.body);
    // An old browser sends neither header; the proof in the form is enough.
    assert_eq!(post(&world, &right, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(crate::help::feedback::list(&world.site).await.expect("a list").len(), 2);
});

on_both!(a_proof_is_of_one_session, async |db: TestDb| {
    let world = World::new(&db).await;
    world.login("oTest0001").await;
    let csrf = world.get(PAGE).await.hidden("csrf");
    world.login("oTest0002").await;
    let answer = post(&world, &format!("csrf={csrf}&{FIELDS}"), &[]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
});

on_both!(what_is_no_form_is_told_so, async |db: TestDb| {
    let world = World::new(&db).await;
    world.login("oTest0001").await;
    let json = Request::post(PAGE)
        .header("cookie", world.cookies())
        .header("content-type", "application/json")
        .body(Body::from("{}"))
        .expect("a request");
    assert_eq!(world.send(json).await.status, StatusCode::BAD_REQUEST);
    let large = post(&world, &"x".repeat(20_000), &[]).await;
    assert_eq!(large.status, StatusCode::BAD_REQUEST);
    let bytes = post(&world, "csrf=%ff%fe&content=%ff", &[]).await;
    assert!(bytes.status.is_client_error());
});
