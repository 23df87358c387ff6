use crate::account::{menu, poster};
use crate::channels::Channel;
use crate::testing::{World, settings};
use http::StatusCode;
use medpay_store::on_both;
use medpay_store::testing::TestDb;

on_both!(the_default_menu_has_the_leaflets_words, async |db: TestDb| {
    let world = World::new(&db).await;
    let menu = menu::of(&world.site);
    assert_eq!(menu.check(), Ok(()));
    let written = serde_json::to_string_pretty(&menu).expect("JSON");
    insta::assert_snapshot!("the_menu", written);
    let answer = menu::publish(&world.site).await.expect("an answer");
    assert_eq!(answer.errcode, 0);
    assert_eq!(*world.public_account.menus.lock().expect("not poisoned"), [menu]);
});

on_both!(a_poster_that_wechat_does_not_make_is_not_made, async |db: TestDb| {
    let world = World::new(&db).await;
    let channel = Channel::parse("poster:door").expect("a channel");
    assert!(poster::make(&world.site, &channel).await.is_err());
});

on_both!(the_consoles_file_is_served_at_the_root, async |db: TestDb| {
    let mut settings = settings();
    if let Some(hospital) = &mut settings.institutions[1].hospital {
        hospital.verify_files.insert("MP_verify_AbC123.txt".into(), "AbC123".into());
        hospital.verify_files.insert("secret.txt".into(), "no".into());
    }
    let world = World::with(&db, settings).await;
    let answer = world.get("/MP_verify_AbC123.txt").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "AbC123"));
    for path in ["/MP_verify_other.txt", "/secret.txt", "/MP_verify_..%2Fsecret.txt", "/robots.txt"]
    {
        assert_eq!(world.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
});
