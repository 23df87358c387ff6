//! The tasks that own the writers' connections, and the pool of the reads.

use super::connect::Connections;
use super::session::{PgSession, Role};
use crate::batch::{Shared, Writer, answer, patience, run_read};
use crate::options::Options;
use crate::tx::{Session, Tx};
use crate::work::Work;
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinHandle;

/// The queue into the writers, the pool, and the writers themselves.
pub(crate) struct Tasks {
    pub(crate) writes: Sender<Box<dyn Work>>,
    pub(crate) reads: Reads,
    pub(crate) writers: Vec<JoinHandle<()>>,
}

/// Where reads run: each in a task of its own, on a connection of the pool.
pub(crate) struct Reads {
    connections: Connections,
    waiting: Arc<Semaphore>,
    shared: Arc<Shared>,
}

/// Starts the writers. They connect when the first write comes.
pub(crate) fn start(
    writers: &Connections,
    readers: Connections,
    shared: &Arc<Shared>,
    options: &Options,
) -> Tasks {
    let (queue, waiting) = channel(options.queue);
    let waiting = Arc::new(Mutex::new(waiting));
    let writers = (0..options.writers.max(1))
        .map(|_| {
            let session = PgSession::new(writers.clone(), Role::Writer);
            let tx = Tx::new(Session::Postgres(session));
            let writer = Writer { tx, shared: Arc::clone(shared) };
            tokio::spawn(write_loop(writer, Arc::clone(&waiting), options.batch))
        })
        .collect();
    let waiting = Arc::new(Semaphore::new(options.queue));
    let reads = Reads { connections: readers, waiting, shared: Arc::clone(shared) };
    Tasks { writes: queue, reads, writers }
}

/// Commits what waits, together, until the queue is closed and empty. One writer waits at the
/// queue; the others run their batches or wait behind it.
pub(crate) async fn write_loop(
    mut writer: Writer,
    waiting: Arc<Mutex<Receiver<Box<dyn Work>>>>,
    batch: usize,
) {
    let mut next = Vec::with_capacity(batch);
    loop {
        let taken = waiting.lock().await.recv_many(&mut next, batch).await;
        if taken == 0 {
            return;
        }
        writer.run(std::mem::take(&mut next)).await;
    }
}

impl Reads {
    /// Starts a read; false if too many wait already. It runs in a task of its own, so that a
    /// caller that goes away leaves no connection inside its transaction.
    pub(crate) fn start(&self, work: Box<dyn Work>) -> Result<(), Box<dyn Work>> {
        let Ok(place) = Arc::clone(&self.waiting).try_acquire_owned() else { return Err(work) };
        let (connections, shared) = (self.connections.clone(), Arc::clone(&self.shared));
        tokio::spawn(async move {
            read(&connections, &shared, work).await;
            drop(place);
        });
        Ok(())
    }

    pub(crate) async fn close(&self, places: usize) {
        // Every place free again means that every read has ended.
        let places = u32::try_from(places).unwrap_or(u32::MAX);
        let _ = self.waiting.acquire_many(places).await;
        self.waiting.close();
        self.connections.pool.close();
    }
}

async fn read(connections: &Connections, shared: &Shared, mut work: Box<dyn Work>) {
    let mut attempt = 0;
    loop {
        let session = PgSession::new(connections.clone(), Role::Reader);
        let mut tx = Tx::new(Session::Postgres(session));
        let ended = run_read(&mut tx, work.as_mut(), &shared.counters).await;
        if ended.is_err() {
            tx.rollback().await;
        }
        match ended {
            Ok(outcome) => {
                answer(work, outcome);
                // Nobody waits for this, but the pool gets the connection only behind it.
                return tx.rollback().await;
            }
            Err(_) if attempt < shared.retries => {
                attempt += 1;
                shared.counters.retries.add(1);
                tx.pause(patience(25, attempt)).await;
            }
            Err(trouble) => return work.fail(trouble.into_error()),
        }
    }
}
