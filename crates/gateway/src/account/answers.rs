//! What the account says by itself: to a new follower, to a text, to a tap on a menu's key. What
//! somebody wrote is never repeated.

use crate::channels::Channel;
use crate::gateway::Site;
use medpay_wire::public_account::callback::{Event, Incoming, What};
use medpay_wire::public_account::encode_component;

/// What changes for the person who did it.
#[derive(Clone, Debug)]
pub(super) struct Effect {
    /// Whether the person follows now.
    pub(super) follows: bool,
    /// The channel of the code that was scanned.
    pub(super) channel: Option<Channel>,
}

/// Something that people ask about: the words that show it, which are also a menu button's keys;
/// what the link says, and where it leads.
struct Topic {
    words: &'static [&'static str],
    says: &'static str,
    path: &'static str,
}

const TOPICS: [Topic; 8] = [
    Topic {
        words: &["社保卡", "医保卡", "绑卡", "绑定"], says: "绑定社保卡", path: "/card"
    },
    Topic {
        words: &["就诊卡", "注册", "建卡"], says: "添加就诊卡", path: "/visit-cards"
    },
    Topic { words: &["挂号", "预约"], says: "我要挂号", path: "/register" },
    Topic { words: &["取号"], says: "在线取号", path: "/pickup" },
    Topic {
        words: &["缴费", "付款", "交费", "支付"], says: "门诊缴费", path: "/bills"
    },
    Topic { words: &["退费", "退款", "订单"], says: "我的订单", path: "/orders" },
    Topic {
        words: &["报告", "检查", "检验", "化验"], says: "报告查看", path: "/results"
    },
    Topic {
        words: &["指引", "科室", "地址", "怎么走"], says: "就诊指引", path: "/guide"
    },
];

/// What is answered, if anything, and what changes.
pub(super) fn to(site: &Site, incoming: &Incoming) -> (Option<String>, Option<Effect>) {
    match &incoming.what {
        What::Event(Event::Subscribe { scene, .. }) => {
            let channel = scene.as_deref().and_then(Channel::parse);
            let reply = welcome(site, channel.as_ref());
            (reply, Some(Effect { follows: true, channel }))
        }
        What::Event(Event::Unsubscribe) => (None, Some(Effect { follows: false, channel: None })),
        What::Event(Event::Scan { scene, .. }) => {
            let channel = Channel::parse(scene);
            let by = channel.clone().unwrap_or_else(Channel::message);
            (Some(overview(site, &by)), Some(Effect { follows: true, channel }))
        }
        What::Event(Event::Click { key }) => (Some(about(site, key, &Channel::menu())), None),
        What::Text { content, .. } => (Some(about(site, content, &Channel::message())), None),
        What::Other { .. } => (Some(overview(site, &Channel::message())), None),
        What::Event(
            Event::View { .. } | Event::TemplateSendJobFinish { .. } | Event::Other { .. },
        ) => (None, None),
    }
}

/// The words for a new follower (guide §4.1.1): none, where the hospital wants none.
fn welcome(site: &Site, channel: Option<&Channel>) -> Option<String> {
    let callback = &site.hospital()?.callback;
    let by = channel.cloned().unwrap_or_else(Channel::subscribe);
    let hint = if callback.bind_hint {
        let bind = link(site, "绑定社保卡", "/card", &by);
        format!("首次使用请先{bind}，绑定后可以用医保支付。\n\n")
    } else {
        String::new()
    };
    let name = &site.institution.name;
    let can = overview(site, &by);
    callback.subscribe_reply.then(|| format!("欢迎关注{name}！\n\n{hint}{can}"))
}

/// The pages about what somebody wrote; all of them, if that is not understood.
fn about(site: &Site, text: &str, by: &Channel) -> String {
    let meant = |topic: &&Topic| topic.words.iter().any(|word| text.contains(word));
    let links: Vec<String> = TOPICS
        .iter()
        .filter(meant)
        .map(|topic| format!("点击进入：{}", link(site, topic.says, topic.path, by)))
        .collect();
    if links.is_empty() { overview(site, by) } else { links.join("\n") }
}

fn overview(site: &Site, by: &Channel) -> String {
    let links: Vec<String> =
        TOPICS.iter().map(|topic| link(site, topic.says, topic.path, by)).collect();
    let help = link(site, "常见问题", "/help", by);
    format!("您可以在这里办理：\n{}\n\n遇到问题请看{help}。", links.join("\n"))
}

fn link(site: &Site, words: &str, path: &str, by: &Channel) -> String {
    format!("<a href=\"{}\">{words}</a>", address(site, path, by))
}

/// The address of a page, saying where its visitor came from.
pub(super) fn address(site: &Site, path: &str, by: &Channel) -> String {
    format!("{}?{}={}", site.url(path), Channel::PARAMETER, encode_component(by.as_str()))
}
