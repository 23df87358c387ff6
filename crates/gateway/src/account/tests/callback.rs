use crate::account::follows;
use crate::testing::{Answered, SITE, World, settings};
use axum::body::Body;
use http::{Request, StatusCode};
use medpay_domain::Openid;
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::public_account::callback::{Answer, Event, Incoming, What};
use medpay_wire::public_account::callback_signature;
use medpay_wire::public_account::crypto::{EncodingAesKey, MessageCrypt, Stamp};

const TOKEN: &str = "AAAAA";
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const STAMP: Stamp<'static> = Stamp { timestamp: "1714037059", nonce: "486452656" };

fn incoming(create_time: i64, what: What) -> Incoming {
    Incoming { to: "gh_yunshan".into(), from: Openid::new("oTest0001"), create_time, what }
}

fn subscribe(scene: Option<&str>) -> What {
    let scene = scene.map(str::to_owned);
    What::Event(Event::Subscribe { scene, ticket: None })
}

/// Posts a plain body, rightly signed.
async fn post(world: &World, body: String) -> Answered {
    let signature = callback_signature(TOKEN, STAMP.timestamp, STAMP.nonce);
    let path = format!(
        "/wechat/{SITE}?signature={signature}&timestamp={}&nonce={}&openid=oTest0001",
        STAMP.timestamp, STAMP.nonce
    );
    world.send(Request::post(path).body(Body::from(body)).expect("a request")).await
}

async fn tell(world: &World, incoming: &Incoming) -> Answered {
    post(world, incoming.write()).await
}

/// What the person reads; empty if nothing.
fn words(answer: &Answered) -> String {
    assert_eq!(answer.status, StatusCode::OK);
    match Answer::read(answer.body.as_bytes()).expect("an answer") {
        Answer::Nothing => String::new(),
        Answer::Text(reply) => {
            assert_eq!((reply.to.reveal(), reply.from.as_str()), ("oTest0001", "gh_yunshan"));
            reply.content
        }
    }
}

/// Whether the person is known to follow.
async fn known(world: &World) -> Option<bool> {
    follows(&world.site, &Openid::new("oTest0001")).await.expect("an answer")
}

/// The account's own settings changed.
fn with(change: impl Fn(&mut crate::settings::Callback)) -> crate::Settings {
    let mut settings = settings();
    for institution in &mut settings.institutions {
        if let Some(hospital) = &mut institution.hospital {
            change(&mut hospital.callback);
        }
    }
    settings
}

on_both!(the_consoles_check_is_answered_with_the_official_vector, async |db: TestDb| {
    let world = World::new(&db).await;
    let get = async |query: &str| world.get(&format!("/wechat/{SITE}?{query}")).await;
    let right = "signature=899cf89e464efb63f54ddac96b0a0a235f53aa78&timestamp=1714037059\
                 &nonce=486452656&echostr=4375120948345356249";
    let answer = get(right).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "4375120948345356249"));
    assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    for wrong in [right.replace("899c", "899d"), "echostr=1".into(), String::new()] {
        let answer = get(&wrong).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::FORBIDDEN, ""));
    }
    assert_eq!(world.get("/wechat/nowhere?echostr=1").await.status, StatusCode::NOT_FOUND);
});

on_both!(a_new_follower_is_greeted_with_the_bind_link, async |db: TestDb| {
    let world = World::new(&db).await;
    let greeting = words(&tell(&world, &incoming(1, subscribe(None))).await);
    assert!(greeting.contains("云杉市第一人民医院（模拟）"), "{greeting}");
    let bind = "<a href=\"http://gateway.test/h/yunshan/card?from=subscribe\">绑定社保卡</a>";
    assert!(greeting.contains(bind), "{greeting}");
});

on_both!(the_greeting_and_its_bind_hint_can_be_switched_off, async |db: TestDb| {
    let world = World::with(&db, with(|callback| callback.bind_hint = false)).await;
    let greeting = words(&tell(&world, &incoming(1, subscribe(None))).await);
    assert!(!greeting.contains("首次使用") && greeting.contains("欢迎关注"), "{greeting}");
});

on_both!(without_a_greeting_the_answer_is_success, async |db: TestDb| {
    let world = World::with(&db, with(|callback| callback.subscribe_reply = false)).await;
    let answer = tell(&world, &incoming(1, subscribe(None))).await;
    assert_eq!(answer.body, "success");
});

on_both!(a_repeated_event_is_answered_the_same_and_counts_once, async |db: TestDb| {
    let world = World::new(&db).await;
    let first = incoming(1, subscribe(Some("poster:2f-hall")));
    let greeting = words(&tell(&world, &first).await);
    assert!(greeting.contains("from=poster%3A2f-hall"), "{greeting}");
    let left = incoming(2, What::Event(Event::Unsubscribe));
    assert_eq!(tell(&world, &left).await.body, "success");
    assert_eq!(known(&world).await, Some(false));
    // The first comes again, late: nothing changes.
    assert_eq!(words(&tell(&world, &first).await), greeting);
    assert_eq!(known(&world).await, Some(false));
    // The poster is remembered for the next session.
    world.login("oTest0001").await;
    let today = world.site.clock.now().day();
    let report = crate::channels::report(&world.site, today, today).await.expect("a report");
    let lines = report.lines.iter().map(|line| (line.channel.as_str(), line.brought.visits));
    assert_eq!(lines.collect::<Vec<_>>(), [("poster:2f-hall", 1)]);
});

on_both!(texts_and_keys_are_answered_with_links, async |db: TestDb| {
    let world = World::new(&db).await;
    let say = async |id: i64, content: &str| {
        let what = What::Text { content: content.into(), msg_id: id };
        words(&tell(&world, &incoming(id, what)).await)
    };
    let answer = say(1, "怎么挂号？<script>alert(1)</script>").await;
    assert!(answer.contains("/h/yunshan/register?from=message"), "{answer}");
    assert!(!answer.contains("script"));
    assert!(say(2, "你好").await.contains("您可以在这里办理"));
    assert!(say(3, " ").await.contains("常见问题"));
    let click = What::Event(Event::Click { key: "缴费".into() });
    let answer = words(&tell(&world, &incoming(4, click)).await);
    assert!(answer.contains("/h/yunshan/bills?from=menu"), "{answer}");
    let view = What::Event(Event::View { url: "http://gateway.test/".into() });
    assert_eq!(tell(&world, &incoming(5, view)).await.body, "success");
    let image = What::Other { msg_type: "image".into(), msg_id: Some(6) };
    assert!(words(&tell(&world, &incoming(6, image)).await).contains("您可以在这里办理"));
    let scan = What::Event(Event::Scan { scene: "poster:door".into(), ticket: None });
    let answer = words(&tell(&world, &incoming(7, scan)).await);
    assert!(answer.contains("from=poster%3Adoor"), "{answer}");
});

on_both!(what_is_forged_or_broken_is_refused_and_never_our_fault, async |db: TestDb| {
    let world = World::new(&db).await;
    let body = incoming(1, subscribe(None)).write();
    for query in [
        "",
        "signature=899cf89e464efb63f54ddac96b0a0a235f53aa79&timestamp=1714037059&nonce=486452656",
        "signature=&timestamp=&nonce=",
        "signature=%00&timestamp=%ff&nonce=%ff",
    ] {
        let path = format!("/wechat/{SITE}?{query}");
        let request = Request::post(path).body(Body::from(body.clone())).expect("a request");
        let status = world.send(request).await.status;
        assert!(status.is_client_error(), "{query}: {status}");
    }
    assert_eq!(known(&world).await, None);
    // Signed, and not to be read: it does not come again.
    for body in ["", "<xml>", "{}", "<xml><MsgType>event</MsgType></xml>", "\u{0}", "<a/>"] {
        let answer = post(&world, body.to_owned()).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "success"), "{body}");
    }
    let nested = "<xml><MsgType>event</MsgType><ScanCodeInfo><a>1</a></ScanCodeInfo></xml>";
    assert_eq!(post(&world, nested.to_owned()).await.body, "success");
    let large = post(&world, "x".repeat(100_000)).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    let nul = What::Text { content: "a\u{1}b".into(), msg_id: 9 };
    assert!(post(&world, incoming(9, nul).write()).await.status.is_success());
});

fn crypt() -> MessageCrypt {
    MessageCrypt::new(TOKEN, EncodingAesKey::new(KEY).expect("a key"), "wx-yunshan")
}

async fn post_sealed(world: &World, crypt: &MessageCrypt, what: What) -> Answered {
    let sealed = crypt.seal_post("gh_yunshan", &incoming(1, what).write(), STAMP, [7; 16]);
    let path = format!(
        "/wechat/{SITE}?signature=x&timestamp={}&nonce={}&encrypt_type=aes&msg_signature={}",
        STAMP.timestamp, STAMP.nonce, sealed.msg_signature
    );
    world.send(Request::post(path).body(Body::from(sealed.body)).expect("a request")).await
}

on_both!(an_encrypted_post_is_answered_encrypted, async |db: TestDb| {
    let world = World::with(
        &db,
        with(|callback| {
            callback.aes_key = EncodingAesKey::new(KEY);
            callback.only_encrypted = true;
        }),
    )
    .await;
    let answer = post_sealed(&world, &crypt(), subscribe(None)).await;
    assert!(!answer.body.contains("gh_yunshan"));
    let plain = crypt().open_answer(answer.body.as_bytes()).expect("an encrypted answer");
    assert!(plain.contains("欢迎关注"), "{plain}");
    // Nothing plain is taken, though it is signed.
    let answer = tell(&world, &incoming(2, subscribe(None))).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    // Written for another account, or with another key.
    let other = MessageCrypt::new(TOKEN, EncodingAesKey::new(KEY).expect("a key"), "wx-other");
    let answer = post_sealed(&world, &other, subscribe(None)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let key = EncodingAesKey::new(&KEY.replace('a', "b")).expect("a key");
    let other = MessageCrypt::new(TOKEN, key, "wx-yunshan");
    let answer = post_sealed(&world, &other, subscribe(None)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
});

on_both!(in_compatible_mode_both_are_taken, async |db: TestDb| {
    let settings = with(|callback| callback.aes_key = EncodingAesKey::new(KEY));
    let world = World::with(&db, settings).await;
    assert!(words(&tell(&world, &incoming(2, subscribe(None))).await).contains("欢迎关注"));
    let answer = post_sealed(&world, &crypt(), subscribe(None)).await;
    assert!(crypt().open_answer(answer.body.as_bytes()).is_ok());
});
