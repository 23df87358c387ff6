//! The threads that own SQLite's connections, so that nobody else ever blocks on the disk.

use super::session::{Role, SqliteSession};
use crate::batch::{Shared, Writer, answer, run_read};
use crate::error::StoreError;
use crate::tx::{Failure, Session, Tx};
use crate::work::Work;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{Builder, JoinHandle};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

/// The queues into the threads, and the threads.
pub(crate) struct Threads {
    pub(crate) writes: Sender<Box<dyn Work>>,
    pub(crate) reads: Sender<Box<dyn Work>>,
    pub(crate) handles: Vec<JoinHandle<()>>,
}

/// Runs `future` on this thread. On SQLite nothing waits, so one poll is all it takes.
pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("every operation on SQLite ends where it is called"),
    }
}

/// Opens the file on threads of their own: one that writes, `readers` that read. `prepare` runs
/// on the writer before anything else.
pub(crate) async fn start<P>(
    path: &Path,
    shared: &Arc<Shared>,
    (queue, batch, readers): (usize, usize, usize),
    prepare: P,
) -> Result<Threads, StoreError>
where
    P: FnOnce(&mut Tx) -> Result<(), StoreError> + Send + 'static,
{
    let (write_queue, waiting) = channel(queue);
    let (writer, opened) = launch(
        "store-writer",
        path,
        Role::Writer,
        {
            let shared = Arc::clone(shared);
            move |tx| write_loop(Writer { tx, shared }, waiting, batch)
        },
        prepare,
    )?;
    opened.await.map_err(|_| StoreError::Closed)??;
    let mut handles = vec![writer];
    let (read_queue, waiting) = channel(queue);
    let waiting = Arc::new(Mutex::new(waiting));
    for _ in 0..readers.max(1) {
        let (shared, waiting) = (Arc::clone(shared), Arc::clone(&waiting));
        let (reader, opened) = launch(
            "store-reader",
            path,
            Role::Reader,
            move |tx| {
                read_loop(tx, &shared, &waiting);
            },
            |_| Ok(()),
        )?;
        opened.await.map_err(|_| StoreError::Closed)??;
        handles.push(reader);
    }
    Ok(Threads { writes: write_queue, reads: read_queue, handles })
}

type Opened = oneshot::Receiver<Result<(), StoreError>>;

/// Starts a thread that opens its connection, says how that went, and then runs `serve`.
fn launch<P, S>(
    name: &str,
    path: &Path,
    role: Role,
    serve: S,
    prepare: P,
) -> Result<(JoinHandle<()>, Opened), StoreError>
where
    P: FnOnce(&mut Tx) -> Result<(), StoreError> + Send + 'static,
    S: FnOnce(Tx) + Send + 'static,
{
    let path = PathBuf::from(path);
    let (opened, outcome) = oneshot::channel();
    let thread = Builder::new()
        .name(name.to_owned())
        .spawn(move || match open_prepared(&path, role, prepare) {
            Ok(tx) => {
                // Whoever opens the store may have gone away; then the queue ends at once.
                let _ = opened.send(Ok(()));
                serve(tx);
            }
            Err(error) => {
                let _ = opened.send(Err(error));
            }
        })
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok((thread, outcome))
}

/// Opens a connection on this thread.
pub(crate) fn open(path: &Path, role: Role) -> Result<Tx, StoreError> {
    let unusable = |failure: Failure| match failure.error {
        StoreError::Engine { message, .. } => {
            StoreError::Unavailable(format!("{}: {message}", path.display()))
        }
        error => error,
    };
    let session = SqliteSession::open(path, role).map_err(unusable)?;
    Ok(Tx::new(Session::Sqlite(session)))
}

pub(super) fn open_prepared(
    path: &Path,
    role: Role,
    prepare: impl FnOnce(&mut Tx) -> Result<(), StoreError>,
) -> Result<Tx, StoreError> {
    let mut tx = open(path, role)?;
    prepare(&mut tx)?;
    Ok(tx)
}

/// Commits what waits, together, until the queue is closed and empty.
fn write_loop(mut writer: Writer, mut waiting: Receiver<Box<dyn Work>>, batch: usize) {
    let mut next = Vec::with_capacity(batch);
    while waiting.blocking_recv_many(&mut next, batch) > 0 {
        at_once(writer.run(std::mem::take(&mut next)));
    }
}

fn read_loop(mut tx: Tx, shared: &Shared, waiting: &Mutex<Receiver<Box<dyn Work>>>) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(work) = next else { return };
        read(&mut tx, shared, work);
    }
}

/// Runs one read to its end and answers it.
pub(super) fn read(tx: &mut Tx, shared: &Shared, mut work: Box<dyn Work>) {
    let mut attempt = 0;
    loop {
        let ended = at_once(run_read(tx, work.as_mut(), &shared.counters));
        // A transaction left open would keep the log from being wound up.
        at_once(tx.rollback());
        match ended {
            Ok(outcome) => return answer(work, outcome),
            Err(_) if attempt < shared.retries => attempt += 1,
            Err(trouble) => return work.fail(trouble.into_error()),
        }
    }
}
