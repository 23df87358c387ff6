//! The log of a whole journey, down to the last detail, tells nothing of a person and no secret.
//! `.ci/privacy` looks in the logs of all other tests (docs/privacy.md).

use crate::demo;
use medpay_acceptance::ready::Ready;
use medpay_store::on_both;
use medpay_store::testing::TestDb;

on_both!(the_log_of_a_journey_tells_nothing_of_a_person, async |db: TestDb| {
    let directory = tempfile::tempdir().expect("a directory");
    let ready_file = directory.path().join("ready.json");
    let mut command = demo::command(&db, directory.path());
    command.args(["--play", "--log", "trace", "--ready-file"]).arg(&ready_file);
    let played = command.output().expect("medpay can be started");
    let log = String::from_utf8_lossy(&played.stderr);
    assert!(played.status.success(), "{log}");
    let lines = log.lines().filter(|line| line.contains("unifiedorder")).count();
    assert!(lines > 4, "the log does not tell of the orders, so it proves nothing:\n{log}");

    let ready = std::fs::read(&ready_file).expect("the ready file");
    let ready: Ready = serde_json::from_slice(&ready).expect("the ready file");
    let persons = ready.persons.iter().flat_map(|person| {
        let own = [&person.name, &person.id_card, &person.idcard_md5];
        own.into_iter().chain(person.openid.values())
    });
    let secrets = ready.institutions.iter().flat_map(|institution| {
        let own = [&institution.secret, &institution.api_key];
        own.into_iter().chain(&institution.sub_secret)
    });
    for (number, private) in persons.chain(secrets).enumerate() {
        // Not even a failing test prints the value.
        assert!(!log.contains(private.as_str()), "private value {number} is in the log");
    }
});
