//! Jobs that survive their worker: pushed by the transaction that wants them, leased for a while,
//! and taken up by another process when the lease runs out.
//!
//! A job is due in business time, which the test clock moves; a lease ends in machine time, which
//! nothing moves. A finished job is deleted in the transaction that its work ends in.

use crate::args;
use crate::error::StoreError;
use crate::row::Row;
use crate::store::Store;
use crate::tx::Tx;
use medpay_domain::{Elapsed, Timestamp};
use tokio::sync::watch;

/// A job to be pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Which workers take it.
    pub queue: &'static str,
    /// Its name, unique in its queue among the unfinished ones.
    pub key: String,
    /// What the worker needs beside the key; no personal data.
    pub payload: String,
    /// When it may be taken, business time.
    pub due: Timestamp,
}

/// A job in the hands of one worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The job's own number.
    pub id: i64,
    /// Its queue.
    pub queue: String,
    /// Its name there.
    pub key: String,
    /// What was pushed with it.
    pub payload: String,
    /// Which try this is, from 1. A try counts when it ends in [`Tx::postpone_job`], so one that
    /// died with its process is repeated under its own number.
    pub attempt: u32,
    /// When it was due, business time.
    pub due: Timestamp,
    /// Rises with every lease of the job; who holds an older one has lost it.
    pub token: i64,
}

/// An unfinished job, as an audit lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingJob {
    /// Its name in its queue.
    pub key: String,
    /// How many tries ended in a postponement.
    pub attempts: u32,
    /// When it was due at first, business time.
    pub first_due: Timestamp,
    /// When it is due now, business time.
    pub due: Timestamp,
    /// Until when a worker holds it, machine time; may have passed.
    pub leased_until: Option<Elapsed>,
}

impl PendingJob {
    /// How long it has been waiting, in milliseconds of business time; 0 if it is not due yet.
    pub const fn age_ms(&self, now: Timestamp) -> i64 {
        let age = now.as_ms() - self.first_due.as_ms();
        if age < 0 { 0 } else { age }
    }
}

/// Tells a worker that jobs were pushed by this process, or that [`Store::wake`] was called.
///
/// Taken before the worker looks for jobs, it cannot miss one that comes while it looks. Jobs of
/// other processes are not heard: a worker on PostgreSQL also looks from time to time.
#[derive(Debug, Clone)]
pub struct JobSignal(pub(crate) watch::Receiver<u64>);

impl JobSignal {
    /// Waits for the next such moment since the last call, or since the signal was taken. Waits for
    /// ever once the store is gone.
    pub async fn pushed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Tx {
    /// Queues `job` if this transaction commits. Answers false, and changes nothing, if an
    /// unfinished one has its key already.
    pub async fn push_job(&mut self, job: &NewJob) -> Result<bool, StoreError> {
        let pushed = self
            .exec(
                "INSERT INTO jobs (queue, key, payload, first_due_at_ms, due_at_ms)
                 VALUES ($1, $2, $3, $4, $4) ON CONFLICT (queue, key) DO NOTHING",
                args![job.queue, job.key, job.payload, job.due],
            )
            .await?
            == 1;
        self.body.pushed |= pushed;
        Ok(pushed)
    }

    /// Ends the job with this transaction. [`StoreError::LeaseLost`] if somebody else has taken or
    /// finished it meanwhile: then nothing of the transaction may stand, so return the error.
    pub async fn finish_job(&mut self, lease: &Lease) -> Result<(), StoreError> {
        let finished = self
            .exec("DELETE FROM jobs WHERE id = $1 AND token = $2", args![lease.id, lease.token])
            .await?;
        if finished == 1 { Ok(()) } else { Err(StoreError::LeaseLost(lease.id)) }
    }

    /// Gives the job back, to be taken again at `due`; counts the try. Refused like
    /// [`Tx::finish_job`].
    pub async fn postpone_job(&mut self, lease: &Lease, due: Timestamp) -> Result<(), StoreError> {
        let postponed = self
            .exec(
                "UPDATE jobs SET due_at_ms = $1, attempts = attempts + 1, leased_until_ms = NULL
                  WHERE id = $2 AND token = $3",
                args![due, lease.id, lease.token],
            )
            .await?;
        // Workers look again: the new moment may be nearer than what they sleep until.
        self.body.pushed = true;
        if postponed == 1 { Ok(()) } else { Err(StoreError::LeaseLost(lease.id)) }
    }

    /// Takes up to `limit` due jobs of `queue` that nobody holds, the longest due first.
    ///
    /// The outer WHERE repeats the guard: on PostgreSQL it is judged again on the row as the other
    /// worker left it, without which both lease the same jobs.
    pub async fn lease_jobs(
        &mut self,
        queue: &str,
        now: Timestamp,
        elapsed: Elapsed,
        lease_ms: i64,
        limit: u32,
    ) -> Result<Vec<Lease>, StoreError> {
        let rows = self
            .all(
                "UPDATE jobs SET token = token + 1, leased_until_ms = $1
                  WHERE id IN (SELECT id FROM jobs
                                WHERE queue = $2 AND due_at_ms <= $3
                                  AND (leased_until_ms IS NULL OR leased_until_ms <= $4)
                                ORDER BY due_at_ms, id LIMIT $5)
                    AND due_at_ms <= $3 AND (leased_until_ms IS NULL OR leased_until_ms <= $4)
                 RETURNING id, queue, key, payload, attempts, due_at_ms, token",
                args![elapsed.plus_ms(lease_ms), queue, now, elapsed, limit],
            )
            .await?;
        let mut leases = rows.iter().map(read_lease).collect::<Result<Vec<_>, _>>()?;
        leases.sort_by_key(|lease| (lease.due, lease.id));
        Ok(leases)
    }

    /// Takes the one job of this `key` if nobody holds it, due or not: somebody waits for its end.
    /// Called in the transaction that pushes the job, no other worker can be faster.
    pub async fn lease_job(
        &mut self,
        queue: &str,
        key: &str,
        elapsed: Elapsed,
        lease_ms: i64,
    ) -> Result<Option<Lease>, StoreError> {
        let row = self
            .opt(
                "UPDATE jobs SET token = token + 1, leased_until_ms = $1
                  WHERE queue = $2 AND key = $3
                    AND (leased_until_ms IS NULL OR leased_until_ms <= $4)
                 RETURNING id, queue, key, payload, attempts, due_at_ms, token",
                args![elapsed.plus_ms(lease_ms), queue, key, elapsed],
            )
            .await?;
        row.as_ref().map(read_lease).transpose()
    }
}

fn read_lease(row: &Row) -> Result<Lease, StoreError> {
    Ok(Lease {
        id: row.get(0)?,
        queue: row.get(1)?,
        key: row.get(2)?,
        payload: row.get(3)?,
        attempt: row.get::<u32>(4)?.saturating_add(1),
        due: row.get(5)?,
        token: row.get(6)?,
    })
}

impl Store {
    /// Takes up to `limit` jobs of `queue` that are due at `now` and that nobody holds at
    /// `elapsed`, for `lease_ms` milliseconds of machine time; the longest due first.
    pub async fn lease(
        &self,
        queue: &'static str,
        now: Timestamp,
        elapsed: Elapsed,
        lease_ms: i64,
        limit: u32,
    ) -> Result<Vec<Lease>, StoreError> {
        // Most looks find nothing, and need not wait for the writer to learn it.
        if !self.has_due(queue, now, elapsed).await? {
            return Ok(Vec::new());
        }
        self.write("lease jobs", move |tx| {
            Box::pin(tx.lease_jobs(queue, now, elapsed, lease_ms, limit))
        })
        .await
    }

    /// Whether `queue` has a due job that nobody holds.
    async fn has_due(
        &self,
        queue: &'static str,
        now: Timestamp,
        elapsed: Elapsed,
    ) -> Result<bool, StoreError> {
        self.read("due jobs", move |tx| {
            Box::pin(async move {
                let due = tx.opt(
                    "SELECT 1 FROM jobs
                      WHERE queue = $1 AND due_at_ms <= $2
                        AND (leased_until_ms IS NULL OR leased_until_ms <= $3) LIMIT 1",
                    args![queue, now, elapsed],
                );
                Ok(due.await?.is_some())
            })
        })
        .await
    }

    /// When the next job of `queue` is due that no worker has taken. Jobs under a lease, living or
    /// run out, are not counted: see [`Store::next_lease_end`].
    pub async fn next_due(&self, queue: &'static str) -> Result<Option<Timestamp>, StoreError> {
        self.read("next due job", move |tx| {
            Box::pin(async move {
                tx.one(
                    "SELECT MIN(due_at_ms) FROM jobs
                      WHERE queue = $1 AND leased_until_ms IS NULL",
                    args![queue],
                )
                .await?
                .get(0)
            })
        })
        .await
    }

    /// When, in machine time, the next lease of `queue` runs out: if its worker has died, the job
    /// can be taken again from then on.
    pub async fn next_lease_end(&self, queue: &'static str) -> Result<Option<Elapsed>, StoreError> {
        self.read("next lease end", move |tx| {
            Box::pin(async move {
                tx.one("SELECT MIN(leased_until_ms) FROM jobs WHERE queue = $1", args![queue])
                    .await?
                    .get(0)
            })
        })
        .await
    }

    /// Every unfinished job of `queue`, the longest waiting first.
    pub async fn pending_jobs(&self, queue: &'static str) -> Result<Vec<PendingJob>, StoreError> {
        self.read("pending jobs", move |tx| {
            Box::pin(async move {
                let rows = tx
                    .all(
                        "SELECT key, attempts, first_due_at_ms, due_at_ms, leased_until_ms
                           FROM jobs WHERE queue = $1 ORDER BY first_due_at_ms, id",
                        args![queue],
                    )
                    .await?;
                rows.iter().map(read_pending).collect()
            })
        })
        .await
    }
}

fn read_pending(row: &Row) -> Result<PendingJob, StoreError> {
    Ok(PendingJob {
        key: row.get(0)?,
        attempts: row.get(1)?,
        first_due: row.get(2)?,
        due: row.get(3)?,
        leased_until: row.get(4)?,
    })
}
