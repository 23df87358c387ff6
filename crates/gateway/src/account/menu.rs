//! The account's menu, in the words of the guide's leaflet (guide §4.1.1).

use super::answers::address;
use crate::channels::Channel;
use crate::gateway::Site;
use medpay_client::Unanswered;
use medpay_wire::envelope::GatewayError;
use medpay_wire::public_account::menu::{Button, Menu};

/// 个人中心.
const PERSON: [(&str, &str); 5] = [
    ("我的信息", "/me"),
    ("我的社保卡", "/card"),
    ("在线注册", "/visit-cards"),
    ("我的订单", "/orders"),
    ("常见问题", "/help"),
];
/// 服务平台.
const SERVICES: [(&str, &str); 4] = [
    ("我要挂号", "/register"),
    ("在线取号", "/pickup"),
    ("门诊缴费", "/bills"),
    ("报告查看", "/results"),
];
/// 就医服务.
const GUIDANCE: [(&str, &str); 3] =
    [("就诊指引", "/guide"), ("就医反馈", "/feedback"), ("全部服务", "")];

/// The menu of the hospital's account.
pub fn of(site: &Site) -> Menu {
    let below = |pages: &[(&str, &str)]| {
        let view = |(name, path): &(&str, &str)| {
            Button::view(*name, address(site, path, &Channel::menu()))
        };
        pages.iter().map(view).collect()
    };
    Menu {
        button: vec![
            Button::submenu("个人中心", below(&PERSON)),
            Button::submenu("服务平台", below(&SERVICES)),
            Button::submenu("就医服务", below(&GUIDANCE)),
        ],
    }
}

/// Sets the menu; answers what WeChat said, 0 being success.
pub async fn publish(site: &Site) -> Result<GatewayError, Unanswered> {
    site.doors.public_account.create_menu(&of(site)).await
}
