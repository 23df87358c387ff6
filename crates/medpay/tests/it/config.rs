//! Configuration: what is refused, and how it is told.

use medpay::config::{
    CITY, Declaration, Environment, GATEWAY, PLATFORM, PlatformConfiguration, SANDBOX, Values,
    documentation, read, to_toml,
};
use medpay_platform::settings::documented_paths;
use medpay_wire::interfaces;
use std::path::Path;

/// Everything a platform needs, with secrets from the environment.
const PLATFORM_TOML: &str = r#"
public_url = "https://pay.example"
open_url = "http://127.0.0.1:8800"
wechat_url = "http://127.0.0.1:8800"
test.bureau_url = "http://127.0.0.1:8800/bureau"
test.wallet_url = "http://127.0.0.1:8800/wallet"
database.sqlite = "platform.db"
page_key = "env:PAGE_KEY"
digest_key = "env:DIGEST_KEY"

[[institutions]]
name = "云杉市第一人民医院（模拟）"
org_no = "H0001"
city_id = "440300"
environment = "test"
appid = "wxtest000000000001"
secret = "env:SECRET"
mch_id = "1900000101"
api_key = "env:API_KEY"
"#;

fn environment() -> Environment {
    [
        ("PAGE_KEY", "p".repeat(32)),
        ("DIGEST_KEY", "d".repeat(32)),
        ("SECRET", "test-a-secret".to_owned()),
        ("API_KEY", format!("test{}", "k".repeat(28))),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

fn values(text: &str, environment: &Environment) -> Values {
    read(PLATFORM, "platform.toml", text, environment).expect("readable")
}

/// What is told of a platform's file, one line each; empty if it is right.
fn told(text: &str, environment: &Environment) -> String {
    let mapped = read(PLATFORM, "platform.toml", text, environment)
        .and_then(|values| PlatformConfiguration::map(&values, environment));
    mapped.err().map(|faults| faults.to_string()).unwrap_or_default()
}

fn changed(from: &str, to: &str) -> String {
    assert!(PLATFORM_TOML.contains(from), "{from}");
    told(&PLATFORM_TOML.replace(from, to), &environment())
}

#[test]
fn a_complete_file_is_right() {
    assert_eq!(told(PLATFORM_TOML, &environment()), "");
}

#[test]
fn the_documentation_lists_every_key_and_no_other() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let document = std::fs::read_to_string(path).expect("the document");
    let declarations: [Declaration; 4] = [PLATFORM, GATEWAY, SANDBOX, CITY];
    for declaration in declarations {
        for row in documentation(declaration).lines() {
            let service = declaration.service;
            assert!(document.contains(row), "{service}: docs/configuration.md lacks {row}");
        }
    }
    let keys: usize = declarations.iter().map(|declaration| declaration.keys().count()).sum();
    let documented = document.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(documented, keys, "docs/configuration.md has rows of keys that do not exist");
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_nearest_key() {
    insta::assert_snapshot!(changed("public_url", "publik_url"), @r"
    platform.toml:2:1: `publik_url` is not a key of the platform's configuration; did you mean `public_url`?
    platform.toml: `public_url` is needed: The address under which patients and hospitals reach this service.
    ");
    insta::assert_snapshot!(changed("mch_id = ", "merchant_id = "), @r"
    platform.toml:18:1: `institutions[].merchant_id` is not a key of the platform's configuration; did you mean `institutions[].mch_id`?
    platform.toml: `institutions[0].mch_id` is needed: 商户号: the hospital's own, or the service provider's.
    ");
    insta::assert_snapshot!(changed("test.bureau_url", "bureau_url"), @r"
    platform.toml:5:1: `bureau_url` is not a key of the platform's configuration; did you mean `test.bureau_url`?
    platform.toml: `test.bureau_url` is needed: Base address of the test bureau's contract.
    ");
}

#[test]
fn a_wrong_value_is_told_with_what_would_be_right() {
    let text =
        format!("lease_ms = \"long\"\nlisten = \"8600\"\nlog.format = \"xml\"{PLATFORM_TOML}");
    insta::assert_snapshot!(told(&text, &environment()), @r#"
    platform.toml:1:12: `lease_ms` must be a whole number from 200 to 600000, not "long"
    platform.toml:2:10: `listen` must be an IP address with a port, not "8600"
    platform.toml:3:14: `log.format` must be one of text, json, not "xml"
    "#);
    insta::assert_snapshot!(changed("\"https://pay.example\"", "\"https://pay.example/\""), @r#"platform.toml:2:14: `public_url` must be an http or https address without a final slash, not "https://pay.example/""#);
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    let told = changed("\"env:API_KEY\"", "\"k0123456789abcdef0123456789abcde\"");
    insta::assert_snapshot!(told, @"platform.toml:19:11: `institutions[0].api_key` must be a reference, file:PATH or env:NAME; the secret itself does not belong here");
}

#[test]
fn a_secret_that_cannot_be_fetched_is_told_without_any_other() {
    let mut environment = environment();
    environment.remove("SECRET");
    insta::assert_snapshot!(told(PLATFORM_TOML, &environment), @"platform.toml:17:10: `institutions[0].secret` cannot be fetched: the environment variable SECRET is not set");
}

#[test]
fn the_environment_overrides_the_file() {
    let mut environment = environment();
    environment.insert("MEDPAY_PLATFORM__LISTEN".into(), "127.0.0.1:9000".into());
    environment.insert("MEDPAY_PLATFORM__LOG__FORMAT".into(), "json".into());
    environment.insert("MEDPAY_PLATFORM__TRUSTED_PROXIES".into(), "10.0.0.1, ::1".into());
    environment.insert("MEDPAY_GATEWAY__LISTEN".into(), "not ours".into());
    let values = values(PLATFORM_TOML, &environment);
    let mapped = PlatformConfiguration::map(&values, &environment).expect("right");
    assert_eq!(mapped.service.listener.listen.port(), 9000);
    assert_eq!(mapped.service.listener.trusted_proxies.len(), 2);
    assert!(mapped.service.log.json);
}

#[test]
fn a_wrong_variable_is_told_by_its_name() {
    let mut environment = environment();
    environment.insert("MEDPAY_PLATFORM__LISTN".into(), "127.0.0.1:9000".into());
    environment.insert("MEDPAY_PLATFORM__DRAIN_SECONDS".into(), "soon".into());
    insta::assert_snapshot!(told(PLATFORM_TOML, &environment), @r"
    MEDPAY_PLATFORM__DRAIN_SECONDS: `drain_seconds` must be a whole number from 0 to 3600, not soon
    MEDPAY_PLATFORM__LISTN: `listn` is not a key of the platform's configuration; did you mean `listen`?
    ");
}

#[test]
fn a_printed_configuration_shows_what_is_in_force_and_no_secret() {
    let mut environment = environment();
    environment.insert("MEDPAY_PLATFORM__BIND_TRIES".into(), "7".into());
    let printed = to_toml(&values(PLATFORM_TOML, &environment));
    for line in ["bind_tries = 7", "lease_ms = 15000", "[log]", "api_key = \"env:API_KEY\""] {
        assert!(printed.contains(line), "{line} is not in {printed}");
    }
    for name in ["PAGE_KEY", "DIGEST_KEY", "SECRET", "API_KEY"] {
        assert!(!printed.contains(&environment[name]), "{name}'s value is printed");
    }
    // What is printed is itself a right configuration.
    assert_eq!(told(&printed, &environment), "");
}

#[test]
fn test_and_production_are_kept_apart() {
    insta::assert_snapshot!(changed("environment = \"test\"", "environment = \"production\""), @"platform.toml:15:15: `institutions[0].environment` is production, but `production.bureau_url` and `production.wallet_url` are not given");
    let production = "production.bureau_url = \"http://bureau.example\"\n\
                      production.wallet_url = \"https://wallet.example\"\n\
                      clock = \"http://127.0.0.1:8800/clock\"\n";
    let text = PLATFORM_TOML.replace("environment = \"test\"", "environment = \"production\"");
    insta::assert_snapshot!(told(&format!("{production}{text}"), &environment()), @r"
    platform.toml:1:25: `production.bureau_url` must be https where an institution is in production
    platform.toml:19:9: `institutions[0].appid` is a test credential; production refuses it
    platform.toml:20:10: `institutions[0].secret` is a test credential; production refuses it
    platform.toml:22:11: `institutions[0].api_key` is a test credential; production refuses it
    platform.toml:3:9: `clock` follows a test clock although an institution is in production; only a configuration whose institutions are all test ones may move time
    ");
    insta::assert_snapshot!(changed("wechat_url = \"http://127.0.0.1:8800\"", "wechat_url = \"https://api.weixin.qq.com\""), @"platform.toml:16:9: `institutions[0].appid` is a test account, which must not reach https://api.weixin.qq.com");
}

#[test]
fn a_plain_listener_open_to_the_network_needs_a_named_proxy() {
    let mut environment = environment();
    environment.insert("MEDPAY_PLATFORM__LISTEN".into(), "0.0.0.0:8600".into());
    insta::assert_snapshot!(told(PLATFORM_TOML, &environment), @"MEDPAY_PLATFORM__LISTEN: `listen` is open to the network without TLS; give `tls.certificate` and `tls.key`, or name the proxy in front of it in `trusted_proxies`");
    environment.insert("MEDPAY_PLATFORM__TRUSTED_PROXIES".into(), "10.0.0.1".into());
    assert_eq!(told(PLATFORM_TOML, &environment), "");
}

#[test]
fn exactly_one_database_is_named() {
    insta::assert_snapshot!(changed("database.sqlite = \"platform.db\"", ""), @"platform.toml: `database` is needed: give `database.sqlite` a file, or `database.postgres` a reference to a URL");
    insta::assert_snapshot!(changed("database.sqlite = \"platform.db\"", "database = { sqlite = \"a.db\", postgres = \"env:SECRET\" }"), @"platform.toml:7:42: `database.postgres` and `database.sqlite` are both given; keep one");
}

#[test]
fn rules_that_join_keys_are_held() {
    let text = format!("lease_ms = 5000{PLATFORM_TOML}");
    insta::assert_snapshot!(told(&text, &environment()), @"platform.toml:1:12: `lease_ms` must be more than `call_timeout_ms`, or a second process would take up a job whose call is still under way");
    insta::assert_snapshot!(changed("city_id = \"440300\"", "city_id = \"1\""), @"platform.toml:14:11: `institutions[0].city_id` names a city of which there is no file");
    insta::assert_snapshot!(changed("org_no = ", "permissions = [\"getmedinf\"]\norg_no = "), @"platform.toml:13:15: `institutions[0].permissions` names `getmedinf`, which is no interface; there are getmedinfo, getbindurl, preregister, qrcodepreregister, sendmsg, qrcodegetmedinfo, unifiedorder, qrcodeunifiedorder, orderquery, closeorder, refund, refundquery, downloadbill");
}

/// What is told where these lines stand before the file.
fn before(lines: &str) -> String {
    told(&format!("{lines}{PLATFORM_TOML}"), &environment())
}

#[test]
fn without_a_word_every_interface_is_at_its_documented_paths() {
    let environment = environment();
    let mapped = PlatformConfiguration::map(&values(PLATFORM_TOML, &environment), &environment);
    let paths = mapped.expect("right").settings.paths;
    assert_eq!(paths.len(), interfaces::ALL.len());
    for interface in interfaces::ALL {
        assert_eq!(paths[interface.name], documented_paths(interface), "{}", interface.name);
    }
}

#[test]
fn a_configured_path_takes_the_documented_ones_place() {
    let mut environment = environment();
    let orderquery = "MEDPAY_PLATFORM__PATHS__ORDERQUERY";
    environment.insert(orderquery.into(), "/v2/query, /payment/query".into());
    let text = format!("paths.refund = [\"/v2/refund\"]{PLATFORM_TOML}");
    let values = values(&text, &environment);
    let mapped = PlatformConfiguration::map(&values, &environment).expect("right");
    let paths = mapped.settings.paths;
    assert_eq!(paths["orderquery"], ["/v2/query", "/payment/query"]);
    assert_eq!(paths["refund"], ["/v2/refund"]);
    assert_eq!(paths["closeorder"], ["/payinsurance/closeorder"]);
}

#[test]
fn paths_that_cannot_be_served_are_refused_by_their_keys() {
    insta::assert_snapshot!(before("paths.queryorder = [\"/v2/query\"]"), @"platform.toml:1:7: `paths.queryorder` is not a key of the platform's configuration; did you mean `paths.closeorder`?");
    insta::assert_snapshot!(before("paths.refund = []"), @"platform.toml:1:16: `paths.refund` needs at least one path");
    insta::assert_snapshot!(before("paths.refund = \"/v2/refund\""), @r#"platform.toml:1:16: `paths.refund` must be a list of texts, not "/v2/refund""#);
    insta::assert_snapshot!(before("paths.refund = [\"v2\", \"/\", \"/a//b\", \"/../a\", \"/{a}\"]"), @r"
    platform.toml:1:16: `paths.refund` names `v2`, which is no path: `/` and a name of letters, digits, `-`, `.`, `_` or `~`, once or several times
    platform.toml:1:16: `paths.refund` names `/`, which is no path: `/` and a name of letters, digits, `-`, `.`, `_` or `~`, once or several times
    platform.toml:1:16: `paths.refund` names `/a//b`, which is no path: `/` and a name of letters, digits, `-`, `.`, `_` or `~`, once or several times
    platform.toml:1:16: `paths.refund` names `/../a`, which is no path: `/` and a name of letters, digits, `-`, `.`, `_` or `~`, once or several times
    platform.toml:1:16: `paths.refund` names `/{a}`, which is no path: `/` and a name of letters, digits, `-`, `.`, `_` or `~`, once or several times
    ");
    insta::assert_snapshot!(before("paths.refund = [\"/pay\", \"/sns/a\", \"/cgi-bin/a\", \"/bind/a\"]"), @r"
    platform.toml:1:16: `paths.refund` names `/pay`, but what begins with `/pay` is the platform's own
    platform.toml:1:16: `paths.refund` names `/sns/a`, but what begins with `/sns` is the platform's own
    platform.toml:1:16: `paths.refund` names `/cgi-bin/a`, but what begins with `/cgi-bin` is the platform's own
    platform.toml:1:16: `paths.refund` names `/bind/a`, but what begins with `/bind` is the platform's own
    ");
    insta::assert_snapshot!(before("paths.refund = [\"/payinsurance/queryorder\"]"), @"platform.toml:1:16: `paths.refund` names `/payinsurance/queryorder`, which `paths.orderquery` names already");
    insta::assert_snapshot!(before("paths.refund = [\"/a\", \"/a\"]"), @"platform.toml:1:16: `paths.refund` names `/a`, which `paths.refund` names already");
}
