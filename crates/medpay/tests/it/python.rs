//! A client that shares no code with the project (`examples/python`) plays the journey from the
//! ready file alone.

use crate::demo::Demo;
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use std::path::Path;
use std::process::Command;

on_both!(a_plain_python_client_plays_the_whole_journey, async |db: TestDb| {
    let demo = Demo::start(&db);
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/python");
    let played = Command::new("python3")
        .arg("-B")
        .arg(examples.join("journey.py"))
        .arg("--ready-file")
        .arg(demo.ready_file())
        .output()
        .expect("python3 is needed: install Debian's package `python3` (.ci/install does)");
    let lines = String::from_utf8_lossy(&played.stdout);
    let errors = String::from_utf8_lossy(&played.stderr);
    assert!(played.status.success(), "{lines}\n{errors}\nthe demo said:\n{}", demo.log());
    assert!(lines.contains("all of them held"), "{lines}");
});
