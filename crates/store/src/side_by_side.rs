//! Several things at once in one task: no spawning, so that a simulation stays one thread.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Runs `works` side by side until all have ended, so that one slow party holds up nobody else.
pub async fn all<F: Future<Output = ()>>(works: impl Iterator<Item = F>) {
    let mut works: Vec<Pin<Box<F>>> = works.map(Box::pin).collect();
    poll_fn(|context| {
        works.retain_mut(|work| work.as_mut().poll(context).is_pending());
        if works.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::Barrier;

    #[tokio::test]
    async fn works_that_wait_for_each_other_all_end() {
        let barrier = Barrier::new(3);
        let work = || async {
            barrier.wait().await;
        };
        all([work(), work(), work()].into_iter()).await;
        all([work()].into_iter().take(0)).await;
    }
}
