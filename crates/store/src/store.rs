//! The store: one database of one service.

use crate::batch::Shared;
use crate::error::StoreError;
use crate::faults::FaultHook;
use crate::jobs::JobSignal;
use crate::migrations::{Missing, bring_up};
use crate::options::{Location, Options, Schema};
use crate::postgres::{self, PgSession};
use crate::sqlite::{self, Role};
use crate::statistics::Statistics;
use crate::steps::Step;
use crate::tx::{Session, Tx};
use crate::work::{BoxFuture, Work, work};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;

/// One database of one service. Cheap to clone; the last clone to go ends its threads and tasks
/// once what waits is written.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    open: Mutex<Option<Open>>,
    places: usize,
}

/// What an open store has, and a closed one has not.
struct Open {
    writes: Writes,
    reads: Reads,
    workers: Workers,
}

enum Writes {
    Queue(Sender<Box<dyn Work>>),
    InPlace(sqlite::InPlace),
}

enum Reads {
    Sqlite(Sender<Box<dyn Work>>),
    InPlace(sqlite::InPlace),
    Postgres(postgres::Reads),
}

enum Workers {
    Sqlite(Vec<std::thread::JoinHandle<()>>),
    Postgres(Vec<tokio::task::JoinHandle<()>>),
}

impl Store {
    /// Opens the database at `location` and checks its tables: SQLite's are brought up to date;
    /// PostgreSQL's only if [`Options::migrate`] says so, otherwise older ones are refused. Needs a
    /// tokio runtime.
    pub async fn open(
        location: &Location,
        schema: Schema,
        options: &Options,
        faults: Arc<dyn FaultHook>,
    ) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared::new(faults, options));
        let open = match location {
            Location::Sqlite(path) if options.in_place => {
                let in_place = sqlite::InPlace::open(path, &shared, |tx| {
                    sqlite::at_once(bring_up(tx, schema, Missing::Apply)).map(drop)
                })?;
                let writes = Writes::InPlace(in_place.clone());
                let reads = Reads::InPlace(in_place);
                Open { writes, reads, workers: Workers::Sqlite(Vec::new()) }
            }
            Location::Sqlite(path) => {
                let sizes = (options.queue, options.batch, options.readers);
                let started = sqlite::start(path, &shared, sizes, move |tx| {
                    sqlite::at_once(bring_up(tx, schema, Missing::Apply)).map(drop)
                });
                let sqlite::Threads { writes, reads, handles } = started.await?;
                let (writes, reads) = (Writes::Queue(writes), Reads::Sqlite(reads));
                Open { writes, reads, workers: Workers::Sqlite(handles) }
            }
            Location::Postgres(url) => {
                let missing = if options.migrate { Missing::Apply } else { Missing::Refuse };
                migrate_postgres(url, schema, options, missing).await?;
                let writers = postgres::pool(url, schema, options, options.writers)?;
                let readers = postgres::pool(url, schema, options, options.readers)?;
                let tasks = postgres::start(&writers, readers, &shared, options);
                Open {
                    writes: Writes::Queue(tasks.writes),
                    reads: Reads::Postgres(tasks.reads),
                    workers: Workers::Postgres(tasks.writers),
                }
            }
        };
        let open = Mutex::new(Some(open));
        Ok(Self(Arc::new(Inner { shared, open, places: options.queue })))
    }

    /// Applies the migrations that are missing at `location`, and answers their names.
    pub async fn migrate(
        location: &Location,
        schema: Schema,
        options: &Options,
    ) -> Result<Vec<String>, StoreError> {
        match location {
            Location::Postgres(url) => migrate_postgres(url, schema, options, Missing::Apply).await,
            Location::Sqlite(path) => {
                let path = path.clone();
                let done = tokio::task::spawn_blocking(move || {
                    let mut tx = sqlite::open(&path, Role::Writer)?;
                    sqlite::at_once(bring_up(&mut tx, schema, Missing::Apply))
                });
                done.await.unwrap_or_else(|_| Err(StoreError::Panicked("migrate".to_owned())))
            }
        }
    }

    /// Runs `body` in a transaction and answers its result after the commit.
    ///
    /// The body awaits nothing but its [`Tx`], has no effect beside it, and may be run again, so it
    /// clones what it consumes. An `Err` of its own undoes it and nothing else. If the caller goes
    /// away, the write still happens, wholly or not at all.
    pub async fn write<B, T, E>(&self, label: &'static str, body: B) -> Result<T, E>
    where
        B: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (work, answer) = work(label, body);
        self.turn(Step::Write(label)).await;
        self.submit(work, |open, work| match &open.writes {
            Writes::Queue(queue) => sent(queue, work),
            Writes::InPlace(connection) => {
                connection.write(work);
                Ok(())
            }
        })?;
        // The writer only lets go of work unanswered when the runtime or the process is ending.
        self.heard(answer, || StoreError::Unknown("the writer ended before it answered".to_owned()))
            .await
    }

    /// Runs `body` in a transaction that sees one moment of the database and writes nothing.
    pub async fn read<B, T, E>(&self, label: &'static str, body: B) -> Result<T, E>
    where
        B: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (work, answer) = work(label, body);
        self.turn(Step::Read(label)).await;
        self.submit(work, |open, work| match &open.reads {
            Reads::Sqlite(queue) => sent(queue, work),
            Reads::InPlace(connection) => {
                connection.read(work);
                Ok(())
            }
            Reads::Postgres(reads) => reads.start(work).map_err(|_| StoreError::Busy),
        })?;
        self.heard(answer, || StoreError::Closed).await
    }

    /// The counts since the store was opened.
    pub fn statistics(&self) -> Statistics {
        self.0.shared.counters.read()
    }

    /// A signal that is given after every commit of this process that pushed or postponed jobs, and
    /// by [`Store::wake`].
    pub fn job_pushed(&self) -> JobSignal {
        JobSignal(self.0.shared.pushed.subscribe())
    }

    /// Wakes every worker, because business time has moved or because they shall stop.
    pub fn wake(&self) {
        self.0.shared.pushed.send_modify(|count| *count += 1);
    }

    /// Refuses what comes from now on, and ends when everything that waits has been answered.
    pub async fn close(&self) {
        let Some(Open { writes, reads, workers }) = self.open_state().take() else { return };
        drop(writes);
        match reads {
            Reads::Sqlite(queue) => drop(queue),
            Reads::InPlace(reader) => drop(reader),
            Reads::Postgres(reads) => reads.close(self.0.places).await,
        }
        match workers {
            Workers::Postgres(tasks) => {
                for task in tasks {
                    let _ = task.await;
                }
            }
            Workers::Sqlite(threads) => {
                let joined = tokio::task::spawn_blocking(move || {
                    for thread in threads {
                        let _ = thread.join();
                    }
                });
                let _ = joined.await;
            }
        }
    }

    /// The process of this store ends here, as by SIGKILL, for whoever simulates processes: what
    /// was committed stands, and whoever waits for an answer, now or later, waits for ever.
    pub fn kill(&self) {
        self.0.shared.kill();
    }

    /// The answer to work that was submitted; `unanswered` if it was let go of, and nothing ever in
    /// a process that was killed.
    async fn heard<T, E: From<StoreError>>(
        &self,
        answer: oneshot::Receiver<Result<T, E>>,
        unanswered: impl FnOnce() -> StoreError,
    ) -> Result<T, E> {
        match answer.await {
            Ok(answer) => answer,
            Err(_) if self.0.shared.is_killed() => std::future::pending().await,
            Err(_) => Err(unanswered().into()),
        }
    }

    /// Waits where the stepper of the tests holds it, and lets others go first where everybody
    /// shares one thread, so that works interleave.
    async fn turn(&self, step: Step<'static>) {
        let held = self.0.shared.faults.steps().and_then(|steps| steps.hold(step));
        if let Some(wait) = held {
            let _ = wait.await;
        }
        if self.0.shared.in_place {
            tokio::task::yield_now().await;
        }
    }

    fn submit(
        &self,
        work: Box<dyn Work>,
        enqueue: impl FnOnce(&Open, Box<dyn Work>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if self.0.shared.is_killed() {
            return Ok(());
        }
        let sent =
            self.open_state().as_ref().map_or(Err(StoreError::Closed), |open| enqueue(open, work));
        if sent == Err(StoreError::Busy) {
            self.0.shared.counters.busy.add(1);
        }
        sent
    }

    fn open_state(&self) -> MutexGuard<'_, Option<Open>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts `work` into the queue if there is room.
pub(crate) fn sent(queue: &Sender<Box<dyn Work>>, work: Box<dyn Work>) -> Result<(), StoreError> {
    queue.try_send(work).map_err(|error| match error {
        TrySendError::Full(_) => StoreError::Busy,
        TrySendError::Closed(_) => StoreError::Closed,
    })
}

/// Migrates, or checks, over a connection of its own.
async fn migrate_postgres(
    url: &str,
    schema: Schema,
    options: &Options,
    missing: Missing,
) -> Result<Vec<String>, StoreError> {
    let pool = postgres::pool(url, schema, options, 1)?;
    let mut tx = Tx::new(Session::Postgres(PgSession::new(pool, postgres::Role::Migrator)));
    bring_up(&mut tx, schema, missing).await
}
