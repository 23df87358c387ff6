//! A closure that waits for its turn, with the place where its answer goes.

use crate::error::StoreError;
use crate::tx::Tx;
use std::pin::Pin;
use tokio::sync::oneshot;

/// What the body of a write or read answers: `Box::pin(async move { … })`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A body with its types forgotten, so that different ones can share a batch.
pub(crate) trait Work: Send {
    /// What it is called in messages.
    fn label(&self) -> &'static str;

    /// Runs the body once more and keeps its result; answers whether it is `Ok`.
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, bool>;

    /// Hands the kept result to whoever waits, if they still do.
    fn answer(self: Box<Self>);

    /// Hands them `error` instead.
    fn fail(self: Box<Self>, error: StoreError);
}

struct Piece<B, T, E> {
    label: &'static str,
    body: B,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

/// Makes work of `body`, and the place where its answer will arrive.
pub(crate) fn work<B, T, E>(
    label: &'static str,
    body: B,
) -> (Box<dyn Work>, oneshot::Receiver<Result<T, E>>)
where
    B: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Piece { label, body, result: None, reply }), answer)
}

impl<B, T, E> Work for Piece<B, T, E>
where
    B: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync,
    T: Send,
    E: From<StoreError> + Send,
{
    fn label(&self) -> &'static str {
        self.label
    }

    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, bool> {
        let Self { body, result, .. } = self;
        *result = None;
        Box::pin(async move {
            let answer = body(tx).await;
            result.insert(answer).is_ok()
        })
    }

    fn answer(self: Box<Self>) {
        let Self { label, result, reply, .. } = *self;
        let result = result.unwrap_or_else(|| {
            Err(StoreError::Misuse(format!("\"{label}\" was answered before it ran")).into())
        });
        // Whoever asked may have gone away; the write stands all the same.
        let _ = reply.send(result);
    }

    fn fail(self: Box<Self>, error: StoreError) {
        let _ = self.reply.send(Err(error.into()));
    }
}
