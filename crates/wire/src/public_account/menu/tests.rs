use super::*;
use serde_json::{Value, json};

const MENU: &str = concat!(
    r#"{"button":[{"name":"个人中心","sub_button":["#,
    r#"{"type":"view","name":"我的社保卡","url":"https://h.example.org/cards"},"#,
    r#"{"type":"click","name":"在线注册","key":"REGISTER"}]},"#,
    r#"{"type":"miniprogram","name":"缴费","url":"https://h.example.org/","#,
    r#""appid":"wx02","pagepath":"pages/pay"}]}"#,
);

#[test]
fn a_menu_is_written_with_the_documents_names() {
    let menu = Menu::read(MENU.as_bytes()).expect("a menu");
    let below = vec![
        Button::view("我的社保卡", "https://h.example.org/cards"),
        Button::click("在线注册", "REGISTER"),
    ];
    assert_eq!(menu.button.first(), Some(&Button::submenu("个人中心", below)));
    let written = serde_json::to_value(&menu).expect("JSON");
    assert_eq!(written, serde_json::from_str::<Value>(MENU).expect("JSON"));
}

#[test]
fn the_official_empty_list_at_a_leaf_is_read() {
    let text = r#"{"menu":{"button":[{"type":"click","name":"a","key":"K","sub_button":[]}]}}"#;
    let reply: MenuReply = serde_json::from_str(text).expect("an answer");
    assert_eq!(reply.menu.button, [Button::click("a", "K")]);
}

#[test]
fn each_wrong_menu_has_its_code() {
    let of = |menu: Value| Menu::read(menu.to_string().as_bytes()).map_err(AccountError::errcode);
    let view = |name: &str| json!({ "type": "view", "name": name, "url": "http://a.example" });
    let button = |button: Value| of(json!({ "button": [button] }));
    let below =
        |button: Value| of(json!({ "button": [{ "name": "菜单", "sub_button": [button] }] }));
    assert_eq!(Menu::read(b" "), Err(AccountError::EmptyBody));
    assert_eq!(Menu::read(b"{"), Err(AccountError::DataFormat));
    assert_eq!(of(json!({})), Err(40016));
    assert_eq!(of(json!({ "button": vec![view("a"); 4] })), Err(40016));
    assert_eq!(button(json!({ "name": "a" })), Err(40017));
    assert_eq!(button(json!({ "type": "pic_weixin", "name": "a", "key": "k" })), Err(40017));
    assert_eq!(button(view("")), Err(40018));
    assert_eq!(button(view("六个汉字的名")), Err(40018));
    assert_eq!(button(json!({ "type": "click", "name": "a" })), Err(40019));
    assert_eq!(button(json!({ "type": "view", "name": "a", "url": "ftp://a" })), Err(40020));
    assert_eq!(below(json!({ "name": "a", "sub_button": [view("b")] })), Err(40022));
    let six = json!({ "button": [{ "name": "a", "sub_button": vec![view("b"); 6] }] });
    assert_eq!(of(six), Err(40023));
    assert_eq!(below(json!({ "type": "odd", "name": "a" })), Err(40024));
    assert_eq!(below(view(&"长".repeat(21))), Err(40025));
    assert_eq!(below(json!({ "type": "click", "name": "a", "key": "" })), Err(40026));
    assert_eq!(below(json!({ "type": "view", "name": "a" })), Err(40027));
    assert_eq!(
        below(view("我的社保卡")),
        Ok(Menu {
            button: vec![Button::submenu(
                "菜单",
                vec![Button::view("我的社保卡", "http://a.example")]
            )]
        })
    );
}
