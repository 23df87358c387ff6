//! The keys of the sandbox.

use super::keys::{Declaration, Key, Kind, Preset};
use super::shared_keys::{LISTENER, LOG, OUTGOING};

/// Everything `sandbox.toml` may say.
pub const SANDBOX: Declaration =
    Declaration { service: "sandbox", groups: &[SERVICE, LISTENER, OUTGOING, LOG, ACCOUNTS] };

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
];
