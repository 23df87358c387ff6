//! The keys of the gateway.

use super::keys::{Declaration, Key, Kind, Preset};
use super::shared_keys::{ADMISSION, CLOCK, DATABASE, LISTENER, LOG, OUTGOING};

/// Everything `gateway.toml` may say.
pub const GATEWAY: Declaration = Declaration {
    service: "gateway",
    groups: &[
        SERVICE,
        LISTENER,
        ADMISSION,
        OTHERS,
        DATABASE,
        PRODUCTION,
        RULES,
        CLOCK,
        OUTGOING,
        LOG,
        PATHS,
        INSTITUTIONS,
        HOSPITAL,
        PATIENTS,
    ],
};

/// Where it is.
const SERVICE: &[Key] = &[
    Key {
        path: "listen",
        kind: Kind::Address,
        preset: Preset::Is("\"127.0.0.1:8700\""),
        meaning: "Where pages, notifications and the calls of WeChat and HIS are served.",
    },
    Key {
        path: "operations_listen",
        kind: Kind::Address,
        preset: Preset::Is("\"127.0.0.1:8701\""),
        meaning: "Where /healthz, /readyz and /metrics are served, plain. Not for the public.",
    },
    Key {
        path: "public_url",
        kind: Kind::Url,
        preset: Preset::Needed,
        meaning: "The address under which patients, WeChat, the platform and the HIS reach \
                  this service.",
    },
];

/// Whom it calls.
const OTHERS: &[Key] = &[
    Key {
        path: "api_url",
        kind: Kind::Url,
        preset: Preset::Needed,
        meaning: "The API address: `https://api.weixin.qq.com`, or a medpay platform.",
    },
    Key {
        path: "open_url",
        kind: Kind::Url,
        preset: Preset::Needed,
        meaning: "Address of WeChat's OAuth2 page, without the path.",
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
        meaning: "How long a worker holds a job, in milliseconds; more than `call_timeout_ms`.",
    },
];

/// The database of production where one gateway serves test institutions too.
const PRODUCTION: &[Key] = &[
    Key {
        path: "production.database.sqlite",
        kind: Kind::Path,
        preset: Preset::Nothing,
        meaning: "The SQLite file of production institutions, where test institutions are \
                  served beside them; else `database` is theirs.",
    },
    Key {
        path: "production.database.postgres",
        kind: Kind::Secret,
        preset: Preset::Nothing,
        meaning: "The same on PostgreSQL: a URL of another database.",
    },
];

/// Keys, and what holds for all.
const RULES: &[Key] = &[
    Key {
        path: "page_key",
        kind: Kind::Secret,
        preset: Preset::Needed,
        meaning: "Signs sessions and forms; 32 characters or more, the same for all processes \
                  of one gateway.",
    },
    Key {
        path: "digest_key",
        kind: Kind::Secret,
        preset: Preset::Needed,
        meaning: "Digests what is searched among personal data; 32 characters or more. \
                  Changing it loses every visit card that was added.",
    },
    Key {
        path: "frame_ancestors",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Who may frame the patients' pages, as in Content-Security-Policy. The \
                  sandbox's phone needs its address here. Refused where an institution is in \
                  production.",
    },
    Key {
        path: "cities_dir",
        kind: Kind::Path,
        preset: Preset::Nothing,
        meaning: "Folder of further city files (`*.toml`), which win over the built-in ones.",
    },
];

/// Where the interfaces of `/payinsurance/*` are called, by their names.
const PATHS: &[Key] = &[
    path("paths.getmedinfo", "\"/payinsurance/getmedinfo\""),
    path("paths.getbindurl", "\"/payinsurance/getbindurl\""),
    path("paths.preregister", "\"/payinsurance/preregister\""),
    path("paths.qrcodepreregister", "\"/payinsurance/qrcodepreregister\""),
    path("paths.sendmsg", "\"/payinsurance/sendmsg\""),
    path("paths.qrcodegetmedinfo", "\"/payinsurance/qrcodegetmedinfo\""),
    path("paths.unifiedorder", "\"/payinsurance/unifiedorder\""),
    path("paths.qrcodeunifiedorder", "\"/payinsurance/qrcodeunifiedorder\""),
    path("paths.orderquery", "\"/payinsurance/orderquery\""),
    path("paths.closeorder", "\"/payinsurance/closeorder\""),
    path("paths.refund", "\"/payinsurance/refund\""),
    path("paths.refundquery", "\"/payinsurance/refundquery\""),
    path("paths.downloadbill", "\"/payinsurance/downloadbill\""),
];

const fn path(path: &'static str, documented: &'static str) -> Key {
    Key {
        path,
        kind: Kind::Text,
        preset: Preset::Is(documented),
        meaning: "Path at which this interface is called.",
    }
}

/// What the platform knows of a hospital.
const INSTITUTIONS: &[Key] = &[
    Key {
        path: "institutions[].org_no",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "医疗机构编码.",
    },
    Key {
        path: "institutions[].site",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Its word in addresses: `/h/<site>/…`, `/notify/<site>`. Its \
                  `org_no` unless told otherwise; test and production of one \
                  hospital need two.",
    },
    Key {
        path: "institutions[].environment",
        kind: Kind::Choice(&["test", "production"]),
        preset: Preset::Needed,
        meaning: "Test pages say so, and only test notices are listed for scripts. Test and \
                  production never share a database.",
    },
    Key {
        path: "institutions[].name",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "The hospital's name, as patients read it. Needed with `his.url`.",
    },
    Key {
        path: "institutions[].city_id",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Its city, from the city files. Needed with `his.url`.",
    },
    Key {
        path: "institutions[].appid",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "Account that calls the platform and that notifications name: the hospital's \
                  own, or the service provider's.",
    },
    Key {
        path: "institutions[].secret",
        kind: Kind::Secret,
        preset: Preset::Nothing,
        meaning: "Secret of `appid`. Needed with `his.url`.",
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
        meaning: "子商户公众号, in service-provider mode: the account that patients follow.",
    },
    Key {
        path: "institutions[].sub_secret",
        kind: Kind::Secret,
        preset: Preset::Nothing,
        meaning: "Secret of `sub_appid`.",
    },
    Key {
        path: "institutions[].sub_mch_id",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "子商户号, in service-provider mode.",
    },
];

/// The hospital's HIS and account. Without `his.url` the gateway only receives notifications.
const HOSPITAL: &[Key] = &[
    Key {
        path: "institutions[].his.url",
        kind: Kind::Url,
        preset: Preset::Nothing,
        meaning: "Address of the HIS's half of the contract (`docs/contracts/his.md`), without \
                  `/v1`.",
    },
    Key {
        path: "institutions[].his.secret",
        kind: Kind::Secret,
        preset: Preset::Nothing,
        meaning: "Signs in both directions; 32 characters or more. Needed with `his.url`.",
    },
    Key {
        path: "institutions[].callback.token",
        kind: Kind::Secret,
        preset: Preset::Nothing,
        meaning: "`Token` of the account's server settings. Needed with `his.url`.",
    },
    Key {
        path: "institutions[].callback.aes_key",
        kind: Kind::Secret,
        preset: Preset::Nothing,
        meaning: "`EncodingAESKey`, 43 characters; without it only plain messages are read.",
    },
    Key {
        path: "institutions[].callback.only_encrypted",
        kind: Kind::Flag,
        preset: Preset::Is("false"),
        meaning: "Whether a message that is not encrypted is refused (安全模式).",
    },
    Key {
        path: "institutions[].callback.subscribe_reply",
        kind: Kind::Flag,
        preset: Preset::Is("true"),
        meaning: "Whether a new follower is answered.",
    },
    Key {
        path: "institutions[].callback.bind_hint",
        kind: Kind::Flag,
        preset: Preset::Is("true"),
        meaning: "Whether that answer leads to binding a social-security card.",
    },
    Key {
        path: "institutions[].verify_dir",
        kind: Kind::Path,
        preset: Preset::Nothing,
        meaning: "Folder of the `MP_verify_*.txt` files that the account's console asks for.",
    },
    Key {
        path: "institutions[].templates.bind_reminder",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Template of 绑卡提醒. A kind without template is not sent.",
    },
    Key {
        path: "institutions[].templates.payment_reminder",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Template of 诊间支付提醒.",
    },
    Key {
        path: "institutions[].templates.visit_reminder",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Template of 就诊提醒.",
    },
    Key {
        path: "institutions[].templates.result_ready",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Template of 报告已出.",
    },
    Key {
        path: "institutions[].templates.outpatient_paid",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Template of 门诊缴费成功.",
    },
    Key {
        path: "institutions[].templates.registration_paid",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Template of 挂号缴费成功.",
    },
    Key {
        path: "institutions[].templates.refunded",
        kind: Kind::Text,
        preset: Preset::Nothing,
        meaning: "Template of 退款结果.",
    },
];

/// What is decided for its patients.
const PATIENTS: &[Key] = &[
    Key {
        path: "institutions[].unconfirmed",
        kind: Kind::Choice(&["refund", "queue"]),
        preset: Preset::Is("\"refund\""),
        meaning: "What becomes of a paid order that the HIS refuses or does not take note of: \
                  it goes back the same day, or staff decide (`medpay gateway queue`).",
    },
    Key {
        path: "institutions[].confirm_seconds",
        kind: Kind::Whole(60, 86_400),
        preset: Preset::Is("7200"),
        meaning: "How long the HIS may be silent about a paid order, in seconds.",
    },
    Key {
        path: "institutions[].order_seconds",
        kind: Kind::Whole(60, 1800),
        preset: Preset::Is("900"),
        meaning: "How long a patient has to pay, in seconds.",
    },
    Key {
        path: "institutions[].qr_seconds",
        kind: Kind::Whole(3600, 2_592_000),
        preset: Preset::Is("259200"),
        meaning: "How long a prescription's QR code is good, in seconds.",
    },
    Key {
        path: "institutions[].quiet_from_hour",
        kind: Kind::Whole(0, 23),
        preset: Preset::Is("22"),
        meaning: "Reminders are held back from this hour of Beijing on.",
    },
    Key {
        path: "institutions[].quiet_until_hour",
        kind: Kind::Whole(0, 23),
        preset: Preset::Is("7"),
        meaning: "Until this hour. The same as `quiet_from_hour`: never held back.",
    },
    Key {
        path: "institutions[].bind_reminder_days",
        kind: Kind::Whole(1, 3650),
        preset: Preset::Is("30"),
        meaning: "A bind reminder is not sent again within so many days.",
    },
    Key {
        path: "institutions[].booking_days",
        kind: Kind::Whole(1, 30),
        preset: Preset::Is("7"),
        meaning: "How many days ahead a place can be booked.",
    },
    Key {
        path: "institutions[].visit_card_by_hand",
        kind: Kind::Flag,
        preset: Preset::Is("true"),
        meaning: "Whether a visit card may be added by typing. Always, where the city has no \
                  real-name authorization.",
    },
    Key {
        path: "institutions[].visit_cards_max",
        kind: Kind::Whole(1, 50),
        preset: Preset::Is("6"),
        meaning: "The most visit cards that one person may add.",
    },
    Key {
        path: "institutions[].commission_bp",
        kind: Kind::Whole(0, 10_000),
        preset: Preset::Is("0"),
        meaning: "The provider's share of the cash part less its refunds, in hundredths of a \
                  percent; only in service-provider mode.",
    },
    Key {
        path: "institutions[].cash_limit_fen",
        kind: Kind::Whole(1, 100_000_000),
        preset: Preset::Is("5000000"),
        meaning: "The largest cash part of one order, in fen: a guard against a HIS that \
                  mistakes yuan for fen.",
    },
    Key {
        path: "institutions[].guide_file",
        kind: Kind::Path,
        preset: Preset::Nothing,
        meaning: "The visit guide (就诊指引), a TOML file that staff may edit at any time.",
    },
    Key {
        path: "institutions[].faq[].question",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "A question of the help page. Without any, the guide's own five.",
    },
    Key {
        path: "institutions[].faq[].answer",
        kind: Kind::Text,
        preset: Preset::Needed,
        meaning: "Its answer.",
    },
];
