//! Holding a body in the middle of its transaction, and faults at chosen points.

use crate::write_order;
use medpay_store::testing::Engine;
use medpay_store::{BoxFuture, Fault, FaultHook, Point, Store, StoreError};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use tokio::sync::watch;

/// A gate in a body: the test learns that the body has come to it, and opens it.
#[derive(Clone)]
pub(crate) struct Gate {
    engine: Engine,
    reached: Arc<watch::Sender<u32>>,
    open: Arc<watch::Sender<bool>>,
}

impl Gate {
    pub(crate) fn new(engine: Engine) -> Self {
        let (reached, open) = (watch::Sender::new(0), watch::Sender::new(false));
        Self { engine, reached: Arc::new(reached), open: Arc::new(open) }
    }

    /// Waits here until the gate is open. On SQLite a body cannot await, so it blocks its thread.
    pub(crate) async fn pass(&self) {
        self.reached.send_modify(|times| *times += 1);
        match self.engine {
            Engine::Sqlite => {
                while !*self.open.borrow() {
                    std::thread::yield_now();
                }
            }
            Engine::Postgres => {
                let mut open = self.open.subscribe();
                open.wait_for(|open| *open).await.expect("the gate is there");
            }
        }
    }

    /// Waits until a body stands at the gate.
    pub(crate) async fn reached(&self) {
        let mut reached = self.reached.subscribe();
        reached.wait_for(|times| *times > 0).await.expect("the gate is there");
    }

    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }
}

/// Lets a write start and take its place in the queue, without waiting for its answer.
pub(crate) fn start<F: Future + ?Sized>(future: &mut Pin<Box<F>>) {
    let ready = future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
    assert!(!ready, "answered before it could have run");
}

/// Runs `works` as one batch: they queue up while the only writer stands at a gate.
pub(crate) async fn as_one_batch<T>(
    store: &Store,
    engine: Engine,
    works: Vec<BoxFuture<'_, T>>,
) -> Vec<T> {
    let (gate, mut holding) = hold(store, engine).await;
    let mut works = works;
    works.iter_mut().for_each(start);
    gate.open();
    holding.as_mut().await.expect("the first write is done");
    let mut answers = Vec::new();
    for work in works {
        answers.push(work.await);
    }
    answers
}

/// Occupies the only writer with a write that stands at a gate and changes nothing.
pub(crate) async fn hold(
    store: &Store,
    engine: Engine,
) -> (Gate, BoxFuture<'static, Result<(), StoreError>>) {
    let gate = Gate::new(engine);
    let mut holding: BoxFuture<'static, _> = Box::pin({
        let (store, gate) = (store.clone(), gate.clone());
        async move {
            store
                .write("hold the writer", move |_| {
                    let gate = gate.clone();
                    Box::pin(async move {
                        gate.pass().await;
                        Ok::<_, StoreError>(())
                    })
                })
                .await
        }
    });
    start(&mut holding);
    gate.reached().await;
    (gate, holding)
}

/// A write of an order, as one of several.
pub(crate) fn order<'a>(
    store: &'a Store,
    number: &'a str,
) -> BoxFuture<'a, Result<(), StoreError>> {
    Box::pin(write_order(store, number))
}

/// Faults in the order in which they happen; each waits for its point.
#[derive(Default)]
pub(crate) struct Script(Mutex<VecDeque<(Point, Fault)>>);

impl Script {
    pub(crate) fn add(&self, point: Point, fault: Fault) {
        self.0.lock().expect("the script").push_back((point, fault));
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.0.lock().expect("the script").is_empty()
    }
}

impl FaultHook for Script {
    fn at(&self, point: Point) -> Fault {
        let mut script = self.0.lock().expect("the script");
        match script.front() {
            Some((next, _)) if *next == point => {
                script.pop_front().map_or(Fault::None, |(_, fault)| fault)
            }
            _ => Fault::None,
        }
    }
}
