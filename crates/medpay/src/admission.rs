//! How much a service takes on at once.
//!
//! So many requests are at work; a few more wait for a moment; the rest are told 503 with
//! Retry-After, in the form of whoever asks, before anything of them is read. That is cheap, so a
//! flood costs those who are at work little, and honest: nothing was done. What waits behind is
//! bounded by it too: the store's queue, connections to others, memory.

use crate::config;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode, Version};
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

/// After how many seconds a refused request may come again.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// How a service says that it is too busy, to whoever asks for this path.
pub type Busy = Arc<dyn Fn(&str) -> Response + Send + Sync>;

/// The places of a service, and who waits for one.
pub struct Admission {
    limits: config::Admission,
    places: Arc<Semaphore>,
    waiting: Semaphore,
    busy: Busy,
    admitted: AtomicU64,
    full: AtomicU64,
    late: AtomicU64,
}

/// Why there is no place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum NoPlace {
    /// Too many wait already.
    Full,
    /// None came free in time.
    Late,
}

impl Admission {
    /// Room as `limits` says; `busy` words the refusal.
    pub fn new(limits: config::Admission, busy: Busy) -> Self {
        Self {
            limits,
            places: Arc::new(Semaphore::new(limits.at_once)),
            waiting: Semaphore::new(limits.waiting),
            busy,
            admitted: AtomicU64::new(0),
            full: AtomicU64::new(0),
            late: AtomicU64::new(0),
        }
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, NoPlace> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let _waiting = self.waiting.try_acquire().map_err(|_| NoPlace::Full)?;
        let wait = Duration::from_millis(self.limits.wait_ms);
        match tokio::time::timeout(wait, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            // The places are never closed, so this is the time that ran out.
            Ok(Err(_)) | Err(_) => Err(NoPlace::Late),
        }
    }

    fn refuse(&self, why: NoPlace, path: &str) -> Response {
        match why {
            NoPlace::Full => &self.full,
            NoPlace::Late => &self.late,
        }
        .fetch_add(1, Ordering::Relaxed);
        (self.busy)(path)
    }

    fn at_work(&self) -> usize {
        self.limits.at_once - self.places.available_permits()
    }

    fn in_line(&self) -> usize {
        self.limits.waiting - self.waiting.available_permits()
    }
}

/// Lets a request in, or says that there is no room. Every 503, also one from within, says when to
/// come again.
pub async fn admit(
    State(admission): State<Arc<Admission>>,
    request: Request,
    next: Next,
) -> Response {
    let mut answer = match admission.place().await {
        Ok(place) => {
            admission.admitted.fetch_add(1, Ordering::Relaxed);
            let answer = next.run(request).await;
            drop(place);
            answer
        }
        Err(why) => admission.refuse(why, request.uri().path()),
    };
    if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().entry(RETRY_AFTER).or_insert(RETRY_AFTER_SECONDS);
    }
    answer
}

/// Ends the connection behind the answer: a service that leaves wants its callers elsewhere.
pub fn hang_up(version: Version, answer: &mut Response) {
    if version <= Version::HTTP_11 {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

/// A body that must be there in time, so that a slow sender does not keep a place for ever.
pub struct PunctualBody {
    body: Body,
    patience: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl PunctualBody {
    /// `body`, which breaks off when it has been waited for as long as `patience`.
    pub const fn new(body: Body, patience: Duration) -> Self {
        Self { body, patience, deadline: None }
    }
}

impl http_body::Body for PunctualBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        // Most bodies are there at once and need no timer.
        let patience = self.patience;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        match deadline.as_mut().poll(context) {
            Poll::Ready(()) => {
                let late = io::Error::new(io::ErrorKind::TimedOut, "the body came too slowly");
                Poll::Ready(Some(Err(axum::Error::new(late))))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The numbers of an [`Admission`], read when they are asked for.
#[derive(Clone)]
pub struct AdmissionCounters(pub Arc<Admission>);

impl std::fmt::Debug for AdmissionCounters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AdmissionCounters")
    }
}

impl Collector for AdmissionCounters {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let Admission { admitted, full, late, .. } = &*self.0;
        for (name, help, count) in [
            ("admitted", "Requests let in", admitted),
            ("refused_full", "Requests told 503 because too many waited already", full),
            ("refused_late", "Requests told 503 because no place came free in time", late),
        ] {
            let count = ConstCounter::new(count.load(Ordering::Relaxed));
            write(&mut encoder, name, help, &count)?;
        }
        for (name, help, count) in [
            ("at_work", "Requests at work now", self.0.at_work()),
            ("waiting", "Requests that wait for a place now", self.0.in_line()),
        ] {
            let count = ConstGauge::new(i64::try_from(count).unwrap_or(i64::MAX));
            write(&mut encoder, name, help, &count)?;
        }
        Ok(())
    }
}

fn write(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &impl EncodeMetric,
) -> Result<(), std::fmt::Error> {
    let name = format!("medpay_requests_{name}");
    metric.encode(encoder.encode_descriptor(&name, help, None, metric.metric_type())?)
}
