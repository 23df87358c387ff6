//! The commands as a person or a script meets them: exit code, standard output, standard error.

use crate::demo::free_port_base;
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// The key of the vectors of PROTOCOL 1.3.
const KEY: &str = "0123456789abcdef0123456789abcdef";

/// The document of the second vector, without its sign.
const FIELDS: &[(&str, &str)] = &[
    ("appid", "wx0000000000000001"),
    ("mch_id", "1900000001"),
    ("sub_appid", ""),
    ("hosp_out_trade_no", "H20180601000001"),
    ("nonce_str", "abc123"),
    ("total_fee", "100"),
    ("cash_fee", "0"),
    ("insurance_fee", "100"),
];

fn medpay() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_medpay"));
    command.env("KEY", KEY);
    command
}

fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().expect("medpay can be started")
}

/// Code, standard output and standard error, with the words of this machine taken out.
fn told(output: &Output, folder: &Path) -> String {
    let folder = folder.display().to_string();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&folder, "FOLDER");
    format!(
        "{}\n--- stdout\n{}--- stderr\n{}",
        output.status.code().unwrap_or(-1),
        text(&output.stdout),
        text(&output.stderr)
    )
}

fn verify(sign: &str) -> String {
    let body = FIELDS
        .iter()
        .fold(String::new(), |body, (name, value)| format!("{body}<{name}>{value}</{name}>"));
    let mut command = medpay();
    command.args(["verify", "-", "--key", "env:KEY"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("medpay can be started");
    let mut stdin = process.stdin.take().expect("standard input");
    write!(stdin, "<xml>{body}<sign>{sign}</sign></xml>").expect("it is read");
    drop(stdin);
    let output = process.wait_with_output().expect("an end");
    told(&output, Path::new("nowhere"))
}

#[test]
fn sign_shows_the_base_string_and_the_digest_of_the_protocols_vector() {
    let mut command = medpay();
    command.args(["sign", "--key", "env:KEY"]);
    for (name, value) in FIELDS {
        command.arg("--field").arg(format!("{name}={value}"));
    }
    insta::assert_snapshot!(told(&run(&mut command), Path::new("nowhere")), @r"
    0
    --- stdout
    appid=wx0000000000000001&cash_fee=0&hosp_out_trade_no=H20180601000001&insurance_fee=100&mch_id=1900000001&nonce_str=abc123&total_fee=100&key=(the key)
    F81DD402D89ABD01898357CDE968C680
    --- stderr
    ");
}

#[test]
fn verify_accepts_the_right_signature() {
    insta::assert_snapshot!(verify("F81DD402D89ABD01898357CDE968C680"), @r"
    0
    --- stdout
    The signature is right.
    --- stderr
    ");
}

#[test]
fn verify_names_the_slip_of_each_wrong_vector() {
    insta::assert_snapshot!(verify("C179AC8C19C44CED7D2EB2DA06A74519"), @r"
    1
    --- stdout
    The signature is wrong.
    signed text: appid=wx0000000000000001&cash_fee=0&hosp_out_trade_no=H20180601000001&insurance_fee=100&mch_id=1900000001&nonce_str=abc123&total_fee=100&key=(the key)
    expected:    F81DD402D89ABD01898357CDE968C680
    given:       C179AC8C19C44CED7D2EB2DA06A74519
    This explains it:
    - fields with the value 0 were dropped; 0 is a value
    - `cash_fee` was not signed
    --- stderr
    ");
    let kept_empty = verify("A73479883DAFD1FE3EB17B3EFE3BEFC9");
    assert!(kept_empty.contains("- `sub_appid` is empty and was signed as `sub_appid=`\n"));
    let lower_case = verify("f81dd402d89abd01898357cde968c680");
    assert!(lower_case.contains("- the signature is written in lower case"), "{lower_case}");
    let other_key = verify("00000000000000000000000000000000");
    assert!(other_key.contains("another key signed it"), "{other_key}");
    let missing = verify("");
    assert!(missing.contains("There is no `sign`."), "{missing}");
}

#[test]
fn verify_takes_fields_too() {
    let mut command = medpay();
    command.args(["verify", "--key", "env:KEY", "--json"]);
    for (name, value) in FIELDS {
        command.arg("-f").arg(format!("{name}={value}"));
    }
    command.args(["-f", "sign=C179AC8C19C44CED7D2EB2DA06A74519"]);
    insta::assert_snapshot!(told(&run(&mut command), Path::new("nowhere")), @r#"
    1
    --- stdout
    {
      "base_string": "appid=wx0000000000000001&cash_fee=0&hosp_out_trade_no=H20180601000001&insurance_fee=100&mch_id=1900000001&nonce_str=abc123&total_fee=100",
      "causes": [
        "fields with the value 0 were dropped; 0 is a value",
        "`cash_fee` was not signed"
      ],
      "expected": "F81DD402D89ABD01898357CDE968C680",
      "given": "C179AC8C19C44CED7D2EB2DA06A74519",
      "right": false
    }
    --- stderr
    "#);
}

#[test]
fn a_key_in_the_arguments_is_refused_and_not_repeated() {
    let output = run(medpay().args(["sign", "--field", "a=1", "--key", KEY]));
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("must be a reference, file:PATH or env:NAME"), "{told}");
}

#[test]
fn an_error_tells_its_cause_and_the_next_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("none.toml");
    let output = run(medpay().arg("platform").arg("--config").arg(&missing));
    insta::assert_snapshot!(told(&output, folder.path()), @r"
    2
    --- stdout
    --- stderr
    medpay: the configuration FOLDER/none.toml cannot be read; --config names the file of the platform: No such file or directory (os error 2)
    ");
    let output = run(medpay().args(["sign", "--field", "a=1", "--key", "env:NONE"]));
    insta::assert_snapshot!(told(&output, folder.path()), @r"
    2
    --- stdout
    --- stderr
    medpay: the environment variable NONE is not set
    ");
    let output = run(medpay().args(["call", "getmedinf"]));
    insta::assert_snapshot!(told(&output, folder.path()), @r"
    2
    --- stdout
    --- stderr
    medpay: there is no interface `getmedinf`; there are getmedinfo, getbindurl, preregister, qrcodepreregister, sendmsg, qrcodegetmedinfo, unifiedorder, qrcodeunifiedorder, orderquery, closeorder, refund, refundquery, downloadbill
    ");
}

#[test]
fn config_check_tells_all_that_is_wrong_and_answers_no() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("sandbox.toml");
    std::fs::write(&file, "listn = \"127.0.0.1:1\"\npublic_url = \"http://127.0.0.1:1\"\n")
        .expect("a file");
    let output = run(medpay().args(["config", "check", "sandbox"]).arg(&file));
    insta::assert_snapshot!(told(&output, folder.path()), @r"
    1
    --- stdout
    FOLDER/sandbox.toml:1:1: `listn` is not a key of the sandbox's configuration; did you mean `listen`?
    FOLDER/sandbox.toml: `platform_url` is needed: The platform's address. The phone follows its links and nobody else's.
    FOLDER/sandbox.toml: `data_dir` is needed: Folder of the parties' books, made if it is missing.
    --- stderr
    ");
}

#[test]
fn completions_are_printed_for_each_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(medpay().args(["completions", shell]));
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains("completions"), "{shell}");
    }
}

#[test]
fn a_port_in_use_is_told_in_one_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let file = sandbox_toml(folder.path(), &format!("127.0.0.1:{port}"));
    let output = run(medpay().arg("sandbox").arg("--config").arg(&file));
    let told = told(&output, folder.path()).replace(&port.to_string(), "PORT");
    insta::assert_snapshot!(told, @r"
    2
    --- stdout
    --- stderr
    medpay: port PORT on 127.0.0.1 is in use, and the sandbox needs it; stop the program that listens there, or choose another one with `listen` in its configuration
    ");
}

fn sandbox_toml(folder: &Path, listen: &str) -> std::path::PathBuf {
    let file = folder.join("sandbox.toml");
    let text = format!(
        "listen = \"{listen}\"\noperations_listen = \"127.0.0.1:0\"\ndata_dir = \"books\"\n\
         public_url = \"http://127.0.0.1:1\"\nplatform_url = \"http://127.0.0.1:2\"\n"
    );
    std::fs::write(&file, text).expect("a file");
    file
}

/// A sandbox of its own, as a process.
struct Sandbox {
    process: Child,
    url: String,
    folder: tempfile::TempDir,
}

impl Sandbox {
    /// Starts one whose host is in another time zone, and waits until it listens.
    fn start(time_zone: &str) -> Self {
        use std::io::BufRead as _;
        let folder = tempfile::tempdir().expect("a folder");
        let file = sandbox_toml(folder.path(), "127.0.0.1:0");
        let mut command = medpay();
        command.env("TZ", time_zone).arg("sandbox").arg("--config").arg(&file);
        let mut process = command.stderr(Stdio::piped()).spawn().expect("medpay can be started");
        let log = process.stderr.take().expect("standard error");
        let mut lines = std::io::BufReader::new(log).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("listening")).expect("it listens");
        // Whoever logs must go on being read.
        std::thread::spawn(move || lines.for_each(drop));
        let (_, after) = line.split_once("listen=").expect("its address");
        let address = after.split_whitespace().next().expect("its address");
        Self { process, url: format!("http://{address}"), folder }
    }

    fn clock(&self, time_zone: &str, arguments: &[&str]) -> String {
        let mut command = medpay();
        command.env("TZ", time_zone).args(["clock", "--sandbox", &self.url]).args(arguments);
        told(&run(&mut command), self.folder.path())
    }

    /// Ends it as an operator does.
    fn terminate(mut self) -> Option<i32> {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").arg(id).status().expect("kill").success());
        self.process.wait().expect("an end").code()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // Fails only if it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn business_time_is_beijings_whatever_the_hosts_time_zone() {
    let sandbox = Sandbox::start("America/New_York");
    sandbox.clock("America/New_York", &["freeze"]);
    insta::assert_snapshot!(sandbox.clock("America/New_York", &["set", "20180620003000"]), @r"
    0
    --- stdout
    2018-06-20 00:30:00.000, standing still
    --- stderr
    ");
    insta::assert_snapshot!(sandbox.clock("UTC", &["--json", "advance", "1d2h"]), @r#"
    0
    --- stdout
    {
      "version": 4,
      "now": 1529519400000,
      "frozen": true
    }
    --- stderr
    "#);
    let refused = sandbox.clock("UTC", &["set", "20180230000000"]);
    assert!(refused.contains("must be a moment in Beijing"), "{refused}");
}

on_both!(the_journey_holds_on_a_host_in_new_york, async |db: TestDb| {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = crate::demo::command(&db, folder.path());
    let output = run(command.arg("--play").env("TZ", "America/New_York"));
    assert!(output.status.success(), "{}", told(&output, folder.path()));
});

#[test]
fn a_service_ends_at_sigterm() {
    assert_eq!(Sandbox::start("UTC").terminate(), Some(0));
}

#[test]
fn a_call_that_reaches_nobody_says_that_nothing_was_sent() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    drop(taken);
    let mut command = medpay();
    command.args(["call", "getmedinfo", "--appid", "wxtest000000000001", "--secret", "env:KEY"]);
    command.args(["--key", "env:KEY", "--base-url", &format!("http://{address}")]);
    let output = run(&mut command);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("no access_token from") && told.contains("not sent"), "{told}");
    assert!(!told.contains(KEY), "{told}");
}

on_both!(a_call_shows_request_and_answer_and_masks_the_person, async |db: TestDb| {
    let demo = crate::demo::Demo::start(&db);
    let call = |arguments: &[&str]| {
        let mut command = medpay();
        command.arg("call").args(arguments).arg("--ready-file").arg(demo.ready_file());
        told(&run(&mut command), Path::new("nowhere"))
    };
    let digest = "idcard_md5=09eb26e839ff3a2e3980352ae45ef09e";
    let getmedinfo = ["getmedinfo", "-f", "openid=oNobody", "-f", "name=张三", "-f", digest];
    let masked = call(&getmedinfo);
    assert!(masked.starts_with("1\n"), "{masked}");
    assert!(masked.contains("err_code = 80004") && masked.contains("name = ***"), "{masked}");
    assert!(!masked.contains("张三") && !masked.contains("09eb26e8"), "{masked}");
    assert!(call(&[&getmedinfo[..], &["--show"]].concat()).contains("name = 张三"));
    let twice = call(&["orderquery", "--institution", "2", "-f", "hosp_out_trade_no=1", "--json"]);
    assert!(twice.contains("\"err_code\": \"ORDERNOTEXIST\""), "{twice}");
    assert!(twice.contains("\"sub_mch_id\": "), "{twice}");
    let moved = call(&["orderquery", "--path", "/payinsurance/queryorder", "-f", "med_trans_id=1"]);
    assert!(moved.contains("err_code = ORDERNOTEXIST"), "{moved}");
    let nowhere = call(&["orderquery", "--path", "/payinsurance/nowhere"]);
    assert!(nowhere.starts_with("2\n") && nowhere.contains("404"), "{nowhere}");
    // A wrong request is sent as it is, so that its refusal can be seen.
    let wrong = call(&["orderquery"]);
    assert!(wrong.contains("参数格式校验错误"), "{wrong}");
});

#[test]
fn a_log_can_be_json() {
    use std::io::BufRead as _;
    let folder = tempfile::tempdir().expect("a folder");
    let file = sandbox_toml(folder.path(), "127.0.0.1:0");
    let mut command = medpay();
    command.env("MEDPAY_SANDBOX__LOG__FORMAT", "json").arg("sandbox").arg("--config").arg(&file);
    let mut process = command.stderr(Stdio::piped()).spawn().expect("medpay can be started");
    let log = std::io::BufReader::new(process.stderr.take().expect("standard error"));
    let line = log.lines().next().expect("a line").expect("text");
    process.kill().and_then(|()| process.wait()).expect("an end");
    let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!((&line["message"], &line["service"]), (&"listening".into(), &"sandbox".into()));
}

on_both!(a_log_line_has_the_callers_rid_and_nobodys_data, async |db: TestDb| {
    let folder = tempfile::tempdir().expect("a folder");
    let ready = folder.path().join("ready.json");
    let mut command = crate::demo::command(&db, folder.path());
    command.args(["--log", "info", "--ready-file"]).arg(&ready);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let process = command.spawn().expect("medpay can be started");
    while !ready.exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut command = medpay();
    command.args(["call", "getmedinfo", "--json", "-f", "openid=oNobodyAtAll", "-f", "name=张三"]);
    command.args(["-f", "idcard_md5=09eb26e839ff3a2e3980352ae45ef09e", "--ready-file"]).arg(&ready);
    let output = run(&mut command);
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let des = answer["reply"]["err_code_des"].as_str().expect("words");
    let (_, rid) = des.split_once("rid: ").expect("a rid");
    let id = process.id().to_string();
    assert!(Command::new("kill").arg(id).status().expect("kill").success());
    let ended = process.wait_with_output().expect("an end");
    assert_eq!(ended.status.code(), Some(0));
    let log = String::from_utf8_lossy(&ended.stderr);
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(rid)).collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert!(lines[0].contains("getmedinfo") && lines[0].contains("80004"), "{}", lines[0]);
    for personal in ["oNobodyAtAll", "张三", "09eb26e8"] {
        assert!(!log.contains(personal), "{log}");
    }
});

#[test]
fn a_demos_port_in_use_is_told_in_one_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let base = free_port_base();
    let port = base + 200;
    let _taken = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
    let mut command = medpay();
    command.args(["demo", "--port-base", &base.to_string(), "--data"]).arg(folder.path());
    let output = run(&mut command);
    assert_eq!(
        told(&output, folder.path()),
        format!(
            "2\n--- stdout\n--- stderr\nmedpay: port {port} on 127.0.0.1 is in use, and the \
             demo's sandbox needs it; stop the program that listens there, or choose other ports \
             with --port-base\n"
        )
    );
}
