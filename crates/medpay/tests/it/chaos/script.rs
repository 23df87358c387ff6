//! What is done to the town: kills without end, and beside them what does not kill at once.

use super::disk::Full;
use super::processes::{Town, kind_of, one_of};
use super::record::{Line, Record};
use super::{Chance, Work};
use medpay_store::testing::Engine;
use std::time::Duration;
use tokio::time::Instant;

/// Longer than a lease: another process, or another round of the same one, has taken over when the
/// stopped one goes on.
const STOP: Duration = Duration::from_millis(super::processes::LEASE_MS + 1_000);
/// How much business time goes by beside the real one, each time something was done.
const MEANWHILE_SECONDS: i64 = 15;
/// How much longer each sync takes on a slow disk, in milliseconds.
const SLOW_MS: i64 = 60;
/// How many syncs fail at a time.
const FAILURES: i64 = 2;
/// How long a disk is left slow, failing or full before the next kill.
const DISK: Duration = Duration::from_millis(1_500);
/// How many answers are torn at a time.
const TORN: i64 = 6;

/// What does not kill at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// SIGSTOP, and SIGCONT after the leases have run out.
    Stop,
    /// Every connection through a door is cut.
    Cut,
    /// Answers through a door break off in the middle.
    TornAnswers,
    /// Syncs take longer.
    SlowSync,
    /// Syncs fail with EIO.
    SyncError,
    /// Writes fail with ENOSPC.
    FullDisk,
}

impl Fault {
    /// Every one.
    pub(super) const ALL: [Self; 6] =
        [Self::Stop, Self::Cut, Self::TornAnswers, Self::SlowSync, Self::SyncError, Self::FullDisk];

    /// Its word in the record.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Cut => "cut",
            Self::TornAnswers => "torn_answers",
            Self::SlowSync => "slow_sync",
            Self::SyncError => "sync_error",
            Self::FullDisk => "full_disk",
        }
    }
}

/// Whoever does all this.
pub(super) struct Script<'a> {
    pub(super) engine: Engine,
    pub(super) town: &'a mut Town,
    pub(super) work: &'a Work,
    pub(super) record: &'a mut Record,
    pub(super) chance: Chance,
    pub(super) begun: Instant,
}

impl Script<'_> {
    /// Kills at least `kills` times, a moment of chance apart; every `every`-th time something else
    /// is done beside it, each kind of fault in turn.
    pub(super) async fn run(
        &mut self,
        kills: usize,
        every: usize,
        nobody_works: impl Fn() -> bool,
    ) -> anyhow::Result<()> {
        let mut round = 0;
        // Also in a short run everything is done once.
        let least = every * Fault::ALL.len();
        while (self.record.count("kill").0 < kills || round < least) && !nobody_works() {
            self.pause(100, 600).await;
            if round % every == 0 {
                self.beside(Fault::ALL[round / every % Fault::ALL.len()]).await?;
            } else {
                self.kill().await?;
            }
            round += 1;
            // Whoever got no answer waits longer each time, in business time: a day goes by faster.
            let _ = self.town.advance(MEANWHILE_SECONDS).await;
        }
        Ok(())
    }

    async fn pause(&mut self, least: u64, more: u64) {
        let ms = least + self.chance.below(more);
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    /// SIGKILL to somebody, or to a part of PostgreSQL.
    async fn kill(&mut self) -> anyhow::Result<()> {
        let mut victims = self.town.services();
        if self.town.server.is_some() {
            victims.push("postgres");
        }
        let victim = one_of(&victims, &mut self.chance);
        self.kill_one(victim).await
    }

    /// Does `fault`, kills somebody while it lasts, and ends it.
    async fn beside(&mut self, fault: Fault) -> anyhow::Result<()> {
        let orders = self.work.at_work();
        let at = Instant::now();
        let before = self.bitten(fault)?;
        let victim = match fault {
            Fault::Stop => self.stop().await?,
            Fault::Cut | Fault::TornAnswers => self.connections(fault).await?,
            Fault::SlowSync | Fault::SyncError | Fault::FullDisk => self.disk(fault).await?,
        };
        let bit = self.bitten(fault)?.saturating_sub(before);
        let at_ms = (at - self.begun).as_millis();
        let lasted_ms = Some(at.elapsed().as_millis());
        let (restart_ms, bit) = (None, Some(bit));
        let fault = fault.word();
        self.record.add(Line { at_ms, fault, victim, orders, restart_ms, lasted_ms, bit })
    }

    /// How often a fault has bitten so far.
    fn bitten(&self, fault: Fault) -> anyhow::Result<u64> {
        let done = self.town.disk.done()?;
        let count = match fault {
            Fault::Stop => 0,
            Fault::Cut | Fault::TornAnswers => {
                let mut broken = 0;
                for door in self.town.doors() {
                    broken += self.town.door(door)?.broken();
                }
                return Ok(broken);
            }
            Fault::SlowSync => done.slowed,
            Fault::SyncError => done.failed,
            Fault::FullDisk => done.refused,
        };
        Ok(count.unsigned_abs())
    }

    /// Stops one of ours, and kills somebody else while it stands.
    async fn stop(&mut self) -> anyhow::Result<String> {
        let ours: Vec<_> =
            self.town.services().into_iter().filter(|it| kind_of(it) != "sandbox").collect();
        let victim = one_of(&ours, &mut self.chance);
        self.town.freeze(victim, true)?;
        tokio::time::sleep(STOP / 2).await;
        if self.engine == Engine::Postgres {
            let others = self.town.services().into_iter().filter(|it| *it != victim);
            let other = one_of(&others.collect::<Vec<_>>(), &mut self.chance);
            self.kill_one(other).await?;
        }
        tokio::time::sleep(STOP / 2).await;
        self.town.freeze(victim, false)?;
        Ok(victim.to_owned())
    }

    async fn connections(&mut self, fault: Fault) -> anyhow::Result<String> {
        let doors = self.town.doors();
        // PostgreSQL's own door is where most is at stake.
        let door = if doors.contains(&"postgres") && self.chance.below(2) == 0 {
            "postgres"
        } else {
            one_of(&doors, &mut self.chance)
        };
        for _ in 0..4 {
            match fault {
                Fault::Cut => self.town.door(door)?.cut(),
                _ => self.town.door(door)?.tear_answers(TORN),
            }
            self.pause(50, 200).await;
        }
        let victim = one_of(&self.town.services(), &mut self.chance);
        self.kill_one(victim).await?;
        self.town.door(door)?.tear_answers_no_more();
        Ok(door.to_owned())
    }

    async fn disk(&mut self, fault: Fault) -> anyhow::Result<String> {
        let disk = &self.town.disk;
        match fault {
            Fault::SlowSync => disk.slow_down(SLOW_MS)?,
            Fault::SyncError => disk.fail_syncs(FAILURES)?,
            // PostgreSQL that can write nothing at all falls over; its files also want to grow.
            _ if self.engine == Engine::Postgres && self.record.count("full_disk").0 % 2 == 1 => {
                disk.fill(Full::NoLongerFiles)?;
            }
            _ => disk.fill(Full::Nothing)?,
        }
        tokio::time::sleep(DISK).await;
        let ours: Vec<_> =
            self.town.services().into_iter().filter(|it| kind_of(it) != "sandbox").collect();
        let victim = one_of(&ours, &mut self.chance);
        self.town.kill(victim)?;
        let disk = &self.town.disk;
        disk.slow_down(0)?;
        disk.fail_syncs(0)?;
        disk.fill(Full::No)?;
        if let Some(server) = &self.town.server {
            server.until_it_answers().await?;
        }
        self.kill_one(victim).await?;
        Ok("disk".to_owned())
    }

    /// Kills this one, which may have ended already, and waits until it does its work again.
    async fn kill_one(&mut self, victim: &'static str) -> anyhow::Result<()> {
        let orders = self.work.at_work();
        let at = Instant::now();
        match &self.town.server {
            Some(server) if victim == "postgres" => {
                server.kill_a_part(&mut self.chance)?;
                server.until_it_answers().await?;
            }
            _ => {
                self.town.kill(victim)?;
                self.town.start(victim).await?;
            }
        }
        self.record.add(Line {
            at_ms: (at - self.begun).as_millis(),
            fault: "kill",
            victim: victim.to_owned(),
            orders,
            restart_ms: Some(at.elapsed().as_millis()),
            lasted_ms: None,
            bit: None,
        })
    }
}
