//! `medpay demo --play`, the whole of it, on both engines.

use crate::demo;
use medpay_store::on_both;
use medpay_store::testing::TestDb;

on_both!(the_demo_plays_the_whole_journey, async |db: TestDb| {
    let directory = tempfile::tempdir().expect("a directory");
    let mut command = demo::command(&db, directory.path());
    let played = command.arg("--play").output().expect("medpay can be started");
    let table = String::from_utf8_lossy(&played.stdout);
    let log = String::from_utf8_lossy(&played.stderr);
    assert!(played.status.success(), "{}\n{table}\n{log}", played.status);
    for step in ["sendmsg: type 4", "SYS_REFUNDED", "downloadbill"] {
        assert!(table.contains(step), "the table has no {step}:\n{table}");
    }
    assert!(!table.contains("FAIL"), "{table}");
});
