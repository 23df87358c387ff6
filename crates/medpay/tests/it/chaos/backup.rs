//! A backup taken under load, restored into a town whose bureau, wallet and HIS have gone on.
//!
//! What was acknowledged after the backup is lost to our side and known to the others: nothing can
//! bring it back but they, so every piece of it must have its name in the audit, and nothing else
//! may. What was under way at the backup comes to the end that the others know.

use super::processes::{Audit, DATABASE, Town, medpay};
use super::{Chance, LOOK, Work, seed_of, tell};
use anyhow::{Context as _, ensure};
use medpay_store::on_both;
use medpay_store::testing::{Engine, TestDb};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

/// How many orders are begun before the backup, and again after it.
const ORDERS: u64 = 40;
/// After how many looks at the same things nothing moves any more; each is a quarter of a minute of
/// business time later than the last.
const STILL: usize = 8;
/// The database into which PostgreSQL's backup is restored.
const RESTORED: &str = "restored";
/// Every key under which the platform knows that money moved.
const MOVED: &str = "SELECT key FROM order_events WHERE event IN \
    ('cash_taken', 'cash_returned', 'insurance_settled', 'insurance_reversed') \
    UNION SELECT key FROM refund_events WHERE event IN ('insurance_reversed', 'cash_returned')";

on_both!(a_backup_restored_lacks_only_what_the_audit_names, async |db: TestDb| {
    if let Err(error) = restore_and_compare(db.engine()).await {
        panic!("{error:#}");
    }
});

async fn restore_and_compare(engine: Engine) -> anyhow::Result<()> {
    let seed = seed_of(engine) ^ 0xBAC0;
    let mut town = Town::found(engine, seed).await?;
    let work = Work::new(&town, seed).await?;
    let working = work.begin(seed, u64::MAX);
    until_begun(&work, ORDERS).await;
    let backup = back_up(&town).await?;
    until_begun(&work, 2 * ORDERS).await;
    work.no_more();
    working.ended().await?;
    let before = town.until_quiet().await?;
    ensure!(before.is_equal(), "{before}");

    go_back(&mut town, &backup).await?;
    let after = settled(&town).await?;
    let (moved, known) = (moved_at_parties(&town, &after).await?, known(&town)?);
    let lost: BTreeSet<String> = moved.difference(&known).cloned().collect();
    ensure!(!lost.is_empty(), "nothing happened after the backup");
    ensure!(known.is_subset(&moved), "the platform knows of money that nobody else moved");
    let named = names_of_the_lost(&after)?;
    ensure!(named == lost, "named {named:?}, lost {lost:?}");
    // Every payment that the HIS has is ours again, or named.
    let his = &after.gateway.sites[0];
    let unknown = his.differences.iter().filter(|it| it.kind == "confirmed_unpaid").count();
    ensure!(his.compared + unknown == his.confirmed, "{after}");
    tell(&format!("{} movements lost and named; {unknown} payments of the HIS", lost.len()));

    // The town goes on, and nothing else is ever missing.
    work.load.again();
    work.patients.again();
    let seed = Chance(seed).below(u64::MAX);
    let resumed = work.begin(seed, u64::MAX);
    until_begun(&work, 3 * ORDERS).await;
    work.no_more();
    resumed.ended().await?;
    let finally = settled(&town).await?;
    ensure!(names_of_the_lost(&finally)? == named, "{finally}\n{}", town.logs());
    Ok(())
}

/// Waits until so many orders were begun in all.
async fn until_begun(work: &Work, orders: u64) {
    while work.load.begun() < orders || work.patients.begun() < orders / 4 {
        tokio::time::sleep(LOOK).await;
    }
}

/// What lies in the folder: `platform.db` and `gateway.db`, or one dump.
struct Backup(PathBuf);

/// Takes one while everybody works. The gateway's is never older than the platform's: whatever the
/// gateway then lacks, bureau or wallet can name.
async fn back_up(town: &Town) -> anyhow::Result<Backup> {
    let folder = town.folder().join("backup");
    std::fs::create_dir(&folder)?;
    if let Some(server) = &town.server {
        let file = folder.join("dump");
        let file = file.to_str().context("a path")?;
        let both = ["-Fc", "--schema=platform", "--schema=gateway", "-f", file];
        let output = server.run("pg_dump", DATABASE, &both)?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // Ours says whose work that is.
        let output = medpay_backup(town, "platform", &folder).await?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.code() == Some(2) && said.contains("pg_dump"), "{said}");
        return Ok(Backup(folder));
    }
    for service in ["platform", "gateway"] {
        let output = medpay_backup(town, service, &folder).await?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(Backup(folder))
}

/// `medpay backup` of a service into `folder`.
async fn medpay_backup(town: &Town, service: &str, folder: &Path) -> anyhow::Result<Output> {
    let mut command = Command::new(medpay());
    command.args(["backup", service, "--config"]);
    command.arg(town.configuration(&format!("{service}-1"))?);
    command.arg("--to").arg(folder.join(format!("{service}.db")));
    Ok(tokio::task::spawn_blocking(move || command.output()).await??)
}

/// Ends our services, puts the backup in the place of their databases, and starts them. The other
/// parties go on as if nothing had been.
async fn go_back(town: &mut Town, Backup(folder): &Backup) -> anyhow::Result<()> {
    for service in town.services() {
        if service != "sandbox" {
            town.kill(service)?;
        }
    }
    if let Some(server) = &town.server {
        server.sql("postgres", &format!("CREATE DATABASE {RESTORED}"))?;
        let file = folder.join("dump");
        let output = server.run("pg_restore", RESTORED, &[file.to_str().context("a path")?])?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let url = town.database_url.as_deref().context("a URL")?;
        let url = url.replace(&format!("/{DATABASE}"), &format!("/{RESTORED}"));
        std::fs::write(town.data().join("secrets/database_url"), url)?;
    } else {
        for service in ["platform", "gateway"] {
            // The old log belongs to the old file, and would be taken for the new one's.
            for part in ["-wal", "-shm"] {
                let _ = std::fs::remove_file(town.data().join(format!("{service}.db{part}")));
            }
            let file = format!("{service}.db");
            std::fs::copy(folder.join(&file), town.data().join(&file))?;
        }
    }
    town.start_all().await
}

/// Audits until nothing moves any more. What cannot move is listed and left to people: a refund
/// that was under way at the backup and ended after it. The restored platform asks under a number of its
/// own, and the wallet refuses to give the same money back again.
async fn settled(town: &Town) -> anyhow::Result<Audit> {
    let seen = Mutex::new((Vec::new(), 0));
    let is_settled = |audit: &Audit| {
        let sites = audit.gateway.sites.iter();
        let flights: Vec<_> = sites
            .flat_map(|site| &site.in_flight)
            .map(|flight| format!("{} {}", flight.number, flight.what))
            .collect();
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let looks = if seen.0 == flights { seen.1 + 1 } else { 0 };
        *seen = (flights, looks);
        audit.platform.quiet && audit.is_heard() && (seen.0.is_empty() || looks >= STILL)
    };
    let audit = town.until_quiet_as(async || town.audit().await, is_settled).await?;
    let (still, _) = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    let others = still.iter().find(|one| !one.contains(" refund "));
    ensure!(others.is_none(), "{others:?} does not end\n{audit}\n{}", town.logs());
    tell(&format!("left to people: {still:?}, {:?}", audit.platform.stuck_refunds));
    Ok(audit)
}

/// The keys of everything that bureau and wallet have booked on the days of `audit`.
async fn moved_at_parties(town: &Town, audit: &Audit) -> anyhow::Result<BTreeSet<String>> {
    let mut keys = BTreeSet::new();
    for party in ["bureau", "wallet"] {
        for day in &audit.platform.days {
            let list = town.ask_sandbox(&format!("/{party}/day"), &json!({ "day": day })).await?;
            for entry in list["entries"].as_array().context("no list")? {
                keys.insert(entry["key"].as_str().context("no key")?.to_owned());
            }
        }
    }
    Ok(keys)
}

/// The keys of everything that the platform's own tables know of.
fn known(town: &Town) -> anyhow::Result<BTreeSet<String>> {
    if let Some(server) = &town.server {
        let text = server.sql(RESTORED, &format!("SET search_path TO platform; {MOVED}"))?;
        return Ok(text.lines().map(str::to_owned).collect());
    }
    let database = rusqlite::Connection::open(town.data().join("platform.db"))?;
    let mut statement = database.prepare(MOVED)?;
    let keys = statement.query_map([], |row| row.get(0))?;
    Ok(keys.collect::<Result<_, _>>()?)
}

/// The keys that the audit says are missing at the platform. No other difference of the platform's
/// books may be there, and none of the HIS's but those that follow from the same loss.
fn names_of_the_lost(audit: &Audit) -> anyhow::Result<BTreeSet<String>> {
    let books = audit.platform.books.iter();
    let differences: Vec<_> = books.flat_map(|book| &book.differences).collect();
    let others = differences.iter().find(|it| it.kind != "missing_at_platform");
    ensure!(others.is_none(), "{audit}");
    let of_his = ["confirmed_unpaid", "refund_differs"];
    let others = audit.gateway.differences().find(|(_, it)| !of_his.contains(&it.kind.as_str()));
    ensure!(others.is_none(), "{audit}");
    Ok(differences.into_iter().map(|it| it.number.clone()).collect())
}
