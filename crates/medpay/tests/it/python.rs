//! A client that shares no code with the project (`examples/python`) plays the journey from the
//! ready file alone.

use crate::demo::Demo;
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use std::path::Path;
use std::process::Command;

/// Python on a file of the examples, leaving nothing behind.
fn python() -> Command {
    let mut command = Command::new("python3");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/python");
    command.arg("-B").current_dir(examples);
    command
}

fn run(command: &mut Command) -> (bool, String) {
    let ended = command
        .output()
        .expect("python3 is needed: install Debian's package `python3` (.ci/install does)");
    let said = [ended.stdout, ended.stderr].concat();
    (ended.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn the_python_client_knows_the_vectors() {
    let (held, said) = run(python().args(["-m", "unittest", "test_vectors"]));
    assert!(held, "{said}");
}

on_both!(a_plain_python_client_plays_the_whole_journey, async |db: TestDb| {
    let demo = Demo::start(&db);
    let ready_file = demo.ready_file();
    let (held, said) = run(python().args(["journey.py", "--ready-file"]).arg(ready_file));
    assert!(held, "{said}\nthe demo said:\n{}", demo.log());
    assert!(said.contains("all of them held"), "{said}");
});
