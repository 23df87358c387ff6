//! Cards, links, consents and scans, over the router.

use crate::settings::Settings;
use crate::testing::{
    Answered, HOSPITAL, Person, SECOND_UNDER_PROVIDER, UNDER_PROVIDER, World, settings,
};
use http::Request;
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use medpay_domain::CardNo;
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::contracts::bureau::{CheckedCard, Refusal};
use medpay_wire::public_account::encode_component;
use std::fmt::Write as _;

/// A patient's browser, inside WeChat.
pub(crate) struct Browser<'a> {
    world: &'a World,
    cookies: Vec<String>,
    /// Extra headers of the next form.
    pub headers: Vec<(&'static str, &'static str)>,
}

/// The value of an attribute or of a hidden field, as the page shows it.
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let start = text.find(before).map_or(text.len(), |at| at + before.len());
    text[start..].split(after).next().unwrap_or_default()
}

pub(super) fn outcome(page: &Answered) -> &str {
    between(&page.body, "data-outcome=\"", "\"")
}

fn leads_to(page: &Answered) -> String {
    between(&page.body, "data-leads-to=\"", "\"").replace("&#38;", "&")
}

impl<'a> Browser<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        Self { world, cookies: Vec::new(), headers: Vec::new() }
    }

    async fn send(&mut self, request: http::request::Builder, body: String) -> Answered {
        let mut request = request.header(COOKIE, self.cookies.join("; "));
        for (name, value) in self.headers.drain(..) {
            request = request.header(name, value);
        }
        let answer = self.world.send(request.body(body.into()).expect("a request")).await;
        for cookie in answer.headers.get_all(SET_COOKIE) {
            let text = cookie.to_str().expect("text");
            assert!(text.contains("; HttpOnly; SameSite=Lax"), "{text}");
            let pair = text.split(';').next().expect("a pair").to_owned();
            let name = pair.split('=').next().expect("a name").to_owned();
            self.cookies.retain(|kept| !kept.starts_with(&format!("{name}=")));
            self.cookies.push(pair);
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answered {
        self.send(Request::get(path), String::new()).await
    }

    /// Opens a page link as a person: WeChat vouches for `openid` and the wallet for `name`.
    pub(crate) async fn open(&mut self, path: &str, openid: &str, name: &str) -> Answered {
        let mut answer = self.get(path).await;
        while let Some(to) = answer.headers.get(LOCATION) {
            let to = to.to_str().expect("text").to_owned();
            answer = if to.starts_with("http://open.example/connect/oauth2/authorize?") {
                let appid = between(&to, "appid=", "&");
                let state = between(&to, "state=", "#");
                let code = format!("code-{appid}-{openid}");
                self.world.wallet.know(&code, openid, name);
                self.get(&format!("{path}?code={code}&state={state}")).await
            } else {
                let path = to.strip_prefix("http://pay.example").expect("our own page").to_owned();
                self.get(&path).await
            };
        }
        answer
    }

    /// Posts the page's form with these fields.
    pub(crate) async fn post(
        &mut self,
        path: &str,
        page: &Answered,
        fields: &[(&str, &str)],
    ) -> Answered {
        let csrf = between(&page.body, "name=\"csrf\" value=\"", "\"").to_owned();
        let mut body = format!("csrf={csrf}");
        for (name, value) in fields {
            let _ = write!(body, "&{name}={}", encode_component(value));
        }
        let form = "application/x-www-form-urlencoded";
        self.send(Request::post(path).header("content-type", form), body).await
    }
}

pub(crate) async fn link_of(world: &World, institution: usize, openid: &str, url: &str) -> String {
    let fields = [("openid", openid), ("url", url)];
    let answer = world.call(institution, "getbindurl", &fields).await;
    assert_eq!(answer.word(), "SUCCESS", "{}", answer.body);
    let fields = answer.fields();
    let url = fields.get("bind_url").expect("a link");
    url.strip_prefix("http://pay.example").expect("our own address").to_owned()
}

pub(super) fn form(person: Person) -> [(&'static str, &'static str); 4] {
    [
        ("name", person.name),
        ("card_type", "1"),
        ("id_no", person.id_no),
        ("medical_card_no", person.medical_card_no),
    ]
}

/// Binds a person's card under an openid of an institution, through the page.
pub(crate) async fn bind(world: &World, institution: usize, openid: &str, person: Person) {
    let link = link_of(world, institution, openid, "http://hospital.example/back").await;
    let mut browser = Browser::new(world);
    let page = browser.open(&link, openid, person.name).await;
    assert_eq!(outcome(&page), "ready", "{}", page.body);
    let done = browser.post(&link, &page, &form(person)).await;
    assert_eq!(outcome(&done), "bound", "{}", done.body);
}

pub(super) async fn getmedinfo(
    world: &World,
    institution: usize,
    openid: &str,
    person: Person,
) -> String {
    let digest = person.id_md5();
    let fields = [("openid", openid), ("name", person.name), ("idcard_md5", &digest)];
    world.call(institution, "getmedinfo", &fields).await.word()
}

on_both!(a_card_is_found_once_it_is_bound, async |db: TestDb| {
    let world = World::new(&db).await;
    assert_eq!(getmedinfo(&world, HOSPITAL, "o1", Person::LIN).await, "80004");
    bind(&world, HOSPITAL, "o1", Person::LIN).await;
    let digest = Person::LIN.id_md5();
    let fields = [("openid", "o1"), ("name", "林晴"), ("idcard_md5", digest.as_str())];
    let answer = world.call(HOSPITAL, "getmedinfo", &fields).await.fields();
    assert_eq!(answer.get("medical_card_no"), Some("600000001"));
    assert_eq!(answer.get("medical_card_id"), Some("Y600000001"));
    assert_eq!(answer.get("medical_insurance_type"), Some("1"));
    assert_eq!(answer.get("medical_user_id"), Some("user-600000001"));
    // The name is compared before the document.
    assert_eq!(getmedinfo(&world, HOSPITAL, "o1", Person::GAO).await, "80005");
    let other = Person { id_no: Person::GAO.id_no, ..Person::LIN };
    assert_eq!(getmedinfo(&world, HOSPITAL, "o1", other).await, "80006");
    // Another account's openid of the same text is another person.
    assert_eq!(getmedinfo(&world, UNDER_PROVIDER, "o1", Person::LIN).await, "80004");
});

on_both!(the_bureau_is_asked_last_and_its_numbers_of_today_are_told, async |db: TestDb| {
    let world = World::new(&db).await;
    let asked = || world.bureau.checked.lock().expect("not poisoned").len();
    assert_eq!(getmedinfo(&world, HOSPITAL, "o1", Person::LIN).await, "80004");
    bind(&world, HOSPITAL, "o1", Person::LIN).await;
    // Only who names the person learns what the bureau says.
    *world.bureau.silent.lock().expect("not poisoned") = true;
    assert_eq!(getmedinfo(&world, HOSPITAL, "o1", Person::GAO).await, "80005");
    let other = Person { id_no: Person::GAO.id_no, ..Person::LIN };
    assert_eq!(getmedinfo(&world, HOSPITAL, "o1", other).await, "80006");
    assert_eq!(asked(), 0);
    *world.bureau.silent.lock().expect("not poisoned") = false;

    let mut today = Person::LIN.insured();
    today.medical_insurance_type = Some("3".to_owned());
    today.medical_comp_no = Some(CardNo::new("C1"));
    world.bureau.checks.lock().expect("not poisoned").push_back(CheckedCard::Valid(today));
    let digest = Person::LIN.id_md5();
    let fields = [("openid", "o1"), ("name", "林晴"), ("idcard_md5", digest.as_str())];
    let answer = world.call(HOSPITAL, "getmedinfo", &fields).await.fields();
    assert_eq!(answer.get("medical_insurance_type"), Some("3"));
    assert_eq!(answer.get("medical_comp_no"), Some("C1"));
    assert_eq!(asked(), 1);
    let question = world.bureau.checked.lock().expect("not poisoned").remove(0);
    assert_eq!(question.city_id.as_str(), "440300");
    assert_eq!(question.medical_card_id.reveal(), "Y600000001");
});

on_both!(a_bureau_that_does_not_vouch_for_the_card_changes_nothing, async |db: TestDb| {
    let world = World::new(&db).await;
    bind(&world, HOSPITAL, "o1", Person::LIN).await;
    let digest = Person::LIN.id_md5();
    let fields = [("openid", "o1"), ("name", "林晴"), ("idcard_md5", digest.as_str())];
    let ask = async || world.call(HOSPITAL, "getmedinfo", &fields).await;
    let before = ask().await.body;

    *world.bureau.silent.lock().expect("not poisoned") = true;
    let silent = ask().await;
    assert_eq!(silent.word(), "80000");
    assert!(silent.body.contains("系统错误"), "{}", silent.body);
    *world.bureau.silent.lock().expect("not poisoned") = false;

    let refusal = Refusal { code: "OUT_OF_SERVICE".to_owned(), reason: "医保暂停".to_owned() };
    let answers = [CheckedCard::Refused(refusal), CheckedCard::Unknown];
    world.bureau.checks.lock().expect("not poisoned").extend(answers);
    let refused = ask().await;
    assert_eq!(refused.word(), "80000");
    assert!(refused.body.contains("医保暂停"), "{}", refused.body);
    assert_eq!(ask().await.word(), "80004");

    // The card stays bound, as it was: only what was said differs.
    world.bureau.checks.lock().expect("not poisoned").clear();
    assert_eq!(ask().await.body, before);
});

on_both!(a_providers_openid_may_be_of_either_account, async |db: TestDb| {
    let world = World::new(&db).await;
    let link = link_of(&world, UNDER_PROVIDER, "sub-openid", "http://hospital.example/").await;
    let mut browser = Browser::new(&world);
    let first = browser.get(&link).await;
    let to = first.headers[LOCATION].to_str().expect("text").to_owned();
    assert_eq!(between(&to, "appid=", "&"), "wxprovider");
    world.wallet.know("c1", "provider-openid", "林晴");
    let path = format!("{link}?code=c1&state={}", between(&to, "state=", "#"));
    browser.get(&path).await;
    // Under the provider's account it is somebody else, so the hospital's own is asked.
    let second = browser.get(&link).await;
    let to = second.headers[LOCATION].to_str().expect("text").to_owned();
    assert_eq!(between(&to, "appid=", "&"), "wxsubhospital");
    world.wallet.know("c2", "sub-openid", "林晴");
    let path = format!("{link}?code=c2&state={}", between(&to, "state=", "#"));
    browser.get(&path).await;
    let page = browser.get(&link).await;
    assert_eq!(outcome(&page), "ready", "{}", page.body);
    assert!(page.body.contains("云山医院"));
    let done = browser.post(&link, &page, &form(Person::LIN)).await;
    assert_eq!(outcome(&done), "bound");
    assert_eq!(getmedinfo(&world, UNDER_PROVIDER, "sub-openid", Person::LIN).await, "SUCCESS");
    assert_eq!(getmedinfo(&world, UNDER_PROVIDER, "provider-openid", Person::LIN).await, "80004");
});

on_both!(a_link_serves_its_person_once_and_for_a_while, async |db: TestDb| {
    let world = World::new(&db).await;
    let back = "http://hospital.example/back?a=1#top";
    let link = link_of(&world, HOSPITAL, "o1", back).await;
    let stranger = Browser::new(&world).open(&link, "o2", "高远").await;
    assert_eq!((outcome(&stranger), stranger.status.as_u16()), ("refused", 403));
    assert_eq!(leads_to(&stranger), "");

    let mut browser = Browser::new(&world);
    let page = browser.open(&link, "o1", "林晴").await;
    assert!(page.body.contains("模拟环境"));
    let done = browser.post(&link, &page, &form(Person::LIN)).await;
    assert_eq!((outcome(&done), leads_to(&done).as_str()), ("bound", back));
    let again = browser.post(&link, &page, &form(Person::LIN)).await;
    assert_eq!(again.status, 303, "back to the page, which says so");
    assert_eq!(outcome(&browser.get(&link).await), "used");

    let late = link_of(&world, HOSPITAL, "o2", back).await;
    let page = browser.open(&late, "o2", "高远").await;
    world.clock.advance_seconds(1800);
    let answer = browser.post(&late, &page, &form(Person::GAO)).await;
    assert_eq!(answer.status, 303);
    assert_eq!(outcome(&browser.get(&late).await), "expired");
    assert_eq!(getmedinfo(&world, HOSPITAL, "o2", Person::GAO).await, "80004");
    assert_eq!(world.get("/bind/nothing").await.status, 404);
});

on_both!(only_ones_own_card_can_be_bound, async |db: TestDb| {
    let world = World::new(&db).await;
    let link = link_of(&world, HOSPITAL, "o1", "http://hospital.example/").await;
    let mut browser = Browser::new(&world);
    let page = browser.open(&link, "o1", "林晴").await;
    let try_form = async |browser: &mut Browser<'_>, person: Person| {
        let answer = browser.post(&link, &page, &form(person)).await;
        assert_eq!(outcome(&answer), "refused");
        between(&answer.body, "<p class=\"message\">", "</p>").to_owned()
    };
    let message = try_form(&mut browser, Person { name: "", ..Person::LIN }).await;
    assert!(message.contains("完整填写"), "{message}");
    let message = try_form(&mut browser, Person::GAO).await;
    assert!(message.contains("微信支付实名不一致"), "{message}");
    let message = try_form(&mut browser, Person { medical_card_no: "1", ..Person::LIN }).await;
    assert!(message.contains("没有查到"), "{message}");
    let other = Person { medical_card_no: Person::GAO.medical_card_no, ..Person::LIN };
    let message = try_form(&mut browser, other).await;
    assert!(message.contains("姓名与社保卡"), "{message}");
    let other = Person { id_no: Person::GAO.id_no, ..Person::LIN };
    let message = try_form(&mut browser, other).await;
    assert!(message.contains("证件信息"), "{message}");
    *world.bureau.silent.lock().expect("not poisoned") = true;
    let message = try_form(&mut browser, Person::LIN).await;
    assert!(message.contains("没有应答"), "not counted: {message}");
    *world.bureau.silent.lock().expect("not poisoned") = false;
    try_form(&mut browser, Person::GAO).await;
    let message = try_form(&mut browser, Person::LIN).await;
    assert!(message.contains("次数过多"), "{message}");
    world.clock.advance_seconds(86_400);
    assert_eq!(getmedinfo(&world, HOSPITAL, "o1", Person::LIN).await, "80004");
    bind(&world, HOSPITAL, "o1", Person::LIN).await;
});

on_both!(a_card_bound_by_another_user_is_refused, async |db: TestDb| {
    let world = World::new(&db).await;
    bind(&world, HOSPITAL, "o1", Person::LIN).await;
    let link = link_of(&world, HOSPITAL, "o2", "http://hospital.example/").await;
    let mut browser = Browser::new(&world);
    let page = browser.open(&link, "o2", "林晴").await;
    let answer = browser.post(&link, &page, &form(Person::LIN)).await;
    assert_eq!(outcome(&answer), "refused");
    assert!(answer.body.contains("已被其他用户绑定"));
    assert_eq!(getmedinfo(&world, HOSPITAL, "o2", Person::LIN).await, "80004");
    assert_eq!(outcome(&browser.get(&link).await), "ready", "the link has not served");
});

on_both!(forms_of_other_sites_are_refused, async |db: TestDb| {
    let world = World::new(&db).await;
    let link = link_of(&world, HOSPITAL, "o1", "http://hospital.example/").await;
    let mut browser = Browser::new(&world);
    let page = browser.open(&link, "o1", "林晴").await;
    for header in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://evil.example"),
        ("origin", "null"),
    ] {
        browser.headers = vec![header];
        let answer = browser.post(&link, &page, &form(Person::LIN)).await;
        assert_eq!(answer.status, 403, "{header:?}");
    }
    let no_token = Answered { body: String::new(), ..page };
    assert_eq!(browser.post(&link, &no_token, &form(Person::LIN)).await.status, 403);
    let page = browser.get(&link).await;
    browser.headers = vec![("origin", "http://pay.example"), ("sec-fetch-site", "same-origin")];
    assert_eq!(outcome(&browser.post(&link, &page, &form(Person::LIN)).await), "bound");
});

on_both!(a_code_that_came_for_somebody_else_opens_no_session, async |db: TestDb| {
    let world = World::new(&db).await;
    let link = link_of(&world, HOSPITAL, "o1", "http://hospital.example/").await;
    let to = world.get(&link).await.headers[LOCATION].to_str().expect("text").to_owned();
    world.wallet.know("c1", "o1", "林晴");
    let path = format!("{link}?code=c1&state={}", between(&to, "state=", "#"));
    // Without the cookie of the one who asked for it.
    let answer = Browser::new(&world).get(&path).await;
    let to = answer.headers[LOCATION].to_str().expect("text");
    assert!(to.starts_with("http://open.example/"), "{to}");
});

on_both!(a_page_warns_of_hosts_that_are_not_listed, async |db: TestDb| {
    let mut settings: Settings = settings();
    settings.institutions[HOSPITAL].return_hosts = vec!["hospital.example".to_owned()];
    let world = World::with(&db, settings).await;
    for (openid, person, url, warned) in [
        ("o1", Person::LIN, "https://hospital.example/x", false),
        ("o2", Person::GAO, "https://elsewhere.example/x", true),
    ] {
        let link = link_of(&world, HOSPITAL, openid, url).await;
        let mut browser = Browser::new(&world);
        let page = browser.open(&link, openid, person.name).await;
        let done = browser.post(&link, &page, &form(person)).await;
        assert_eq!(leads_to(&done), url);
        assert_eq!(done.body.contains("即将离开本页面"), warned);
    }
});

/// Binds with consent and answers the one-time code.
async fn consented(world: &World, openid: &str) -> String {
    let link = link_of(world, HOSPITAL, openid, "http://hospital.example/?a=1").await;
    let mut browser = Browser::new(world);
    let page = browser.open(&link, openid, "林晴").await;
    let mut fields = form(Person::LIN).to_vec();
    fields.push(("consent", "1"));
    let done = browser.post(&link, &page, &fields).await;
    let to = leads_to(&done);
    let code = to.strip_prefix("http://hospital.example/?a=1&auth_code=").expect("a code");
    code.to_owned()
}

on_both!(a_consent_gives_name_and_document_once, async |db: TestDb| {
    let world = World::new(&db).await;
    let code = consented(&world, "o1").await;
    let wrong = world.call(UNDER_PROVIDER, "qrcodegetmedinfo", &[("auth_code", &code)]).await;
    assert_eq!(wrong.word(), "AUTH_CODE_INVALID", "it was given to another hospital");
    let answer = world.call(HOSPITAL, "qrcodegetmedinfo", &[("auth_code", &code)]).await.fields();
    assert_eq!(answer.get("user_name"), Some("林晴"));
    assert_eq!(answer.get("user_card_no"), Some(Person::LIN.id_md5().as_str()));
    assert_eq!(answer.get("user_card_type"), Some("1"));
    assert_eq!(answer.get("expires_in"), Some("300"));

    // Bound already: the page shows the card, masked, and asks for consent only.
    let link = link_of(&world, HOSPITAL, "o1", "http://hospital.example/").await;
    let mut browser = Browser::new(&world);
    let page = browser.open(&link, "o1", "林晴").await;
    assert_eq!((outcome(&page), leads_to(&page).as_str()), ("bound", "http://hospital.example/"));
    assert!(page.body.contains("*****0001") && !page.body.contains("600000001"));
    assert!(!page.body.contains("name=\"id_no\""));
    let done = browser.post(&link, &page, &[("consent", "1")]).await;
    let to = leads_to(&done);
    let second = to.strip_prefix("http://hospital.example/?auth_code=").expect("a code").to_owned();
    world.clock.advance_seconds(300);
    let late = world.call(HOSPITAL, "qrcodegetmedinfo", &[("auth_code", &second)]).await;
    assert_eq!(late.word(), "AUTHCODEEXPIRE");
});

on_both!(no_consent_leads_back_without_a_code, async |db: TestDb| {
    let world = World::new(&db).await;
    bind(&world, HOSPITAL, "o1", Person::LIN).await;
    let link = link_of(&world, HOSPITAL, "o1", "http://hospital.example/").await;
    let mut browser = Browser::new(&world);
    let page = browser.open(&link, "o1", "林晴").await;
    let done = browser.post(&link, &page, &[]).await;
    assert_eq!((outcome(&done), leads_to(&done).as_str()), ("bound", "http://hospital.example/"));
});

on_both!(where_a_city_does_not_allow_it_nobody_can_consent, async |db: TestDb| {
    let mut settings: Settings = settings();
    settings.cities[0].real_name_authorization = false;
    let world = World::with(&db, settings).await;
    let link = link_of(&world, HOSPITAL, "o2", "http://hospital.example/").await;
    let mut browser = Browser::new(&world);
    let page = browser.open(&link, "o2", "高远").await;
    assert!(!page.body.contains("name=\"consent\""));
    let mut fields = form(Person::GAO).to_vec();
    fields.push(("consent", "1"));
    let done = browser.post(&link, &page, &fields).await;
    assert_eq!(leads_to(&done), "http://hospital.example/");
});

on_both!(a_pay_code_becomes_a_token, async |db: TestDb| {
    let world = World::new(&db).await;
    world.wallet.know("134567890123456789", "o1", "林晴");
    world.wallet.expired.lock().expect("not poisoned").push("130000000000000000".to_owned());
    let scan = async |institution, code: &str| {
        world.call(institution, "qrcodegetmedinfo", &[("auth_code", code)]).await
    };
    assert_eq!(scan(HOSPITAL, "no such code").await.word(), "AUTH_CODE_INVALID");
    assert_eq!(scan(HOSPITAL, "130000000000000000").await.word(), "AUTHCODEEXPIRE");
    assert_eq!(scan(HOSPITAL, "134567890123456789").await.word(), "80004");
    bind(&world, HOSPITAL, "o1", Person::LIN).await;
    let first = scan(HOSPITAL, "134567890123456789").await.fields();
    let token = first.get("token").expect("a token");
    assert!(token.len() <= 128);
    assert_eq!(first.get("medical_card_no"), Some("600000001"));
    assert_eq!(first.get("city_id"), Some("440300"));
    world.clock.advance_seconds(100);
    let again = scan(HOSPITAL, "134567890123456789").await.fields();
    assert_eq!(again.get("token"), Some(token), "the same request gets the first answer");
    assert_eq!(again.get("expires_in"), Some("200"));
    world.clock.advance_seconds(200);
    assert_eq!(scan(HOSPITAL, "134567890123456789").await.word(), "AUTHCODEEXPIRE");
    assert_eq!(scan(SECOND_UNDER_PROVIDER, "134567890123456789").await.word(), "80004");
});

on_both!(a_city_that_is_not_known_has_no_link, async |db: TestDb| {
    let world = World::new(&db).await;
    let fields = [("openid", "o1"), ("url", "http://h.example/"), ("city_id", "999999")];
    let answer = world.call(HOSPITAL, "getbindurl", &fields).await;
    assert_eq!(answer.word(), "参数格式校验错误 city_id is invalid");
    let fields = [("openid", "o1"), ("url", "javascript:alert(1)")];
    let answer = world.call(HOSPITAL, "getbindurl", &fields).await;
    assert_eq!(answer.word(), "参数格式校验错误 url is invalid");
});

on_both!(the_same_request_gets_the_same_link_while_that_can_be_used, async |db: TestDb| {
    let world = World::new(&db).await;
    let url = "http://hospital.example/";
    let first = link_of(&world, HOSPITAL, "o1", url).await;
    world.clock.advance_seconds(600);
    let fields = [("openid", "o1"), ("url", url)];
    let again = world.call(HOSPITAL, "getbindurl", &fields).await.fields();
    assert_eq!(again.get("bind_url"), Some(format!("http://pay.example{first}").as_str()));
    assert_eq!(again.get("expires_in"), Some("1200"));
    assert_ne!(link_of(&world, HOSPITAL, "o2", url).await, first);
    let elsewhere = link_of(&world, HOSPITAL, "o1", "http://hospital.example/other").await;
    assert_ne!(elsewhere, first);
    bind(&world, HOSPITAL, "o2", Person::GAO).await;
    assert_eq!(link_of(&world, HOSPITAL, "o1", url).await, first);
    world.clock.advance_seconds(1200);
    let later = world.call(HOSPITAL, "getbindurl", &fields).await.fields();
    assert_ne!(later.get("bind_url"), again.get("bind_url"));
    assert_eq!(later.get("expires_in"), Some("1800"));
});
