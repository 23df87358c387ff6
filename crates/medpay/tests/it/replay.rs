//! `medpay replay`, against a platform that runs.

use crate::town::{Amounts, Town, on_both_engines};
use anyhow::Context as _;
use std::process::{Command, Output};

fn replay(town: &Town, what: &str, number: &str) -> anyhow::Result<Output> {
    let config = town.data().join("platform.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_medpay"));
    command.args(["replay", what, number, "--config"]).arg(config);
    command.output().context("medpay can be started")
}

async fn a_notification_is_sent_again_when_a_person_asks(town: &Town) -> anyhow::Result<()> {
    let person = town.person("normal");
    let reply = town.unifiedorder(person, "REPLAY01", 1, Amounts::of(700, 0)).await?;
    let med_trans_id = reply.get("med_trans_id").context("an order")?;
    town.pay(person, reply.get("pay_url").context("a pay_url")?).await?;
    town.until_notified("REPLAY01", 1).await?;

    let replayed = replay(town, "notification", med_trans_id)?;
    assert!(replayed.status.success(), "{}", String::from_utf8_lossy(&replayed.stderr));
    town.until_notified("REPLAY01", 2).await
}

async fn what_does_not_wait_for_a_person_is_not_taken_up(town: &Town) -> anyhow::Result<()> {
    for what in ["notification", "refund"] {
        let replayed = replay(town, what, "NOBODYS")?;
        assert_eq!(replayed.status.code(), Some(1), "{what}");
        let said = String::from_utf8_lossy(&replayed.stdout);
        assert!(said.starts_with("Nothing to "), "{what}: {said}");
    }
    Ok(())
}

on_both_engines!(
    a_notification_is_sent_again_when_a_person_asks,
    what_does_not_wait_for_a_person_is_not_taken_up,
);
