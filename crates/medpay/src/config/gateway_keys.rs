//! The keys of the gateway.

use super::keys::{Declaration, Key, Kind, Preset};
use super::shared_keys::{CLOCK, DATABASE, LISTENER, LOG, OUTGOING};

/// Everything `gateway.toml` may say.
pub const GATEWAY: Declaration = Declaration {
    service: "gateway",
    groups: &[SERVICE, LISTENER, DATABASE, CLOCK, OUTGOING, LOG, INSTITUTIONS],
};

const SERVICE: &[Key] = &[
    Key {
        path: "listen",
        kind: Kind::Address,
        preset: Preset::Is("\"127.0.0.1:8700\""),
        meaning: "Where notifications are received.",
    },
    Key {
        path: "operations_listen",
        kind: Kind::Address,
        preset: Preset::Is("\"127.0.0.1:8701\""),
        meaning: "Where /healthz, /readyz and /metrics are served, plain. Not for the public.",
    },
];

const INSTITUTIONS: &[Key] = &[
    Key {
        path: "institutions[].org_no",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "医疗机构编码. Its notifications are received at `/notify/<org_no>`.",
    },
    Key {
        path: "institutions[].environment",
        kind: Kind::Choice(&["test", "production"]),
        preset: Preset::Needed,
        meaning: "Only a test institution's notices can be listed by scripts.",
    },
    Key {
        path: "institutions[].appid",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "Account that its notifications name: the hospital's own, or the service \
                  provider's.",
    },
    Key {
        path: "institutions[].mch_id",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "商户号 whose key signs.",
    },
    Key {
        path: "institutions[].api_key",
        kind: Kind::Secret,
        preset: Preset::Needed,
        meaning: "API key of `mch_id`, 32 characters.",
    },
    Key {
        path: "institutions[].sub_appid",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "子商户公众号, in service-provider mode.",
    },
    Key {
        path: "institutions[].sub_mch_id",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "子商户号, in service-provider mode.",
    },
];
