//! The keys of the platform.

use super::keys::{Declaration, Key, Kind, Preset};
use super::shared_keys::{ADMISSION, CLOCK, DATABASE, LISTENER, LOG, OUTGOING};

/// Everything `platform.toml` may say.
pub const PLATFORM: Declaration = Declaration {
    service: "platform",
    groups: &[
        ADDRESSES,
        LISTENER,
        ADMISSION,
        PARTIES,
        DATABASE,
        RULES,
        CLOCK,
        OUTGOING,
        LOG,
        PATHS,
        INSTITUTIONS,
    ],
};

const ADDRESSES: &[Key] = &[
    Key {
        path: "listen",
        kind: Kind::Address,
        preset: Preset::Is("\"127.0.0.1:8600\""),
        meaning: "Where requests and pages are served.",
    },
    Key {
        path: "operations_listen",
        kind: Kind::Address,
        preset: Preset::Is("\"127.0.0.1:8601\""),
        meaning: "Where /healthz, /readyz and /metrics are served, plain. Not for the public.",
    },
    Key {
        path: "public_url",
        kind: Kind::Url,
        preset: Preset::Needed,
        meaning: "The address under which patients and hospitals reach this service.",
    },
];

const PARTIES: &[Key] = &[
    Key {
        path: "open_url",
        kind: Kind::Url,
        preset: Preset::Needed,
        meaning: "Address of WeChat's OAuth2 page, without the path.",
    },
    Key {
        path: "wechat_url",
        kind: Kind::Url,
        preset: Preset::Needed,
        meaning: "Where other /cgi-bin/* and /sns/* calls are passed on to.",
    },
    Key {
        path: "test.bureau_url",
        kind: Kind::Url,
        preset: Preset::Needed,
        meaning: "Base address of the test bureau's contract.",
    },
    Key {
        path: "test.wallet_url",
        kind: Kind::Url,
        preset: Preset::Needed,
        meaning: "Base address of the test wallet's contract.",
    },
    Key {
        path: "test.courier_url",
        kind: Kind::Url,
        preset: Preset::Nothing,
        meaning: "Base address of the sandbox's courier, through which notifications of test \
                  institutions travel. Without it they go straight to the hospital.",
    },
    Key {
        path: "production.bureau_url",
        kind: Kind::Url,
        preset: Preset::Nothing,
        meaning: "Base address of the bureau's contract. Needed, with the wallet's, as soon as an \
                  institution is in production; https.",
    },
    Key {
        path: "production.wallet_url",
        kind: Kind::Url,
        preset: Preset::Nothing,
        meaning: "Base address of the wallet's contract; https.",
    },
];

const RULES: &[Key] = &[
    Key {
        path: "page_key",
        kind: Kind::Secret,
        preset: Preset::Needed,
        meaning: "Signs page sessions; 32 characters or more, the same for all processes of one \
                  platform.",
    },
    Key {
        path: "digest_key",
        kind: Kind::Secret,
        preset: Preset::Needed,
        meaning: "Digests what is searched among personal data; 32 characters or more. Changing \
                  it loses every card that was bound.",
    },
    Key {
        path: "frame_ancestors",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Who may frame the pages, as in Content-Security-Policy. The sandbox's phone \
                  needs its address here. Refused where an institution is in production.",
    },
    Key {
        path: "cities_dir",
        kind: Kind::Path,
        preset: Preset::Nothing,
        meaning: "Folder of further city files (`*.toml`), which win over the built-in ones.",
    },
    Key {
        path: "order_expiry_seconds",
        kind: Kind::Whole(60, 86_400),
        preset: Preset::Is("1800"),
        meaning: "How long an unpaid order lives, in seconds.",
    },
    Key {
        path: "bind_link_seconds",
        kind: Kind::Whole(60, 86_400),
        preset: Preset::Is("1800"),
        meaning: "How long a bind link lives, in seconds.",
    },
    Key {
        path: "bind_tries",
        kind: Kind::Whole(1, 100),
        preset: Preset::Is("5"),
        meaning: "Wrong tries that a person has at the bind form in a day.",
    },
    Key {
        path: "token_seconds",
        kind: Kind::Whole(60, 7200),
        preset: Preset::Is("7200"),
        meaning: "How long an access_token lives, in seconds.",
    },
    Key {
        path: "token_error_shape",
        kind: Kind::Choice(&["xml", "json"]),
        preset: Preset::Is("\"xml\""),
        meaning: "Shape of the refusal of an access_token: both were seen in public.",
    },
    Key {
        path: "notify_schedule_seconds",
        kind: Kind::Wholes,
        preset: Preset::Is(
            "[15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, \
             21600]",
        ),
        meaning: "Waits between the attempts of a payment notification, in seconds.",
    },
    Key {
        path: "call_timeout_ms",
        kind: Kind::Whole(100, 120_000),
        preset: Preset::Is("5000"),
        meaning: "How long a call of another party may take, in milliseconds.",
    },
    Key {
        path: "lease_ms",
        kind: Kind::Whole(200, 600_000),
        preset: Preset::Is("15000"),
        meaning: "How long a worker holds a job, in milliseconds; more than `call_timeout_ms`. \
                  After a crash another process takes it up when this has passed.",
    },
];

/// Where the interfaces of `/payinsurance/*` are served, by their names.
const PATHS: &[Key] = &[
    path("paths.getmedinfo", r#"["/payinsurance/getmedinfo"]"#),
    path("paths.getbindurl", r#"["/payinsurance/getbindurl"]"#),
    path("paths.preregister", r#"["/payinsurance/preregister"]"#),
    path("paths.qrcodepreregister", r#"["/payinsurance/qrcodepreregister"]"#),
    path("paths.sendmsg", r#"["/payinsurance/sendmsg"]"#),
    path("paths.qrcodegetmedinfo", r#"["/payinsurance/qrcodegetmedinfo"]"#),
    path("paths.unifiedorder", r#"["/payinsurance/unifiedorder"]"#),
    path("paths.qrcodeunifiedorder", r#"["/payinsurance/qrcodeunifiedorder"]"#),
    path("paths.orderquery", r#"["/payinsurance/orderquery", "/payinsurance/queryorder"]"#),
    path("paths.closeorder", r#"["/payinsurance/closeorder"]"#),
    path("paths.refund", r#"["/payinsurance/refund"]"#),
    path("paths.refundquery", r#"["/payinsurance/refundquery"]"#),
    path("paths.downloadbill", r#"["/payinsurance/downloadbill"]"#),
];

const fn path(path: &'static str, documented: &'static str) -> Key {
    Key {
        path,
        kind: Kind::Texts,
        preset: Preset::Is(documented),
        meaning: "Paths at which this interface is served.",
    }
}

const INSTITUTIONS: &[Key] = &[
    Key {
        path: "institutions[].name",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "The institution's name, as patients read it.",
    },
    Key {
        path: "institutions[].org_no",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "医疗机构编码.",
    },
    Key {
        path: "institutions[].city_id",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "Its city, from the city files.",
    },
    Key {
        path: "institutions[].environment",
        kind: Kind::Choice(&["test", "production"]),
        preset: Preset::Needed,
        meaning: "Whose bureau and wallet its orders reach.",
    },
    Key {
        path: "institutions[].appid",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "公众号 or mini-program that calls: the hospital's own, or the service provider's.",
    },
    Key {
        path: "institutions[].secret",
        kind: Kind::Secret,
        preset: Preset::Needed,
        meaning: "Secret of `appid`.",
    },
    Key {
        path: "institutions[].mini_program",
        kind: Kind::Flag,
        preset: Preset::Is("false"),
        meaning: "Whether `appid` is a mini-program.",
    },
    Key {
        path: "institutions[].mch_id",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "商户号: the hospital's own, or the service provider's.",
    },
    Key {
        path: "institutions[].api_key",
        kind: Kind::Secret,
        preset: Preset::Needed,
        meaning: "API key of `mch_id`, 32 characters.",
    },
    Key {
        path: "institutions[].sub_mch_id",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "子商户号. Given, the institution is in service-provider mode.",
    },
    Key {
        path: "institutions[].sub_appid",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "子商户公众号, in service-provider mode.",
    },
    Key {
        path: "institutions[].sub_secret",
        kind: Kind::Secret,
        preset: Preset::Nothing,
        meaning: "Secret of `sub_appid`; needed with it.",
    },
    Key {
        path: "institutions[].sub_mini_program",
        kind: Kind::Flag,
        preset: Preset::Is("false"),
        meaning: "Whether `sub_appid` is a mini-program.",
    },
    Key {
        path: "institutions[].permissions",
        kind: Kind::Texts,
        preset: Preset::Nothing,
        meaning: "Interfaces it may call, by name (`getmedinfo`, …). Without it: all.",
    },
    Key {
        path: "institutions[].calls_per_second",
        kind: Kind::Whole(1, 100_000),
        preset: Preset::Nothing,
        meaning: "Rate limit. Without it there is none.",
    },
    Key {
        path: "institutions[].hmac_sha256",
        kind: Kind::Flag,
        preset: Preset::Is("false"),
        meaning: "Whether a request with `sign_type=HMAC-SHA256` is accepted.",
    },
    Key {
        path: "institutions[].return_hosts",
        kind: Kind::Texts,
        preset: Preset::Is("[]"),
        meaning: "Hosts that `url` and `return_url` lead to without a word to the patient. Empty: \
                  any.",
    },
    Key {
        path: "institutions[].notify_hosts",
        kind: Kind::Texts,
        preset: Preset::Is("[]"),
        meaning: "Hosts that `notify_url` may name in production although private or not https.",
    },
    Key {
        path: "institutions[].city_services",
        kind: Kind::Flag,
        preset: Preset::Is("true"),
        meaning: "Whether the account opened 城市服务, a condition of sendmsg.",
    },
    Key {
        path: "institutions[].templates.outpatient",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Template of message type 1, 门诊缴费成功.",
    },
    Key {
        path: "institutions[].templates.outpatient_discount",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Template of message type 2, 门诊缴费成功 (含优惠).",
    },
    Key {
        path: "institutions[].templates.registration",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Template of message type 3, 挂号缴费成功.",
    },
    Key {
        path: "institutions[].templates.booking",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Template of message type 4, 预约挂号缴费成功.",
    },
];
