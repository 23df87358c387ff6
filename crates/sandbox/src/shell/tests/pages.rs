//! The phone as a person sees it: pages and taps, without script.

use super::{Town, town};
use crate::settings::PersonCookie;
use crate::testing::{TEMPLATE, appid, noon, person};
use axum::http::StatusCode;
use medpay_domain::Clock as _;
use medpay_wire::contracts::wallet::Present;
use serde_json::{Value, json};

fn chat() -> String {
    format!("/phone/chat/{}", appid())
}

fn send_card(town: &Town, url: &str) {
    let message = json!({
        "touser": person("lin").openid(&appid()).reveal(),
        "template_id": TEMPLATE,
        "url": url,
        "data": { "first": { "value": "您好<b>" }, "keyword1": { "value": "9.05元" } },
    });
    let body = message.to_string();
    let send = town.parties();
    send.wechat.send_template(&appid(), body.as_bytes(), noon()).expect("a book");
}

#[tokio::test]
async fn a_newcomer_is_told_where_to_start_and_chooses_a_person() {
    let town = town().await;
    let desk = town.get("/phone").await.text().await.expect("a page");
    for words in ["从这里开始", "魏知秋", "未关注公众号，从关注开始", "测试时钟", "模拟环境"]
    {
        assert!(desk.contains(words), "{words}: {desk}");
    }
    assert!(desk.contains("<iframe name=\"screen\""), "{desk}");
    let screen = town.get("/phone/screen").await.text().await.expect("a page");
    assert!(screen.contains("这是谁的手机") && screen.contains("target=\"_top\""), "{screen}");
    let desk = town.page("wei", "/phone").await;
    for words in ["现在是魏知秋的", "440303197006060012", "A10000017", "181818"] {
        assert!(desk.contains(words), "{words}: {desk}");
    }
    let screen = town.page("wei", "/phone/screen").await;
    assert!(screen.contains("去通讯录关注医院的公众号"), "{screen}");
}

#[tokio::test]
async fn a_browser_that_came_by_localhost_is_sent_to_the_right_address() {
    let town = town().await;
    let port = town.url.rsplit(':').next().expect("a port");
    let request = town.http.get(format!("{}/phone", town.url));
    let answer = request.header("host", format!("localhost:{port}")).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let to = answer.headers().get("location").and_then(|it| it.to_str().ok());
    assert_eq!(to, Some(format!("{}/phone", town.url).as_str()));
}

#[tokio::test]
async fn another_person_takes_the_phone_without_the_first_ones_sessions() {
    let town = town().await;
    let cookies = |who: &'static str| {
        let request = town.http.post(format!("{}/phone/person", town.url));
        let request = request.header("cookie", "phone_person=lin").form(&[("person", who)]);
        async move {
            let answer = request.send().await.expect("an answer");
            let lines = answer.headers().get_all("set-cookie").iter();
            lines.filter_map(|line| Some(line.to_str().ok()?.to_owned())).collect::<Vec<_>>()
        }
    };
    let expected = "phone_person=chen; Path=/; HttpOnly; SameSite=Lax";
    assert_eq!(
        cookies("chen").await,
        [expected, "h_session=; Path=/h/1; Max-Age=0; HttpOnly; SameSite=Lax"]
    );
    assert_eq!(cookies("lin").await.len(), 1);
    let known = PersonCookie { name: "h_session".to_owned(), path: "/h/1".to_owned() };
    assert_eq!(town.sandbox.settings().person_cookies, [known]);
}

#[tokio::test]
async fn a_card_is_unread_until_the_chat_is_opened_and_leads_to_its_page() {
    let town = town().await;
    send_card(&town, "http://h.example/orders/1?a=b&c=d");
    let list = town.page("lin", "/phone/screen").await;
    assert!(list.contains("测试医院一号") && list.contains("1 条未读"), "{list}");
    let page = town.page("lin", &chat()).await;
    assert!(page.contains("您好&#60;b&#62;") && page.contains("缴费金额：9.05元"), "{page}");
    let href = format!(
        "/phone/web?url=http%3A%2F%2Fh.example%2Forders%2F1%3Fa%3Db%26c%3Dd&#38;from={}",
        appid()
    );
    assert!(page.contains(&href), "{page}");
    let list = town.page("lin", "/phone/screen").await;
    assert!(!list.contains("条未读"), "{list}");
    let web = town.page("lin", &href.replace("&#38;", "&")).await;
    assert!(web.contains("src=\"http://h.example/orders/1?a=b&#38;c=d\""), "{web}");
    assert!(web.contains(&format!("<a href=\"{}\">返回</a>", chat())), "{web}");
    assert!(web.contains("<h1>测试医院一号</h1>"), "{web}");
}

#[tokio::test]
async fn a_mini_programs_page_opens_where_it_is_served() {
    let town = town().await;
    let open = |query: &str| format!("/phone/mini?{query}");
    // The platform's pay link for a mini-program is an address (PROTOCOL 3.2).
    let page = town.page("lin", &open("appid=wxpay&path=http%3A%2F%2Fp.example%2Fpay%2F1")).await;
    assert!(page.contains("正在打开小程序「医保支付」"), "{page}");
    assert!(page.contains("src=\"http://p.example/pay/1\""), "{page}");
    let page = town.page("lin", &open("appid=wxpay&path=/pay/1")).await;
    assert!(page.contains("src=\"http://127.0.0.1:9/pay/1\""), "{page}");
    let page = town.page("lin", &open(&format!("appid={}&path=a", appid()))).await;
    assert!(page.contains("没有可以在浏览器里显示的页面"), "{page}");
}

#[tokio::test]
async fn only_web_addresses_open_as_pages() {
    let town = town().await;
    for url in ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "h.example"] {
        let page = town.page("lin", &format!("/phone/web?url={url}")).await;
        assert!(page.contains("这不是网页地址") && !page.contains("iframe"), "{url}: {page}");
    }
}

async fn code(town: &Town) -> String {
    let body = json!({
        "action_name": "QR_LIMIT_STR_SCENE",
        "action_info": { "scene": { "scene_str": "poster-1" } },
    });
    let request = town.http.post(format!("{}/cgi-bin/qrcode/create", town.url));
    let request = request.header("x-medpay-appid", appid().as_str()).body(body.to_string());
    let made = super::json(request.send().await.expect("an answer")).await;
    made.get("url").and_then(Value::as_str).expect("an address").to_owned()
}

#[tokio::test]
async fn what_a_code_says_decides_where_a_scan_leads() {
    let town = town().await;
    let says = code(&town).await;
    let scan = async |text: &str| town.tap("wei", "/phone/scan", &[("text", text)]).await;
    let page = town.page("wei", "/phone/scan").await;
    assert!(page.contains("场景 poster-1") && page.contains(&says), "{page}");
    let prefilled = town.page("wei", says.strip_prefix(&town.url).expect("its own")).await;
    assert!(prefilled.contains(&format!("name=\"text\" value=\"{says}\"")), "{prefilled}");
    assert!(scan(&says).await.contains("你已关注该公众号"));
    assert!(town.parties().wechat.subscribed(&appid(), &person("wei")).expect("a book"));
    let page = scan(" http://h.example/p/token ").await;
    assert!(page.contains("src=\"http://h.example/p/token\""), "{page}");
    let page = scan("weixin://dl/business/?appid=wxpay&path=http%3A%2F%2Fp.example%2F1").await;
    assert!(page.contains("正在打开小程序"), "{page}");
    assert!(scan("134567890123456789").await.contains("无法识别这个二维码"));
}

#[tokio::test]
async fn the_own_page_shows_money_papers_and_what_a_window_asks_for() {
    let town = town().await;
    let order = Present {
        key: "p1".to_owned(),
        appid: appid(),
        openid: person("lin").openid(&appid()),
        url: "http://p.example/pay/1".to_owned(),
    };
    town.parties().wallet.present(&order).expect("a book");
    assert!(town.page("lin", "/phone/screen").await.contains("窗口发来 1 笔待支付"));
    let me = town.page("lin", "/phone/me").await;
    for words in ["200000.00 元", "112233", "440301198804120034", "去支付", "p.example%2Fpay"] {
        assert!(me.contains(words), "{words}: {me}");
    }
    // Another person's cashier stays.
    town.tap("chen", "/phone/cashier/close", &[("key", "p1")]).await;
    assert!(town.page("lin", "/phone/me").await.contains("去支付"));
    let me = town.tap("lin", "/phone/cashier/close", &[("key", "p1")]).await;
    assert!(!me.contains("去支付"), "{me}");
    let code = town.tap("lin", "/phone/code", &[]).await;
    assert!(code.contains("data-auth-code=\"13"), "{code}");
    assert!(town.page("lin", "/phone/code").await.contains("出示付款码"));
}

#[tokio::test]
async fn following_and_ceasing_to_are_taps() {
    let town = town().await;
    let wish = |subscribed| [("appid", "wxt000000000000001"), ("subscribed", subscribed)];
    assert!(town.page("lin", "/phone/contacts").await.contains("已关注"));
    let page = town.tap("lin", "/phone/follow", &wish("false")).await;
    assert!(page.contains("value=\"true\">关注</button>"), "{page}");
    assert!(town.page("lin", &chat()).await.contains("你还没有关注该公众号"));
    assert!(town.tap("lin", "/phone/follow", &wish("true")).await.contains("你已关注该公众号"));
    let nobody = town.tap("lin", "/phone/follow", &[("appid", "wx0"), ("subscribed", "true")]);
    assert!(nobody.await.contains("没有这个公众号"));
    assert!(town.page("lin", "/phone/chat/wx0").await.contains("没有这个公众号"));
}

#[tokio::test]
async fn the_clock_moves_by_ten_minutes_and_to_tomorrow_morning() {
    let town = town().await;
    let page = town.tap("lin", "/phone/clock", &[("advance", "ten_minutes")]).await;
    assert!(page.contains("2018-06-20 12:10"), "{page}");
    let page = town.tap("lin", "/phone/clock", &[("advance", "tomorrow")]).await;
    assert!(page.contains("2018-06-21 08:00"), "{page}");
    let morning = noon().plus_seconds(20 * 3600);
    assert_eq!(town.sandbox.test_clock().now(), morning);
}
