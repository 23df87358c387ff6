use super::feedback;
use super::guide::{Guide, GuideError, SAMPLE};
use crate::testing::{World, settings};
use http::StatusCode;
use medpay_store::on_both;
use medpay_store::testing::{ScratchDir, TestDb};

on_both!(the_guides_questions_are_answered, async |db: TestDb| {
    let world = World::new(&db).await;
    world.login("oTest0001").await;
    let page = world.get("/h/yunshan/help").await;
    assert_eq!(page.status, StatusCode::OK);
    for words in ["支持支付哪些医保类型", "大病医保", "发票打印机", "隔天", "23:59:59"]
    {
        assert!(page.body.contains(words), "{words}");
    }
});

on_both!(a_hospitals_own_questions_stay_text, async |db: TestDb| {
    let mut settings = settings();
    if let Some(hospital) = &mut settings.institutions[0].hospital {
        hospital.faq = vec![("<script>1</script>".into(), "\"<b>".into())];
    }
    let world = World::with(&db, settings).await;
    world.login("oTest0001").await;
    let page = world.get("/h/yunshan/help").await;
    assert!(page.body.contains("&#60;script&#62;"), "{}", page.body);
    assert!(!page.body.contains("<script") && !page.body.contains("<b>"));
    assert!(!page.body.contains("发票"));
});

on_both!(feedback_reaches_the_hospital_and_nobody_else, async |db: TestDb| {
    let world = World::new(&db).await;
    world.login("oTest0001").await;
    let csrf = world.get("/h/yunshan/feedback").await.hidden("csrf");
    let content = "排队<script>alert(1)</script>\r\n太久";
    let fields = [
        ("csrf", csrf.as_str()),
        ("category", "看病流程"),
        ("content", content),
        ("contact", "13800000000"),
    ];
    let answer = world.post("/h/yunshan/feedback", &fields).await;
    assert_eq!(answer.location(), "/h/yunshan/feedback/received");
    assert!(world.get(answer.location()).await.body.contains("已收到"));
    let listed = feedback::list(&world.site).await.expect("a list");
    let [written] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!(written.content, "排队<script>alert(1)</script>\n太久");
    assert_eq!((written.category.as_str(), written.contact.as_str()), ("看病流程", "13800000000"));
    assert_eq!(written.written_at.wire(), "20260601101500");
    assert!(!format!("{written:?}").contains("排队"));
    let other = world.gateway.site(crate::testing::UNDER_PROVIDER).expect("the other hospital");
    assert!(feedback::list(&other).await.expect("a list").is_empty());
});

on_both!(a_wrong_form_is_shown_again_with_what_was_written, async |db: TestDb| {
    let world = World::new(&db).await;
    world.login("oTest0001").await;
    let csrf = world.get("/h/yunshan/feedback").await.hidden("csrf");
    let long = "长".repeat(501);
    for (category, content, contact, says) in [
        ("", "好", "", "请选择反馈类型"),
        ("别的", "好", "", "请选择反馈类型"),
        ("其他", " \u{0} ", "", "请填写反馈内容"),
        ("其他", &long, "", "最多 500 字"),
        ("其他", "<b>好\"", &long, "最多 60 字"),
    ] {
        let fields = [
            ("csrf", csrf.as_str()),
            ("category", category),
            ("content", content),
            ("contact", contact),
        ];
        let page = world.post("/h/yunshan/feedback", &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.body.contains(says), "{says}: {}", page.body);
        assert!(!page.body.contains("<b>"));
    }
    assert!(feedback::list(&world.site).await.expect("a list").is_empty());
});

on_both!(one_person_writes_ten_times_a_day_at_most, async |db: TestDb| {
    let world = World::new(&db).await;
    world.login("oTest0001").await;
    let csrf = world.get("/h/yunshan/feedback").await.hidden("csrf");
    let fields = [("csrf", csrf.as_str()), ("category", "其他"), ("content", "好")];
    for _ in 0..10 {
        let answer = world.post("/h/yunshan/feedback", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    let answer = world.post("/h/yunshan/feedback", &fields).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(feedback::list(&world.site).await.expect("a list").len(), 10);
});

on_both!(the_guide_is_read_at_each_visit, async |db: TestDb| {
    let directory = ScratchDir::new("medpay-guide");
    let file = directory.path().join("guide.toml");
    let mut settings = settings();
    if let Some(hospital) = &mut settings.institutions[0].hospital {
        hospital.guide_file = Some(file.clone());
    }
    let world = World::with(&db, settings).await;
    world.login("oTest0001").await;
    let missing = world.get("/h/yunshan/guide").await;
    assert_eq!(missing.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(missing.body.contains("正在更新"));
    std::fs::write(&file, SAMPLE).expect("the file");
    let list = world.get("/h/yunshan/guide").await;
    assert!(list.body.contains("/h/yunshan/guide/pediatrics"), "{}", list.body);
    let department = world.get("/h/yunshan/guide/internal-medicine").await;
    assert!(department.body.contains("门诊楼二楼 A 区"), "{}", department.body);
    let unknown = world.get("/h/yunshan/guide/nothing").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    std::fs::write(&file, "departments = 1").expect("the file");
    assert!(world.get("/h/yunshan/guide").await.body.contains("正在更新"));
});

on_both!(without_a_guide_the_page_says_so, async |db: TestDb| {
    let world = World::new(&db).await;
    world.login("oTest0001").await;
    let page = world.get("/h/yunshan/guide").await;
    assert!(page.status == StatusCode::OK && page.body.contains("暂未在线提供"));
});

#[test]
fn a_guide_with_a_doubtful_id_is_none() {
    let with = |id: &str| {
        let text = format!(
            "[[departments]]\nid = {id:?}\nname = \"内科\"\nplace = \"二楼\"\nhours = \"全天\"\n"
        );
        Guide::parse(&text.repeat(2))
    };
    assert!(matches!(with("a"), Err(GuideError::Id(id)) if id == "a"));
    assert!(matches!(with("a/b"), Err(GuideError::Id(_))));
    assert!(matches!(with(""), Err(GuideError::Id(_))));
    assert!(matches!(Guide::parse("x = 1"), Err(GuideError::Toml(_))));
    assert!(Guide::parse("").expect("an empty guide").departments.is_empty());
}
