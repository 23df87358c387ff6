//! The keys of the sandbox.

use super::keys::{Declaration, Key, Kind, Preset};
use super::shared_keys::{LISTENER, LOG, OUTGOING};

/// Everything `sandbox.toml` may say.
pub const SANDBOX: Declaration = Declaration {
    service: "sandbox",
    groups: &[SERVICE, LISTENER, OUTGOING, LOG, ACCOUNTS, HOSPITALS],
};

const SERVICE: &[Key] = &[
    Key {
        path: "listen",
        kind: Kind::Address,
        preset: Preset::Is("\"127.0.0.1:8800\""),
        meaning: "Where bureau, wallet, WeChat, courier, clock and phone are served.",
    },
    Key {
        path: "operations_listen",
        kind: Kind::Address,
        preset: Preset::Is("\"127.0.0.1:8801\""),
        meaning: "Where /healthz, /readyz and /metrics are served, plain. Not for the public.",
    },
    Key {
        path: "public_url",
        kind: Kind::Url,
        preset: Preset::Needed,
        meaning: "The sandbox's own address, as patients open it.",
    },
    Key {
        path: "platform_url",
        kind: Kind::Url,
        preset: Preset::Needed,
        meaning: "The platform's address. The phone follows its links and nobody else's.",
    },
    Key {
        path: "data_dir",
        kind: Kind::Path,
        preset: Preset::Needed,
        meaning: "Folder of the parties' books, made if it is missing.",
    },
    Key {
        path: "person_cookies",
        kind: Kind::Texts,
        preset: Preset::Is("[]"),
        meaning: "Cookies in which pages on the phone's own host remember who opened them, each as \
                  `name path`. The phone forgets them when another person takes it.",
    },
    Key {
        path: "late_reversal_cities",
        kind: Kind::Texts,
        preset: Preset::Is("[]"),
        meaning: "Cities whose bureau gives insurance money back for a year. In all others only \
                  on the day it was paid.",
    },
];

const ACCOUNTS: &[Key] = &[
    Key {
        path: "accounts[].appid",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "A test institution's 公众号 or mini-program.",
    },
    Key {
        path: "accounts[].name",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "Its name, as a patient reads it.",
    },
    Key {
        path: "accounts[].secret",
        kind: Kind::Secret,
        preset: Preset::Needed,
        meaning: "The secret with which it redeems OAuth codes.",
    },
    Key {
        path: "accounts[].mch_id",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "商户号 that signs its notifications; none if another account's does.",
    },
    Key {
        path: "accounts[].api_key",
        kind: Kind::Secret,
        preset: Preset::Nothing,
        meaning: "API key of `mch_id`, 32 characters. The courier signs altered notifications \
                  with it.",
    },
    Key {
        path: "accounts[].templates.outpatient",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Id of its template 门诊缴费成功.",
    },
    Key {
        path: "accounts[].templates.outpatient_discount",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Id of its template 门诊缴费成功 (含优惠).",
    },
    Key {
        path: "accounts[].templates.registration",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Id of its template 挂号缴费成功.",
    },
    Key {
        path: "accounts[].templates.booking",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Id of its template 预约挂号缴费成功.",
    },
    Key {
        path: "accounts[].messages[].template",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "Id of a template of the account's own messages.",
    },
    Key {
        path: "accounts[].messages[].content",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "Its text in WeChat's form: lines with `{{first.DATA}}`, `{{keyword1.DATA}}`, ….",
    },
    Key {
        path: "accounts[].callback.url",
        kind: Kind::Url,
        preset: Preset::Nothing,
        meaning: "The account's own server (服务器配置), which is sent messages and events.",
    },
    Key {
        path: "accounts[].callback.token",
        kind: Kind::Secret,
        preset: Preset::Nothing,
        meaning: "The token that signs every post. Needed with `callback.url`.",
    },
    Key {
        path: "accounts[].callback.encryption",
        kind: Kind::Choice(&["plain", "compatible", "safe"]),
        preset: Preset::Is("\"plain\""),
        meaning: "消息加解密方式: 明文, 兼容 or 安全模式.",
    },
    Key {
        path: "accounts[].callback.aes_key",
        kind: Kind::Secret,
        preset: Preset::Nothing,
        meaning: "`EncodingAESKey`, 43 characters. Needed unless `callback.encryption` is plain.",
    },
    Key {
        path: "accounts[].mini_pages",
        kind: Kind::Url,
        preset: Preset::Nothing,
        meaning: "Where the pages of a mini-program are served as web pages; none of a 公众号.",
    },
];

const HOSPITALS: &[Key] = &[
    Key {
        path: "hospitals[].org_no",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "A hospital whose HIS the sandbox plays, at `/his/<org_no>`: 医疗机构编码.",
    },
    Key {
        path: "hospitals[].name",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "Its name.",
    },
    Key {
        path: "hospitals[].city_id",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "Its city, from the built-in city files: decides how `request_content` is \
                  written.",
    },
    Key {
        path: "hospitals[].his_secret",
        kind: Kind::Secret,
        preset: Preset::Needed,
        meaning: "Signs between HIS and gateway; 32 characters or more.",
    },
    Key {
        path: "hospitals[].gateway_url",
        kind: Kind::Url,
        preset: Preset::Needed,
        meaning: "The gateway's half of the contract, without `/v1`: `…/his/<site>`.",
    },
];
