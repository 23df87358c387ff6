//! The queue in front of the writers, in orders that a seeded scheduler chooses: nobody is answered
//! before the commit, whoever was let in is answered even if the store closes meanwhile, and
//! nobody is let in beyond the bound.

use crate::batch::{Shared, Writer};
use crate::error::StoreError;
use crate::faults::{Fault, FaultHook, Point};
use crate::options::Options;
use crate::postgres::write_loop;
use crate::sqlite::{Role, open};
use crate::store::sent;
use crate::testing::ScratchDir;
use crate::work::{Work, work};
use crate::{Tx, args};
use rusqlite::Connection;
use shuttle::future::{block_on, spawn, yield_now};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::{Sender, channel};
use tokio::sync::oneshot;

/// How many orders each test tries.
const ORDERS: usize = 300;
/// How many may wait.
const PLACES: usize = 2;
/// How many want to write.
const WRITERS: u64 = 6;

/// Every point is a moment at which somebody else may go on; the first commits may fail.
struct Pausing {
    fails: AtomicU64,
    /// With two writers on one file the one would block the thread of both inside of a commit.
    inside: bool,
}

impl FaultHook for Pausing {
    fn at(&self, point: Point) -> Fault {
        if self.inside || point != Point::BeforeCommit {
            shuttle::thread::yield_now();
        }
        let left = |left: u64| left.checked_sub(1);
        let fails = point == Point::BeforeCommit
            && self.fails.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_ok();
        if fails { Fault::Fail } else { Fault::None }
    }
}

/// What really happened over all orders, so that the test is known to have met it.
#[derive(Default)]
struct Sometimes {
    busy: AtomicU64,
    closed: AtomicU64,
    unknown: AtomicU64,
    together: AtomicU64,
}

type Answer = oneshot::Receiver<Result<(), StoreError>>;

/// A write of one number.
fn note(number: u64) -> (Box<dyn Work>, Answer) {
    let number = i64::try_from(number).expect("small");
    work("note a number", move |tx: &mut Tx| {
        Box::pin(async move {
            tx.exec("INSERT INTO noted (number) VALUES ($1)", args![number]).await?;
            // Two in seven refuse by themselves.
            if number % 7 > 4 { Err(StoreError::NoRow) } else { Ok(()) }
        })
    })
}

/// The queue as the store has it: an end to put into, which closing takes away.
struct Entrance(Mutex<Option<Sender<Box<dyn Work>>>>);

impl Entrance {
    fn submit(&self, work: Box<dyn Work>) -> Result<(), StoreError> {
        let open = self.0.lock().expect("not poisoned");
        open.as_ref().map_or(Err(StoreError::Closed), |queue| sent(queue, work))
    }
}

/// The file, and what has been committed to it.
struct Noted(Mutex<Connection>);

impl Noted {
    fn has(&self, number: u64) -> bool {
        let connection = self.0.lock().expect("not poisoned");
        let sql = "SELECT COUNT(*) FROM noted WHERE number = ?1";
        let count: i64 = connection
            .query_row(sql, [i64::try_from(number).expect("small")], |row| row.get(0))
            .expect("a count");
        count == 1
    }
}

/// One order of one scene.
fn scene(path: &Path, writers: usize, fails: u64, first: u64, sometimes: &Arc<Sometimes>) {
    let (queue, waiting) = channel(PLACES);
    let waiting = Arc::new(tokio::sync::Mutex::new(waiting));
    let entrance = Arc::new(Entrance(Mutex::new(Some(queue))));
    let hook = Pausing { fails: AtomicU64::new(fails), inside: writers == 1 };
    let shared = Arc::new(Shared::new(Arc::new(hook), &Options::default()));
    let noted = Arc::new(Noted(Mutex::new(Connection::open(path).expect("the file"))));
    let loops: Vec<_> = (0..writers)
        .map(|_| {
            let tx = open(path, Role::Writer).expect("the file");
            spawn(write_loop(Writer { tx, shared: shared.clone() }, waiting.clone(), 3))
        })
        .collect();
    let callers: Vec<_> = (first..first + WRITERS)
        .map(|number| {
            let (entrance, noted, sometimes) = (entrance.clone(), noted.clone(), sometimes.clone());
            spawn(async move {
                yield_now().await;
                let (work, answer) = note(number);
                let stands = match entrance.submit(work) {
                    Err(StoreError::Busy) => {
                        sometimes.busy.fetch_add(1, Ordering::Relaxed);
                        false
                    }
                    Err(error) => {
                        assert_eq!(error, StoreError::Closed);
                        sometimes.closed.fetch_add(1, Ordering::Relaxed);
                        false
                    }
                    Ok(()) => match answer.await.expect("whoever was let in is answered") {
                        Ok(()) => {
                            assert!(noted.has(number), "answered before the commit");
                            true
                        }
                        Err(StoreError::Unknown(_)) => {
                            sometimes.unknown.fetch_add(1, Ordering::Relaxed);
                            false
                        }
                        Err(error) => {
                            assert_eq!(error, StoreError::NoRow, "its own refusal");
                            false
                        }
                    },
                };
                (number, stands)
            })
        })
        .collect();
    let closing = {
        let entrance = entrance.clone();
        spawn(async move {
            for _ in 0..4 {
                yield_now().await;
            }
            drop(entrance.0.lock().expect("not poisoned").take());
        })
    };
    for caller in callers {
        let (number, stands) = block_on(caller).expect("nobody waits for ever");
        assert_eq!(noted.has(number), stands, "{number}");
    }
    block_on(closing).expect("closed");
    for writing in loops {
        block_on(writing).expect("a writer ends when the queue is closed and empty");
    }
    let read = shared.counters.read();
    sometimes.together.fetch_add(u64::from(read.closures > read.commits), Ordering::Relaxed);
}

fn races(writers: usize, fails: u64) -> Arc<Sometimes> {
    let directory = ScratchDir::new("medpay-queue");
    let path: PathBuf = directory.path().join("queue.db");
    drop(open(&path, Role::Writer).expect("a file"));
    let made = Connection::open(&path).expect("the file");
    made.execute_batch("CREATE TABLE noted (number INTEGER PRIMARY KEY)").expect("a table");
    let (sometimes, rounds) = (Arc::new(Sometimes::default()), AtomicU64::new(0));
    let seen = sometimes.clone();
    shuttle::check_random(
        move || {
            let first = rounds.fetch_add(1, Ordering::SeqCst) * WRITERS;
            scene(&path, writers, fails, first, &seen);
        },
        ORDERS,
    );
    sometimes
}

fn met(count: &AtomicU64) -> bool {
    count.load(Ordering::Relaxed) > 0
}

#[test]
fn one_writer_answers_everyone_after_the_commit() {
    let sometimes = races(1, 0);
    assert!(met(&sometimes.busy) && met(&sometimes.closed) && met(&sometimes.together));
    assert!(!met(&sometimes.unknown));
}

#[test]
fn a_commit_that_fails_is_unknown_to_its_whole_batch_and_to_nobody_else() {
    let sometimes = races(1, 1);
    assert!(met(&sometimes.unknown) && met(&sometimes.together));
}

#[test]
fn two_writers_share_one_queue() {
    let sometimes = races(2, 0);
    assert!(met(&sometimes.busy) && met(&sometimes.closed) && met(&sometimes.together));
}
